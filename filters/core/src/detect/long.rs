//! Where a token can be at all: in a long run of the bytes that tokens are made of.
//!
//! Whatever its format, a token has at least [`LONG`] letters, digits, `_` and `-` in a row, and
//! ordinary text seldom has. To find such runs one need not read all bytes: if the last of
//! sixteen is no token byte, none of them begins a run, and the next sixteen are the next to look
//! at. This reads code and prose several times faster than any search that reads every byte, and
//! its cost does not grow with the number of formats.

use std::ops::Range;

use super::class::Class;

/// The shortest run that is looked into. Every detector's examples are checked against it: an AWS
/// key id has 20, a JWT's header 16.
pub(super) const LONG: usize = 16;

/// Calls `found` for every maximal run of [`Class::URL`] that has at least [`LONG`] bytes.
pub(super) fn for_each_long_run(text: &[u8], mut found: impl FnMut(Range<usize>)) {
    let mut at = 0;
    while let Some(block) = text[at..].first_chunk::<LONG>() {
        // Here no token byte stands before `at`.
        if let Some(last) = block.iter().rposition(|&byte| !Class::URL.has(byte)) {
            at += last + 1;
        } else {
            let rest = &text[at + LONG..];
            let more = rest.iter().position(|&byte| !Class::URL.has(byte));
            let end = at + LONG + more.unwrap_or(rest.len());
            found(at..end);
            at = (end + 1).min(text.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_found_whole() {
        let long = "x".repeat(LONG);
        let text = format!("short {long} {long}- \u{e9}{long}yy.{}", &long[1..]);
        let mut runs = Vec::new();
        for_each_long_run(text.as_bytes(), |run| runs.push(text[run].to_owned()));
        assert_eq!(runs, [long.clone(), format!("{long}-"), format!("{long}yy")]);
        for_each_long_run(&text.as_bytes()[..5], |_| panic!("a short run"));
    }
}
