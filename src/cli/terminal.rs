//! Messages on stderr, with colour where a person reads them.

use std::env;
use std::io::{self, IsTerminal, Write};

use crate::failure::Failure;

/// Whether stderr may be coloured: a terminal, and `NO_COLOR` is unset or empty.
pub(super) fn colour() -> bool {
    let declined = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !declined && io::stderr().is_terminal()
}

/// Shows a failure: what, then what to do.
pub(super) fn show(failure: &Failure) {
    let (error, help) =
        if colour() { ("\x1b[1;31merror\x1b[0m", "\x1b[1m help\x1b[0m") } else { ("error", " help") };
    write(&format!("{error}: {}\n{help}: {}\n", plain(failure), plain(failure.remedy())));
}

/// Shows what a user should know though nothing failed.
pub(super) fn warn(warning: &str) {
    let label = if colour() { "\x1b[1;33mwarning\x1b[0m" } else { "warning" };
    write(&format!("{label}: {}\n", plain(warning)));
}

/// Says what is no failure but should be known.
pub(super) fn note(text: &str) {
    let note = if colour() { "\x1b[1mnote\x1b[0m" } else { "note" };
    write(&format!("{note}: {}\n", plain(text)));
}

/// Says that the pre-launch gate is shut. Scripts look for the first line's wording.
pub(super) fn block(failure: &Failure) {
    let remedy = failure.remedy();
    write(&format!("waterwall pre-launch-hook: BLOCK — {failure}\n help: {remedy}\n"));
}

/// Says that the pre-launch gate is open, and what should be known.
pub(super) fn gate_warning(reason: &str) {
    write(&format!("waterwall pre-launch-hook: WARN — {reason}\n"));
}

/// A message may quote a name or a text from a file; none of it may move the cursor or colour the screen.
fn plain(message: impl ToString) -> String {
    let fit = |letter: char| {
        if letter.is_control() && letter != '\n' { char::REPLACEMENT_CHARACTER } else { letter }
    };
    message.to_string().chars().map(fit).collect()
}

fn write(text: &str) {
    // There is nowhere left to report that stderr is closed.
    let _ = io::stderr().write_all(text.as_bytes());
}
