//! `waterwall scan`: which secrets files, directories or standard input hold, by type and place; never
//! the secret itself.
//!
//! Paths become targets ([`targets`]), threads read and scan them ([`source`], [`ordered`]), and what
//! they find is written in the order of the targets ([`report`]), so the output is the same whatever
//! the number of threads.

mod jsonl;
mod ordered;
mod place;
mod progress;
mod report;
mod source;
mod targets;

use std::io::{self, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use waterwall_core::detect::{Detectors, Leaf, Span};

use super::{ConfigOption, ExitStatus, Stop, terminal};
use crate::config::Redaction;
use crate::failure::Failure;
use progress::Progress;
use report::{Format, Report};
use source::{Outcome, Scanner};
use targets::{Target, Targets, WalkOptions};

#[derive(clap::Args)]
#[command(after_help = "Exit status: 0 nothing found, 1 something found, 2 something could not be read.")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigOption,
    /// Files and directories to scan; none, or `-`, is standard input. Directories are walked as git
    /// would: no .git, nothing that .gitignore names, no binary files. A file named here is always scanned
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    format: Format,
    /// Be a filter: each line {"id","text"} in, {"id","spans":[[start,end,TYPE],…]} out, in bytes
    #[arg(long, conflicts_with_all = ["json", "sarif"])]
    jsonl: bool,
    #[command(flatten)]
    walk: WalkOptions,
    /// Threads that scan [default: one per core]
    #[arg(short = 'j', long, value_name = "N")]
    threads: Option<NonZero<usize>>,
    /// Show no progress; there is none anyway unless stderr is a terminal
    #[arg(long)]
    no_progress: bool,
}

impl Args {
    fn paths(&self) -> Vec<PathBuf> {
        if self.paths.is_empty() { vec![PathBuf::from("-")] } else { self.paths.clone() }
    }

    fn threads(&self) -> NonZero<usize> {
        let one_per_core = || thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        self.threads.unwrap_or_else(one_per_core)
    }
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let config = args.config.load()?;
    config.warnings.iter().for_each(|warning| terminal::warn(warning));
    let redaction = config.redaction;
    if args.jsonl {
        return jsonl::filter(&redaction.detectors, &args.paths(), out);
    }
    let Targets { targets, failures } = targets::collect(&args.paths(), &args.walk, args.threads());
    let mut survey = Survey {
        report: args.format.report(),
        progress: Progress::new(targets.len(), !args.no_progress),
        found: 0,
        unreadable: false,
        out,
    };
    for failure in &failures {
        survey.fail(failure);
    }
    survey.scan(&redaction, &targets, args.threads())?;
    Ok(survey.end()?)
}

/// One run over all targets, and what it has come to so far.
struct Survey<'a> {
    report: Box<dyn Report>,
    progress: Progress,
    found: usize,
    unreadable: bool,
    out: &'a mut dyn Write,
}

impl Survey<'_> {
    fn scan(&mut self, redaction: &Redaction, targets: &[Target], threads: NonZero<usize>) -> io::Result<()> {
        let worker = || {
            let mut scanner = Scanner::new();
            move |target: &Target| match target.path() {
                Some(path) => scanner.scan(&redaction.detectors_in(path), target),
                None => scanner.scan(&redaction.detectors, target),
            }
        };
        ordered::for_each(targets, threads, worker, |target, outcome| match outcome {
            Ok(outcome) => self.add(target, outcome),
            Err(failure) => {
                // The other files are scanned all the same.
                self.fail(&failure);
                Ok(())
            }
        })
    }

    fn add(&mut self, target: &Target, Outcome { findings, bytes }: Outcome) -> io::Result<()> {
        self.found += findings.len();
        if !findings.is_empty() {
            self.progress.clear();
            self.report.add(&target.name(), &findings, self.out)?;
        }
        self.progress.advance(bytes, self.found);
        Ok(())
    }

    fn fail(&mut self, failure: &Failure) {
        self.unreadable = true;
        self.progress.clear();
        terminal::show(failure);
        self.report.fail(failure);
    }

    fn end(mut self) -> io::Result<ExitStatus> {
        self.progress.clear();
        self.report.end(self.out)?;
        Ok(match (self.unreadable, self.found) {
            (true, _) => ExitStatus::Unusable,
            (false, 0) => ExitStatus::Success,
            (false, _) => ExitStatus::Failure,
        })
    }
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
