//! By what name the strings of a document go.

use std::ops::Range;

/// Members that say what their object's other one holds: `{"name": "DB_PASSWORD", "value": "…"}`.
const LABELS: [&[u8]; 5] = [b"name", b"key", b"Name", b"Key", b"ParameterKey"];
const VALUES: [&[u8]; 3] = [b"value", b"Value", b"ParameterValue"];

/// Longer ones name nothing.
const LONGEST_FLAG: usize = 64;

/// Longer names tell nothing, as they are written: no detector looks at more than 256 bytes of one, and an escape
/// makes at most six of each.
const LONGEST: usize = 6 * 256;

/// Whether a name is short enough to tell anything. What every element of an array asks of its name must not
/// cost what the name is long (law 11).
pub(super) fn may_name(raw: &Range<usize>) -> bool {
    raw.len() <= LONGEST
}

/// Whether a member's name is that of one that says what another holds.
pub(super) fn is_label(name: &[u8]) -> bool {
    LABELS.contains(&name)
}

/// Whether a member's name is that of one that another says the name of.
pub(super) fn is_value(name: &[u8]) -> bool {
    VALUES.contains(&name)
}

/// Whether an argument of a command names the one behind it.
pub(super) fn is_flag(raw: &[u8]) -> bool {
    raw.starts_with(b"--") && raw.len() <= LONGEST_FLAG && !raw.contains(&b'=')
}

/// Follows the strings of a text that reads like JSON.
#[derive(Default)]
pub(super) struct Names {
    /// What names the next string, if that is a value.
    next: Option<Range<usize>>,
    /// Whether it is a label.
    is_label: bool,
    /// The label before.
    label: Option<Range<usize>>,
}

impl Names {
    /// Takes the next string; gives what names it.
    pub(super) fn of(&mut self, text: &[u8], raw: &Range<usize>, is_key: bool) -> Option<Range<usize>> {
        let string = &text[raw.clone()];
        let label = self.label.take();
        if is_key {
            self.is_label = is_label(string);
            self.next = label.filter(|_| is_value(string)).or_else(|| Some(raw.clone()));
            return None;
        }
        self.label = std::mem::take(&mut self.is_label).then(|| raw.clone());
        std::mem::replace(&mut self.next, is_flag(string).then(|| raw.clone()))
    }
}
