//! `GET /metrics`: the text format of Prometheus, version 0.0.4.

use std::fmt::{Display, Write as _};
use std::time::SystemTime;

use super::facts::Facts;
use crate::metrics::{BOUNDS, Totals};

/// The media type of the format.
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics of this gateway. Every name begins with `waterwall_`, and no label comes from a
/// request: hosts, kinds and codes are all from a known set.
pub(super) fn report(facts: &Facts) -> String {
    let mut page = Page::default();
    traffic(&mut page, &facts.metrics.totals());
    condition(&mut page, facts);
    log(&mut page, facts);
    page.0
}

fn traffic(page: &mut Page, totals: &Totals) {
    page.begin("requests_total", "counter", "Requests of agents that have ended.");
    page.sample("requests_total", &[], totals.requests);
    page.begin("answers_total", "counter", "Answers of upstreams, by host and status.");
    for (host, statuses) in &totals.answers {
        for (status, count) in statuses {
            page.sample("answers_total", &[("host", host), ("status", &status.to_string())], count);
        }
    }
    page.begin("refusals_total", "counter", "Errors that the gateway made itself, by code.");
    for (code, count) in &totals.refusals {
        page.sample("refusals_total", &[("code", code)], count);
    }
    page.begin("redactions_total", "counter", "Secrets replaced, by type.");
    for (kind, count) in &totals.redactions {
        page.sample("redactions_total", &[("type", kind.label())], count);
    }
    page.begin("restorations_total", "counter", "Placeholders put back.");
    page.sample("restorations_total", &[], totals.restored);
    page.begin("unknown_placeholders_total", "counter", "Placeholders in answers left as they were.");
    page.sample("unknown_placeholders_total", &[], totals.unknown);
    page.begin("sse_parse_failures_total", "counter", "Events of streams that could not be read.");
    page.sample("sse_parse_failures_total", &[], totals.malformed);
    added(page, totals);
}

fn added(page: &mut Page, totals: &Totals) {
    let name = "added_latency_seconds";
    page.begin(name, "histogram", "Time that the gateway itself added to a forwarded exchange.");
    let bucket = format!("{name}_bucket");
    let mut below = 0;
    for (bound, count) in BOUNDS.iter().zip(totals.added) {
        below += count;
        page.sample(&bucket, &[("le", &bound.to_string())], below);
    }
    let all: u64 = totals.added.iter().sum();
    page.sample(&bucket, &[("le", "+Inf")], all);
    page.sample(&format!("{name}_sum"), &[], totals.added_sum.as_secs_f64());
    page.sample(&format!("{name}_count"), &[], all);
}

fn condition(page: &mut Page, facts: &Facts) {
    let condition = facts.condition();
    let reloads = facts.reloader.report();
    let sources = condition.sources;
    page.gauge("up", "1 while the gateway is well.", u8::from(condition.is_well()));
    page.begin("info", "gauge", "The version that runs.");
    page.sample("info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    page.gauge("uptime_seconds", "How long it has been running.", facts.metrics.uptime().as_secs());
    page.begin("kill_switch_armed", "gauge", "1 while a source holds the kill switch.");
    for (source, armed) in [
        ("config", sources.config),
        ("sigusr1", sources.sigusr1),
        ("sentinel", sources.sentinel),
        ("http", sources.http),
    ] {
        page.sample("kill_switch_armed", &[("source", source)], u8::from(armed));
    }
    page.gauge("patterns", "Detectors in force.", condition.patterns);
    page.gauge(
        "upstream_reachable",
        "1 if the last upstream answered.",
        u8::from(facts.metrics.upstream_reachable()),
    );
    let last = facts.metrics.last_upstream_ok().map_or(0.0, unix);
    page.gauge("last_upstream_ok_timestamp_seconds", "When an upstream last answered; 0 for never.", last);
    page.gauge("open_connections", "Open connections of agents.", facts.open.count());
    page.gauge("sessions", "Sessions of agents under way.", facts.sessions().len());
    page.gauge("vault_entries", "Secrets that can be put back.", facts.services.vault.len());
    page.gauge("vault_capacity", "How many there may be.", facts.services.vault.capacity());
    page.begin("reloads_total", "counter", "Configurations read again, by result.");
    page.sample("reloads_total", &[("result", "accepted")], reloads.accepted);
    page.sample("reloads_total", &[("result", "refused")], reloads.refused);
    page.gauge("config_refused", "1 while the file is not in force.", u8::from(reloads.refusal.is_some()));
    page.gauge("config_loaded_timestamp_seconds", "When what is in force was read.", unix(reloads.loaded));
}

fn log(page: &mut Page, facts: &Facts) {
    let chain = facts.services.chain.status();
    let verified = facts.verifier.last();
    page.gauge("chain_healthy", "1 while the audit log can be written.", u8::from(chain.healthy));
    page.gauge("chain_lines", "Sequence number of its last line.", chain.lines);
    page.gauge("chain_uncovered_lines", "Lines that no checkpoint covers yet.", chain.uncovered);
    page.begin("chain_checkpoints_total", "counter", "Checkpoints since the start.");
    page.sample("chain_checkpoints_total", &[], chain.checkpoints);
    page.begin("chain_writes_total", "counter", "Writes since the start.");
    page.sample("chain_writes_total", &[], chain.writes);
    page.begin("chain_verified", "gauge", "1 for what the last reading of the log found.");
    page.sample("chain_verified", &[("status", verified.status.name())], 1);
}

fn unix(at: SystemTime) -> f64 {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// The text so far.
#[derive(Default)]
struct Page(String);

impl Page {
    fn begin(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "# HELP waterwall_{name} {help}\n# TYPE waterwall_{name} {kind}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.begin(name, "gauge", help);
        self.sample(name, &[], value);
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.0, "waterwall_{name}");
        for (at, (label, text)) in labels.iter().enumerate() {
            let open = if at == 0 { '{' } else { ',' };
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{open}{label}=\"{text}\"");
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{close} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut page = Page::default();
        page.gauge("a", "Help.", 1.5);
        page.sample("b", &[("x", "q\"\\\n"), ("y", "")], 2);
        assert_eq!(
            page.0,
            "# HELP waterwall_a Help.\n# TYPE waterwall_a gauge\nwaterwall_a 1.5\nwaterwall_b{x=\"q\\\"\\\\\\n\",y=\"\"} 2\n"
        );
    }

    #[test]
    fn buckets_are_cumulative() {
        let mut totals = Totals::default();
        totals.added[0] = 3;
        totals.added[BOUNDS.len()] = 2;
        let mut page = Page::default();
        added(&mut page, &totals);
        assert!(page.0.contains("_bucket{le=\"0.0001\"} 3\n") && page.0.contains("_bucket{le=\"1\"} 3\n"));
        assert!(page.0.contains("_bucket{le=\"+Inf\"} 5\n") && page.0.contains("_count 5\n"));
    }
}
