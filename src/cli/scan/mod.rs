//! `waterwall scan`: which secrets a text holds, by type and place; never the secret itself.

mod jsonl;
mod place;

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use waterwall_core::detect::{Detectors, Leaf, Span};

use super::{ConfigOption, ExitStatus, Stop, terminal};
use crate::failure::Failure;
use place::Places;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigOption,
    /// Files to scan; none, or `-`, is standard input
    files: Vec<PathBuf>,
    /// Print one JSON object: `findings`, each with file, type, line, column, start and end
    #[arg(long, conflicts_with = "jsonl")]
    json: bool,
    /// Be a filter: each line {"id","text"} in, {"id","spans":[[start,end,TYPE],…]} out, in bytes
    #[arg(long)]
    jsonl: bool,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let detectors = args.config.load()?.redaction.detectors;
    let standard_input = [PathBuf::from("-")];
    let files = if args.files.is_empty() {
        &standard_input
    } else {
        args.files.as_slice()
    };
    if args.jsonl {
        return jsonl::filter(&detectors, files, out);
    }
    let mut report = Report::new(args.json);
    let mut unreadable = false;
    for file in files {
        match read(file) {
            Ok(text) => report.add(file, &text, &detectors, out)?,
            Err(failure) => {
                // The other files are scanned all the same.
                terminal::show(&failure);
                unreadable = true;
            }
        }
    }
    report.end(out)?;
    Ok(match (unreadable, report.found) {
        (true, _) => ExitStatus::Unusable,
        (false, 0) => ExitStatus::Success,
        (false, _) => ExitStatus::Failure,
    })
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let text = if is_standard_input(file) {
        let mut text = Vec::new();
        io::stdin().lock().read_to_end(&mut text).map(|_| text)
    } else {
        fs::read(file)
    };
    text.map_err(|error| Failure::io("cannot read", file, &error))
}

fn is_standard_input(file: &Path) -> bool {
    file == Path::new("-")
}

/// The credentials in a text, sorted and disjoint.
fn spans(detectors: &Detectors, text: &[u8]) -> Vec<Span> {
    let mut spans = Vec::new();
    detectors.scan(Leaf { text, key: None }, &mut spans);
    spans
}

/// What is found, printed as it comes or gathered into one JSON object.
struct Report {
    found: usize,
    json: Option<Vec<Value>>,
}

impl Report {
    fn new(json: bool) -> Self {
        Self {
            found: 0,
            json: json.then(Vec::new),
        }
    }

    fn add(
        &mut self,
        file: &Path,
        text: &[u8],
        detectors: &Detectors,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let name = file.display();
        let mut places = Places::new(text);
        for span in spans(detectors, text) {
            self.found += 1;
            let (line, column) = places.of(span.start);
            match &mut self.json {
                None => writeln!(out, "{name}:{line}:{column}: {}", span.kind)?,
                Some(findings) => findings.push(json!({
                    "file": name.to_string(), "type": span.kind.label(),
                    "line": line, "column": column, "start": span.start, "end": span.end,
                })),
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match self.json.take() {
            Some(findings) => writeln!(out, "{}", json!({ "findings": findings })),
            None => Ok(()),
        }
    }
}
