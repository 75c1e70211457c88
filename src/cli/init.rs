//! `waterwall init`: a commented configuration, the signing key pair, the CA, the admin token.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{ExitStatus, Stop};
use crate::config::{self, Config, Surroundings};
use crate::failure::Failure;
use crate::state::{self, Files, Piece};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The configuration file to write [default: waterwall.yaml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The directory it goes into [default: the working directory]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let named = args.config.as_deref().unwrap_or(Path::new("waterwall.yaml"));
    let file = args.dir.as_deref().unwrap_or(Path::new("")).join(named);
    report(out, &write_config(&file)?)?;
    let config = Config::load(Some(&file), &Surroundings::of_process()).map_err(Failure::from)?;
    for piece in Files::of(&config).ensure()? {
        report(out, &piece)?;
    }
    Ok(ExitStatus::Success)
}

fn report(out: &mut dyn Write, piece: &Piece) -> io::Result<()> {
    let verb = if piece.created { "created" } else { "kept   " };
    writeln!(out, "{verb} {}", piece.path.display())
}

fn write_config(file: &Path) -> Result<Piece, Failure> {
    let failed = |error: &io::Error| Failure::io("cannot write", file, error);
    if let Some(dir) = file.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        fs::create_dir_all(dir).map_err(|error| failed(&error))?;
    }
    let created = match state::write_new(file, 0o644, config::BUILT_IN.as_bytes()) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        Err(error) => return Err(failed(&error)),
    };
    Ok(Piece { path: file.to_owned(), created })
}
