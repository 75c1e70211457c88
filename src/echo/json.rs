//! JSON text the way real servers write it.

use serde_json::{Map, Value};

use super::knobs::Escape;

/// Keys that the real servers write first, in their order; the others follow by name.
const FIRST: [&str; 14] = [
    "type",
    "sequence_number",
    "id",
    "item_id",
    "object",
    "created",
    "output_index",
    "content_index",
    "index",
    "role",
    "model",
    "call_id",
    "name",
    "delta",
];

/// `value` as compact JSON text, escaped as `escape` says.
pub(super) fn print(value: &Value, escape: Escape) -> String {
    let mut text = String::new();
    write(value, &mut text);
    match escape {
        Escape::None => text,
        Escape::Html => rewrite(&text, |c| matches!(c, '<' | '>' | '&')),
        Escape::Ascii => rewrite(&text, |c| !c.is_ascii()),
    }
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => write_list(out, ('{', '}'), ordered(fields), |(key, value), out| {
            out.push_str(&Value::from(key.as_str()).to_string());
            out.push(':');
            write(value, out);
        }),
        Value::Array(items) => write_list(out, ('[', ']'), items, write),
        scalar => out.push_str(&scalar.to_string()),
    }
}

fn write_list<T>(
    out: &mut String,
    (open, close): (char, char),
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(T, &mut String),
) {
    out.push(open);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(close);
}

fn ordered(fields: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let rank = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by_key(|(key, _)| rank(key));
    fields
}

/// Writes the chosen characters as `\uXXXX`. In JSON text they can only stand inside strings.
fn rewrite(text: &str, chosen: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if chosen(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn escapes_stay_the_same_value() {
        let value = json!({"a<b": ["é 😀 <pl:X:00> & \"\n", 1.5, null], "b": {}});
        for (escape, part) in
            [(Escape::None, "😀"), (Escape::Html, "\\u003cpl:X:00\\u003e"), (Escape::Ascii, "\\ud83d\\ude00")]
        {
            let text = print(&value, escape);
            assert!(text.contains(part), "{text}");
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
    }

    #[test]
    fn type_comes_first() {
        assert_eq!(
            print(&json!({"delta": 1, "index": 0, "a": 2, "type": "x"}), Escape::None),
            r#"{"type":"x","index":0,"delta":1,"a":2}"#
        );
    }
}
