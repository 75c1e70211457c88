//! Telling whether files have been replaced or written, without reading them.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// What the file system says of some files, in order. Two that are equal mean that nothing was
/// replaced or written in between.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Identities(Vec<(PathBuf, Option<Identity>)>);

/// Device, file, size, and the time of the last change of content or of the file itself.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Identity {
    file: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Identities {
    /// Looks at `files`, through symbolic links. One that cannot be looked at counts as missing.
    pub(super) fn of(files: Vec<PathBuf>) -> Self {
        let look = |file: PathBuf| {
            let identity = file.metadata().ok().map(|it| Identity {
                file: (it.dev(), it.ino()),
                size: it.size(),
                modified: (it.mtime(), it.mtime_nsec()),
                changed: (it.ctime(), it.ctime_nsec()),
            });
            (file, identity)
        };
        Self(files.into_iter().map(look).collect())
    }

    /// The same for `files`: those already among these as they were, the others as they are.
    pub(super) fn of_others(mut self, files: Vec<PathBuf>) -> Self {
        let Self(now) = Self::of(files);
        let entry = |(file, identity)| {
            let at = self.0.iter().position(|(known, _)| *known == file);
            at.map_or((file, identity), |at| self.0.swap_remove(at))
        };
        Self(now.into_iter().map(entry).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_way_of_changing_a_file_shows() {
        let dir = tempfile::tempdir().unwrap();
        let (file, other) = (dir.path().join("a"), dir.path().join("b"));
        let look = || Identities::of(vec![file.clone()]);
        let missing = look();
        fs::write(&file, "one").unwrap();
        let first = look();
        assert_ne!(missing, first);
        assert_eq!(first, look());
        fs::write(&other, "two").unwrap();
        fs::rename(&other, &file).unwrap();
        let replaced = look();
        assert_ne!(first, replaced);
        fs::write(&file, "three").unwrap();
        assert_ne!(replaced, look());
        fs::remove_file(&file).unwrap();
        assert_eq!(missing, look());
    }

    #[test]
    fn a_link_that_points_elsewhere_is_another_file() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("a"), "same").unwrap();
        fs::write(at("b"), "same").unwrap();
        std::os::unix::fs::symlink(at("a"), at("link")).unwrap();
        let first = Identities::of(vec![at("link")]);
        fs::remove_file(at("link")).unwrap();
        std::os::unix::fs::symlink(at("b"), at("link")).unwrap();
        assert_ne!(first, Identities::of(vec![at("link")]));
    }
}
