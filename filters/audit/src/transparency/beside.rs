//! The notes that lie beside a log.
//!
//! | file | what |
//! | --- | --- |
//! | `<log>.checkpoint` | the note of the last checkpoint; witnesses add their signature lines to it |
//! | `<log>.witnessed` | the last note that witnesses had signed when another took its place |
//!
//! A witness signs one head, so its line stays with that head: in the note as long as that says the same, then in
//! `.witnessed`. Both go with the log when it is archived.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::{
    Note,
    note::{self, MAX_NOTE},
};
use crate::keys::SigningKey;

/// Where the note of a chain is.
#[must_use]
pub fn note_path(chain: &Path) -> PathBuf {
    with(chain, ".checkpoint")
}

/// Where the last note of a chain that witnesses had signed is, once another one is the last.
#[must_use]
pub fn witnessed_path(chain: &Path) -> PathBuf {
    with(chain, ".witnessed")
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Writes the note of the log that is now at `log` and was at `chain` until now; what witnesses signed of it
/// is kept and goes along.
pub(super) fn put(chain: &Path, log: &Path, note: &Note, key: &SigningKey) -> io::Result<()> {
    let public = key.public();
    let own = |path: &Path| -> Option<(String, Note)> {
        let text = read(path).ok()?;
        let read = Note::open(&text, &public).ok()?;
        (read.origin == note.origin).then_some((text, read))
    };
    if log != chain && own(&witnessed_path(chain)).is_some() {
        fs::rename(witnessed_path(chain), witnessed_path(log))?;
    }
    let mut signed = note.sign(key);
    if let Some((text, before)) = own(&note_path(chain)) {
        let witnesses = note::witnesses(&text, &note.origin, &public);
        if before == *note {
            signed.push_str(&witnesses);
        } else if !witnesses.is_empty() {
            replace(&witnessed_path(log), &text)?;
        }
    }
    replace(&note_path(log), &signed)
}

/// A note's text; what is too large is none.
pub(super) fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = fs::File::open(path)?;
    file.take(MAX_NOTE as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// Puts a new file in the place of an old one: at every moment there is one or the other, whole.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = with(path, ".new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}
