//! Which file is the configuration.

use std::path::{Path, PathBuf};

use super::{Error, Surroundings};

/// The commented configuration that ships with the program, in force where no file is found.
pub const BUILT_IN: &str = include_str!("../../conf/waterwall.yaml");

/// Where a configuration came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// This file.
    File(PathBuf),
    /// [`BUILT_IN`].
    BuiltIn,
}

impl Source {
    /// Finds the configuration: `named` (from `--config`), then `$WATERWALL_CONFIG`, then
    /// `waterwall.yaml` in the working directory, the user's and the system's configuration
    /// directory; with none of these, the one compiled in. The first two are taken even when the
    /// file is missing, so that a misspelt name is an error and not another configuration.
    #[must_use]
    pub fn find(named: Option<&Path>, surroundings: &Surroundings) -> Self {
        if let Some(file) = named.or(surroundings.named_config.as_deref()) {
            return Self::File(file.to_owned());
        }
        let user = surroundings.config_home.as_ref();
        let candidates = [
            Some(surroundings.working_dir.join("waterwall.yaml")),
            user.map(|home| home.join("waterwall/waterwall.yaml")),
            Some(surroundings.system_dir.join("waterwall.yaml")),
        ];
        let mut candidates = candidates.into_iter().flatten();
        // A file that is there but unreadable is found too: reading it then says why it cannot be.
        candidates.find(|file| file.symlink_metadata().is_ok()).map_or(Self::BuiltIn, Self::File)
    }

    /// The name to show in messages.
    #[must_use]
    pub fn name(&self) -> &Path {
        match self {
            Self::File(file) => file,
            Self::BuiltIn => Path::new("(built-in configuration)"),
        }
    }

    /// The text.
    ///
    /// # Errors
    /// When the file cannot be read or is not UTF-8.
    pub(super) fn read(&self) -> Result<String, Error> {
        match self {
            Self::File(file) => read_text(file),
            Self::BuiltIn => Ok(BUILT_IN.to_owned()),
        }
    }
}

/// Reads a file that the user named.
pub(super) fn read_text(file: &Path) -> Result<String, Error> {
    std::fs::read_to_string(file).map_err(|error| {
        let (what, remedy) = match error.kind() {
            std::io::ErrorKind::NotFound => (
                "there is no such file".to_owned(),
                "Create it (`waterwall init` writes a commented one) or name another file.",
            ),
            std::io::ErrorKind::InvalidData => ("the file is not UTF-8".to_owned(), "Save it as UTF-8 text."),
            _ => (format!("cannot be read: {error}"), "Make it a file that this user may read."),
        };
        Error::in_file(file, what, remedy)
    })
}
