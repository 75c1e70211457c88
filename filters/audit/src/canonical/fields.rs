//! [`Fields`]: the members of one line while it is being made.

use std::collections::BTreeMap;

use super::write_string;

/// The members of one flat JSON object; each value is kept as its canonical text.
///
/// Rendering at once what does not depend on the position in the chain keeps the work under the
/// writer's file lock small, and a line with many redactions costs its bytes, not a tree.
#[derive(Clone, Debug, Default)]
pub struct Fields(BTreeMap<&'static str, String>);

impl Fields {
    /// Sets a member to a string.
    pub fn text(&mut self, key: &'static str, value: &str) {
        let mut out = String::new();
        write_string(value, &mut out);
        self.0.insert(key, out);
    }

    /// Sets a member to a string, or to `null`: absent values are written, not left out.
    pub fn text_or_null(&mut self, key: &'static str, value: Option<&str>) {
        match value {
            Some(text) => self.text(key, text),
            None => self.rendered(key, "null".to_owned()),
        }
    }

    /// Sets a member to an integer.
    pub fn integer(&mut self, key: &'static str, value: u64) {
        self.rendered(key, value.to_string());
    }

    /// Sets a member to an array of strings.
    pub fn texts<'a>(&mut self, key: &'static str, values: impl IntoIterator<Item = &'a str>) {
        let mut out = String::from("[");
        for value in values {
            if out.len() > 1 {
                out.push(',');
            }
            write_string(value, &mut out);
        }
        out.push(']');
        self.rendered(key, out);
    }

    /// Sets a member to a value that is already canonical text.
    pub fn rendered(&mut self, key: &'static str, canonical: String) {
        self.0.insert(key, canonical);
    }

    /// The canonical text of the object.
    #[must_use]
    pub fn to_canonical(&self) -> String {
        let length: usize = self.0.iter().map(|(key, value)| key.len() + value.len() + 4).sum();
        let mut out = String::with_capacity(length + 2);
        out.push('{');
        for (key, value) in &self.0 {
            if out.len() > 1 {
                out.push(',');
            }
            write_string(key, &mut out);
            out.push(':');
            out.push_str(value);
        }
        out.push('}');
        out
    }
}
