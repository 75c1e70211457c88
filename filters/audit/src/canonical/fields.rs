//! [`Fields`]: the members of one line while it is being made.

use std::ops::Range;

use super::write_string;

/// The members of one flat JSON object; each value is kept as its canonical text.
///
/// Rendering at once what does not depend on the position in the chain keeps the work under the
/// writer's file lock small, and a line with many redactions costs its bytes, not a tree. All texts lie
/// in one buffer: a line is made for every request, and small allocations were most of its cost.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    /// In the order in which they were set.
    members: Vec<(&'static str, Range<usize>)>,
    values: String,
}

impl Fields {
    /// Sets a member to a string.
    pub fn text(&mut self, key: &'static str, value: &str) {
        self.set(key, |out| write_string(value, out));
    }

    /// Sets a member to a string, or to `null`: absent values are written, not left out.
    pub fn text_or_null(&mut self, key: &'static str, value: Option<&str>) {
        match value {
            Some(text) => self.text(key, text),
            None => self.rendered(key, "null"),
        }
    }

    /// Sets a member to an integer.
    pub fn integer(&mut self, key: &'static str, value: u64) {
        self.set(key, |out| {
            let (mut digits, mut at, mut rest) = ([b'0'; 20], 20, value);
            // 2⁶⁴-1 has twenty digits.
            while rest > 0 || at == 20 {
                at -= 1;
                digits[at] = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
            out.extend(digits[at..].iter().map(|digit| char::from(*digit)));
        });
    }

    /// Sets a member to an array of strings.
    pub fn texts<'a>(&mut self, key: &'static str, values: impl IntoIterator<Item = &'a str>) {
        self.set(key, |out| {
            out.push('[');
            for (index, value) in values.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(value, out);
            }
            out.push(']');
        });
    }

    /// Sets a member to a value that is already canonical text.
    pub fn rendered(&mut self, key: &'static str, canonical: &str) {
        self.set(key, |out| out.push_str(canonical));
    }

    /// Sets a member to what `write` adds.
    pub(crate) fn set(&mut self, key: &'static str, write: impl FnOnce(&mut String)) {
        if self.members.capacity() == 0 {
            // What a redaction line takes.
            self.members.reserve(16);
            self.values.reserve(512);
        }
        let start = self.values.len();
        write(&mut self.values);
        let value = start..self.values.len();
        match self.members.iter_mut().find(|(other, _)| *other == key) {
            // The old text stays where it is, and is not written.
            Some((_, old)) => *old = value,
            None => self.members.push((key, value)),
        }
    }

    /// The canonical text of the object.
    #[must_use]
    pub fn to_canonical(&self) -> String {
        let mut members = self.members.clone();
        members.sort_unstable_by_key(|(key, _)| *key);
        let length: usize = members.iter().map(|(key, value)| key.len() + value.len() + 4).sum();
        let mut out = String::with_capacity(length + 2);
        out.push('{');
        for (index, (key, value)) in members.into_iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            write_string(key, &mut out);
            out.push(':');
            out.push_str(&self.values[value]);
        }
        out.push('}');
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_sorted_and_the_last_value_counts() {
        let mut fields = Fields::default();
        fields.text("b", "x\n");
        fields.integer("c", 0);
        fields.rendered("a", "[]");
        fields.text_or_null("b", None);
        fields.integer("d", u64::MAX);
        fields.texts("c", ["1", "\""]);
        assert_eq!(fields.to_canonical(), r#"{"a":[],"b":null,"c":["1","\""],"d":18446744073709551615}"#);
        fields.integer("d", 1_000);
        fields.integer("a", 7);
        assert_eq!(fields.to_canonical(), r#"{"a":7,"b":null,"c":["1","\""],"d":1000}"#);
        assert_eq!(Fields::default().to_canonical(), "{}");
    }
}
