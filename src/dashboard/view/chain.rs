//! The audit log, and whether it holds.

use ratatui::style::Style;
use ratatui::text::Line;

use super::Theme;
use super::format::{fit, many, moment, row, short};
use crate::dashboard::snapshot::{Plain, Snapshot};

pub(super) fn lines(snapshot: &Snapshot, theme: Theme, width: usize) -> Vec<Line<'static>> {
    let chain = &snapshot.chain;
    let (writing, style) = match (snapshot.health.chain_intact, snapshot.health.signer_key_readable) {
        (false, _) => ("CANNOT BE WRITTEN", theme.bad()),
        (true, false) => ("written; its key cannot be read again", theme.warn()),
        (true, true) => ("written", theme.good()),
    };
    vec![
        row(theme, "lines", format!("{}, {writing}", chain.lines), style),
        row(theme, "head", short(chain.current_head_prev_hash.as_str()), Style::new()),
        row(theme, "signed", fit(&signed(snapshot), width.saturating_sub(12)), Style::new()),
        verified(snapshot, theme, width),
        installation(snapshot, theme),
    ]
}

fn signed(snapshot: &Snapshot) -> String {
    let chain = &snapshot.chain;
    let last = at(chain.last_signed_ts.as_ref(), snapshot);
    format!("{last}, {} since; {}", many(chain.uncovered, "line"), many(chain.checkpoints, "checkpoint"))
}

fn verified(snapshot: &Snapshot, theme: Theme, width: usize) -> Line<'static> {
    let chain = &snapshot.chain;
    let read = at(chain.verified_ts.as_ref(), snapshot);
    let (text, style) = match (chain.verify_status.as_str(), &chain.verify_reason) {
        ("ok", _) => (format!("ok, {}, {read}", many(chain.verified_lines, "line")), theme.good()),
        ("pending", _) => ("not yet".to_owned(), Style::new()),
        (status, Some(reason)) => (format!("{status}: {reason}"), theme.bad()),
        (status, None) => (status.to_owned(), theme.bad()),
    };
    row(theme, "verified", fit(&text, width.saturating_sub(12)), style)
}

fn installation(snapshot: &Snapshot, theme: Theme) -> Line<'static> {
    let last = &snapshot.verify_install;
    if last.checks_total == 0 {
        return row(theme, "install", "never checked (v)", Style::new());
    }
    let style = if last.checks_passed == last.checks_total { theme.good() } else { theme.warn() };
    let run = at(last.last_run_ts.as_ref(), snapshot);
    row(theme, "install", format!("{} of {} checks, {run}", last.checks_passed, last.checks_total), style)
}

fn at(ts: Option<&Plain>, snapshot: &Snapshot) -> String {
    ts.map_or_else(|| "never".to_owned(), |ts| moment(ts.as_str(), snapshot.ts.as_str()))
}
