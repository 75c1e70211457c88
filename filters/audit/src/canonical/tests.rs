//! Canonical form against Python's own, and the two readers against each other.

use proptest::prelude::*;

use super::*;

/// Made by `tests/vectors/make_vectors.py`.
const VECTORS: &str = include_str!("../../../../tests/vectors/canonical.json");

#[test]
fn equals_pythons_json_dumps() {
    let cases: serde_json::Value = serde_json::from_str(VECTORS).unwrap();
    let cases = cases.as_array().unwrap();
    assert!(cases.len() > 300);
    for case in cases {
        let text = |key: &str| case[key].as_str().unwrap();
        let canonical = parse(text("input")).unwrap().to_canonical();
        assert_eq!(canonical, text("canonical"), "from {}", text("input"));
        assert_eq!(crate::Hash::of(&canonical).to_hex(), text("sha256"));
    }
}

#[test]
fn refuses_what_is_not_strict_json() {
    let cases = [
        ("", "unexpected end"),
        ("{", "expected a key"),
        (r#"{"a":1,"a":1}"#, "duplicate key"),
        (r#"{"a":1,"\u0061":2}"#, "duplicate key"),
        (r#"{"a":1,}"#, "expected a key"),
        ("[1,]", "not a JSON value"),
        ("[1 2]", "expected `,` or `]`"),
        (r#"{"a" 1}"#, "expected `:`"),
        ("01", "leading zero"),
        ("-", "expected a digit"),
        ("1.", "expected a digit"),
        ("+1", "not a JSON value"),
        ("NaN", "not a JSON value"),
        ("1e999", "number out of range"),
        ("\"\n\"", "control character in a string"),
        (r#""\x""#, "unknown escape"),
        (r#""\u12g4""#, "expected a hex digit"),
        (r#""\ud800""#, "lone surrogate"),
        (r#""\ud800\u0041""#, "lone surrogate"),
        (r#""\udc00""#, "lone surrogate"),
        ("\"a", "unterminated string"),
        ("{} {}", "extra data"),
        ("nul", "not a JSON value"),
    ];
    for (text, what) in cases {
        let error = parse(text).expect_err(text).to_string();
        assert!(error.starts_with(what), "{text}: {error}");
        assert!(glance(text).is_none(), "{text}");
    }
    assert!(parse(&"[".repeat(100_000)).unwrap_err().to_string().starts_with("nested too deeply"));
    assert!(glance(&"[".repeat(100_000)).is_none());
}

#[test]
fn a_glance_accepts_canonical_bytes_only() {
    let line = r#"{"line_type":"x","n":[-1,0,{"a":null,"b":[]}],"prev_hash":"ab","s":"\n\u001f/é","seq":7,"ts":"t"}"#;
    let glance_of = glance(line).unwrap();
    assert_eq!(glance_of.line_type, Some("x"));
    assert_eq!(glance_of.prev_hash, Some("ab"));
    assert_eq!((glance_of.seq, glance_of.ts), (Some(7), Some("t")));
    let others = [
        r#"{"a": 1}"#,
        r#"{"a":1} "#,
        r#"{"b":1,"a":1}"#,
        r#"{"a":1,"a":1}"#,
        r#"{"a":"\u001F"}"#,
        r#"{"a":"\u000a"}"#,
        r#"{"a":"\/"}"#,
        r#"{"a":-0}"#,
        r#"{"a":01}"#,
        r#"{"a":1.0}"#,
        r#"{"\n":1}"#,
        r"[]",
    ];
    for text in others {
        assert_eq!(glance(text), None, "{text}");
    }
    // Members that are nested or of another type are not the chain's.
    assert_eq!(glance(r#"{"a":{"seq":1},"seq":"1"}"#), Some(Glance::default()));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<u64>().prop_map(|number| Value::Number(number.into())),
        any::<f64>().prop_filter_map("finite", |float| Number::from_f64(float).map(Value::Number)),
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::btree_map("\\PC{0,4}|[a-d\n\"]{1,3}", inner, 0..6).prop_map(Value::Object),
        ]
    })
}

/// What a hostile file could fill memory or the stack with.
#[test]
fn nothing_grows_without_bound() {
    let deep = "[".repeat(1_000_000);
    assert!(parse(&deep).unwrap_err().to_string().starts_with("nested too deeply"));
    assert!(parse(&"{\"a\":".repeat(1_000_000)).unwrap_err().to_string().starts_with("nested too deeply"));
    let many = format!("[{}0]", "0,".repeat(9 << 20));
    assert!(parse(&many).unwrap_err().to_string().starts_with("too many values"));
    let digits = "9".repeat(1 << 20);
    assert_eq!(parse(&digits).unwrap().as_u64(), None);
    assert!(parse(&format!("{digits}.5")).is_err());
}

proptest! {
    #[test]
    fn reading_what_was_written_gives_the_same_value(value in value()) {
        let text = value.to_canonical();
        prop_assert_eq!(parse(&text).unwrap(), value);
    }

    #[test]
    fn serde_json_reads_the_same(value in value()) {
        let text = value.to_canonical();
        prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
    }

    #[test]
    fn floats_read_back_as_themselves(float in any::<f64>()) {
        if let Some(number) = Number::from_f64(float) {
            prop_assert_eq!(number.as_str().parse::<f64>().unwrap().to_bits(), float.to_bits());
        }
    }

    /// Whatever the fast path lets through, the slow path reads the same way.
    #[test]
    fn the_fast_path_is_never_more_lenient(value in value(), at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let mut bytes = Value::Object(Object::from([("k".to_owned(), value)])).to_canonical().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = with;
        if let Ok(text) = std::str::from_utf8(&bytes) && glance(text).is_some() {
            prop_assert_eq!(parse(text).unwrap().to_canonical(), text);
        }
    }
}
