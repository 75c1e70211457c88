//! Telling the model what placeholders are: one fixed sentence at the end of the system prompt.
//!
//! Off unless the operator asks for it. The sentence never changes and always stands at the same
//! place, whether or not the request holds a secret, so that the provider's prompt cache goes on
//! finding the prefix it knows. It is spliced in; every other byte of the body stays (law 2).

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What the model reads. No part of it needs an escape in JSON.
pub const SENTENCE: &str = "Text of the form <pl:TYPE:HEX> stands for a value that is withheld from you. \
     Wherever such a value is needed, in an answer, a command, a file or a tool call, copy the whole text \
     unchanged, character for character; do not shorten, decode or replace it.";

/// Bytes to put into a body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Insertion {
    at: usize,
    text: String,
}

impl Insertion {
    /// Writes the body with the insertion.
    #[must_use]
    pub fn apply(&self, body: &[u8]) -> Vec<u8> {
        let (before, after) = body.split_at(self.at);
        [before, self.text.as_bytes(), after].concat()
    }
}

/// Where the sentence goes in a Messages request: at the end of `system`, as a block of its own where
/// that is a list. `None` when the body has another shape.
pub(crate) fn in_messages(body: &[u8]) -> Option<Insertion> {
    let request = Object::parse(body)?;
    request.last("messages")?;
    match request.last("system").filter(|system| !system.is_null()) {
        Some(system) => system.append(body, "text"),
        None if request.last("system").is_some() => None,
        None => request.first_member(body, format!(r#""system":"{SENTENCE}""#)),
    }
}

/// Where the sentence goes in a Chat Completions request: at the end of the first message, if that is
/// the system's; otherwise as a message before it.
pub(crate) fn in_chat(body: &[u8]) -> Option<Insertion> {
    let messages = Object::parse(body)?.last("messages")?.elements()?;
    let first = messages.first()?;
    let message = Object::parse(first.0.get().as_bytes())?;
    let role = message.last("role").map(|role| role.0.get());
    if matches!(role, Some(r#""system""# | r#""developer""#)) {
        return message.last("content")?.append(body, "text");
    }
    let at = first.offset(body);
    Some(Insertion { at, text: format!(r#"{{"role":"system","content":"{SENTENCE}"}},"#) })
}

/// Where the sentence goes in a Responses request: at the end of `instructions`.
pub(crate) fn in_responses(body: &[u8]) -> Option<Insertion> {
    let request = Object::parse(body)?;
    match request.last("instructions") {
        Some(instructions) if instructions.is_null() => None,
        Some(instructions) => instructions.append(body, "input_text"),
        None => request.first_member(body, format!(r#""instructions":"{SENTENCE}""#)),
    }
}

/// A value as it stands in the body.
#[derive(Clone, Copy)]
struct Raw<'a>(&'a RawValue);

impl<'a> Raw<'a> {
    /// Where it begins. The value is a part of `body`, or of a part of it.
    fn offset(self, body: &[u8]) -> usize {
        self.0.get().as_ptr().addr() - body.as_ptr().addr()
    }

    fn is_null(self) -> bool {
        self.0.get() == "null"
    }

    fn elements(self) -> Option<Vec<Raw<'a>>> {
        let elements: Vec<&RawValue> = serde_json::from_str(self.0.get()).ok()?;
        Some(elements.into_iter().map(Raw).collect())
    }

    /// The sentence after a string's text, or as one more part (of type `part`) of a list.
    fn append(self, body: &[u8], part: &str) -> Option<Insertion> {
        let raw = self.0.get();
        let at = self.offset(body) + raw.len() - 1;
        let text = match raw.as_bytes()[0] {
            b'"' if raw.len() == 2 => SENTENCE.to_owned(),
            b'"' => format!(r"\n\n{SENTENCE}"),
            b'[' => {
                let comma = if self.elements()?.is_empty() { "" } else { "," };
                format!(r#"{comma}{{"type":"{part}","text":"{SENTENCE}"}}"#)
            }
            _ => return None,
        };
        Some(Insertion { at, text })
    }
}

/// An object's members in the order of the text, repeated names included.
struct Object<'a>(Vec<(Cow<'a, str>, Raw<'a>)>);

impl<'a> Object<'a> {
    fn parse(text: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }

    /// The value that parsers take where a name is repeated.
    fn last(&self, name: &str) -> Option<Raw<'a>> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// A member before all others. There is another: a caller found one.
    fn first_member(&self, body: &[u8], member: String) -> Option<Insertion> {
        let brace = memchr::memchr(b'{', body)?;
        (!self.0.is_empty()).then(|| Insertion { at: brace + 1, text: member + "," })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Vec<(Cow<'de, str>, Raw<'de>)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &RawValue>()? {
                    members.push((name, Raw(value)));
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Members).map(Self)
    }
}

/// A member name, borrowed where it has no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::dialect::Dialect;

    fn explained(dialect: &str, path: &str, body: &str) -> Option<Value> {
        let dialect = Dialect::by_name(dialect).unwrap().at_path(path);
        let insertion = dialect.explanation(path, body.as_bytes())?;
        Some(serde_json::from_slice(&insertion.apply(body.as_bytes())).expect("still JSON"))
    }

    fn messages(body: &str) -> Option<Value> {
        explained("anthropic", "/v1/messages", body)
    }

    fn chat(body: &str) -> Option<Value> {
        explained("openai", "/v1/chat/completions", body)
    }

    fn responses(body: &str) -> Option<Value> {
        explained("openai", "/v1/responses", body)
    }

    #[test]
    fn the_sentence_needs_no_escape_and_is_no_placeholder() {
        assert_eq!(serde_json::to_string(SENTENCE).unwrap(), format!("\"{SENTENCE}\""));
        assert!(SENTENCE.is_ascii());
    }

    #[test]
    fn a_messages_request_gets_it_at_the_end_of_its_system_prompt() {
        let text = messages(r#"{"system":"Be brief.","messages":[]}"#).unwrap();
        assert_eq!(text["system"], format!("Be brief.\n\n{SENTENCE}"));
        let empty = messages(r#"{"system":"","messages":[]}"#).unwrap();
        assert_eq!(empty["system"], SENTENCE);
        let absent = messages(r#" { "messages" : [] }"#).unwrap();
        assert_eq!(absent["system"], SENTENCE);
        let blocks =
            messages(r#"{"system":[{"type":"text","text":"a","cache_control":{}}],"messages":[]}"#).unwrap();
        assert_eq!(blocks["system"][0]["text"], "a");
        assert_eq!(blocks["system"][1], json!({"type": "text", "text": SENTENCE}));
        let none = messages(r#"{"system":[ ],"messages":[]}"#).unwrap();
        assert_eq!(none["system"], json!([{"type": "text", "text": SENTENCE}]));
    }

    #[test]
    fn a_chat_request_gets_it_in_its_first_message() {
        for role in ["system", "developer"] {
            let body =
                json!({"messages": [{"content": "a", "role": role}, {"role": "user", "content": "b"}]});
            let text = chat(&body.to_string()).unwrap();
            assert_eq!(text["messages"][0]["content"], format!("a\n\n{SENTENCE}"));
            assert_eq!(text["messages"].as_array().unwrap().len(), 2);
        }
        let parts =
            chat(r#"{"messages":[{"role":"system","content":[{"type":"text","text":"a"}]}]}"#).unwrap();
        assert_eq!(parts["messages"][0]["content"][1]["text"], SENTENCE);
        let user = chat(r#"{"messages": [ {"role":"user","content":"b"}]}"#).unwrap();
        assert_eq!(user["messages"][0], json!({"role": "system", "content": SENTENCE}));
        assert_eq!(user["messages"][1]["content"], "b");
    }

    #[test]
    fn a_responses_request_gets_it_in_its_instructions() {
        let text = responses(r#"{"instructions":"a","input":"b"}"#).unwrap();
        assert_eq!(text["instructions"], format!("a\n\n{SENTENCE}"));
        let absent = responses(r#"{"input":"b"}"#).unwrap();
        assert_eq!(absent["instructions"], SENTENCE);
    }

    #[test]
    fn every_other_byte_stays() {
        let body = r#" {"a" : 1.0e2, "system":"x\u0041",  "messages":[], "a":2} "#;
        let insertion = Dialect::by_name("anthropic").unwrap().explanation("/v1/messages", body.as_bytes());
        let after = String::from_utf8(insertion.unwrap().apply(body.as_bytes())).unwrap();
        assert_eq!(after.replacen(&format!(r"\n\n{SENTENCE}"), "", 1), body);
    }

    #[test]
    fn of_a_repeated_name_the_last_counts() {
        let text = messages(r#"{"system":"a","messages":[],"system":"b"}"#).unwrap();
        assert_eq!(text["system"], format!("b\n\n{SENTENCE}"));
    }

    #[test]
    fn other_shapes_and_places_stay_as_they_are() {
        for body in ["", "[]", "{}", r#"{"messages":[],"system":7}"#, r#"{"messages":[],"system":null}"#, "{"]
        {
            assert_eq!(messages(body), None, "{body}");
        }
        for body in [r#"{"messages":[]}"#, r#"{"messages":7}"#, r#"{"messages":[7]}"#, "{}"] {
            assert_eq!(chat(body), None, "{body}");
        }
        assert_eq!(responses("{}"), None);
        assert_eq!(responses(r#"{"instructions":null,"input":"b"}"#), None);
        assert_eq!(explained("anthropic", "/v1/messages/batches", r#"{"messages":[]}"#), None);
        assert_eq!(explained("openai", "/v1/embeddings", r#"{"messages":[{}]}"#), None);
        assert_eq!(explained("generic", "/v1/messages", r#"{"messages":[]}"#), None);
    }
}
