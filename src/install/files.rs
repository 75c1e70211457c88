//! What lies on disk.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Access, access};
use time::OffsetDateTime;
use waterwall_audit::SigningKey;
use waterwall_core::detect::Detectors;
use waterwall_core::secret::Kind;
use zeroize::Zeroizing;

use crate::ca;
use crate::config::Config;
use crate::state::{Files, make_private_dir, write_new};

/// Fewer built-in patterns than these mean that something is badly wrong.
const FEWEST_PATTERNS: usize = 16;

/// Labels that the predecessor had; audit reports of many years speak of them.
const REQUIRED: [&str; 31] = [
    "AGE_SECRET_KEY",
    "ANTHROPIC_KEY",
    "ANTHROPIC_OAUTH_TOKEN",
    "ATLASSIAN_TOKEN",
    "AWS_ACCESS_KEY",
    "BRAVE_SEARCH_KEY",
    "CLICKUP_TOKEN",
    "CLOUDFLARE_API_TOKEN",
    "DISCORD_BOT_TOKEN",
    "DROPBOX_KEY",
    "ELEVENLABS_KEY",
    "GITHUB_TOKEN",
    "GOOGLE_AI_KEY",
    "GROQ_KEY",
    "HUGGINGFACE_TOKEN",
    "JINA_KEY",
    "JWT_TOKEN",
    "LINEAR_API_KEY",
    "NOTION_TOKEN",
    "OPENAI_KEY",
    "OPENROUTER_KEY",
    "PEM_BLOCK",
    "PERPLEXITY_KEY",
    "SENDGRID_KEY",
    "SUPABASE_SECRET_KEY",
    "TELEGRAM_BOT_TOKEN",
    "TURSO_KEY",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_API_KEY",
    "VAULT_TOKEN",
    "VERCEL_TOKEN",
];

/// The private CA is in date and good for exactly the configured hosts.
pub(super) fn authority(config: &Config) -> Result<String, String> {
    let file = Files::of(config).ca_certificate();
    let pem = fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
    let hosts = config.upstreams.iter().map(|upstream| upstream.host.as_str());
    let findings = ca::check(&pem, hosts, OffsetDateTime::now_utc());
    if findings.is_empty() {
        return Ok(format!("{}: good for the {} configured hosts", file.display(), config.upstreams.len()));
    }
    let findings: Vec<_> = findings.iter().map(ToString::to_string).collect();
    Err(format!("{}: {}; run `waterwall regen-ca`", file.display(), findings.join("; ")))
}

/// The CA's key is there, and is the certificate's.
pub(super) fn authority_key(config: &Config) -> Result<String, String> {
    let files = Files::of(config);
    let (certificate, key) = (files.ca_certificate(), files.ca_key());
    let usable = ca::load(&certificate, &key, OffsetDateTime::now_utc());
    usable.map_err(|error| format!("{error}; run `waterwall regen-ca`"))?;
    Ok(format!("{} belongs to {}", key.display(), certificate.display()))
}

/// The signing key is one, and nobody else may read or change it.
pub(super) fn signing_key(config: &Config) -> Result<String, String> {
    let file = &config.audit.signing_key;
    let mode = file.metadata().map_err(|error| unreadable(file, &error))?.mode() & 0o7777;
    // 0400 and 0600 for one user, 0440 and 0640 where a group of its own reads it.
    if mode & 0o137 != 0 {
        return Err(format!("{} has mode {mode:04o}; run `chmod 0600` on it", file.display()));
    }
    let text = fs::read_to_string(file).map(Zeroizing::new).map_err(|error| unreadable(file, &error))?;
    SigningKey::from_pem(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(format!("{}: Ed25519, mode {mode:04o}", file.display()))
}

/// The detectors are there, and the user's own hide none of them.
pub(super) fn patterns(config: &Config) -> Result<String, String> {
    let builtin = Detectors::builtin();
    let kinds: Vec<_> = builtin.kinds().collect();
    if kinds.len() < FEWEST_PATTERNS {
        return Err(format!("only {} built-in detectors; install the program again", kinds.len()));
    }
    if let Some(missing) = REQUIRED.iter().find(|label| !kinds.iter().any(|kind| kind.label() == **label)) {
        return Err(format!("no detector for {missing}; install the program again"));
    }
    let own: Vec<Kind> = config.redaction.detectors.kinds().skip(kinds.len()).collect();
    if let Some(repeated) = own.iter().find(|kind| kinds.contains(kind)) {
        let label = repeated.label();
        return Err(format!("the extra detectors repeat the built-in label {label}; give theirs another"));
    }
    Ok(format!("{} built-in, {} extra", kinds.len(), own.len()))
}

/// The log's directory can be written.
pub(super) fn chain_dir(config: &Config) -> Result<String, String> {
    let dir = config.audit.chain.parent().unwrap_or(Path::new("."));
    make_private_dir(dir).map_err(|failure| failure.to_string())?;
    let file = dir.join(".write_test");
    // Left by a check that was killed.
    let _ = fs::remove_file(&file);
    write_new(&file, 0o600, b"waterwall\n")
        .and_then(|()| fs::remove_file(&file))
        .map_err(|error| format!("{} cannot be written: {error}", dir.display()))?;
    Ok(format!("{} can be written", dir.display()))
}

/// The kill switch's directory is there, or can be made.
pub(super) fn sentinel_dir(config: &Config) -> Result<String, String> {
    let dir = config.kill_switch.sentinel.parent().unwrap_or(Path::new("/"));
    let present = dir.ancestors().find(|dir| dir.exists()).unwrap_or(Path::new("/"));
    let is_there = present == dir;
    if !present.is_dir() {
        return Err(format!("{} is not a directory", present.display()));
    }
    let needed = if is_there { Access::EXEC_OK } else { Access::WRITE_OK | Access::EXEC_OK };
    access(present, needed)
        .map_err(|error| format!("{} cannot be used: {error}; check its mode", present.display()))?;
    Ok(format!("{} {}", dir.display(), if is_there { "is there" } else { "can be made" }))
}

fn unreadable(file: &Path, error: &io::Error) -> String {
    let remedy = if error.kind() == io::ErrorKind::NotFound { "; run `waterwall init`" } else { "" };
    format!("cannot read {}: {error}{remedy}", file.display())
}
