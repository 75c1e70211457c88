//! The kill switch: while any of its sources is armed, nothing is forwarded.

use std::io::ErrorKind;
use std::path::PathBuf;

/// The sources that can arm the switch. Looked at on every request, never cached.
#[derive(Debug)]
pub struct KillSwitch {
    configured: bool,
    sentinel: PathBuf,
}

impl KillSwitch {
    /// The switch as the configuration describes it.
    #[must_use]
    pub fn new(config: &crate::config::KillSwitch) -> Self {
        Self { configured: config.armed, sentinel: config.sentinel.clone() }
    }

    /// The names of the armed sources; empty when traffic may pass.
    #[must_use]
    pub fn sources(&self) -> Vec<&'static str> {
        let mut sources = Vec::new();
        if self.configured {
            sources.push("config");
        }
        if self.sentinel_stands() {
            sources.push("sentinel");
        }
        sources
    }

    /// Only a plain "no such file" disarms: what cannot be looked at counts as armed.
    fn sentinel_stands(&self) -> bool {
        match self.sentinel.symlink_metadata() {
            Ok(_) => true,
            Err(error) => error.kind() != ErrorKind::NotFound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn switch(armed: bool, sentinel: PathBuf) -> KillSwitch {
        KillSwitch { configured: armed, sentinel }
    }

    #[test]
    fn each_source_arms_by_itself() {
        let dir = tempfile::tempdir().unwrap();
        let sentinel = dir.path().join("kill");
        assert!(switch(false, sentinel.clone()).sources().is_empty());
        assert_eq!(switch(true, sentinel.clone()).sources(), ["config"]);
        std::fs::write(&sentinel, "").unwrap();
        assert_eq!(switch(false, sentinel.clone()).sources(), ["sentinel"]);
        assert_eq!(switch(true, sentinel).sources(), ["config", "sentinel"]);
    }

    #[test]
    fn what_cannot_be_looked_at_counts_as_armed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        // A path through a plain file fails with ENOTDIR, for root as well.
        assert_eq!(switch(false, file.join("kill")).sources(), ["sentinel"]);
        let dangling = dir.path().join("link");
        std::os::unix::fs::symlink("/nowhere/at/all", &dangling).unwrap();
        assert_eq!(switch(false, dangling).sources(), ["sentinel"]);
    }
}
