//! What stands around the panes: vital signs, the banner, the keys; and what stands in their place.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::Theme;
use super::format::{duration, fit, moment, utc};
use crate::dashboard::state::{Freshness, Model, Moment};

/// The first line.
pub(super) fn vitals(freshness: &Freshness<'_>, theme: Theme) -> Line<'static> {
    let mut line = Line::from(Span::styled(" waterwall ", Style::new().add_modifier(Modifier::BOLD)));
    let snapshot = match freshness {
        Freshness::Fresh(snapshot) => snapshot,
        Freshness::Never(reason) | Freshness::Old { reason, .. } => {
            let why = reason.map_or(String::new(), |reason| format!(": {reason}"));
            line.push_span(Span::styled(format!(" no answer{why}"), theme.bad()));
            return line;
        }
    };
    let well = if snapshot.status.as_str() == "ok" { theme.good() } else { theme.bad() };
    line.push_span(Span::styled(format!(" {}", snapshot.status), well));
    line.push_span(format!("  up {}", duration(snapshot.uptime_seconds)));
    let off = snapshot.ca_mode.as_str() == "off";
    line.push_span(format!("  forward mode {}", if off { "off" } else { "on" }));
    let upstream = match (&snapshot.last_upstream_ok_ts, snapshot.health.upstream_reachable) {
        (_, true) => Span::styled("  upstream ok", theme.good()),
        (Some(_), false) => Span::styled("  upstream FAILS", theme.bad()),
        (None, false) => Span::from("  upstream not tried"),
    };
    line.push_span(upstream);
    line.push_span(format!("  {} open", snapshot.open_connections));
    line.push_span(format!("  {} UTC", moment(snapshot.ts.as_str(), snapshot.ts.as_str())));
    line
}

/// What must not be overlooked, if there is anything.
pub(super) fn banner(freshness: &Freshness<'_>, theme: Theme, width: usize) -> Option<Line<'static>> {
    let (text, style) = match freshness {
        Freshness::Never(_) => return None,
        Freshness::Fresh(snapshot) => {
            let reason = snapshot.reason.as_ref()?;
            let style = if snapshot.status.as_str() == "ok" { theme.warn() } else { theme.alarm() };
            (format!(" {reason}"), style)
        }
        Freshness::Old { from, since, .. } => {
            let (since, from) = (utc(*since), utc(*from));
            (format!(" NO ANSWER since {since} — what is shown is from {from}"), theme.alarm())
        }
    };
    Some(Line::styled(fit(&text, width), style))
}

/// In place of the panes, before the first answer.
pub(super) fn nothing(frame: &mut Frame<'_>, body: Rect, model: &Model, freshness: &Freshness<'_>) {
    let mut lines = vec![Line::default(), Line::from(format!(" Asking {} …", model.url))];
    if let Freshness::Never(Some(reason)) = freshness {
        lines.push(Line::from(format!(" No answer yet: {reason}.")));
        lines.push(Line::default());
        lines.push(Line::from(
            " Start the gateway with `waterwall run`; if it runs with another configuration, end this with q \
             and name that with --config. It is asked again every second.",
        ));
    }
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), body);
}

/// The last line: a notice, or the keys.
pub(super) fn keys(model: &Model, theme: Theme, now: Moment) -> Line<'static> {
    if let Some(notice) = model.notice(now) {
        return Line::styled(format!(" {notice}"), theme.warn());
    }
    let mut line = Line::default();
    for (key, meaning) in [
        ("r", "reload"),
        ("k", "kill switch"),
        ("v", "verify"),
        ("e", "evidence"),
        ("t", "tail"),
        ("?", "help"),
        ("q", "quit"),
    ] {
        line.push_span(Span::styled(format!(" {key}"), Style::new().add_modifier(Modifier::BOLD)));
        line.push_span(format!(" {meaning} "));
    }
    line
}
