//! What the screen looks like: a line of vital signs, perhaps a banner, six panes, the keys.

mod activity;
mod chain;
mod counters;
mod format;
mod frame;
mod kill_switch;
mod popup;
mod sessions;
mod theme;
mod vault;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Block, Paragraph, Wrap};

use super::snapshot::Snapshot;
use super::state::{Freshness, Model, Moment};

pub(super) use theme::Theme;

/// What the six panes need.
const LEAST: (u16, u16) = (72, 22);
/// Rows of a pane that does not grow: five lines and the frame.
const FIXED: u16 = 7;

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, model: &Model, theme: Theme, now: Moment) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(frame, area);
        return;
    }
    let freshness = model.freshness(now);
    let banner = frame::banner(&freshness, theme, usize::from(area.width));
    let rows = [
        Constraint::Length(1),
        Constraint::Length(u16::from(banner.is_some())),
        Constraint::Min(0),
        Constraint::Length(1),
    ];
    let [top, under, body, bottom] = Layout::vertical(rows).areas(area);
    frame.render_widget(frame::vitals(&freshness, theme), top);
    if let Some(banner) = banner {
        frame.render_widget(banner, under);
    }
    match freshness {
        Freshness::Never(_) => frame::nothing(frame, body, model, &freshness),
        Freshness::Fresh(snapshot) => panes(frame, body, model, snapshot, theme, None),
        Freshness::Old { snapshot, from, .. } => {
            panes(frame, body, model, snapshot, theme, Some(format::utc(from)));
            frame.buffer_mut().set_style(body, Theme::old());
        }
    }
    frame.render_widget(frame::keys(model, theme, now), bottom);
    if let Some(popup) = model.popup() {
        popup::draw(frame, body, popup, model, theme, now);
    }
}

fn too_small(frame: &mut Frame<'_>, area: Rect) {
    let (width, height) = LEAST;
    let text = format!(
        "The dashboard needs {width}x{height}; this terminal has {}x{}. Enlarge it, or q to quit.",
        area.width, area.height
    );
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
}

/// The six panes. `old`: as of which time, when that is not now.
fn panes(
    frame: &mut Frame<'_>,
    body: Rect,
    model: &Model,
    snapshot: &Snapshot,
    theme: Theme,
    old: Option<String>,
) {
    let halves = [Constraint::Percentage(50), Constraint::Percentage(50)];
    let rows = [Constraint::Length(FIXED), Constraint::Length(FIXED), Constraint::Min(0)];
    let [first, second, third] = Layout::vertical(rows).areas(body);
    let [switch, counters] = Layout::horizontal(halves).areas(first);
    let [vault, chain] = Layout::horizontal(halves).areas(second);
    let [activity, sessions] =
        Layout::horizontal([Constraint::Percentage(55), Constraint::Percentage(45)]).areas(third);
    let mut pane = |area: Rect, mut title: Line<'static>, lines: Vec<Line<'static>>| {
        if let Some(then) = &old {
            title.push_span(format!("as of {then} "));
        }
        let block = Block::bordered().title(title);
        frame.render_widget(Paragraph::new(Text::from(lines)).block(block), area);
    };
    pane(switch, kill_switch::title(snapshot, theme), kill_switch::lines(snapshot, theme));
    pane(counters, Line::from(" last 5 minutes "), counters::lines(snapshot, theme, inside(counters).0));
    pane(vault, Line::from(" vault and policy "), vault::lines(snapshot, theme, inside(vault).0));
    pane(chain, Line::from(" chain and audit "), chain::lines(snapshot, theme, inside(chain).0));
    let (width, height) = inside(activity);
    let list = activity::lines(&model.tail, snapshot, width, height);
    pane(activity, activity::title(&model.tail, theme), list);
    let (width, height) = inside(sessions);
    pane(sessions, sessions::title(snapshot), sessions::lines(snapshot, width, height));
}

/// Columns and rows within the frame.
fn inside(area: Rect) -> (usize, usize) {
    (usize::from(area.width.saturating_sub(2)), usize::from(area.height.saturating_sub(2)))
}

#[cfg(test)]
mod tests;
