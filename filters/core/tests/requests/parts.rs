//! Secrets that go on from one part of a message to the next.

use super::*;

#[test]
fn a_private_key_may_be_a_list_of_lines() {
    let pem = pem("\n");
    let lines: Vec<&str> = pem.lines().collect();
    let with_ends: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
    let quoted: String = lines.iter().map(|line| format!("\"{line}\\n\"\n")).collect();
    for body in [
        json!({"lines": lines, "word": "after"}),
        json!([json!({"source": with_ends, "n": ["word"]}).to_string()]),
        json!([quoted]),
    ] {
        let seen = seen("generic", &body);
        assert!(!seen.contains("FAKEfake"), "{seen}");
        assert_eq!(seen.contains("word"), body.to_string().contains("word"), "{seen}");
    }
}

fn parts(texts: &[&str]) -> Value {
    let parts: Vec<_> = texts.iter().map(|text| json!({"type": "text", "text": text})).collect();
    json!({"messages": [{"role": "user", "content": parts}]})
}

/// The texts of the parts as the upstream gets them.
fn seen_parts(dialect: &str, texts: &[&str]) -> Vec<String> {
    let seen: Value = serde_json::from_str(&seen(dialect, &parts(texts))).expect("JSON");
    let parts = seen["messages"][0]["content"].as_array().expect("parts").iter();
    parts.map(|part| part["text"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn a_private_key_may_go_on_in_the_next_part() {
    let pem = pem("\n");
    let lines: Vec<&str> = pem.lines().collect();
    let numbered = format!("  3\t{}\n  4\t{}\nafter it", lines[2], lines[3]);
    let (begin, end) = (format!("see:\n{}\n", lines[0]), format!("{}\n{} and more", lines[2], lines[3]));
    let cases = [
        // After the header; within the body; in the middle of a line; in three parts; numbered; as `\n`.
        vec![begin.clone(), format!("{}\n{end}", lines[1])],
        vec![format!("{begin}{}\n", lines[1]), end.clone()],
        vec![format!("{begin}{}", &lines[1][..20]), format!("{}\n{end}", &lines[1][20..])],
        vec![begin.clone(), lines[1].to_owned(), end],
        vec![format!("  1\t{}\n  2\t{}\n", lines[0], lines[1]), numbered],
        vec![pem.replace('\n', "\\n")[..60].to_owned(), pem.replace('\n', "\\n")[60..].to_owned() + " more"],
    ];
    for (dialect, texts) in
        ["anthropic", "openai", "generic"].into_iter().flat_map(|it| cases.iter().map(move |case| (it, case)))
    {
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        let seen = seen_parts(dialect, &texts);
        assert!(!seen.concat().contains("FAKEfake"), "{seen:?}");
        let rest =
            ["more", "after it"].into_iter().find(|rest| texts.concat().ends_with(rest)).expect("a rest");
        assert!(seen.concat().ends_with(rest), "{seen:?}");
    }
    // A header that is only spoken of begins nothing.
    let spoken = format!("a file with {} in it", lines[0]);
    assert_eq!(seen_parts("anthropic", &[&spoken, "Hello"]), [spoken.as_str(), "Hello"]);
    // Neither does one in another message's part, or in another place of the same.
    let elsewhere = json!({"messages": [
        {"role": "user", "content": [{"type": "text", "text": lines[0]}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Hello"}, {"type": "x", "note": "Hello"}]},
    ]});
    assert!(seen("anthropic", &elsewhere).matches("Hello").count() == 2);
}

/// Law 11: a test that never ended would tell.
#[test]
fn keys_and_seams_without_end_cost_what_they_are_long() {
    let begin = format!("-----BEGIN {} KEY-----\n", "PRIVATE");
    for newline in ["\n", "\\n"] {
        let seen = seen_parts("generic", &[&begin, &format!("A{newline}").repeat(1 << 18)]);
        assert!(seen[1].starts_with("<pl:PEM_BLOCK:"), "{}", &seen[1][..40]);
    }
    let (key, many) = (key(), 5_000);
    let texts: Vec<_> =
        (0..many).flat_map(|_| [format!(" {}", &key[..8]), format!("{} ", &key[8..])]).collect();
    let seen = seen_parts("generic", &texts.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(seen.concat().matches("<pl:AWS_ACCESS_KEY:").count(), 2 * many);
}

/// The same of names, which every element of an array asks for.
#[test]
fn long_names_of_many_elements_cost_what_they_are_long() {
    let key = key();
    let name = format!("{} {key} \\\\", "a".repeat(1 << 20));
    let elements = "[],\"\",\"\\u0070\",".repeat(1 << 17);
    for members in
        [format!("\"{name}\":[{elements}1]"), format!("\"name\":\"{name}\",\"value\":[{elements}1]")]
    {
        let body = format!("{{{members},\"password\":\"k7Qz2mX9\"}}");
        let seen = scan("generic", Some("application/json"), body.as_bytes()).expect("scannable");
        let seen = String::from_utf8(seen).expect("UTF-8");
        // The name is scanned as the text that it is, and the next one tells.
        assert!(!seen.contains(&key) && seen.contains("<pl:AWS_ACCESS_KEY:"));
        assert!(!seen.contains("k7Qz2mX9"));
    }
}

/// As long as one that tells can be written.
#[test]
fn a_name_tells_however_it_is_written() {
    let blank = "\\u0020";
    let password = "password".bytes().map(|byte| format!("\\u{byte:04x}")).collect::<String>();
    let name = format!("{}{password}{}", blank.repeat(120), blank.repeat(120));
    for body in
        [format!("{{\"{name}\":\"k7Qz2mX9\"}}"), format!("{{\"name\":\"{name}\",\"value\":\"k7Qz2mX9\"}}")]
    {
        let seen = scan("generic", Some("application/json"), body.as_bytes()).expect("scannable");
        assert!(!String::from_utf8_lossy(&seen).contains("k7Qz2mX9"));
    }
}

#[test]
fn a_token_may_be_cut_between_parts() {
    let key = key();
    let long = "x ".repeat(3000);
    for cut in 1..key.len() {
        let (before, after) = key.split_at(cut);
        for (start, end) in [("", ""), ("the key is ", ", keep it"), (&*long, &*format!(" {long}"))] {
            let seen =
                seen_parts("anthropic", &[&format!("{start}{before}"), &format!("{after}{end}"), "more"]);
            let joined = seen.concat();
            assert!(joined.matches("<pl:AWS_ACCESS_KEY:").count() == 2, "{joined}");
            assert!(!joined.contains(before) || before.len() < 4, "{joined}");
            assert!(seen[0].starts_with(start) && seen[1].ends_with(end) && seen[2] == "more");
        }
    }
    // In three pieces, and with escapes around.
    let seen =
        seen_parts("openai", &[&format!("\"\n{}", &key[..5]), &key[5..9], &format!("{}\"\n", &key[9..])]);
    assert_eq!(seen.iter().map(|part| part.matches("<pl:").count()).collect::<Vec<_>>(), [1, 1, 1]);
    // What only meets there is no token.
    let whole = ["it ends in AKIA", " and begins with FAKE"];
    assert_eq!(seen_parts("anthropic", &whole), whole);
}

/// What the provider's parser sees is joined, whatever the members are called on the wire and however often they
/// are there.
#[test]
fn names_and_doubles_hide_no_seam() {
    let key = key();
    let (one, two) = key.split_at(9);
    let parts = |parts: &str| format!(r#"{{"messages":[{{"role":"user","content":[{parts}]}}]}}"#);
    for body in [
        parts(&format!(r#"{{"type":"text","te\u0078t":"x {one}"}},{{"\u0074ext":"{two} y"}}"#)),
        parts(&format!(r#"{{"text":"{one}","text":"z"}},{{"text":"{two}"}}"#)),
        parts(&format!(r#"{{"text":"z","text":"{one}"}},{{"text":"{two}"}}"#)),
        parts(&format!(r#"{{"text":"{one}"}},{{"text":"z","text":"{two}"}}"#)),
        parts(&format!(r#"{{"text":"{one}"}},{{"text":"{two}","type":"text","text":"z"}}"#)),
        parts(&format!(r#"{{"text":"{one}"}},{{"text":""}},{{"text":"{two}","text":"z"}}"#)),
        parts(&format!(r#""{one}","{two}""#)),
        format!(r#"{{"input":["a","x {one}","{two} y"]}}"#),
        format!(r#"{{"prompt":["{one}","","{two}"],"n":1}}"#),
        format!(r#"{{"s\u0079stem":["{one}","{two}"]}}"#),
    ] {
        for dialect in ["anthropic", "openai", "generic"] {
            let seen = scan(dialect, Some("application/json"), body.as_bytes()).expect("scannable");
            let seen = String::from_utf8(seen).expect("UTF-8");
            assert!(!seen.contains(one) && !seen.contains(two), "{seen}");
        }
    }
}

#[test]
fn doubles_end_no_private_key() {
    let pem = pem("\n");
    let lines: Vec<&str> = pem.lines().collect();
    let [begin, line, more, ..] = lines[..] else { panic!("few lines") };
    for parts in [
        format!(r#"{{"text":"{begin}"}},{{"text":"not a key.","text":"{line}"}},{{"text":"{more}"}}"#),
        format!(r#"{{"text":"{begin}"}},{{"text":"{line}","text":"not a key."}},{{"text":"{more}"}}"#),
        format!(r#"{{"text":"{begin}","text":"not a key."}},{{"te\u0078t":"{line}"}},{{"text":"{more}"}}"#),
    ] {
        let body = format!(r#"{{"messages":[{{"content":[{parts}]}}]}}"#);
        let seen = scan("anthropic", Some("application/json"), body.as_bytes()).expect("scannable");
        let seen = String::from_utf8(seen).expect("UTF-8");
        assert!(!seen.contains("FAKEfake"), "{seen}");
    }
    // Where it ends in one part, it does not go on in the third.
    let parts = [begin, "not a key.", "Hello"];
    assert_eq!(seen_parts("anthropic", &parts), parts);
}

/// A name tells of a value that begins the next part.
#[test]
fn a_name_and_its_value_may_be_in_two_parts() {
    let secret = "xK9vQ2mLr7Tz4b";
    for (name, value) in [
        ("password=", secret.to_owned()),
        ("my password: ", format!("{secret}\nand so on")),
        ("{\"api_key\": \"", format!("{secret}\"}}")),
        ("{\"api_key\":", format!(" \"{secret}\"}}")),
        ("API_KEY", format!("={secret}\n")),
        ("postgres://user:", format!("{secret}@db.example.org/x")),
        ("DB_PASSWORD=\n", secret.to_owned()),
        ("line\npassword = '", format!("{secret}'")),
    ] {
        let long = "x ".repeat(3000);
        for (before, after) in [(name.to_owned(), value.clone()), (long.clone() + name, value + &long)] {
            let seen = seen_parts("anthropic", &[&before, &after]);
            assert!(!seen[1].contains(secret) && seen[1].contains("<pl:"), "{name} {}", &seen[1][..60]);
            assert_eq!(seen[0], before);
        }
    }
    // A value with signs that are written otherwise elsewhere: all but them.
    let seen = seen_parts("anthropic", &["password='", "xK9\"vQ2mLr7Tz4b'"]);
    assert!(!seen[1].contains("xK9") && !seen[1].contains("vQ2m"), "{seen:?}");
    for parts in [["See this:", "Hello"], ["The password:", "see below"], ["token = ", "getToken()"]] {
        assert_eq!(seen_parts("anthropic", &parts), parts);
    }
}
