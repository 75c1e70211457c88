//! The echo provider as a program, for client tests that are not written in Rust.
//!
//! Prints its base URL on one line when it listens, then serves until it is ended.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use waterwall::echo::{Delta, Echo, EchoOptions, Encoding, Escape, Knobs, Mode};

/// Stand-in for an AI provider that answers with what it was sent.
#[derive(Parser)]
struct Arguments {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// echo, tool or agent.
    #[arg(long, default_value = "echo")]
    mode: Mode,
    /// Characters a delta, or all.
    #[arg(long, default_value = "all")]
    delta: Delta,
    /// Bytes a TCP write.
    #[arg(long)]
    chunk: Option<usize>,
    /// Milliseconds before each event.
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
    /// identity, gzip, br or zstd.
    #[arg(long, default_value = "identity")]
    encoding: Encoding,
    /// none, html or ascii.
    #[arg(long, default_value = "none")]
    escape: Escape,
    /// End the lines of streams with CRLF.
    #[arg(long)]
    crlf: bool,
    /// Send pings and comments between deltas.
    #[arg(long)]
    pings: bool,
    /// Keep no requests.
    #[arg(long)]
    no_record: bool,
    /// Serve TLS, and write the root certificate to this directory as `root.pem`.
    #[arg(long)]
    tls_dir: Option<PathBuf>,
}

#[expect(clippy::print_stdout, reason = "the line that callers wait for")]
fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let knobs = Knobs {
        mode: arguments.mode,
        delta: arguments.delta,
        chunk: arguments.chunk,
        delay: Duration::from_millis(arguments.delay_ms),
        encoding: arguments.encoding,
        escape: arguments.escape,
        crlf: arguments.crlf,
        pings: arguments.pings,
        ..Knobs::default()
    };
    let tls_hosts = match arguments.tls_dir {
        Some(_) => vec!["localhost".into(), "127.0.0.1".into()],
        None => Vec::new(),
    };
    let record = !arguments.no_record;
    let echo = Echo::start(EchoOptions { listen: arguments.listen, knobs, tls_hosts, record })?;
    if let (Some(dir), Some(pem)) = (&arguments.tls_dir, echo.root_pem()) {
        std::fs::write(dir.join("root.pem"), pem)
            .with_context(|| format!("cannot write to {}", dir.display()))?;
    }
    println!("{}", echo.url());
    echo.wait();
    Ok(())
}
