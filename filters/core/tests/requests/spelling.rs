//! However a secret is spelt, it is the same secret.

use super::*;

#[test]
fn every_spelling_of_a_secret_is_the_same_secret() {
    let key = key();
    let unicode: String = key.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let body = format!(r#"{{"a":"{key}","b":"\n{key}\t","c":"{unicode}","d":"{{\"k\":\"{key}\"}}"}}"#);
    let seen = String::from_utf8(scan("generic", None, body.as_bytes()).expect("scannable")).expect("UTF-8");
    let placeholder = &seen[6..seen.find('>').expect("a placeholder") + 1];
    let expected = format!(
        r#"{{"a":"{placeholder}","b":"\n{placeholder}\t","c":"{placeholder}","d":"{{\"k\":\"{placeholder}\"}}"}}"#
    );
    assert_eq!(seen, expected);
    // Below the wire an unusual spelling has to come back as it was: the same tag, in full.
    let doubled = unicode.replace('\\', "\\\\");
    let body = format!(r#"{{"d":"{{\"k\":\"{doubled}\"}}"}}"#);
    let seen = String::from_utf8(scan("generic", None, body.as_bytes()).expect("scannable")).expect("UTF-8");
    assert!(seen.contains(placeholder.trim_end_matches('>')), "{seen}");
}

#[test]
fn a_private_key_is_one_secret_however_its_lines_end() {
    let nested = |text: &str| json!({"k": text}).to_string();
    let body = message(
        json!([{"text": pem("\n")}, {"text": nested(&pem("\n"))}, {"text": nested(&nested(&pem("\n")))}]),
    );
    let seen = seen("generic", &body);
    assert!(!seen.contains("FAKEfake"), "{seen}");
    let tags: Vec<_> = seen.match_indices("<pl:PEM_BLOCK:").map(|(at, _)| &seen[at..at + 31]).collect();
    assert_eq!(tags.len(), 3, "{seen}");
    assert!(tags.iter().all(|tag| *tag == tags[0]), "{seen}");
    // At depth 0 a backslash is a backslash: another plaintext.
    assert_ne!(tags[0], &seen_tag(&format!("KEY=\"{}\"", pem("\\n"))));
}

/// A listing shows the key that is in the file, with a number before each line.
#[test]
fn a_numbered_private_key_is_the_key() {
    let alone = seen_tag(&pem("\n"));
    for prefix in [
        (|line| format!("{line}\t")) as fn(usize) -> String,
        |line| format!("{line}: "),
        |line| format!("{line:>3} | "),
        |line| format!("{line:>6}\u{2192}"),
    ] {
        let listing: String = format!("# a file\n{}\nend\n", pem("\n"))
            .lines()
            .enumerate()
            .map(|(at, line)| format!("{}{line}\n", prefix(at + 9)))
            .collect();
        let seen = seen("generic", &json!([listing]));
        let seen: Value = serde_json::from_str(&seen).expect("JSON");
        assert_eq!(seen[0], format!("{}# a file\n{}{alone}\n{}end\n", prefix(9), prefix(10), prefix(14)));
    }
    // Numbers that do not count up are part of what is there.
    let listing = pem("\n7\t");
    assert_ne!(seen_tag(&listing), alone);
}

fn seen_tag(text: &str) -> String {
    let seen = seen("generic", &message(json!(text)));
    let at = seen.find("<pl:PEM_BLOCK:").unwrap_or_else(|| panic!("no placeholder in {seen}"));
    seen[at..at + 31].to_owned()
}

/// Escapes count also where the text is not JSON as a whole: behind a tool's header lines, in a listing.
#[test]
fn escapes_in_other_text_hide_nothing() {
    let escaped = format!("\\u0041KIA{}", &key()[4..]);
    for text in [
        format!("Output:\n{{\"k\": \"{escaped}\"}}"),
        format!("1: {{\"k\":\"{escaped}\"}}"),
        format!("x {} y {escaped} {}", escaped.replace('\\', "\\\\"), key()),
    ] {
        let seen = seen("generic", &json!([text]));
        assert!(!seen.contains("FAKEFAKE"), "{seen}");
    }
}

/// A JSON file in a listing is no JSON as a whole, and PHP writes every slash in it as `\/`.
#[test]
fn escaped_slashes_in_other_text_hide_nothing() {
    let secret = "xK9vQ2mLr7Tz4b";
    let drawn = "wJq9rXUtnF2MIK7M/ENGbPx/fiCYzK9vQ2mLr7+T";
    for line in [
        format!(r#"  "dsn": "postgres://app:{secret}@db.example.org/app","#),
        format!(r#"  "aws_secret_access_key": "{drawn}","#),
    ] {
        let hidden = if line.contains(secret) { secret } else { "wJq9rXUtnF2MIK7M" };
        let php = line.replace('/', r"\/");
        for text in
            [format!("     1\t{{\n     2\t{php}\n"), format!("Output:\n{{{php}"), format!("{{{php}\"z\":1}}")]
        {
            let body = json!([text, json!([text]).to_string(), {"a": text}]);
            let seen = seen("generic", &body);
            assert!(!seen.contains(hidden), "{seen}");
            assert!(seen.matches("<pl:").count() == 3, "{seen}");
        }
    }
}

#[test]
fn a_token_may_be_cut_before_an_escape() {
    let json = Some("application/json");
    for second in ["\\u0045GXDNCF32EPF y", "EGXDNCF32\\u0045PF y"] {
        let body = format!(
            r#"{{"messages":[{{"role":"user","content":[{{"type":"text","text":"x AKIAUJZD"}},{{"type":"text","text":"{second}"}}]}}]}}"#
        );
        let seen = String::from_utf8(scan("anthropic", json, body.as_bytes()).unwrap()).unwrap();
        assert_eq!(seen.matches("<pl:AWS_ACCESS_KEY:").count(), 2, "{seen}");
    }
}

#[test]
fn literal_placeholders_are_marked() {
    let literal = "<pl:AWS_ACCESS_KEY:0123456789abcdef>";
    let seen = seen(
        "generic",
        &json!([literal, "<pl-esc:X:0123456789abcdef>", json!({"k": literal}).to_string(), "<pl:x>"]),
    );
    let marked = "<pl-esc:AWS_ACCESS_KEY:0123456789abcdef>";
    assert_eq!(
        seen,
        json!([marked, "<pl-esc-esc:X:0123456789abcdef>", json!({"k": marked}).to_string(), "<pl:x>"])
            .to_string()
    );
    let deep = format!("<pl{}:X:0123456789abcdef>", "-esc".repeat(32));
    assert_eq!(scan("generic", None, json!([deep]).to_string().as_bytes()), Err(Unscannable::Escapes));
}
