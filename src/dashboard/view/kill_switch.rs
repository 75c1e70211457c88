//! The kill switch and its four sources.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Theme;
use super::format::row;
use crate::dashboard::snapshot::Snapshot;

pub(super) fn title(snapshot: &Snapshot, theme: Theme) -> Line<'static> {
    let (state, style) =
        if snapshot.killswitch.active { ("ARMED", theme.bad()) } else { ("off", theme.good()) };
    Line::from(vec![Span::from(" kill switch: "), Span::styled(state, style), Span::from(" ")])
}

pub(super) fn lines(snapshot: &Snapshot, theme: Theme) -> Vec<Line<'static>> {
    let source = |(name, armed)| {
        if armed { row(theme, name, "ARMED", theme.bad()) } else { row(theme, name, "off", Style::new()) }
    };
    let mut lines: Vec<_> = snapshot.killswitch.sources().into_iter().map(source).collect();
    lines.push(if snapshot.killswitch.active {
        Line::styled(" every request is refused", theme.bad())
    } else {
        Line::from(" requests pass")
    });
    lines
}
