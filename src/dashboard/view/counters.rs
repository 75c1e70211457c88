//! Counters of the last five minutes.

use ratatui::style::Style;
use ratatui::text::Line;

use super::Theme;
use super::format::{fit, many, row};
use crate::dashboard::snapshot::Snapshot;

pub(super) fn lines(snapshot: &Snapshot, theme: Theme, width: usize) -> Vec<Line<'static>> {
    let counters = &snapshot.counters_5m;
    let plain = Style::new();
    let added = format!("p50 {} ms, p99 {} ms", counters.latency_p50_ms, counters.latency_p99_ms);
    let strange = if counters.unknown_placeholders == 0 { plain } else { theme.warn() };
    let unreadable = if snapshot.sse_parse_failures_15m == 0 { plain } else { theme.warn() };
    let top: Vec<_> = counters.top_types.iter().map(|top| format!("{} {}", top.kind, top.count)).collect();
    let top = if top.is_empty() { "nothing".to_owned() } else { top.join(", ") };
    vec![
        row(theme, "redacted", format!("{} a minute", counters.redactions_per_min), plain),
        row(theme, "top types", fit(&top, width.saturating_sub(12)), plain),
        row(theme, "latency", added, plain),
        row(theme, "unknown", many(counters.unknown_placeholders, "placeholder"), strange),
        row(
            theme,
            "unreadable",
            format!("{} in 15 min", many(snapshot.sse_parse_failures_15m, "event")),
            unreadable,
        ),
    ]
}
