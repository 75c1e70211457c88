//! Every way to write a value, at every place.

use base64::prelude::*;
use proptest::prelude::*;

use super::*;
use crate::detect::{Detectors, Leaf};

fn known(values: &[&[u8]]) -> Detectors {
    let values: Vec<_> = values.iter().map(|value| KnownValue::new(value).expect("long enough")).collect();
    Detectors::builtin().with_known(&values)
}

fn spans(detectors: &Detectors, text: &[u8]) -> Vec<Span> {
    let mut spans = Vec::new();
    detectors.scan(Leaf { text, key: None }, &mut spans);
    spans
}

/// Kind and text of every span.
fn found<'t>(values: &[&str], text: &'t str) -> Vec<(&'static str, &'t str)> {
    let values: Vec<_> = values.iter().map(|value| value.as_bytes()).collect();
    let spans = spans(&known(&values), text.as_bytes());
    spans.iter().map(|span| (span.kind.label(), &text[span.range()])).collect()
}

const VALUE: &str = "correct horse/battery+42";

fn hex(text: &[u8]) -> String {
    text.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn it_is_found_as_it_is_wherever_it_stands() {
    for text in ["{}", "x{}y", "a={}&b", "«{}»", "{} {}"] {
        let text = text.replace("{}", VALUE);
        let count = text.matches(VALUE).count();
        assert_eq!(found(&[VALUE], &text), vec![("KNOWN_VALUE", VALUE); count], "{text}");
    }
    assert_eq!(found(&[VALUE], "correct horse/battery+4"), []);
}

#[test]
fn hex_and_percent_encoding_are_covered_exactly() {
    let upper: String = VALUE.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let twice = upper.replace('%', "%25");
    for encoded in [
        hex(VALUE.as_bytes()),
        hex(VALUE.as_bytes()).to_uppercase(),
        "correct%20horse%2Fbattery%2B42".to_owned(),
        "correct+horse%2fbattery%2b42".to_owned(),
        "correct%20horse/battery%2B42".to_owned(),
        upper.to_lowercase(),
        upper,
        twice,
    ] {
        let text = format!("q=%41%zz&x={encoded}&%42 100% {}", "z".repeat(3000));
        assert_eq!(found(&[VALUE], &text), [("KNOWN_VALUE", &*encoded)], "{text}");
    }
}

/// The zones in which encoding is undone meet between the signs.
#[test]
fn a_sign_far_before_hides_nothing() {
    for gap in 0..200 {
        let text = format!("%41{}hunter%32hunter%32", "-".repeat(gap));
        assert_eq!(found(&["hunter2hunter2"], &text), [("KNOWN_VALUE", "hunter%32hunter%32")], "{gap}");
    }
}

#[test]
fn base64_is_covered_whole() {
    for engine in [BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD] {
        for before in 0..7 {
            for after in 0..4 {
                let plain = format!("{}{VALUE}{}", "~".repeat(before), "?".repeat(after));
                let encoded = engine.encode(plain);
                let text = format!("data: {encoded}.");
                assert_eq!(found(&[VALUE], &text), [("KNOWN_VALUE", &*encoded)], "{before} {after}");
            }
        }
    }
    // Percent-encoded once more, as in a query.
    let encoded = BASE64_STANDARD
        .encode(format!("?>{VALUE}"))
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    assert!(encoded.contains('%'));
    assert_eq!(found(&[VALUE], &format!("q={encoded}&r")), [("KNOWN_VALUE", &*encoded)]);
}

#[test]
fn of_endless_base64_only_the_value_is_covered() {
    let plain = [vec![b'~'; 70_000], VALUE.as_bytes().to_vec(), vec![b'~'; 70_000]].concat();
    let text = BASE64_STANDARD.encode(plain);
    let found = found(&[VALUE], &text);
    assert_eq!(found.len(), 1);
    assert!((VALUE.len() * 4 / 3..VALUE.len() * 4 / 3 + 4).contains(&found[0].1.len()));
}

#[test]
fn wrapped_base64_and_hex_are_joined() {
    let wrap = |text: &str, width: usize, end: &str| {
        let lines: Vec<_> = text.as_bytes().chunks(width).map(String::from_utf8_lossy).collect();
        lines.join(end)
    };
    for shift in 0..60 {
        let plain = format!("{}{VALUE}{}", "~".repeat(60 + shift), "~".repeat(30));
        for (width, end) in [(76, "\n"), (64, "\r\n"), (60, "\n    ")] {
            let text = wrap(&BASE64_STANDARD.encode(&plain), width, end);
            assert_eq!(found(&[VALUE], &text), [("KNOWN_VALUE", &*text)], "{shift} {width}");
            let text = wrap(&hex(plain.as_bytes()), width, end);
            let found = found(&[VALUE], &text);
            let joined: String = found[0].1.split_whitespace().collect();
            assert_eq!((found.len(), joined), (1, hex(VALUE.as_bytes())), "{shift} {width}");
        }
    }
}

#[test]
fn values_of_several_lines_have_any_line_end() {
    let value = "first line\nsecond line";
    for text in [value, "first line\r\nsecond line"] {
        assert_eq!(found(&[value], text), [("KNOWN_VALUE", text)]);
    }
}

/// Four to seven bytes are met by chance in base64 and hex, unless they stand by themselves.
#[test]
fn short_values_are_sought_encoded_only_by_themselves() {
    let encoded = BASE64_STANDARD.encode("pin#7");
    let hexed = hex(b"pin#7");
    let text = format!("pin#7 x{encoded} {encoded} a{hexed} k={hexed}, mypin#7x");
    assert_eq!(
        found(&["pin#7"], &text).iter().map(|(_, text)| *text).collect::<Vec<_>>(),
        ["pin#7", encoded.trim_end_matches('='), &*hexed, "pin#7"]
    );
}

#[test]
fn overlapping_values_and_detectors_leave_nothing_out() {
    let values = ["abcdefgh1234", "1234zzzzyyyy", "aaaaaaaa"];
    assert_eq!(found(&values, "-abcdefgh1234zzzzyyyy-"), [("KNOWN_VALUE", "abcdefgh1234zzzzyyyy")]);
    assert_eq!(found(&values, "aaaaaaaaaaaaa"), [("KNOWN_VALUE", "aaaaaaaaaaaaa")]);
    let key = format!("AKIA{}", "FAKE".repeat(4));
    // The value itself has its name, be it a known format or not.
    assert_eq!(found(&[&key], &format!("key {key}.")), [("KNOWN_VALUE", &*key)]);
    // More than the value is the detector's.
    assert_eq!(found(&[&key[..12]], &format!("key {key}.")), [("AWS_ACCESS_KEY", &*key)]);
    // And where both reach further than the other, it is one.
    let text = format!("key:{key}.");
    let value = &text[2..12];
    assert_eq!(found(&[value], &text), [("KNOWN_VALUE", &text[2..text.len() - 1])]);
}

#[test]
fn a_set_is_told_by_its_values_but_not_on_the_log() {
    let (one, other) = (known(&[b"value number one"]), known(&[b"value number two"]));
    assert_eq!(one.policy_hash(), other.policy_hash());
    assert_ne!(one.policy_hash(), Detectors::builtin().policy_hash());
    assert!(one.is_same(&known(&[b"value number one", b"value number one"])));
    assert!(!one.is_same(&other));
    // But under a key it is, and under that key alone.
    let key = [7; 32];
    let named = |set: &Detectors, key| set.clone().named_with(&key).policy_hash().to_owned();
    assert_ne!(named(&one, key), named(&other, key));
    assert_ne!(named(&one, key), named(&one, [8; 32]));
    assert_eq!(named(&one, key), named(&known(&[b"value number one", b"value number one"]), key));
    assert_eq!(named(&Detectors::builtin(), key), Detectors::builtin().policy_hash());
    let text = one.clone().named_with(&key).policy_text();
    assert!(text.lines().any(|line| line.starts_with("KNOWN_VALUE\tknown\t1\t")), "{text}");
    // Other values come with no tag until they are named.
    let renamed = one.clone().named_with(&key).with_known(&[KnownValue::new(b"value number two").unwrap()]);
    assert_eq!(renamed.policy_hash(), other.policy_hash());
    assert!(KnownValue::new(b"abc").is_none());
    assert_eq!(format!("{:?}", KnownValue::new(b"value")), "Some(KnownValue(Secret(KNOWN_VALUE)))");
}

/// Any bytes that can be written in a JSON string.
fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Za-z0-9+/=_.-]{8,40}", "[ -~]{8,40}", "\\PC{8,30}"]
}

proptest! {
    #[test]
    fn every_byte_of_a_value_is_covered_wherever_it_stands(
        value in value(),
        before in "[ -~\n]{0,70}",
        after in "[ -~\n]{0,70}",
    ) {
        let detectors = known(&[value.as_bytes()]);
        let text = format!("{before}{value}{after}");
        let spans = spans(&detectors, text.as_bytes());
        let place = before.len()..before.len() + value.len();
        prop_assert!(spans.iter().any(|span| span.start <= place.start && place.end <= span.end));
        prop_assert!(spans.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }

    #[test]
    fn every_encoding_is_found_at_every_place(
        value in value(),
        before in "[ -~]{0,9}",
        after in "[ -~]{0,9}",
        way in 0..6,
    ) {
        let plain = format!("{before}{value}{after}");
        let percent = |keep: fn(u8) -> bool| {
            let byte = |byte: u8| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") };
            plain.bytes().map(byte).collect::<String>()
        };
        let encoded = match way {
            0 => BASE64_STANDARD.encode(&plain),
            1 => BASE64_URL_SAFE_NO_PAD.encode(&plain),
            2 => hex(plain.as_bytes()),
            3 => hex(plain.as_bytes()).to_uppercase(),
            4 => percent(|byte| byte.is_ascii_alphanumeric()),
            _ => percent(|byte| byte.is_ascii_graphic() && byte != b'%'),
        };
        let found = spans(&known(&[value.as_bytes()]), format!("x={encoded};").as_bytes());
        prop_assert!(!found.is_empty(), "{}", encoded);
    }
}
