//! [`Receipts`]: the directory of receipts, and which of them are not settled yet.
//!
//! A receipt is *unconfirmed* from before its file is made until its line is in the log; then it
//! is *fresh* until it is synced. Unconfirmed ones are removed before anything else is written. A
//! crash between a receipt and its line leaves an orphan, which the next start moves aside: its
//! time and number are beyond the log's end.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Fsync, disk};
use crate::{
    chain::Head,
    receipt::{NamedFile, of_name},
    timestamp,
};

/// See the module.
pub(super) struct Receipts {
    directory: PathBuf,
    unconfirmed: Vec<String>,
    fresh: Vec<NamedFile>,
}

impl Receipts {
    /// Uses `directory`, making it (0700) if need be.
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        disk::make_directory(directory)?;
        Ok(Self { directory: directory.to_owned(), unconfirmed: Vec::new(), fresh: Vec::new() })
    }

    /// Renames the receipts of lines that the log ends before to `<name>.orphan`; how many. They
    /// are evidence of an interrupted request, or of lines that a power cut took.
    pub(super) fn move_orphans_aside(&self, head: &Head) -> io::Result<u64> {
        // A log that has just begun says nothing about the receipts that are there.
        if head.seq == 0 {
            return Ok(0);
        }
        let end = timestamp::render_compact(head.ts_millis);
        let end = end.trim_end_matches('Z');
        let mut moved = 0;
        for entry in fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            let Some(name) = name.to_str() else { continue };
            if of_name(name).is_some_and(|(seq, time)| seq > head.seq && time > end) {
                fs::rename(self.directory.join(name), self.directory.join(format!("{name}.orphan")))?;
                moved += 1;
            }
        }
        Ok(moved)
    }

    /// Writes new files, unconfirmed.
    pub(super) fn put(&mut self, files: &[NamedFile]) -> io::Result<()> {
        self.clear()?;
        // Noted first: a panic must not leave one that nobody knows of.
        self.unconfirmed.extend(files.iter().map(|file| file.name.clone()));
        let written = files.iter().try_for_each(|file| write_new(&self.directory, file));
        if written.is_err() {
            // If this fails too, the next write tries again.
            let _ = self.clear();
        }
        written
    }

    /// Removes the files whose lines did not make it.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        while let Some(name) = self.unconfirmed.last() {
            match fs::remove_file(self.directory.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => self.unconfirmed.pop(),
            };
        }
        Ok(())
    }

    /// The lines of `files`, which were put last, are in the log.
    pub(super) fn confirm(&mut self, mut files: Vec<NamedFile>, fsync: Fsync) {
        self.unconfirmed.clear();
        if fsync == Fsync::Checkpoint {
            self.fresh.append(&mut files);
        }
    }

    /// Makes the files safe that were put last.
    pub(super) fn sync_unconfirmed(&self) -> io::Result<()> {
        sync(&self.directory, self.unconfirmed.iter().map(String::as_str))
    }

    /// Makes these files safe, and the fresh ones.
    pub(super) fn sync_with(&self, files: &[NamedFile]) -> io::Result<()> {
        sync(&self.directory, files.iter().chain(&self.fresh).map(|file| file.name.as_str()))
    }

    /// Those that are in the log and not safe, for someone who will sync them.
    pub(super) fn take_fresh(&mut self) -> Vec<NamedFile> {
        std::mem::take(&mut self.fresh)
    }

    /// Writes files again after a failed sync, these and the fresh ones.
    pub(super) fn mend(&self, files: &[NamedFile]) -> io::Result<()> {
        let all = || files.iter().chain(&self.fresh);
        for file in all() {
            let again = NamedFile { name: format!("{}.new", file.name), content: file.content.clone() };
            match fs::remove_file(self.directory.join(&again.name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => write_new(&self.directory, &again)?,
            }
            sync(&self.directory, [again.name.as_str()])?;
            fs::rename(self.directory.join(&again.name), self.directory.join(&file.name))?;
        }
        sync(&self.directory, all().map(|file| file.name.as_str()))
    }
}

/// Makes files of a directory safe, and their names.
pub(super) fn sync<'a>(directory: &Path, names: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
    let mut any = false;
    for name in names {
        any = true;
        disk::private_options().read(true).open(directory.join(name))?.sync_all()?;
    }
    if any { fs::File::open(directory)?.sync_all() } else { Ok(()) }
}

/// Writes a whole new file, 0600.
pub(super) fn write_new(directory: &Path, file: &NamedFile) -> io::Result<()> {
    let mut to = disk::private_options().write(true).create_new(true).open(directory.join(&file.name))?;
    to.write_all(file.content.as_bytes())
}
