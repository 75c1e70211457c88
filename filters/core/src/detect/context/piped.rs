//! Passwords that a command reads from another: `echo … | sudo -S`, `echo user:… | chpasswd`.

use std::ops::Range;

use super::{Context, command};
use crate::detect::{class::work, engine::Match};

/// How far back a line is read.
const LINE: usize = 200;

/// The argument of `echo` or `printf` before the pipe that leads to `word`.
pub(super) fn look(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    let window = &text[word.start.saturating_sub(LINE)..word.start];
    let line = &window[memchr::memrchr(b'\n', window).map_or(0, |newline| newline + 1)..];
    work::count(window.len());
    let Some(pipe) = memchr::memrchr(b'|', line) else { return };
    let head = &line[..pipe];
    let verbs: [&[u8]; 2] = [b"echo ", b"printf "];
    let Some(end) = verbs.iter().find_map(|verb| memchr::memmem::rfind(head, verb).map(|at| at + verb.len()))
    else {
        return;
    };
    let mut at = word.start - line.len() + end;
    // Flags, and a format.
    for flag in [&b"-n "[..], b"-e ", b"'%s' ", b"\"%s\" ", b"%s "] {
        at += if text[at..].starts_with(flag) { flag.len() } else { 0 };
    }
    let mut value = command::word_at(text, at);
    if text[word].ends_with(b"chpasswd") {
        let Some(colon) = memchr::memchr(b':', &text[value.clone()]) else { return };
        value.start += colon + 1;
    }
    command::password(context, text, value, matches);
}
