//! The agents' sessions under way.

use ratatui::text::Line;

use super::format::{fit, moment};
use crate::dashboard::snapshot::{Session, Snapshot};

pub(super) fn title(snapshot: &Snapshot) -> Line<'static> {
    Line::from(format!(" sessions: {} ", snapshot.sessions.len()))
}

/// The newest first.
pub(super) fn lines(snapshot: &Snapshot, width: usize, height: usize) -> Vec<Line<'static>> {
    let all = &snapshot.sessions;
    if all.is_empty() {
        return vec![Line::from(" none under way")];
    }
    let shown = if all.len() > height { height.saturating_sub(1) } else { all.len() };
    let line = |session: &Session| Line::from(one(session, snapshot, width));
    let mut lines: Vec<_> = all.iter().rev().take(shown).map(line).collect();
    if shown < all.len() {
        lines.push(Line::from(format!(" and {} more", all.len() - shown)));
    }
    lines
}

fn one(session: &Session, snapshot: &Snapshot, width: usize) -> String {
    let name = session.session_id.as_ref().map_or("(no name)", |id| id.as_str());
    let since = moment(session.started_ts.as_str(), snapshot.ts.as_str());
    // Of another day, the day is enough.
    let since = since.split(' ').next().unwrap_or_default();
    let rest = format!("  {} redacted  {since}", session.redactions);
    let name = fit(name, width.saturating_sub(rest.len() + 1).max(6));
    format!(" {name}{rest}")
}
