//! From the paths that a user names to the files that are scanned.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::is_standard_input;
use crate::failure::Failure;

/// How directories are walked.
#[derive(clap::Args)]
pub(super) struct WalkOptions {
    /// Scan what .gitignore and the like leave out, too
    #[arg(long)]
    no_ignore: bool,
    /// Scan hidden files and directories, too: the default, as credentials live there
    #[arg(long, overrides_with = "no_hidden")]
    hidden: bool,
    /// Pass over files and directories whose name begins with a dot
    #[arg(long)]
    no_hidden: bool,
    /// Follow symbolic links
    #[arg(short = 'L', long)]
    follow: bool,
}

/// One thing to scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// What is piped in.
    StandardInput,
    /// Named by the user.
    Named(PathBuf),
    /// Found in a directory.
    Found(PathBuf),
}

impl Target {
    /// The file, if it is one.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::StandardInput => None,
            Self::Named(path) | Self::Found(path) => Some(path),
        }
    }

    /// The path as it is shown.
    pub(super) fn name(&self) -> Cow<'_, str> {
        match self {
            Self::StandardInput => Cow::Borrowed("-"),
            Self::Named(path) | Self::Found(path) => path.to_string_lossy(),
        }
    }
}

/// What there is to scan, in the order of the output, and what could not be looked into.
#[derive(Debug)]
pub(super) struct Targets {
    pub(super) targets: Vec<Target>,
    pub(super) failures: Vec<Failure>,
}

/// The files under the paths: these in the order given, a directory's files sorted, each file once.
pub(super) fn collect(paths: &[PathBuf], options: &WalkOptions, threads: NonZero<usize>) -> Targets {
    let (mut targets, mut failures) = (Vec::new(), Vec::new());
    for path in paths {
        if is_standard_input(path) {
            targets.push(Target::StandardInput);
        } else if path.is_dir() {
            walk(path, options, threads, &mut targets, &mut failures);
        } else {
            targets.push(Target::Named(path.clone()));
        }
    }
    if paths.len() > 1 {
        keep_first(&mut targets);
    }
    Targets { targets, failures }
}

/// Drops what was listed before, under whatever spelling of its path.
fn keep_first(targets: &mut Vec<Target>) {
    let mut seen = HashSet::new();
    targets.retain(|target| match target {
        Target::StandardInput => true,
        Target::Named(path) | Target::Found(path) => {
            seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone()))
        }
    });
}

fn walk(
    directory: &Path,
    options: &WalkOptions,
    threads: NonZero<usize>,
    targets: &mut Vec<Target>,
    failures: &mut Vec<Failure>,
) {
    let (sender, entries) = mpsc::channel();
    builder(directory, options, threads).build_parallel().run(|| {
        let sender = sender.clone();
        // The receiver outlives the walk.
        Box::new(move |entry| sender.send(entry).map_or(WalkState::Quit, |()| WalkState::Continue))
    });
    drop(sender);
    let (mut files, mut errors) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            Ok(entry) if is_file(&entry) => files.push(entry.into_path()),
            Ok(_) => {}
            Err(error) => errors.extend(describe(directory, error)),
        }
    }
    files.sort_unstable();
    errors.sort_unstable_by_key(ToString::to_string);
    targets.extend(files.into_iter().map(Target::Found));
    failures.extend(errors);
}

fn builder(directory: &Path, options: &WalkOptions, threads: NonZero<usize>) -> WalkBuilder {
    let mut builder = WalkBuilder::new(directory);
    builder
        .standard_filters(!options.no_ignore)
        // A search tool's own list says nothing about secrets, and .gitignore counts in a bare export too.
        .ignore(false)
        .require_git(false)
        .hidden(options.no_hidden)
        .follow_links(options.follow)
        .threads(threads.get())
        .filter_entry(|entry| entry.depth() == 0 || entry.file_name() != ".git");
    builder
}

fn is_file(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_file())
}

/// What to tell of an error. A link that leads back up is none: what it leads to is scanned anyway.
fn describe(directory: &Path, error: ignore::Error) -> Option<Failure> {
    let mut place = directory.to_owned();
    let mut cause = &error;
    loop {
        cause = match cause {
            ignore::Error::WithPath { path, err } => {
                place.clone_from(path);
                err
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => err,
            ignore::Error::Io(error) => return Some(Failure::io("cannot read", &place, error)),
            ignore::Error::Loop { .. } => return None,
            other => {
                let what = format!("cannot walk {}: {other}", place.display());
                return Some(Failure::new(what, "Check the path."));
            }
        }
    }
}
