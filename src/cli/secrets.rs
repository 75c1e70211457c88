//! `waterwall secrets`: the values that are replaced wherever they stand. No verb here prints one.

use std::io::{self, IsTerminal as _, Read as _, Write};

use serde_json::json;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{ConfigOption, ExitStatus, Stop};
use crate::failure::Failure;
use crate::known_values::{self, Listed, Store};
use crate::state;

/// Longer values are files; `known_values.files` names those.
const LARGEST: u64 = 64 << 10;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Add a value, read from stdin or asked for; a running gateway takes it up by itself
    Add {
        #[command(flatten)]
        config: ConfigOption,
        /// What to call it: letters, digits, `_`, `-` and `.`
        name: String,
        /// Take it however short or common it is (4 bytes at least)
        #[arg(long)]
        force: bool,
    },
    /// List all known values, in the store and from elsewhere: name, length, date, origin
    List {
        #[command(flatten)]
        config: ConfigOption,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Remove a value from the store
    Remove {
        #[command(flatten)]
        config: ConfigOption,
        /// What it is called
        name: String,
    },
    /// Print the SHA-256 of a value that is read from stdin or asked for, for an allow-list
    Hash,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    match &args.verb {
        Verb::Add { config, name, force } => add(config, name, *force, out),
        Verb::List { config, json } => list(config, *json, out),
        Verb::Remove { config, name } => remove(config, name, out),
        Verb::Hash => {
            let hash = Sha256::digest(&*read_value("Value: ")?);
            let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(out, "{digits}")?;
            Ok(ExitStatus::Success)
        }
    }
}

fn add(config: &ConfigOption, name: &str, force: bool, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if !(1..=64).contains(&name.len()) || !name.bytes().all(fits) {
        // What stands there may be the value.
        let remedy = "Use up to 64 letters, digits, `_`, `-` and `.`; the value is read from stdin.";
        return Err(Failure::new("that cannot be a name", remedy).into());
    }
    let config = config.load()?;
    let value = read_value(&format!("Value of {name}: "))?;
    if let Some(why) = known_values::why_not(&value, config.redaction.known_min_length, force) {
        let remedy = "If it is a secret all the same, add it with --force; 4 bytes are the least.";
        return Err(Failure::new(format!("{name} is not added: its value is {why}"), remedy).into());
    }
    state::make_private_dir(&config.state_dir)?;
    let replaced = Store::of(&config.state_dir).add(name, &value, force)?;
    writeln!(out, "{} {name} ({} bytes)", if replaced { "replaced" } else { "added" }, value.len())?;
    Ok(ExitStatus::Success)
}

fn remove(config: &ConfigOption, name: &str, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let config = config.load()?;
    if !Store::of(&config.state_dir).remove(name)? {
        let what = format!("the store has no value called {name:?}");
        return Err(Failure::new(what, "See what it has with `waterwall secrets list`.").into());
    }
    writeln!(out, "removed {name}")?;
    Ok(ExitStatus::Success)
}

fn list(config: &ConfigOption, json: bool, out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    let config = config.load()?;
    let known = &config.redaction.known;
    if json {
        let secrets: Vec<_> = known.iter().map(as_json).collect();
        writeln!(out, "{:#}", json!({ "secrets": secrets }))?;
        return Ok(ExitStatus::Success);
    }
    let width = known.iter().map(|it| it.name.len()).max().unwrap_or(0).max(4);
    writeln!(out, "{:width$}  BYTES  ADDED                 FROM", "NAME")?;
    for Listed { name, origin, length, added, left_out } in known {
        let added = added.as_deref().unwrap_or("-");
        let note = left_out.map(|why| format!(" (not looked for: {why})")).unwrap_or_default();
        writeln!(out, "{name:width$}  {length:5}  {added:20}  {origin}{note}")?;
    }
    Ok(ExitStatus::Success)
}

fn as_json(listed: &Listed) -> serde_json::Value {
    let Listed { name, origin, length, added, left_out } = listed;
    json!({ "name": name, "from": origin, "bytes": length, "added": added, "left_out": left_out })
}

/// A value from stdin, without the line's end; from a terminal, without showing it. Never from the command
/// line, which every user of the machine can see.
fn read_value(prompt: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let failed = |error: &io::Error| {
        Failure::new(format!("the value cannot be read: {error}"), "Pipe it in, or run this on a terminal.")
    };
    if io::stdin().is_terminal() {
        let typed = Zeroizing::new(rpassword::prompt_password(prompt).map_err(|error| failed(&error))?);
        return Ok(Zeroizing::new(typed.as_bytes().to_vec()));
    }
    let mut value = Zeroizing::new(Vec::new());
    io::stdin().take(LARGEST + 1).read_to_end(&mut value).map_err(|error| failed(&error))?;
    if value.len() as u64 > LARGEST {
        let remedy = "Name a file that holds it under `known_values.files` in the configuration.";
        return Err(Failure::new("the value is larger than 64 KiB", remedy));
    }
    while matches!(value.last(), Some(b'\n' | b'\r')) {
        value.pop();
    }
    Ok(value)
}
