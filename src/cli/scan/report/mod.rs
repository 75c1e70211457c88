//! How findings are written.

mod json;
mod sarif;
mod text;

use std::io::{self, Write};

use super::source::Finding;
use crate::failure::Failure;

/// Which form the findings take; lines of text unless said otherwise.
#[derive(clap::Args)]
pub(super) struct Format {
    /// Print one JSON object: `findings`, each with file, type, line, column, start and end
    #[arg(long)]
    json: bool,
    /// Print a SARIF 2.1.0 log, for code-scanning services and editors
    #[arg(long, conflicts_with = "json")]
    sarif: bool,
}

impl Format {
    pub(super) fn report(&self) -> Box<dyn Report> {
        match (self.json, self.sarif) {
            (true, _) => Box::new(json::Json::default()),
            (_, true) => Box::new(sarif::Sarif::default()),
            _ => Box::new(text::Text),
        }
    }
}

/// Writes findings in one form. Told of every file that holds any, in order, then of the end.
pub(super) trait Report {
    /// A file's findings, at least one.
    fn add(&mut self, file: &str, findings: &[Finding], out: &mut dyn Write) -> io::Result<()>;

    /// Something could not be read.
    fn fail(&mut self, failure: &Failure);

    /// That was all.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()>;
}
