//! The files under STATE_DIR that the gateway makes for itself: signing key, private CA, admin
//! token.
//!
//! Invariants: nothing that exists is ever overwritten; the directory is made 0700 and private
//! files 0600 from their first byte on.

mod authority;
mod privacy;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt as _, OpenOptionsExt, chown, fchown};
use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use waterwall_audit::{KeyError, SigningKey};

use crate::ca::Authority;
use crate::config::Config;
use crate::failure::Failure;

pub(crate) use authority::examine as examine_authority;

/// A file the gateway needs, and whether it was there already.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// The file.
    pub path: PathBuf,
    /// True when it was made just now.
    pub created: bool,
}

/// Where the files lie that belong to a configuration.
pub struct Files<'a> {
    config: &'a Config,
}

impl<'a> Files<'a> {
    /// The files of this configuration.
    #[must_use]
    pub fn of(config: &'a Config) -> Self {
        Self { config }
    }

    /// The Ed25519 key that signs the log.
    #[must_use]
    pub fn signing_key(&self) -> &'a Path {
        &self.config.audit.signing_key
    }

    /// Its public half, beside it: `signing.key` has `signing.pub`.
    #[must_use]
    pub fn signing_public(&self) -> PathBuf {
        self.signing_key().with_extension("pub")
    }

    /// The private CA's certificate.
    #[must_use]
    pub fn ca_certificate(&self) -> PathBuf {
        self.config.forward.ca_dir.join("ca.pem")
    }

    /// The private CA's key.
    #[must_use]
    pub fn ca_key(&self) -> PathBuf {
        self.config.forward.ca_dir.join("ca.key")
    }

    /// What a POST to the admin server must show.
    #[must_use]
    pub fn admin_token(&self) -> PathBuf {
        self.config.state_dir.join("admin.token")
    }

    /// Whether the state directory and the admin token are this user's alone. To be asked before
    /// anything is served; what does not exist yet is made private later.
    ///
    /// # Errors
    /// When they belong to another user, or others could read or change them.
    pub fn check_private(&self) -> Result<(), Failure> {
        if self.config.state_dir.is_dir() {
            privacy::check_directory(&self.config.state_dir)?;
        }
        if exists(&self.admin_token())? {
            privacy::check_file(&self.admin_token())?;
        }
        Ok(())
    }

    /// Makes what is missing; says for each file whether it was made or kept.
    ///
    /// # Errors
    /// When a directory or file cannot be made, or a pair of files is torn apart.
    pub fn ensure(&self) -> Result<Vec<Piece>, Failure> {
        make_private_dir(&self.config.state_dir)?;
        let mut pieces = Vec::new();
        self.ensure_signing_key(&mut pieces)?;
        self.ensure_authority(&mut pieces)?;
        self.ensure_admin_token(&mut pieces)?;
        Ok(pieces)
    }

    fn ensure_signing_key(&self, pieces: &mut Vec<Piece>) -> Result<(), Failure> {
        let private = self.signing_key();
        let public = self.signing_public();
        if let Some(parent) = private.parent() {
            make_private_dir(parent)?;
        }
        pieces.push(create(private, 0o600, new_signing_key)?);
        let public_pem = || {
            let text = read(private)?;
            let public = SigningKey::from_pem(&text).and_then(|key| key.public().to_pem());
            public.map_err(|error| unusable_key(private, &error))
        };
        pieces.push(create(&public, 0o644, public_pem)?);
        Ok(())
    }

    fn ensure_authority(&self, pieces: &mut Vec<Piece>) -> Result<(), Failure> {
        make_private_dir(&self.config.forward.ca_dir)?;
        let (certificate, key) = (self.ca_certificate(), self.ca_key());
        if exists(&certificate)? {
            // The key may be kept elsewhere on purpose; then nothing is intercepted.
            pieces.push(kept(certificate));
            if exists(&key)? {
                pieces.push(kept(key));
            }
            return Ok(());
        }
        if exists(&key)? {
            return Err(Failure::new(
                format!("{} is there, but {} is missing", key.display(), certificate.display()),
                "Put the certificate back, or move the key away to get a new pair.",
            ));
        }
        let hosts = self.config.upstreams.iter().map(|upstream| upstream.host.as_str());
        let authority = Authority::generate(hosts, OffsetDateTime::now_utc()).map_err(|error| {
            let what = format!("the private CA cannot be made: {error}");
            Failure::new(what, "Check the host names in the configuration.")
        })?;
        // The key first: a crash between the two leaves a key without a certificate, which is
        // noticed, and not an authority without a key, which would be taken for a choice.
        pieces.push(create(&key, 0o600, || Ok(authority.key))?);
        pieces.push(create(&certificate, 0o644, || Ok(authority.certificate))?);
        Ok(())
    }

    fn ensure_admin_token(&self, pieces: &mut Vec<Piece>) -> Result<(), Failure> {
        let random = || {
            let mut bytes = [0_u8; 32];
            getrandom::fill(&mut bytes).map_err(|error| {
                let what = format!("the system has no random numbers: {error}");
                Failure::new(what, "Check /dev/urandom.")
            })?;
            Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
        };
        pieces.push(create(&self.admin_token(), 0o600, random)?);
        Ok(())
    }
}

fn new_signing_key() -> Result<String, Failure> {
    let pem = SigningKey::generate().and_then(|key| key.to_pem());
    match pem {
        // The copy lives as long as the writing takes.
        Ok(pem) => Ok(pem.to_string()),
        Err(error) => Err(Failure::new(
            format!("no signing key can be made: {error}"),
            "Check that the system gives random numbers (/dev/urandom).",
        )),
    }
}

fn unusable_key(file: &Path, error: &KeyError) -> Failure {
    Failure::new(
        format!("{}: {error}", file.display()),
        "Put an Ed25519 key in PEM PKCS#8 form there, or move the file away to get a new one.",
    )
}

fn kept(path: PathBuf) -> Piece {
    Piece { path, created: false }
}

/// Makes a file with what `content` gives, unless it exists.
fn create(
    path: &Path,
    mode: u32,
    content: impl FnOnce() -> Result<String, Failure>,
) -> Result<Piece, Failure> {
    if exists(path)? {
        return Ok(kept(path.to_owned()));
    }
    let content = content()?;
    match write_new(path, mode, content.as_bytes()) {
        Ok(()) => Ok(Piece { path: path.to_owned(), created: true }),
        // Another process was faster; its file is as good.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(kept(path.to_owned())),
        Err(error) => Err(Failure::io("cannot write", path, &error)),
    }
}

/// Writes a file that must not exist yet; a file that could not be written whole is taken away.
///
/// # Errors
/// When the file exists or cannot be written.
pub(crate) fn write_new(path: &Path, mode: u32, mut content: &[u8]) -> io::Result<()> {
    write_new_from(path, mode, &mut content)
}

/// Like [`write_new`], for a content that need not fit into memory.
///
/// # Errors
/// When the file exists or cannot be written, or the content cannot be read.
pub(crate) fn write_new_from(path: &Path, mode: u32, content: &mut dyn Read) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    let written = give_to_owner_of_directory(path, &file)
        .and_then(|()| io::copy(content, &mut file))
        .and_then(|_| file.sync_all());
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(path);
    }
    written?;
    // The name must survive a power cut too; not every file system lets a directory be synced.
    if let Some(Ok(directory)) = path.parent().map(File::open) {
        let _ = directory.sync_all();
    }
    Ok(())
}

/// Makes a directory that only its owner can look into, unless it is there.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn make_private_dir(dir: &Path) -> Result<(), Failure> {
    let make = || {
        let is_new = !dir.exists();
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        match owner_of_parent(dir)?.filter(|_| is_new) {
            Some((user, group)) => chown(dir, Some(user), Some(group)),
            None => Ok(()),
        }
    };
    make().map_err(|error| Failure::io("cannot make the directory", dir, &error))
}

/// A file that root has made in another user's directory is given to that user: the gateway, for which
/// root runs a verb, could not read it otherwise.
///
/// # Errors
/// When the owner cannot be told or set.
pub(crate) fn give_to_owner_of_directory(path: &Path, file: &File) -> io::Result<()> {
    match owner_of_parent(path)? {
        Some((user, group)) => fchown(file, Some(user), Some(group)),
        None => Ok(()),
    }
}

/// User and group of the directory that `path` is in, where this is root and that is not root's.
fn owner_of_parent(path: &Path) -> io::Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let directory = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let owner = directory.metadata()?;
    Ok((owner.uid() != 0).then(|| (owner.uid(), owner.gid())))
}

/// Whether something has that name; unlike `Path::exists`, an error is not a "no".
fn exists(path: &Path) -> Result<bool, Failure> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::io("cannot look at", path, &error)),
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::io("cannot read", path, &error))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::config::Surroundings;

    fn config(dir: &Path) -> Config {
        let file = dir.join("waterwall.yaml");
        fs::write(&file, "state_dir: state\n").expect("written");
        Config::load(Some(&file), &Surroundings::of_process()).expect("valid")
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().expect("there").permissions().mode() & 0o777
    }

    fn names(pieces: &[Piece], created: bool) -> Vec<String> {
        let chosen = pieces.iter().filter(|piece| piece.created == created);
        let name = |piece: &Piece| piece.path.file_name().map(|name| name.display().to_string());
        chosen.filter_map(name).collect()
    }

    #[test]
    fn what_is_missing_is_made_private() {
        let dir = tempfile::tempdir().expect("a directory");
        let config = config(dir.path());
        let files = Files::of(&config);
        let pieces = files.ensure().expect("made");
        let all = ["signing.key", "signing.pub", "ca.key", "ca.pem", "admin.token"];
        assert_eq!(names(&pieces, true), all);
        assert_eq!(mode(&config.state_dir), 0o700);
        for private in [files.signing_key(), &files.ca_key(), &files.admin_token()] {
            assert_eq!(mode(private), 0o600, "{}", private.display());
        }
        let token = fs::read_to_string(files.admin_token()).expect("there");
        assert_eq!(token.len(), 64);
    }

    #[test]
    fn what_is_there_is_kept() {
        let dir = tempfile::tempdir().expect("a directory");
        let config = config(dir.path());
        let files = Files::of(&config);
        files.ensure().expect("made");
        let before = fs::read(files.signing_key()).expect("there");
        let public = fs::read(files.signing_public()).expect("there");
        fs::remove_file(files.signing_public()).expect("removed");
        let pieces = files.ensure().expect("made");
        assert_eq!(names(&pieces, true), ["signing.pub"]);
        assert_eq!(fs::read(files.signing_key()).expect("there"), before);
        assert_eq!(fs::read(files.signing_public()).expect("there"), public);
    }

    #[test]
    fn what_root_makes_for_another_user_is_that_users() {
        let dir = tempfile::tempdir().expect("a directory");
        // Only root can give a directory away, and only then is there anything to see.
        if chown(dir.path(), Some(12345), Some(54321)).is_err() {
            return;
        }
        let config = config(dir.path());
        Files::of(&config).ensure().expect("made");
        for path in [config.state_dir.clone(), Files::of(&config).admin_token()] {
            let owner = path.metadata().expect("there");
            assert_eq!((owner.uid(), owner.gid()), (12345, 54321), "{}", path.display());
        }
    }

    #[test]
    fn half_a_pair_is_told_and_not_replaced() {
        let dir = tempfile::tempdir().expect("a directory");
        let config = config(dir.path());
        let files = Files::of(&config);
        files.ensure().expect("made");
        fs::remove_file(files.ca_certificate()).expect("removed");
        let failure = files.ensure().expect_err("refused");
        assert!(failure.to_string().ends_with("ca.pem is missing"), "{failure}");
        fs::rename(files.ca_key(), files.ca_certificate()).expect("renamed");
        files.ensure().expect("a certificate alone is a choice");
    }

    #[test]
    fn a_broken_signing_key_is_told() {
        let dir = tempfile::tempdir().expect("a directory");
        let config = config(dir.path());
        make_private_dir(&config.state_dir).expect("made");
        fs::write(&config.audit.signing_key, "not a key").expect("written");
        let failure = Files::of(&config).ensure().expect_err("refused");
        let what = failure.to_string();
        assert!(what.contains("signing.key: not an unencrypted Ed25519 private key"), "{what}");
        assert!(failure.remedy().starts_with("Put an Ed25519 key"));
    }

    #[test]
    fn a_file_in_place_of_the_directory_is_told() {
        let dir = tempfile::tempdir().expect("a directory");
        let config = config(dir.path());
        fs::write(&config.state_dir, "").expect("written");
        let failure = Files::of(&config).ensure().expect_err("refused");
        assert!(failure.to_string().starts_with("cannot make the directory"), "{failure}");
    }
}
