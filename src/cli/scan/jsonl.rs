//! `waterwall scan --jsonl`: the detectors as a filter, for scripts that score or compare them.
//!
//! Each line `{"id": …, "text": "…"}` is answered by a line `{"id": …, "spans": [[start, end,
//! "TYPE"], …]}` at once. Offsets count bytes of the text's UTF-8. What the answer is about stays
//! out of every message: a line may be all secret.

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
    serde_json::from_slice(line).map_err(|error| {
        let (name, column) = (file.display(), error.column());
        let wrong = if error.is_data() { "lacks an id or a text" } else { "is not JSON" };
        Failure::new(
            format!("{name}:{number}:{column}: the line {wrong}"),
            r#"Each line must be {"id": …, "text": "…"} in UTF-8, without lone surrogates."#,
        )
    })
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
