//! Scanning a JSON document, or several.

use std::{ops::Range, sync::LazyLock};

use super::{Splices, Tokenizer, Unscannable, seams::Seams, sieve::Sieve};
use crate::json::{Lexer, NodeId, Rule, Schema, StringPiece, Visitor};

/// Scans every string and member name that the schema does not name as opaque.
pub(super) fn scan(
    tokenizer: &Tokenizer<'_>,
    body: &[u8],
    schema: &Schema,
    many: bool,
) -> Result<Splices, Unscannable> {
    if std::str::from_utf8(body).is_err() {
        return Err(Unscannable::Binary("JSON that is not UTF-8"));
    }
    scan_with(tokenizer, Sieve::new(tokenizer, body), body, schema, many)
}

fn scan_with(
    tokenizer: &Tokenizer<'_>,
    sieve: Sieve<'_>,
    body: &[u8],
    schema: &Schema,
    many: bool,
) -> Result<Splices, Unscannable> {
    let mut walk = Walk {
        schema,
        body,
        shortest_key: sieve.shortest_key(),
        sieve,
        seams: Seams::default(),
        key: None,
        containers: Vec::new(),
        opened: 0,
        token_ids: false,
    };
    let mut lexer = if many { Lexer::many(schema) } else { Lexer::new(schema) };
    lexer.push(body, &mut walk)?;
    lexer.finish()?;
    if walk.token_ids {
        return Err(Unscannable::TokenIds);
    }
    let mut splices = walk.sieve.finish()?;
    walk.seams.search(tokenizer, body, &mut splices);
    Ok(splices)
}

/// The schema of a document that nothing is known of.
pub(super) fn nothing_special() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(&[]));
    &SCHEMA
}

/// Walks a document for nothing but its syntax.
pub(super) struct Ignore;

impl Visitor for Ignore {
    fn string(&mut self, _piece: StringPiece) {}
}

struct Walk<'a> {
    schema: &'a Schema,
    body: &'a [u8],
    sieve: Sieve<'a>,
    seams: Seams,
    /// Member names that are not escaped and shorter are not scanned.
    shortest_key: usize,
    /// The member name last seen.
    key: Option<Range<usize>>,
    containers: Vec<Container>,
    /// How many containers were opened.
    opened: usize,
    token_ids: bool,
}

/// An open object or array: what its conditions look at, and what waits for them.
#[derive(Default)]
struct Container {
    /// For an array: its number.
    list: Option<usize>,
    /// The raw `type`; the second of two that differ makes every condition fail.
    type_name: Option<Range<usize>>,
    types_differ: bool,
    signature: Signature,
    waiting: Vec<(Range<usize>, Rule)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Signature {
    #[default]
    Absent,
    Present,
    /// One of them.
    Empty,
}

impl Walk<'_> {
    fn scan(&mut self, raw: Range<usize>) {
        let key = self.key.clone().map(|key| &self.body[key]);
        let list = match self.containers.as_slice() {
            [.., Container { list: Some(list), .. }] => Some(*list),
            // A text part of a message: the `text` of an object in an array.
            [.., Container { list: Some(list), .. }, _] if key == Some(b"text") => {
                self.seams.part(self.body, *list, raw.clone());
                Some(*list)
            }
            _ => None,
        };
        self.sieve.add(raw, key, list);
    }

    fn note_type(&mut self, raw: &Range<usize>) {
        let Some(object) = self.containers.last_mut() else { return };
        let differs = |known: &Range<usize>| self.body[known.clone()] != self.body[raw.clone()];
        object.types_differ |= object.type_name.as_ref().is_some_and(differs);
        object.type_name = Some(raw.clone());
    }

    /// A `type` that is no string: no condition holds.
    fn distrust_type(&mut self, place: NodeId) {
        if self.schema.rule(place) == Rule::Type
            && let Some(object) = self.containers.last_mut()
        {
            object.types_differ = true;
        }
    }

    fn is_opaque(&self, object: &Container, raw: &Range<usize>, rule: Rule) -> bool {
        let has_type = |names: &[&str]| {
            let found = object.type_name.as_ref().map(|raw| &self.body[raw.clone()]);
            !object.types_differ && names.iter().any(|name| found == Some(name.as_bytes()))
        };
        match rule {
            Rule::OpaqueIfType(names) => has_type(names),
            Rule::MediaIfType(name) => has_type(&[name]) && is_base64(&self.body[raw.clone()]),
            Rule::OpaqueIfSigned => object.signature == Signature::Present && has_type(&["thinking"]),
            _ => false,
        }
    }
}

impl Visitor for Walk<'_> {
    fn string(&mut self, piece: StringPiece) {
        let raw = piece.raw;
        if piece.key {
            self.key = None;
            if piece.escaped || raw.len() >= self.shortest_key {
                self.scan(raw.clone());
            }
            self.key = Some(raw);
            return;
        }
        match self.schema.rule(piece.place) {
            Rule::Opaque => {}
            Rule::Signature => {
                if let Some(object) = self.containers.last_mut() {
                    let present = !raw.is_empty() && object.signature != Signature::Empty;
                    object.signature = if present { Signature::Present } else { Signature::Empty };
                }
            }
            rule @ (Rule::OpaqueIfType(_) | Rule::MediaIfType(_) | Rule::OpaqueIfSigned) => {
                match self.containers.last_mut() {
                    Some(object) => object.waiting.push((raw, rule)),
                    None => self.scan(raw),
                }
            }
            Rule::OpaqueIfDataUrl if is_base64_data_url(&self.body[raw.clone()]) => {}
            Rule::Media if is_base64(&self.body[raw.clone()]) => {}
            Rule::Type => {
                self.note_type(&raw);
                self.scan(raw);
            }
            _ => self.scan(raw),
        }
    }

    fn scalar(&mut self, place: NodeId, raw: Range<usize>) {
        self.distrust_type(place);
        let number = !self.body[raw.start].is_ascii_alphabetic();
        self.token_ids |= number && self.schema.rule(place) == Rule::TokenIds;
        if number {
            self.sieve.number(raw);
        }
    }

    fn open(&mut self, place: NodeId, array: bool) {
        self.distrust_type(place);
        self.opened += 1;
        let list = array.then_some(self.opened);
        self.containers.push(Container { list, ..Container::default() });
    }

    fn close(&mut self) {
        let Some(object) = self.containers.pop() else { return };
        for (raw, rule) in &object.waiting {
            if !self.is_opaque(&object, raw, *rule) {
                self.key = None;
                self.scan(raw.clone());
            }
        }
    }
}

/// `data:image/png;base64,…`.
fn is_base64_data_url(raw: &[u8]) -> bool {
    let Some(at) = memchr::memmem::find(&raw[..raw.len().min(128)], b";base64,") else { return false };
    raw.starts_with(b"data:") && is_base64(&raw[at + 8..])
}

/// All of it in base64's alphabets, with JSON's escapes of a slash and of line breaks.
fn is_base64(raw: &[u8]) -> bool {
    raw.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_\\".contains(byte))
}

#[cfg(test)]
mod tests {
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
        let leaf =
            prop_oneof![6 => text().prop_map(Value::from), 1 => Just(json!(1)), 1 => Just(json!(4711))];
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

    /// What is found, or why the document cannot be scanned.
    fn found(detectors: &Detectors, body: &[u8], thorough: bool) -> Result<Found, Unscannable> {
        let vault = Vault::new(SessionKey::new([3; 32]), 10_000, 100);
        let tokenizer = Tokenizer { detectors, vault: &vault, scope: Scope(1), now: 0 };
        let sieve = if thorough { Sieve::open(&tokenizer, body) } else { Sieve::new(&tokenizer, body) };
        let splices = scan_with(&tokenizer, sieve, body, nothing_special(), true)?;
        let describe = |splice: &crate::tokenize::Splice| {
            let mut placeholder = Vec::new();
            splice.entry.iter().for_each(|entry| entry.write_placeholder(&mut placeholder));
            let plaintext = splice.entry.as_ref().map(|entry| entry.secret().expose().to_vec());
            (splice.range.clone(), plaintext, placeholder)
        };
        Ok(splices.0.iter().map(describe).collect())
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
            prop_assert_eq!(found(&detectors, body, false), found(&detectors, body, true));
        }
    }

    /// With an expression and known values.
    fn configured_detectors() -> Detectors {
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
}
