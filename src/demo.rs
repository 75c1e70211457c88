//! `waterwall demo`: one exchange, seen from all sides, without network or key.
//!
//! A gateway and an echo provider run in this process, on free ports of the loopback interface and in
//! a temporary directory. A made-up AWS key goes out in an Anthropic request and comes back in a
//! stream. The demo checks what it shows: it fails if the provider saw the key, or if the agent did
//! not get it back.

mod client;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, thread};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::config::{Config, Source, Surroundings};
use crate::echo::{Delta, Echo, EchoOptions, Knobs};
use crate::gateway::{self, Start};
use crate::state::Files;

/// What an access key id's characters are.
const KEY_LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Where the stand-in provider cuts its answer: short enough that the placeholder is cut, too.
const DELTA: usize = 12;
/// Pace of the stand-in provider, so that a person sees the events arrive.
const PACE: Duration = Duration::from_millis(40);
/// How long the gateway may take to start.
const START: Duration = Duration::from_secs(20);

/// Runs the demo and tells it on `out`.
///
/// # Errors
/// If a part cannot be started, or if the gateway does not do what the demo is there to show.
pub fn run(out: &mut dyn Write) -> Result<()> {
    let dir = tempfile::Builder::new().prefix("waterwall-demo-").tempdir()?;
    let knobs = Knobs { delta: Delta::Chars(DELTA), delay: PACE, ..Knobs::default() };
    let echo = Echo::start(EchoOptions { knobs, ..EchoOptions::default() })?;
    let config = configuration(dir.path(), &echo)?;
    let chain = config.audit.chain.clone();
    let gateway = start(config)?;

    let key = made_up_key()?;
    let prompt = format!("Write {key} into .env, please.");
    let request = format!(
        r#"{{"model":"echo-1","max_tokens":100,"stream":true,"messages":[{{"role":"user","content":{}}}]}}"#,
        Value::from(prompt.as_str()),
    );
    section(out, "1. The agent sends", &request)?;
    let answer = converse(out, gateway, &echo, request, &key)?;
    writeln!(out, "   put together: {answer:?}")?;
    ensure!(answer == prompt, "the agent did not get back what it sent");
    section(out, "4. The audit log says", &redaction_line(&chain)?)?;
    writeln!(out, "\nThe key was made up for this demo; nothing left this machine.")?;
    Ok(())
}

fn section(out: &mut dyn Write, title: &str, text: &str) -> io::Result<()> {
    writeln!(out, "\n{title}\n   {text}")?;
    out.flush()
}

/// Sends the request, and shows what the provider saw and what came back. Returns the answer's text.
fn converse(
    out: &mut dyn Write,
    gateway: SocketAddr,
    echo: &Echo,
    request: String,
    key: &str,
) -> Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut events = client::post(gateway, "/anthropic/v1/messages", request).await?;
        let seen = echo.requests().pop().context("the provider got no request")?;
        let body = String::from_utf8_lossy(&seen.body).into_owned();
        section(out, "2. The provider sees", &body)?;
        ensure!(!body.contains(key), "the provider saw the key");
        section(out, "3. The answer comes back", &format!("(the provider cut it every {DELTA} characters)"))?;
        let mut answer = String::new();
        while let Some(event) = events.next().await? {
            writeln!(out, "   {event}")?;
            out.flush()?;
            let event: Value = serde_json::from_str(&event).context("an event is not JSON")?;
            answer.push_str(event["delta"]["text"].as_str().unwrap_or(""));
        }
        Ok(answer)
    })
}

fn configuration(dir: &Path, echo: &Echo) -> Result<Config> {
    let text = format!(
        "listen: 127.0.0.1:0\nadmin: {{ listen: 127.0.0.1:0 }}\nstate_dir: {state:?}\nupstreams:\n  \
         - {{ host: api.anthropic.com, dialect: anthropic, prefix: /anthropic, url: {url:?} }}\n",
        state = dir.join("state"),
        url = echo.url(),
    );
    let file = dir.join("waterwall.yaml");
    fs::write(&file, text)?;
    let config = Config::from_source(Source::File(file), &Surroundings::of_process())?;
    Files::of(&config).ensure()?;
    Ok(config)
}

/// Starts the gateway on a thread that ends with the process; returns its address.
fn start(config: Config) -> Result<SocketAddr> {
    let (sender, outcome) = mpsc::channel();
    thread::Builder::new().name("gateway".into()).spawn(move || {
        let ready = sender.clone();
        let ended = gateway::run(config, Start::Afresh, |config| drop(ready.send(Ok(config.listen))));
        // Nobody listens any more if it has been ready.
        drop(sender.send(ended.and_then(|()| bail!("the gateway ended"))));
    })?;
    outcome.recv_timeout(START).context("the gateway does not start")?
}

/// A fresh key of the right form that opens nothing.
fn made_up_key() -> Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("the system has no random numbers: {error}"))?;
    // In two pieces, so that no scanner takes this line for a key.
    let mut key = ["AK", "IA"].concat();
    key.extend(bytes.map(|byte| char::from(KEY_LETTERS[usize::from(byte % 32)])));
    Ok(key)
}

/// The line that was on the log before the request went out.
fn redaction_line(chain: &Path) -> Result<String> {
    let log = fs::read_to_string(chain).with_context(|| format!("cannot read {}", chain.display()))?;
    let line = log.lines().find(|line| line.contains(r#""line_type":"redaction""#));
    line.map(str::to_owned).context("no redaction is on the log")
}
