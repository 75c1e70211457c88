//! [`Shapes`]: reading a line by what it has in common with one before it.
//!
//! The lines of a log are of a few kinds, and within a kind most members are the same from line to line.
//! A member whose bytes, key, value and what ends it, are those of a line that was read is as canonical
//! as it was there, and keys in the same order are sorted as they were. So only the values that differ are
//! looked through; the rest is one comparison of long runs. What does not fit is read from its beginning.

use super::{Glance, scan};

/// How many kinds of lines are remembered.
const KINDS: usize = 6;
/// Longer lines are not.
const LONGEST: usize = 16 << 10;
/// Bytes compared at once.
const RUN: usize = 32;

/// The last line of each kind.
#[derive(Default)]
pub(crate) struct Shapes(Vec<Shape>);

/// A line that was canonical, and its members.
struct Shape {
    line: String,
    members: Vec<scan::Member>,
}

impl Shapes {
    /// As [`super::glance`], and remembers the line.
    pub(crate) fn glance<'a>(&mut self, line: &'a str) -> Option<Glance<'a>> {
        if let Some(glance) = self.0.iter().find_map(|shape| shape.fit(line)) {
            return Some(glance);
        }
        if line.len() > LONGEST {
            return super::glance(line);
        }
        let mut members = Vec::new();
        let glance = scan::scan(line, |member| members.push(member))?;
        if self.0.len() == KINDS {
            self.0.remove(0);
        }
        self.0.push(Shape { line: line.to_owned(), members });
        Some(glance)
    }
}

impl Shape {
    /// Reads a line that has the same members, with the same keys.
    fn fit<'a>(&self, line: &'a str) -> Option<Glance<'a>> {
        let (old, new) = (self.line.as_bytes(), line.as_bytes());
        let mut glance = Glance::default();
        // Both stand at the same place of the same member; up to there all is proven.
        let (mut from, mut at) = (0, 0);
        let mut members = self.members.iter();
        let mut next = members.next();
        loop {
            let equal = from + common(&old[from..], &new[at..]);
            // With the comma or brace that ends it, a value cannot go on.
            while let Some(member) = next.filter(|member| member.value.end < equal) {
                let moved = |old: usize| old - from + at;
                glance.note(member.role, line, moved(member.value.start)..moved(member.value.end));
                next = members.next();
            }
            let Some(member) = next else {
                let whole = equal == old.len() && new.len() - at == old.len() - from;
                return whole.then_some(glance);
            };
            if member.value.start > equal {
                return None;
            }
            let start = member.value.start - from + at;
            let end = scan::value_end(line, start)?;
            glance.note(member.role, line, start..end);
            next = members.next();
            (from, at) = (member.value.end, end);
            // What ends the value is compared here: a run of no bytes would prove nothing.
            if old.get(from) != new.get(at) {
                return None;
            }
        }
    }
}

/// How many bytes at the beginning are the same.
fn common(one: &[u8], other: &[u8]) -> usize {
    let (runs, _) = one.as_chunks::<RUN>();
    let (other_runs, _) = other.as_chunks::<RUN>();
    let runs = runs.iter().zip(other_runs).take_while(|(one, other)| one == other).count() * RUN;
    let (words, _) = one[runs..].as_chunks::<8>();
    let (other_words, _) = other[runs..].as_chunks::<8>();
    for (index, (one, other)) in words.iter().zip(other_words).enumerate() {
        let differing = u64::from_le_bytes(*one) ^ u64::from_le_bytes(*other);
        if differing != 0 {
            return runs + index * 8 + differing.trailing_zeros() as usize / 8;
        }
    }
    let whole = runs + words.len().min(other_words.len()) * 8;
    whole + one[whole..].iter().zip(&other[whole..]).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::canonical::glance;

    #[test]
    fn runs_end_at_the_first_byte_that_differs() {
        let one: Vec<u8> = (0..150).collect();
        for length in 0..150 {
            for at in 0..length {
                let mut other = one[..length].to_vec();
                other[at] ^= 0x80;
                assert_eq!(common(&one, &other), at);
                assert_eq!(common(&other, &one), at);
            }
            assert_eq!(common(&one, &one[..length]), length);
        }
    }

    #[test]
    fn a_value_that_goes_on_is_not_the_one_before() {
        let mut shapes = Shapes::default();
        for line in [
            r#"{"a":1,"seq":1,"z":null}"#,
            r#"{"a":12,"seq":10,"z":null}"#,
            r#"{"a":1,"seq":10,"z":nullx}"#,
            r#"{"a":1.5,"seq":10,"z":null}"#,
            r#"{"a":1,"seq":1,"z":null}}"#,
            r#"{"a":1,"seq":1,"z":null"#,
            r#"{"a":1,"seq":1,"z":null,"z":1}"#,
            r#"{"a":1,"seq":1}"#,
            r#"{"a":01,"seq":1,"z":null}"#,
            r#"{"a":{"b":1},"seq":1,"z":null}"#,
            r#"{"a":{"b":1},"b":1},"seq":1,"z":null}"#,
            r#"{"a":"","seq":-1,"z":[]}"#,
            r#"{"a":"\"","seq":7,"z":[1,{}]}"#,
            r#"{"a":"","seq":7,"z":[1,{}]}"#,
        ] {
            assert_eq!(shapes.glance(line), glance(line), "{line}");
        }
    }

    proptest! {
        /// Whatever was read before, a line is read as if nothing had been.
        #[test]
        fn what_came_before_changes_nothing(
            lines in proptest::collection::vec((0..5_u8, "[0-9a-f]{0,70}", 0..20_000_u64, any::<bool>()), 1..30),
            damage in proptest::collection::vec((0..30_usize, 0..200_usize, any::<u8>()), 0..10),
        ) {
            let mut shapes = Shapes::default();
            for (index, (kind, text, seq, null)) in lines.iter().enumerate() {
                let receipt = if *null { "null".to_owned() } else { format!("\"{text}\"") };
                let line = match kind {
                    0 => format!(r#"{{"frameworks":["A","B"],"line_type":"x","prev_hash":"{text}","receipt":{receipt},"seq":{seq},"ts":"t","v":1}}"#),
                    1 => format!(r#"{{"frameworks":["A"],"list":[{{"k":"{text}"}},{receipt}],"seq":{seq},"v":1}}"#),
                    2 => format!(r#"{{"chain_root_hash":"{text}","seq":{seq},"signature":{receipt},"signing_key_id":"k"}}"#),
                    3 => format!(r#"{{"b":{seq},"a":"{text}"}}"#),
                    _ => format!(r#"{{"seq":{seq}}}"#),
                };
                let mut bytes = line.into_bytes();
                for (which, at, byte) in &damage {
                    if *which == index && !bytes.is_empty() {
                        let at = at % bytes.len();
                        bytes[at] = *byte;
                    }
                }
                if let Ok(line) = std::str::from_utf8(&bytes) {
                    prop_assert_eq!(shapes.glance(line), glance(line));
                }
            }
        }
    }
}
