//! Command lines of archivers, databases and Windows that take a password behind a flag or by its place.

use std::ops::Range;

use super::{Context, command};
use crate::detect::{class::work, engine::Match};

/// How far a command line is read to either side.
const LINE: usize = 300;

/// ` -P `: the password of `zip`, and of Microsoft's `sqlcmd` and `bcp`; elsewhere it is a port.
pub(super) fn upper_p(
    context: &Context,
    text: &[u8],
    flag: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    const COMMANDS: [&[u8]; 3] = [b"zip", b"sqlcmd", b"bcp "];
    let before = line_before(text, flag.start);
    if COMMANDS.iter().any(|command| memchr::memmem::find(before, command).is_some()) {
        command::password(context, text, command::word_at(text, flag.end), matches);
    }
}

/// `7z x -pPASSWORD`, `unrar x -pPASSWORD`, `rar a -hpPASSWORD`.
pub(super) fn archive(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    command::flag(context, text, word.clone(), b" -p", matches);
    command::flag(context, text, word, b" -hp", matches);
}

/// `cqlsh -u me -p PASSWORD`.
pub(super) fn cqlsh(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    command::flag(context, text, word, b" -p ", matches);
}

/// `openssl enc -k PASSWORD`.
pub(super) fn enc(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    command::flag(context, text, word, b" -k ", matches);
}

/// `smbclient -U user%PASSWORD`.
pub(super) fn smbclient(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    let line = line_behind(text, word.end);
    let Some(flag) = memchr::memmem::find(line, b" -U ") else { return };
    let login = command::word_at(text, word.end + flag + b" -U ".len());
    if let Some(percent) = memchr::memchr(b'%', &text[login.clone()]) {
        command::password(context, text, login.start + percent + 1..login.end, matches);
    }
}

/// `net use \\\\host\\share PASSWORD /user:me`, in either order, and `net user me PASSWORD /add`.
pub(super) fn net(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    let line = line_behind(text, word.end);
    let (line, start) = match line.strip_prefix(b"r ") {
        Some(line) => (line, word.end + 2),
        None => (line, word.end),
    };
    let lower = line.to_ascii_lowercase();
    let login = |flag: &[u8]| memchr::memmem::find(&lower, flag).is_some();
    let share = line.contains(&b'\\') && login(b"/user:");
    let user = start > word.end && login(b"/add");
    if !(share || user) {
        return;
    }
    let mut at = start;
    let mut words = Vec::new();
    for part in line.split(|byte| *byte == b' ') {
        // A drive, a share, a flag.
        let other = part.is_empty() || part.contains(&b'\\') || part[0] == b'/' || part.ends_with(b":");
        if !other {
            words.push(at);
        }
        at += part.len() + 1;
    }
    if let Some(&at) = words.get(usize::from(!share)) {
        command::password(context, text, command::word_at(text, at), matches);
    }
}

fn line_before(text: &[u8], at: usize) -> &[u8] {
    let window = &text[at.saturating_sub(LINE)..at];
    work::count(window.len());
    &window[memchr::memrchr(b'\n', window).map_or(0, |newline| newline + 1)..]
}

fn line_behind(text: &[u8], at: usize) -> &[u8] {
    let window = &text[at..text.len().min(at + LINE)];
    work::count(window.len());
    &window[..memchr::memchr(b'\n', window).unwrap_or(window.len())]
}
