//! What curl and its like are called with: `curl -u user:password`, and cookies.

use std::ops::Range;

use super::{Context, command};
use crate::detect::{class::work, engine::Match};

/// How far a command is read.
const REACH: usize = 1000;

/// Flags that user and password follow.
const USERS: [&[u8]; 4] = [b"-u", b"--user", b"--proxy-user", b"-U"];

/// The flags of one command, over lines that go on.
pub(super) fn look(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    // From the blank behind the command on.
    let start = word.end - 1;
    let window = &text[start..text.len().min(start + REACH)];
    let breaks = memchr::memchr_iter(b'\n', window).find(|&at| at == 0 || window[at - 1] != b'\\');
    let next = memchr::memmem::find(window, b"curl ").unwrap_or(window.len());
    let command = &window[..breaks.unwrap_or(window.len()).min(next)];
    work::count(command.len());
    for blank in memchr::memmem::find_iter(command, b" -") {
        let flag_at = start + blank + 1;
        let flag = &command[blank + 1..];
        for name in USERS {
            if let Some(rest) = flag.strip_prefix(name)
                && (name.len() == 2 || matches!(rest.first(), Some(b' ' | b'=')))
            {
                let sep = rest.iter().take(2).take_while(|byte| matches!(byte, b' ' | b'=')).count();
                let value = command::word_at(text, flag_at + name.len() + sep);
                if let Some(at) = memchr::memchr(b':', &text[value.clone()]) {
                    command::password(context, text, value.start + at + 1..value.end, matches);
                }
                break;
            }
        }
        if let Some(rest) = flag.strip_prefix(b"-b ").or_else(|| flag.strip_prefix(b"--cookie ")) {
            let start = flag_at + flag.len() - rest.len();
            command::cookies(context, text, command::word_at(text, start), matches);
        }
    }
}
