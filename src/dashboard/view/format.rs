//! Numbers, times and names in few columns.

use std::time::SystemTime;

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use time::OffsetDateTime;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::Theme;

/// `HH:MM:SS UTC`.
pub(super) fn utc(at: SystemTime) -> String {
    let (hour, minute, second) = OffsetDateTime::from(at).to_hms();
    format!("{hour:02}:{minute:02}:{second:02} UTC")
}

/// The time of an RFC 3339 moment, with its day if that is not the day of `now`.
pub(super) fn moment(ts: &str, now: &str) -> String {
    match (ts.get(..10), ts.get(11..19)) {
        (Some(day), Some(time)) if now.get(..10) == Some(day) => time.to_owned(),
        (Some(day), Some(time)) => format!("{day} {time}"),
        _ => ts.to_owned(),
    }
}

/// A length of time: the two largest units.
pub(super) fn duration(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {:02}s", seconds % 60),
        (0, _, _) => format!("{hours}h {:02}m", minutes % 60),
        _ => format!("{days}d {:02}h", hours % 24),
    }
}

/// So many of something.
pub(super) fn many(count: u64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// The beginning of a hash: enough to compare by eye.
pub(super) fn short(hash: &str) -> String {
    fit(hash, 17)
}

/// At most `width` columns; what was cut off is told by an ellipsis.
pub(super) fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut columns = 0;
    for char in text.chars() {
        columns += char.width().unwrap_or(0);
        if columns >= width {
            break;
        }
        kept.push(char);
    }
    kept.push('…');
    kept
}

/// A label of twelve columns and its value.
pub(super) fn row(
    theme: Theme,
    label: &'static str,
    value: impl Into<String>,
    style: Style,
) -> Line<'static> {
    Line::from(vec![Span::styled(format!(" {label:<11}"), theme.label()), Span::styled(value.into(), style)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_few_columns() {
        assert_eq!(utc(SystemTime::UNIX_EPOCH), "00:00:00 UTC");
        assert_eq!(moment("2026-11-24T12:44:10.5Z", "2026-11-24T23:00:00Z"), "12:44:10");
        assert_eq!(moment("2026-11-23T12:44:10.5Z", "2026-11-24T23:00:00Z"), "2026-11-23 12:44:10");
        assert_eq!(moment("never", "2026-11-24T23:00:00Z"), "never");
        for (seconds, text) in
            [(0, "0s"), (59, "59s"), (61, "1m 01s"), (11_520, "3h 12m"), (90_000, "1d 01h")]
        {
            assert_eq!(duration(seconds), text);
        }
        for (text, fitted) in [("abc", "abc"), ("abcd", "abcd"), ("abcde", "abc…"), ("漢字漢字", "漢…")]
        {
            assert_eq!(fit(text, 4), fitted);
        }
        assert_eq!(fit("abc", 0), "…");
        assert_eq!((many(1, "line"), many(0, "line")), ("1 line".to_owned(), "0 lines".to_owned()));
    }
}
