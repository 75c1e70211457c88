//! A document is scanned as if every string were scanned by itself.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    detect::{DETECTORS, Detectors, ExtraPattern, KnownValue, expand},
    placeholder::SessionKey,
    vault::{Scope, Vault},
};

/// Text that is made of detectors' examples and of what stands around them.
fn text() -> impl Strategy<Value = String> {
    let examples: Vec<_> = DETECTORS
        .iter()
        .copied()
        .flatten()
        .flat_map(|detector| detector.finds.iter().chain(detector.ignores))
        .map(|example| expand(example).replace(['«', '»'], ""))
        .collect();
    let around = [
        "",
        " ",
        "\n",
        "\t",
        "\"",
        "\\",
        "\\n",
        "\\\"",
        "/",
        "\\/",
        "\\u0041",
        "\\u003d",
        "\\u003cpl:T:0123456789abcdef>",
        "<pl:T:0123456789abcdef>",
        "<pl",
        "password",
        "token",
        "\"secret\": \"",
        "key=",
        "pw",
        "\u{0}",
        "é",
        "😀",
        "%41",
        "%3D",
        "{\"token\": \"",
        "[\"",
        "{",
        "\"}",
        "\"]",
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----END RSA PRIVATE KEY-----",
        "T-123",
        "hunter2x",
        "4711",
        "k\"\\\n9",
        "k\\\"\\\\\\n9",
        "aHVudGVyMng",
        "PRIVATE",
        " KEY",
        "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn",
        "kind: Secret\ndata:\n  a: ",
        "1\t",
        "2: ",
    ];
    let part = prop_oneof![
        3 => prop::sample::select(around.to_vec()).prop_map(str::to_owned),
        2 => prop::sample::select(examples),
        1 => "[a-z .:=]{0,12}",
        // A piece of an example, as a string that was cut.
        1 => (0_usize..60, "[A-Za-z0-9+/]{0,80}").prop_map(|(cut, text)| text.chars().skip(cut).collect()),
    ];
    proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

/// Lines of a key, and what may be between them.
const LINES: [&str; 5] = [
    "-----BEGIN RSA PRIVATE KEY-----",
    "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7MaLr1Df",
    "Kx9vQ2m=",
    "-----END RSA PRIVATE KEY-----",
    "no key",
];

/// JSON with such texts in it, also as JSON in strings.
fn document() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        prop::sample::select(vec![
            "text",
            "type",
            "password",
            "api_key",
            "d",
            "auth",
            "a \"quoted\" key",
            "source"
        ])
        .prop_map(str::to_owned),
        text(),
    ];
    let leaf = prop_oneof![6 => text().prop_map(Value::from), 1 => Just(json!(1)), 1 => Just(json!(4711))];
    leaf.prop_recursive(6, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner.clone()), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
            proptest::collection::vec(prop::sample::select(LINES.to_vec()), 0..5).prop_map(Value::from),
            inner.clone().prop_map(|value| Value::from(value.to_string())),
            (inner, text()).prop_map(|(value, tail)| Value::from(format!("{value}{tail}"))),
        ]
    })
}

/// Spells some characters of the strings as escapes.
fn escaped(json: &str, choices: &[u8]) -> String {
    let (mut out, mut after_backslash) = (String::new(), false);
    for (at, character) in json.chars().enumerate() {
        let spell = !after_backslash
            && choices[at % choices.len()] == 0
            && (character.is_ascii_alphanumeric() || character == '/')
            && at > 0;
        after_backslash = character == '\\' && !after_backslash;
        match (spell, character) {
            (true, '/') => out.push_str("\\/"),
            (true, _) => out.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => out.push(character),
        }
    }
    out
}

type Found = Vec<(Range<usize>, Option<Vec<u8>>, Vec<u8>)>;

/// How a document is scanned.
#[derive(Clone, Copy)]
enum Way {
    /// As it is in use.
    Glimpse,
    /// Strings searched together.
    Sieve,
    /// Every string by itself.
    Plain,
}

/// What is found, or why the document cannot be scanned.
fn found(detectors: &Detectors, body: &[u8], way: Way) -> Result<Found, Unscannable> {
    let vault = Vault::new(SessionKey::new([3; 32]), 10_000, 100);
    let tokenizer = Tokenizer { detectors, vault: &vault, scope: Scope(1), now: 0 };
    let schema = nothing_special();
    let splices = match way {
        Way::Glimpse => scan(&tokenizer, body, schema, true)?,
        Way::Sieve => scan_with(&tokenizer, Sieve::new(&tokenizer, body), body, schema, true, &Search)?,
        Way::Plain => scan_plainly(&tokenizer, body, schema, true)?,
    };
    Ok(splices.described().collect())
}

proptest! {
    #[test]
    fn the_sieve_holds_nothing_back(
        documents in proptest::collection::vec(document(), 1..4),
        choices in proptest::collection::vec(0_u8..40, 1..50),
        spell: bool,
        configured: bool,
    ) {
        let mut body = documents.iter().map(|document| document.to_string() + "\n").collect::<String>();
        if spell {
            body = body.lines().map(|line| escaped_strings(line, &choices) + "\n").collect();
        }
        let body = body.as_bytes();
        let detectors = if configured { configured_detectors() } else { Detectors::builtin() };
        let plain = found(&detectors, body, Way::Plain);
        prop_assert_eq!(&found(&detectors, body, Way::Sieve), &plain);
        prop_assert_eq!(&found(&detectors, body, Way::Glimpse), &plain, "{}", String::from_utf8_lossy(body));
    }
}

/// With an expression and known values.
fn configured_detectors() -> Detectors {
    static CONFIGURED: LazyLock<Detectors> = LazyLock::new(configured);
    CONFIGURED.clone()
}

fn configured() -> Detectors {
    let pattern = ExtraPattern { kind: "TICKET".to_owned(), regex: "T-[0-9]{3}".to_owned() };
    let values = ["k\"\\\n9", "4711", "hunter2x"].map(|value| KnownValue::new(value.as_bytes()));
    let values: Vec<_> = values.into_iter().flatten().collect();
    Detectors::with_extra(vec![pattern]).expect("an expression").with_known(&values)
}

/// [`escaped`], within the strings of a document only.
fn escaped_strings(json: &str, choices: &[u8]) -> String {
    let (mut out, mut string, mut inside, mut escape) = (String::new(), String::new(), false, false);
    for character in json.chars() {
        match (inside, character) {
            (true, '"') if !escape => {
                out.push_str(&escaped(&string, choices));
                string.clear();
                inside = false;
                out.push('"');
            }
            (true, _) => {
                escape = character == '\\' && !escape;
                string.push(character);
            }
            (false, _) => {
                inside = character == '"';
                out.push(character);
            }
        }
    }
    out
}

/// Every detector's examples, and what is no credential, in all kinds of places.
#[test]
fn no_example_is_passed_over() {
    let detectors = Detectors::builtin();
    let examples = DETECTORS.iter().copied().flatten().flat_map(|it| it.finds.iter().chain(it.ignores));
    for example in examples {
        let text = expand(example).replace(['«', '»'], "");
        let texts = [
            text.clone(),
            format!("a\n{text}\n"),
            format!("é{text}é"),
            format!("\u{1b}[1m{text}\t{text}"),
            format!("say(\"{text}\") \\n{text}\\"),
            format!("{} {text}", "a page of words, ".repeat(20)),
            format!("{{\"x\": {} tail", Value::from(text.clone())),
            text.lines().map(|line| format!("     7\t{line}\n")).collect(),
        ];
        let nested = json!({"a": texts, "my password": text, "d": text, (text.as_str()): 1}).to_string();
        let twice = json!([{"content": nested, "token": text}, texts[1]]).to_string();
        let body = json!({"k": texts, "n": nested, "apiKey": text, "text": [{"n": twice}]}).to_string();
        let spelt = body.replace('é', "\\u00e9").replace("\\u001b", "\\u001B");
        for body in [body, spelt] {
            let found = |way| found(&detectors, body.as_bytes(), way);
            assert_eq!(found(Way::Glimpse), found(Way::Plain), "{body}");
        }
    }
}

/// Whatever a document's mistake, it is told as by the plain walk.
#[test]
fn mistakes_are_told_alike() {
    let detectors = Detectors::builtin();
    for body in [
        "",
        "{",
        "[1,]",
        "{\"a\"}",
        "\"a",
        "\"\\",
        "\"\\q\"",
        "\"\\u12g4\"",
        "\"\\u123\"",
        "\"a\nb\"",
        "[\"\u{1}\"]",
        "{\"a\":1,}",
        "\"a\\\"",
        "\\\"a\"",
        "[\"a\" \"b\"]",
        "nul",
        "[1 2]",
        "\"é\\\\\"",
        "{\"a\":\"\\\\\\\"\"}",
        "\u{feff}{}",
        " [ ] {\"a\" : \"\\/\" }",
    ] {
        for pad in [0, 50, 61, 62, 63, 64, 130] {
            let body = " ".repeat(pad) + body;
            let found = |way| found(&detectors, body.as_bytes(), way);
            assert_eq!(found(Way::Glimpse), found(Way::Plain), "{body}");
        }
    }
}

/// Texts as people write them, with something drawn where a credential stands.
#[test]
fn no_place_is_passed_over() {
    const DRAWN: &str = "xK9q2LmZ7vRt4WbN8sYp3HcD6fGj5QeT";
    let detectors = Detectors::builtin();
    for entry in include_str!("../../detect/tests/places.txt").split("\n%% ").skip(1) {
        let (mut text, mut rest) = (String::new(), entry);
        while let Some((before, after)) = rest.split_once('«') {
            let (mark, behind) = after.split_once('»').expect("a mark ends");
            let length = mark.split_once(':').and_then(|(_, length)| length.parse().ok()).unwrap_or(14);
            let drawn = DRAWN.chars().cycle().take(length).collect::<String>();
            text = text + before + mark.strip_prefix('=').unwrap_or(&drawn);
            rest = behind;
        }
        text.push_str(rest);
        let lines: Vec<_> = text.lines().collect();
        let nested = json!({"out": text, "lines": lines}).to_string();
        let body = json!({"k": text, "lines": lines, "n": nested, "d": [json!([nested]).to_string()]});
        let body = body.to_string();
        let found = |way| found(&detectors, body.as_bytes(), way);
        assert_eq!(found(Way::Glimpse), found(Way::Plain), "{text}");
    }
}
