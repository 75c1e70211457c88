//! What lies over the panes.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Padding, Paragraph, Widget as _, Wrap};

use super::Theme;
use crate::dashboard::state::{CheckLine, Freshness, Model, Moment, Popup};

/// Columns of the widest.
const WIDTH: u16 = 76;

const HELP: &[&str] = &[
    "r        have the gateway read its configuration",
    "k        arm the kill switch over HTTP, or disarm it there; asks first",
    "v        check the gateway that runs (verify-install --runtime)",
    "e        write an evidence bundle into the state directory",
    "t        pause the list of activity, or let it go on;",
    "         while it is paused, up, down, page up and page down scroll",
    "Esc      close what lies over the panes",
    "q, ^C    quit",
    "",
    "The gateway is asked every second. What is older than 2.5 seconds is dimmed",
    "and says of when it is. All times are UTC.",
];

pub(super) fn draw(
    frame: &mut Frame<'_>,
    body: Rect,
    popup: &Popup,
    model: &Model,
    theme: Theme,
    now: Moment,
) {
    let (title, lines, style) = match popup {
        Popup::Help => ("keys".to_owned(), HELP.iter().map(|line| Line::from(*line)).collect(), Style::new()),
        Popup::Confirm { arm } => ("kill switch".to_owned(), question(*arm, model, now), theme.warn()),
        Popup::Checks(checks) => {
            let passed = checks.iter().filter(|check| check.ok).count();
            let title = format!("verify-install --runtime: {passed} of {} passed", checks.len());
            (title, checked(checks, theme), outcome(passed == checks.len(), theme))
        }
        Popup::Message { title, good, lines } => {
            let lines = lines.iter().map(|line| Line::from(line.as_str().to_owned())).collect();
            ((*title).to_owned(), lines, outcome(*good, theme))
        }
    };
    over(frame, body, &title, lines, style, matches!(popup, Popup::Confirm { .. }));
}

fn outcome(good: bool, theme: Theme) -> Style {
    if good { theme.good() } else { theme.bad() }
}

fn question(arm: bool, model: &Model, now: Moment) -> Vec<Line<'static>> {
    if arm {
        return vec![
            Line::from("Arm the kill switch over HTTP?"),
            Line::from("Every request of every agent is refused until it is disarmed."),
        ];
    }
    let others = match model.freshness(now) {
        Freshness::Fresh(snapshot) | Freshness::Old { snapshot, .. } => snapshot.killswitch.others(),
        Freshness::Never(_) => Vec::new(),
    };
    let after = if others.is_empty() {
        "Requests pass again.".to_owned()
    } else {
        format!("It stays armed by: {}. Disarm those where they were armed.", others.join(", "))
    };
    vec![Line::from("Disarm the kill switch's HTTP source?"), Line::from(after)]
}

fn checked(checks: &[CheckLine], theme: Theme) -> Vec<Line<'static>> {
    let one = |check: &CheckLine| {
        let (word, style) = if check.ok { ("ok  ", theme.good()) } else { ("FAIL", theme.bad()) };
        Line::from(vec![
            Span::styled(word, style),
            Span::from(format!(" {:<21}", check.name)),
            Span::from(check.detail.to_string()),
        ])
    };
    checks.iter().map(one).collect()
}

/// In the middle, as large as it has to be and can.
fn over(frame: &mut Frame<'_>, body: Rect, title: &str, lines: Vec<Line<'static>>, style: Style, asks: bool) {
    let width = WIDTH.min(body.width.saturating_sub(2));
    let text = Paragraph::new(lines).wrap(Wrap { trim: false });
    let height = rows(&text, width.saturating_sub(4), body.height.saturating_sub(2)) + 2;
    let area =
        Rect { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 2, width, height };
    let hint = if asks { " y yes  n no " } else { " Esc closes " };
    let block = Block::bordered()
        .border_style(style)
        .title(format!(" {title} "))
        .title_bottom(hint)
        .padding(Padding::horizontal(1));
    frame.render_widget(Clear, area);
    frame.render_widget(text.block(block), area);
}

/// How many rows the text has when wrapped, at most `most`.
fn rows(text: &Paragraph<'_>, width: u16, most: u16) -> u16 {
    let area = Rect::new(0, 0, width, most);
    let mut trial = Buffer::empty(area);
    text.render(area, &mut trial);
    let written = |row: &u16| (0..width).any(|column| trial[(column, *row)].symbol() != " ");
    (0..most).rev().find(written).map_or(0, |row| row + 1)
}
