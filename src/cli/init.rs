//! `waterwall init`: a commented configuration, the signing key pair, the CA, the admin token; and
//! what a predecessor leaves.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{ExitStatus, Stop};
use crate::config::{Config, Surroundings, Template};
use crate::failure::Failure;
use crate::import::Predecessor;
use crate::state::{self, Files, Piece};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The configuration file to write [default: waterwall.yaml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The directory it goes into [default: the working directory]. /etc/waterwall means --system
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Set up for the whole machine: /etc/waterwall, /var/lib/waterwall, /var/log/waterwall
    #[arg(long)]
    system: bool,
    /// With --system: put all of it under this directory, for an image or a package
    #[arg(long, value_name = "DIR", requires = "system")]
    root: Option<PathBuf>,
    /// Take over a predecessor's permitted_hosts.yaml, config.yaml, patterns.py, signing key and log
    #[arg(long, value_name = "DIR")]
    import: Option<PathBuf>,
    /// The predecessor's log, when it is elsewhere
    #[arg(long, value_name = "LOG", requires = "import")]
    import_chain: Option<PathBuf>,
    /// Take over the predecessor's private CA too, instead of making a new one
    #[arg(long, requires = "import")]
    with_ca: bool,
}

/// The directory of the machine's configuration.
const SYSTEM_DIR: &str = "/etc/waterwall";

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    // All of the predecessor is looked at before anything is written.
    let read = |dir: &PathBuf| Predecessor::read(dir, args.import_chain.as_deref(), args.with_ca);
    let mut predecessor = args.import.as_ref().map(read).transpose()?;
    let file = args.file();
    let mut template = if args.is_system() { Template::system() } else { Template::shipped() };
    if let Some(predecessor) = &predecessor {
        predecessor.settle(&mut template);
        let patterns = make_parent(&file).and_then(|()| predecessor.write_patterns(&file))?;
        patterns.map_or(Ok(()), |piece| report(out, &piece))?;
    }
    let written = write_config(&file, &template)?;
    report(out, &written)?;
    let config = Config::load(Some(&file), &Surroundings::of_process()).map_err(Failure::from)?;
    let config = match &args.root {
        Some(root) => under(config, root),
        None => config,
    };
    if let Some(predecessor) = &mut predecessor {
        for piece in predecessor.bring(&config)? {
            report(out, &piece)?;
        }
    }
    for piece in Files::of(&config).ensure()? {
        report(out, &piece)?;
    }
    if let Some(predecessor) = predecessor {
        for note in &predecessor.notes {
            writeln!(out, "note    {note}")?;
        }
        if !written.created {
            writeln!(out, "note    {}: was there already, so it holds no imported settings", file.display())?;
        }
    }
    Ok(ExitStatus::Success)
}

impl Args {
    fn is_system(&self) -> bool {
        self.system || self.dir.as_deref() == Some(Path::new(SYSTEM_DIR))
    }

    fn file(&self) -> PathBuf {
        let named = self.config.as_deref().unwrap_or(Path::new("waterwall.yaml"));
        let system = self.system.then(|| Path::new(SYSTEM_DIR));
        let dir = self.dir.as_deref().or(system).unwrap_or(Path::new(""));
        rebase(&dir.join(named), self.root.as_deref())
    }
}

/// `path` below `root`.
fn rebase(path: &Path, root: Option<&Path>) -> PathBuf {
    match root {
        Some(root) if !path.starts_with(root) => root.join(path.strip_prefix("/").unwrap_or(path)),
        _ => path.to_owned(),
    }
}

/// The configuration as seen from outside of `root`.
fn under(mut config: Config, root: &Path) -> Config {
    let audit = &mut config.audit;
    for path in [
        &mut config.state_dir,
        &mut config.forward.ca_dir,
        &mut audit.chain,
        &mut audit.receipts_dir,
        &mut audit.manifests_dir,
        &mut audit.signing_key,
    ] {
        *path = rebase(path, Some(root));
    }
    config
}

fn report(out: &mut dyn Write, piece: &Piece) -> io::Result<()> {
    let verb = if piece.created { "created" } else { "kept   " };
    writeln!(out, "{verb} {}", piece.path.display())
}

fn make_parent(file: &Path) -> Result<(), Failure> {
    match file.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        Some(dir) => fs::create_dir_all(dir).map_err(|error| Failure::io("cannot write", file, &error)),
        None => Ok(()),
    }
}

fn write_config(file: &Path, template: &Template) -> Result<Piece, Failure> {
    make_parent(file)?;
    let created = match state::write_new(file, 0o644, template.text().as_bytes()) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        Err(error) => return Err(Failure::io("cannot write", file, &error)),
    };
    Ok(Piece { path: file.to_owned(), created })
}
