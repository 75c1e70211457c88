//! The policies that were in force, each in a file named by its hash: `policies/<policy_hash>.txt` beside the log.
//!
//! Lines and receipts name the policy by that hash alone. The text cannot be made again once the
//! configuration has changed, so it is kept when it comes into force, for bundles to take along.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use waterwall_core::detect::Detectors;

use crate::state;

/// Where the policies of the log at `chain` are.
pub(crate) fn directory(chain: &Path) -> PathBuf {
    chain.with_file_name("policies")
}

/// Keeps the text under the policy hash of `detectors`; it holds no secret. Evidence that is not kept stops no request, it
/// is told.
pub(crate) fn keep(chain: &Path, detectors: &Detectors) {
    if let Err(error) = write(&directory(chain), detectors) {
        tracing::error!(%error, hash = detectors.policy_hash(), "the policy's text is not kept beside the audit log");
    }
}

fn write(directory: &Path, detectors: &Detectors) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let file = directory.join(format!("{}.txt", detectors.policy_hash()));
    let text = detectors.policy_text();
    if fs::read(&file).is_ok_and(|kept| kept == text.as_bytes()) {
        return Ok(());
    }
    let new = directory.join(format!(".{}.new", std::process::id()));
    // Left by a gateway that was killed, under a number that has come around.
    let _ = fs::remove_file(&new);
    state::write_new(&new, 0o600, text.as_bytes())?;
    fs::rename(&new, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_under_its_hash_and_mended() {
        let directory = tempfile::tempdir().unwrap();
        let chain = directory.path().join("audit/proxy.jsonl");
        let detectors = Detectors::builtin();
        let file = super::directory(&chain).join(format!("{}.txt", detectors.policy_hash()));
        for _ in 0..2 {
            keep(&chain, &detectors);
            assert_eq!(fs::read_to_string(&file).unwrap(), detectors.policy_text());
            fs::write(&file, "half").unwrap();
        }
        keep(&chain, &detectors);
        assert_eq!(fs::read_dir(super::directory(&chain)).unwrap().count(), 1);
    }
}
