//! `waterwall scan --jsonl`: the detectors as a filter, for scripts that score or compare them.
//!
//! Each line `{"id": …, "text": "…"}` is answered by a line `{"id": …, "spans": [[start, end,
//! "TYPE"], …]}` at once. Offsets count bytes of the text's UTF-8, in which half of a surrogate pair
//! takes three, as in WTF-8. What the answer is about stays out of every message: a line may be all
//! secret.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};
use waterwall_core::detect::Detectors;

use super::{ExitStatus, Stop, is_standard_input, spans};
use crate::failure::Failure;

/// One line of input; other members are passed over.
#[derive(Deserialize)]
struct Item {
    id: Value,
    text: String,
}

/// Answers every line of the files, in order.
pub(super) fn filter(
    detectors: &Detectors,
    files: &[PathBuf],
    out: &mut dyn Write,
) -> Result<ExitStatus, Stop> {
    for file in files {
        let unreadable = |error| Failure::io("cannot read", file, &error);
        let mut input: Box<dyn BufRead> = if is_standard_input(file) {
            Box::new(io::stdin().lock())
        } else {
            Box::new(BufReader::new(File::open(file).map_err(unreadable)?))
        };
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            if input.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
                break;
            }
            if !line.trim_ascii().is_empty() {
                answer(detectors, parse(&line, file, number)?, out)?;
            }
        }
    }
    Ok(ExitStatus::Success)
}

/// The parser's own message may quote the line, so only its place is told.
fn parse(line: &[u8], file: &Path, number: usize) -> Result<Item, Failure> {
    let parsed = serde_json::from_slice(line).or_else(|error| match without_halves(line) {
        Some(whole) => serde_json::from_slice(&whole),
        None => Err(error),
    });
    parsed.map_err(|error| {
        let (name, column) = (file.display(), error.column());
        let wrong = if error.is_data() { "lacks an id or a text" } else { "is not JSON" };
        Failure::new(
            format!("{name}:{number}:{column}: the line {wrong}"),
            r#"Each line must be {"id": …, "text": "…"} in UTF-8."#,
        )
    })
}

/// The line with U+FFFD, as long in UTF-8, for each escaped half of a surrogate pair, which a text cut
/// anywhere may end in; `None` where there is none.
fn without_halves(line: &[u8]) -> Option<Vec<u8>> {
    let unit = |at: usize| {
        let digits = line.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut whole = line.to_vec();
    let (mut at, mut found) = (0, false);
    while let Some(next) = memchr::memchr(b'\\', &line[at..]) {
        at += next;
        at += match (unit(at), unit(at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                whole[at + 2..at + 6].copy_from_slice(b"fffd");
                found = true;
                6
            }
            (Some(_), _) => 6,
            (None, _) => 2,
        };
        if at >= line.len() {
            break;
        }
    }
    found.then_some(whole)
}

fn answer(detectors: &Detectors, item: Item, out: &mut dyn Write) -> io::Result<()> {
    let spans: Vec<_> = spans(detectors, item.text.as_bytes())
        .into_iter()
        .map(|span| json!([span.start, span.end, span.kind.label()]))
        .collect();
    writeln!(out, "{}", json!({ "id": item.id, "spans": spans }))?;
    // Whoever feeds the filter may wait for this answer before the next line.
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_pairs_become_replacement_characters() {
        let whole =
            |line: &str| without_halves(line.as_bytes()).map(|it| String::from_utf8(it).expect("UTF-8"));
        assert_eq!(whole(r#"{"text":"\ud83d\ude00 \\ud83d \n\u00e9\\"}"#), None);
        for (line, expected) in [
            (r#""a\ud83d""#, r#""a\ufffd""#),
            (r#""\uDE00\ud83dx\ud83d\ude00""#, r#""\ufffd\ufffdx\ud83d\ude00""#),
            (r#""\\\ud83d\ud83d\ude00""#, r#""\\\ufffd\ud83d\ude00""#),
            (r"\ud83d\", r"\ufffd\"),
        ] {
            assert_eq!(whole(line).as_deref(), Some(expected), "{line}");
        }
    }
}
