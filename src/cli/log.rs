//! Diagnostics on stderr, as `RUST_LOG` asks.

use std::io;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::terminal;

/// Starts logging, at `info` where `RUST_LOG` does not say otherwise.
pub(super) fn start() {
    let asked = EnvFilter::builder()
        .with_default_directive(Level::INFO.into())
        .from_env_lossy();
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(terminal::colour())
        .with_filter(asked.and(filter_fn(harmless)));
    // Fails only when something is logging already, and then that is as good.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

/// Below `info`, Pingora and other libraries print whole headers, credentials included; only our
/// own code is known not to.
fn harmless(line: &Metadata<'_>) -> bool {
    *line.level() <= Level::INFO || line.target().split("::").next().is_some_and(is_ours)
}

fn is_ours(library: &str) -> bool {
    library == "waterwall" || library.starts_with("waterwall_")
}
