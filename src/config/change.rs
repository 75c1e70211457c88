//! A configuration over time: the files it is read from, and what of it cannot change while a
//! gateway runs.

use std::path::PathBuf;

use super::{Audit, Config, Source};

impl Config {
    /// Every file whose change may mean another configuration: its own, those it names, and the
    /// private CA. Some may not exist.
    #[must_use]
    pub fn watched_files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        if let Source::File(file) = &self.source {
            files.push(file.clone());
        }
        files.extend(self.read.iter().cloned());
        files.extend(self.upstreams.iter().filter_map(|upstream| upstream.ca_file.clone()));
        files.extend(["ca.pem", "ca.key"].map(|name| self.forward.ca_dir.join(name)));
        files
    }

    /// The keys that differ from `new` although they cannot change while a gateway runs: where it
    /// listens, where it keeps its state, how it writes its log, what the vault may hold.
    #[must_use]
    pub fn fixed_differences(&self, new: &Self) -> Vec<&'static str> {
        // Named one by one, so that a new key cannot be forgotten.
        let Audit {
            chain,
            receipts_dir,
            manifests_dir,
            signing_key,
            checkpoint_lines,
            checkpoint_seconds,
            session_idle_seconds,
            fsync,
            rotate_bytes,
        } = &self.audit;
        let audit = &new.audit;
        let compared = [
            ("listen", self.listen == new.listen),
            ("admin.listen", self.admin_listen == new.admin_listen),
            ("state_dir", self.state_dir == new.state_dir),
            ("drain_seconds", self.drain == new.drain),
            ("vault", self.vault == new.vault),
            ("audit.chain", *chain == audit.chain),
            ("audit.receipts_dir", *receipts_dir == audit.receipts_dir),
            ("audit.manifests_dir", *manifests_dir == audit.manifests_dir),
            ("audit.signing_key", *signing_key == audit.signing_key),
            ("audit.checkpoint_lines", *checkpoint_lines == audit.checkpoint_lines),
            ("audit.checkpoint_seconds", *checkpoint_seconds == audit.checkpoint_seconds),
            ("audit.session_idle_seconds", *session_idle_seconds == audit.session_idle_seconds),
            ("audit.fsync", *fsync == audit.fsync),
            ("audit.rotate_bytes", *rotate_bytes == audit.rotate_bytes),
        ];
        compared.into_iter().filter(|(_, same)| !same).map(|(key, _)| key).collect()
    }
}
