//! Writing session manifests: a checkpoint, then a file that is whole and safe before it has its
//! name.

use std::{fs, io, path::Path, sync::PoisonError, time::SystemTime};

use super::{
    ChainWriter, ManifestError,
    core::{Request, Seal},
    receipts,
};
use crate::{Session, manifest::Cover, receipt::NamedFile, timestamp};

impl ChainWriter {
    /// Covers what a session did with a checkpoint, and writes its manifest. Returns the file's
    /// name; `None` where no manifests are kept.
    ///
    /// # Errors
    /// [`ManifestError`]; it can be tried again.
    pub fn end_session(&self, session: &Session, now: SystemTime) -> Result<Option<String>, ManifestError> {
        let Some(directory) = &self.options.manifests_dir else { return Ok(None) };
        self.settle(now)?;
        self.submit(Request { entries: Vec::new(), now, seal: Seal::ToShow }, false)?;
        self.sync()?;
        let position = self.state().position;
        let Some(signed) = position.signed else { return Ok(None) };
        let cover = Cover { rotations: position.rotations, seq: signed.seq, root: signed.root };

        let ended = timestamp::millis(now);
        let manifest = session.manifest(ended, cover);
        let content = manifest.sign(&self.options.signing_key, &self.options.signing_key_id);
        // One at a time, so that no two take the same name.
        let _one = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Some(save(directory, &session.file_name(ended), content)?))
    }
}

/// Writes `<stem>.json`, or `<stem>_2.json` and so on when that is there.
fn save(directory: &Path, stem: &str, content: String) -> io::Result<String> {
    let mut name = format!("{stem}.json");
    for attempt in 2.. {
        match fs::symlink_metadata(directory.join(&name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(error) => return Err(error),
            Ok(_) => name = format!("{stem}_{attempt}.json"),
        }
    }
    let new = NamedFile { name: format!(".{name}.new"), content };
    match fs::remove_file(directory.join(&new.name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => receipts::write_new(directory, &new)?,
    }
    receipts::sync(directory, [new.name.as_str()])?;
    fs::rename(directory.join(&new.name), directory.join(&name))?;
    fs::File::open(directory)?.sync_all()?;
    Ok(name)
}
