//! [`Window`]: the stretch of time that an export is about.
//!
//! Receipts and manifests are told by the first fifteen characters of their file names,
//! `YYYYMMDDTHHMMSS` in UTC: `since` is included, `until` is not. A name without a time is always taken.

use time::{
    Date, OffsetDateTime, PrimitiveDateTime, UtcOffset,
    format_description::{BorrowedFormatItem, well_known::Rfc3339},
    macros::format_description,
};

const NAME: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]");
const SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
const MINUTES: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]");
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// From `since` on, before `until`; `None` is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The first moment inside.
    pub since: Option<OffsetDateTime>,
    /// The first moment after.
    pub until: Option<OffsetDateTime>,
}

impl Window {
    /// Reads a moment in ISO 8601, to the second, as names have it: a day, a time without an offset (UTC), or
    /// with one. A blank may stand for the `T`.
    #[must_use]
    pub fn moment(text: &str) -> Option<OffsetDateTime> {
        let text = text.replacen(' ', "T", 1);
        if let Ok(moment) = OffsetDateTime::parse(&text, &Rfc3339) {
            // Since 1970 and with the fraction off, the same whatever the offset is.
            return moment.to_offset(UtcOffset::UTC).replace_nanosecond(0).ok();
        }
        let day = |text: &str| Date::parse(text, DAY).ok().map(Date::midnight);
        let naive = |text: &str| {
            let whole = text.split('.').next().unwrap_or_default();
            PrimitiveDateTime::parse(whole, SECONDS)
                .or_else(|_| PrimitiveDateTime::parse(whole, MINUTES))
                .ok()
        };
        day(&text).or_else(|| naive(&text)).map(PrimitiveDateTime::assume_utc)
    }

    /// The text of a moment in `MANIFEST.json`.
    #[must_use]
    pub(super) fn text(moment: OffsetDateTime) -> String {
        // Years have four digits: they were read from such a text.
        moment.format(SECONDS).unwrap_or_default() + "+00:00"
    }

    /// True when a file of this name is inside.
    #[must_use]
    pub(super) fn takes(&self, name: &str) -> bool {
        let moment = name.get(..15).and_then(|name| PrimitiveDateTime::parse(name, NAME).ok());
        let Some(moment) = moment.map(PrimitiveDateTime::assume_utc) else {
            return true;
        };
        self.since.is_none_or(|since| moment >= since) && self.until.is_none_or(|until| moment < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_the_usual_forms() {
        let moment = |text| Window::moment(text).map(Window::text);
        assert_eq!(moment("2026-05-09").as_deref(), Some("2026-05-09T00:00:00+00:00"));
        assert_eq!(moment("2026-05-09T07:29").as_deref(), Some("2026-05-09T07:29:00+00:00"));
        assert_eq!(moment("2026-05-09 07:29:33.5").as_deref(), Some("2026-05-09T07:29:33+00:00"));
        assert_eq!(Window::moment("2026-05-09T07:29:33.5Z"), Window::moment("2026-05-09T07:29:33Z"));
        assert_eq!(moment("2026-05-09T07:29:33Z").as_deref(), Some("2026-05-09T07:29:33+00:00"));
        assert_eq!(moment("2026-05-09T07:29:33+02:00").as_deref(), Some("2026-05-09T05:29:33+00:00"));
        assert_eq!(moment("yesterday"), None);
    }

    #[test]
    fn names_are_told_by_their_time() {
        let window = Window {
            since: Window::moment("2026-05-09T07:29:33"),
            until: Window::moment("2026-05-09T07:29:35"),
        };
        assert!(!window.takes("20260509T072932.999_r.json"));
        assert!(window.takes("20260509T072933.086_r.json"));
        assert!(window.takes("20260509T072934_s.json"));
        assert!(!window.takes("20260509T072935.000_r.json"));
        assert!(window.takes("unknown.json") && window.takes("\u{e9}") && window.takes(""));
    }
}
