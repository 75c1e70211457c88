//! Diagnostics on stderr, as `RUST_LOG` asks.

use std::io;

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::terminal;

/// Starts logging, at `info` where `RUST_LOG` does not say otherwise.
pub(super) fn start() {
    let asked = EnvFilter::builder().with_default_directive(Level::INFO.into()).from_env_lossy();
    // Fails only when something is logging already, and then that is as good.
    let _ = subscriber(asked, io::stderr).try_init();
}

fn subscriber<W>(asked: EnvFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // Without a hint of its own it would take away the other's, and every line of every library that
    // nobody asked for would be looked at.
    let harmless = filter_fn(harmless).with_max_level_hint(Level::TRACE);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(terminal::colour())
        .with_filter(asked.and(harmless));
    tracing_subscriber::registry().with(lines)
}

/// Below `info`, Pingora and other libraries print whole headers, credentials included; only our
/// own code is known not to.
fn harmless(line: &Metadata<'_>) -> bool {
    *line.level() <= Level::INFO || line.target().split("::").next().is_some_and(is_ours)
}

fn is_ours(library: &str) -> bool {
    library == "waterwall" || library.starts_with("waterwall_")
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;

    #[test]
    fn lines_that_nobody_asked_for_cost_nothing() {
        let quiet = subscriber(EnvFilter::new("info"), io::stderr);
        assert_eq!(quiet.max_level_hint(), Some(Level::INFO.into()));
    }

    #[test]
    fn libraries_stay_at_info_whatever_is_asked() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("log");
        let asked = EnvFilter::new("trace,pingora_core=trace");
        let writer = File::create(&file).expect("made");
        tracing::subscriber::with_default(subscriber(asked, writer), || {
            tracing::trace!(target: "waterwall::proxy", "ours");
            tracing::trace!(target: "waterwall_core", "ours too");
            tracing::debug!(target: "pingora_core::server", "headers");
            tracing::debug!(target: "waterwallet", "headers");
            tracing::info!(target: "pingora_core::server", "started");
        });
        let log = fs::read_to_string(file).expect("read");
        assert_eq!(log.lines().count(), 3, "{log}");
        assert!(log.contains("ours too") && log.contains("started") && !log.contains("headers"));
    }
}
