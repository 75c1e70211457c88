//! Moving over: takes what a predecessor's directory holds and goes on from there.
//!
//! [`Predecessor::read`] looks at everything and writes nothing; the settings then go into the
//! configuration that `init` writes, and [`Predecessor::bring`] copies keys and logs to where that
//! configuration wants them. Nothing is overwritten, and nothing is left behind in silence.

mod files;
mod lexer;
mod patterns;
mod python;
mod regex;
mod settings;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::{Config, Source, Surroundings, Template};
use crate::failure::Failure;
use crate::state::{Files, Piece};

/// Something that the operator should know: a place, and what about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Note {
    place: String,
    what: String,
}

impl Note {
    fn new(file: &Path, line: usize, what: String) -> Self {
        Self { place: format!("{}:{line}", file.display()), what }
    }

    fn lost(file: &Path, line: usize, why: &str) -> Self {
        Self::new(file, line, format!("NOT taken over: {why}"))
    }

    fn about(file: &Path, what: impl Into<String>) -> Self {
        Self { place: file.display().to_string(), what: what.into() }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// What a predecessor leaves, read and checked.
pub struct Predecessor {
    dir: PathBuf,
    upstreams: Option<String>,
    armed: bool,
    patterns: Option<String>,
    evidence: files::Evidence,
    with_ca: bool,
    /// What the operator should know.
    pub notes: Vec<Note>,
}

impl Predecessor {
    /// Reads `dir`: `permitted_hosts.yaml`, `config.yaml`, `patterns.py`, `signing.key` and the log,
    /// each if it is there. The log is looked for in `dir`, then, if `dir` is the system's own, in
    /// the place where the predecessor wrote it; `chain` names another. `with_ca` takes the private
    /// CA over too.
    ///
    /// # Errors
    /// When there is nothing to take over, a file cannot be understood, or the log does not hold
    /// together.
    pub fn read(dir: &Path, chain: Option<&Path>, with_ca: bool) -> Result<Self, Failure> {
        let shipped = Config::from_source(Source::BuiltIn, &Surroundings::of_process())?;
        let mut notes = Vec::new();
        let hosts = Text::of(dir, "permitted_hosts.yaml")?;
        let config = Text::of(dir, "config.yaml")?;
        let python = Text::of(dir, "patterns.py")?;
        let evidence = files::Evidence::find(dir, chain)?;
        if hosts.is_none() && config.is_none() && python.is_none() && evidence.is_empty() {
            let what = format!("{} holds nothing to take over", dir.display());
            let remedy =
                "Name the directory with permitted_hosts.yaml, config.yaml, patterns.py and signing.key.";
            return Err(Failure::new(what, remedy));
        }
        let upstreams =
            hosts.map(|hosts| settings::upstreams(&hosts.file, &hosts.text, &shipped)).transpose()?;
        let armed = match config {
            Some(config) => settings::kill_switch(&config.file, &config.text, &mut notes)?,
            None => false,
        };
        let patterns =
            python.map(|python| patterns::yaml(&patterns::read(&python.file, &python.text, &mut notes)));
        evidence.verify(&mut notes)?;
        Ok(Self { dir: dir.to_owned(), upstreams, armed, patterns, evidence, with_ca, notes })
    }

    /// Puts the settings into the configuration to be written.
    pub fn settle(&self, template: &mut Template) {
        if let Some(upstreams) = &self.upstreams {
            template.set_block("upstreams", upstreams);
        }
        if self.armed {
            template.set("kill_switch.armed", "true");
        }
        if self.patterns.is_some() {
            template.set("redaction.extra_detectors", "patterns.yaml");
        }
    }

    /// Writes the patterns beside the configuration.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write_patterns(&self, config: &Path) -> Result<Option<Piece>, Failure> {
        let Some(patterns) = &self.patterns else { return Ok(None) };
        let file = config.with_file_name("patterns.yaml");
        files::create(&file, 0o644, patterns.as_bytes()).map(Some)
    }

    /// Copies keys, log, receipts and manifests to where `config` wants them.
    ///
    /// # Errors
    /// When another key or log is there already, or a file cannot be copied.
    pub fn bring(&mut self, config: &Config) -> Result<Vec<Piece>, Failure> {
        let files = Files::of(config);
        let mut pieces = self.evidence.bring(config)?;
        let certificate = self.dir.join("ca.pem");
        if self.with_ca {
            pieces.extend(files::bring_ca(&self.dir, &files)?);
        } else if certificate.exists() && !same_file(&certificate, &files.ca_certificate()) {
            let what =
                "NOT taken over: a new CA is made, which agents have to trust (--with-ca keeps the old one)";
            self.notes.push(Note::about(&certificate, what));
        }
        Ok(pieces)
    }
}

/// A text file of the predecessor's.
struct Text {
    file: PathBuf,
    text: String,
}

impl Text {
    fn of(dir: &Path, name: &str) -> Result<Option<Self>, Failure> {
        let file = dir.join(name);
        match fs::read_to_string(&file) {
            Ok(text) => Ok(Some(Self { file, text })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::io("cannot read", &file, &error)),
        }
    }
}

fn same_file(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
