//! The vault, and the policy in force.

use ratatui::style::Style;
use ratatui::text::Line;

use super::Theme;
use super::format::{duration, fit, many, moment, row, short};
use crate::dashboard::snapshot::Snapshot;

pub(super) fn lines(snapshot: &Snapshot, theme: Theme, width: usize) -> Vec<Line<'static>> {
    let (map, patterns) = (&snapshot.map, &snapshot.patterns);
    let plain = Style::new();
    // From nine tenths on, secrets will soon be forgotten early.
    let full =
        if map.size.saturating_mul(10) >= map.capacity.saturating_mul(9) { theme.warn() } else { plain };
    let kept = format!(
        "{} unused ({}), key {}",
        duration(map.ttl_seconds),
        map.eviction_policy,
        duration(snapshot.session_key_age_seconds)
    );
    let made_of = &patterns.breakdown;
    let detectors =
        format!("{} ({} built in, {} own)", patterns.count, made_of.base + made_of.pem, made_of.ext);
    vec![
        row(theme, "secrets", format!("{} of {}", map.size, map.capacity), full),
        row(theme, "kept", fit(&kept, width.saturating_sub(12)), plain),
        row(theme, "detectors", detectors, plain),
        row(theme, "policy", short(patterns.hash.as_str()), plain),
        loaded(snapshot, theme, width),
    ]
}

fn loaded(snapshot: &Snapshot, theme: Theme, width: usize) -> Line<'static> {
    let config = &snapshot.config;
    if let Some(refusal) = &config.refusal {
        return row(theme, "REFUSED", fit(refusal.as_str(), width.saturating_sub(12)), theme.bad());
    }
    let at = moment(snapshot.patterns.last_reload_ts.as_str(), snapshot.ts.as_str());
    let tries = match (config.reloads, config.refused) {
        (0, 0) => format!("at the start, {at}"),
        (reloads, 0) => format!("{at}, {}", many(reloads, "reload")),
        (reloads, refused) => format!("{at}, {}, {refused} refused", many(reloads, "reload")),
    };
    row(theme, "loaded", fit(&tries, width.saturating_sub(12)), Style::new())
}
