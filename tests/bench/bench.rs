//! The benchmark: the gateway beside nginx and beside no proxy at all, in one run on one machine.
//!
//! Everything is a ratio or a difference between ways that take turns, because the speed of a
//! machine drifts while a benchmark runs. `run.sh` builds and starts it; `docs/benchmarks.md` says
//! what is measured, and why so.

mod client;
mod measure;
mod process;
mod report;
mod statistics;
mod turn;
mod upstream;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use client::{Client, Way};
use process::{Gateway, Nginx};
use report::Report;
use turn::Turn;
use upstream::Upstream;

/// Measures the gateway against nginx and against direct connections.
#[derive(Parser)]
struct Arguments {
    /// The gateway's binary, in release mode.
    #[arg(long, default_value = "target/release/waterwall")]
    gateway: PathBuf,
    /// nginx's binary.
    #[arg(long, default_value = "nginx")]
    nginx: PathBuf,
    /// The largest request body that nginx keeps in memory. Its default, 16k, sends an agent turn
    /// through a temporary file.
    #[arg(long, default_value = "4m")]
    nginx_body_buffer: String,
    /// Only these measures: latency, throughput, stream, memory, forward.
    #[arg(long, value_delimiter = ',', default_values_t = ["latency", "throughput", "stream", "memory", "forward"].map(String::from))]
    only: Vec<String>,
    /// A multiple of the usual number of rounds.
    #[arg(long, default_value_t = 1.0)]
    effort: f64,
    /// Exit with 1 when a bar is missed.
    #[arg(long)]
    strict: bool,
    /// Do not measure: send turns of 100 KB from 16 agents through the gateway for so many
    /// seconds, for a profiler that is attached to it by the printed process id.
    #[arg(long)]
    load: Option<u64>,
    /// With `--load`: how many agents.
    #[arg(long, default_value_t = 16)]
    agents: usize,
    /// With `--load`, and for the streams of the memory measure: bytes of a request.
    #[arg(long, default_value_t = turn::AGENT_TURN)]
    bytes: usize,
}

/// What all measures share.
struct Bench {
    upstream: Upstream,
    client: Client,
    directory: tempfile::TempDir,
    arguments: Arguments,
    secret: String,
}

impl Bench {
    fn start(arguments: Arguments) -> Result<Self> {
        // In pieces, so that no scanner takes this file for a leak.
        let secret = format!("AKIA{}", "FAKE".repeat(4));
        let directory = tempfile::tempdir().context("no temporary directory")?;
        let upstream = Upstream::start(directory.path(), &secret)?;
        let client = Client::new(&upstream)?;
        Ok(Self { upstream, client, directory, arguments, secret })
    }

    fn gateway(&self, name: &str) -> Result<Gateway> {
        Gateway::start(&self.arguments.gateway, &self.directory.path().join(name), &self.upstream)
    }

    fn nginx(&self) -> Result<Nginx> {
        let arguments = &self.arguments;
        Nginx::start(
            &arguments.nginx,
            &self.directory.path().join("nginx"),
            &self.upstream,
            &arguments.nginx_body_buffer,
        )
    }

    fn turn(&self, bytes: usize) -> Turn {
        Turn::of(bytes, &self.secret)
    }

    /// `usual` times the effort asked for; at least one.
    fn rounds(&self, usual: u32) -> u32 {
        (f64::from(usual) * self.arguments.effort).ceil().max(1.0) as u32
    }

    fn wants(&self, measure: &str) -> bool {
        self.arguments.only.iter().any(|it| it == measure)
    }
}

fn main() -> Result<ExitCode> {
    // Both linked crypto providers would do; the gateway uses this one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    allow_many_connections()?;
    let bench = Bench::start(Arguments::parse())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match bench.arguments.load {
        Some(seconds) => runtime.block_on(load(&bench, seconds)).map(|()| ExitCode::SUCCESS),
        None => runtime.block_on(run(&bench)),
    }
}

/// A thousand streams are two thousand connections for the gateway, which inherits the limit.
fn allow_many_connections() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    setrlimit(Resource::Nofile, raised).context("cannot raise the limit on open files")
}

async fn run(bench: &Bench) -> Result<ExitCode> {
    let mut report = Report::new();
    if bench.wants("memory") {
        // First, and on a gateway of its own: what was in use once stays with the allocator.
        let gateway = bench.gateway("memory")?;
        measure::memory(bench, &gateway, &mut report).await?;
    }
    let gateway = bench.gateway("gateway")?;
    let nginx = bench.nginx()?;
    let ways = [Way::direct(), Way::nginx(&nginx), Way::gateway(&gateway)];
    measure::check(bench, &ways).await?;
    if bench.wants("latency") {
        measure::latency(bench, &ways, &mut report).await?;
    }
    if bench.wants("throughput") {
        measure::throughput(bench, &ways, &mut report).await?;
    }
    if bench.wants("stream") {
        measure::stream(bench, &ways, &mut report).await?;
    }
    if bench.wants("forward") {
        measure::forward(bench, &gateway, &mut report).await?;
    }
    report.print();
    let missed = bench.arguments.strict && report.misses_a_bar();
    Ok(if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[expect(clippy::print_stdout, reason = "whoever attaches the profiler reads it")]
async fn load(bench: &Bench, seconds: u64) -> Result<()> {
    let gateway = bench.gateway("gateway")?;
    println!("gateway: {}", gateway.id());
    let way = Way::gateway(&gateway);
    let turn = match bench.arguments.bytes {
        small if small < turn::LEAST => Turn::small(small),
        bytes => bench.turn(bytes),
    };
    let window = std::time::Duration::from_secs(seconds);
    let cpu = gateway.cpu()?;
    let answered = measure::load(bench, &way, &turn, bench.arguments.agents, window).await?;
    let cpu = (gateway.cpu()? - cpu) / u32::try_from(answered)?.max(1);
    println!("{} requests/s, {:.3} ms of CPU each", answered / seconds.max(1), cpu.as_secs_f64() * 1e3);
    Ok(())
}
