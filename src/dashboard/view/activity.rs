//! Live activity: what was replaced on the way out, and put back on the way in.

use ratatui::text::{Line, Span};

use super::Theme;
use super::format::fit;
use crate::dashboard::snapshot::{Activity, Plain, Snapshot};
use crate::dashboard::state::Tail;

pub(super) fn title(tail: &Tail, theme: Theme) -> Line<'static> {
    match tail {
        Tail::Follow => Line::from(" live activity "),
        Tail::Paused { at, .. } => {
            let at = super::format::moment(at.as_str(), at.as_str());
            Line::from(vec![
                Span::from(" activity, "),
                Span::styled(format!("PAUSED at {at} "), theme.warn()),
            ])
        }
    }
}

/// The newest is the last.
pub(super) fn lines(tail: &Tail, snapshot: &Snapshot, width: usize, height: usize) -> Vec<Line<'static>> {
    let (all, back) = match tail {
        Tail::Follow => (&snapshot.recent_activity, 0),
        Tail::Paused { activities, back, .. } => (activities, *back),
    };
    if all.is_empty() {
        return vec![Line::from(" nothing has been redacted or restored yet")];
    }
    // A full pane as long as there are so many.
    let back = back.min(all.len().saturating_sub(height));
    let end = all.len() - back;
    let begin = end.saturating_sub(height);
    all[begin..end].iter().map(|activity| Line::from(fit(&one(activity), width))).collect()
}

fn one(activity: &Activity) -> String {
    match activity {
        Activity::Out { ts, request_id, redactions, types } => {
            let types: Vec<_> = types.iter().map(Plain::as_str).collect();
            format!(" {ts} out {redactions} {}  {request_id}", types.join(", "))
        }
        Activity::In { ts, request_id, detok_count } => {
            format!(" {ts} in  {detok_count} restored  {request_id}")
        }
    }
}
