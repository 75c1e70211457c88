//! Values that were handed over with `waterwall secrets add`: the file STATE_DIR/known-values.
//!
//! It is not encrypted: the key would have to lie beside it, where whoever can read the one can read the
//! other. It has mode 0600 from its first byte on, in a directory of mode 0700, and is replaced as a whole,
//! so that a gateway that reads it sees all of one version.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::state::give_to_owner_of_directory;

/// A value in the store.
#[derive(Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) name: String,
    /// In base64: it may be any bytes.
    value: Zeroizing<String>,
    /// When it was added, RFC 3339.
    pub(crate) added: String,
    /// Taken however short or common it is.
    pub(crate) forced: bool,
}

impl Stored {
    /// The value itself; `None` when the file does not hold base64.
    pub(crate) fn value(&self) -> Option<Zeroizing<Vec<u8>>> {
        BASE64_STANDARD.decode(self.value.as_bytes()).ok().map(Zeroizing::new)
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Content {
    values: Vec<Stored>,
}

/// The store of one state directory.
pub(crate) struct Store {
    file: PathBuf,
}

impl Store {
    pub(crate) fn of(state_dir: &Path) -> Self {
        Self { file: state_dir.join("known-values") }
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// All values; none when there is no file.
    pub(crate) fn load(&self) -> Result<Vec<Stored>, Failure> {
        let text = match fs::read(&self.file) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Failure::io("cannot read", &self.file, &error)),
        };
        // The parser's message could quote a value.
        let content = serde_json::from_slice::<Content>(&text).ok();
        let content = content.filter(|content| content.values.iter().all(|stored| stored.value().is_some()));
        content.map(|content| content.values).ok_or_else(|| {
            Failure::new(
                format!("{} is damaged", self.file.display()),
                "Restore it, or move it away and add the values again with `waterwall secrets add`.",
            )
        })
    }

    /// Adds a value or replaces the one of that name; says whether there was one.
    pub(crate) fn add(&self, name: &str, value: &[u8], forced: bool) -> Result<bool, Failure> {
        let _lock = self.lock()?;
        let mut values = self.load()?;
        let before = values.len();
        values.retain(|stored| stored.name != name);
        let replaced = values.len() < before;
        values.push(Stored {
            name: name.to_owned(),
            value: Zeroizing::new(BASE64_STANDARD.encode(value)),
            added: now(),
            forced,
        });
        self.write(values)?;
        Ok(replaced)
    }

    /// Removes a value; says whether there was one of that name.
    pub(crate) fn remove(&self, name: &str) -> Result<bool, Failure> {
        if !self.file.exists() {
            return Ok(false);
        }
        let _lock = self.lock()?;
        let mut values = self.load()?;
        let before = values.len();
        values.retain(|stored| stored.name != name);
        let removed = values.len() < before;
        if removed {
            self.write(values)?;
        }
        Ok(removed)
    }

    fn directory(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new("."))
    }

    /// Two who change the store do it one after the other.
    fn lock(&self) -> Result<File, Failure> {
        let lock = || {
            let directory = File::open(self.directory())?;
            directory.lock()?;
            Ok(directory)
        };
        lock().map_err(|error| Failure::io("cannot lock", self.directory(), &error))
    }

    fn write(&self, values: Vec<Stored>) -> Result<(), Failure> {
        let write = || {
            let text = Zeroizing::new(serde_json::to_vec_pretty(&Content { values })?);
            // Made with mode 0600.
            let mut file = tempfile::NamedTempFile::new_in(self.directory())?;
            give_to_owner_of_directory(file.path(), file.as_file())?;
            file.write_all(&text)?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(&self.file)?;
            File::open(self.directory())?.sync_all()
        };
        write().map_err(|error: io::Error| Failure::io("cannot write", &self.file, &error))
    }
}

fn now() -> String {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    // Only a year of five digits has no such form.
    now.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn values_are_kept_replaced_and_removed() {
        let dir = tempfile::tempdir().expect("a directory");
        let store = Store::of(dir.path());
        assert!(store.load().expect("none").is_empty());
        assert!(!store.remove("A").expect("none"));
        assert!(!store.add("A", b"first value", false).expect("added"));
        assert!(!store.add("B", b"\xff\x00 bytes", true).expect("added"));
        assert!(store.add("A", b"second value", false).expect("replaced"));
        let stored = store.load().expect("there");
        let found: Vec<_> =
            stored.iter().map(|it| (&*it.name, it.value().expect("base64").to_vec(), it.forced)).collect();
        assert_eq!(found, [("B", b"\xff\x00 bytes".to_vec(), true), ("A", b"second value".to_vec(), false)]);
        assert!(stored[0].added.ends_with('Z'), "{}", stored[0].added);
        assert!(store.remove("B").expect("removed") && !store.remove("B").expect("gone"));
        let mode = store.file().metadata().expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).expect("there").count(), 1, "no temporary file stays");
    }

    #[test]
    fn a_damaged_file_is_not_quoted() {
        let dir = tempfile::tempdir().expect("a directory");
        let store = Store::of(dir.path());
        for text in ["hunter2", r#"{"values":[{"name":"A","value":"hunter2!","added":"","forced":false}]}"#] {
            fs::write(store.file(), text).expect("written");
            let error = store.load().err().expect("damaged");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
