//! Files that the verbs about evidence read, and the answer they share.

use std::io::{self, Write};

use waterwall_audit::canonical::{Value, write_string};

pub(super) use crate::evidence::files::{bytes, public_key, signing_key, text};

/// Writes one line of JSON with the members in this order, spaced as the predecessor's was: scripts
/// look for `"ok": true`.
///
/// # Errors
/// When it cannot be written.
pub(super) fn answer(out: &mut dyn Write, members: &[(&str, Value)]) -> io::Result<()> {
    let mut line = String::from("{");
    for (index, (name, value)) in members.iter().enumerate() {
        if index > 0 {
            line.push_str(", ");
        }
        write_string(name, &mut line);
        line.push_str(": ");
        line.push_str(&value.to_canonical());
    }
    writeln!(out, "{line}}}")
}
