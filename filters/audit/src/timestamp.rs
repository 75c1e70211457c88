//! The `ts` field: `YYYY-MM-DDTHH:MM:SS.mmm+00:00`, as milliseconds since 1970 and back.

use std::time::SystemTime;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// 9999-12-31T23:59:59.999, the last moment with a four-digit year.
const LATEST: i64 = 253_402_300_799_999;

/// Milliseconds since 1970. A clock before 1970 or after 9999 is clamped.
pub(crate) fn millis(now: SystemTime) -> i64 {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(LATEST).min(LATEST)
}

/// The `ts` text of a moment.
pub(crate) fn render(millis: i64) -> String {
    let moment = moment(millis);
    format!(
        "{}T{:02}:{:02}:{:02}.{:03}+00:00",
        moment.date(),
        moment.hour(),
        moment.minute(),
        moment.second(),
        moment.millisecond()
    )
}

/// The same moment without punctuation, for file names: `20260509T072933.186Z`.
pub(crate) fn render_compact(millis: i64) -> String {
    let text = render(millis).replace(['-', ':'], "");
    text.replace("+0000", "Z")
}

/// Reads a `ts`; also in the other spellings of RFC 3339.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(moment.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
}

/// Reads a `ts` in the one form in which it is written.
pub(crate) fn parse_exact(text: &str) -> Option<i64> {
    let shape = b"dddd-dd-ddTdd:dd:dd.ddd+00:00";
    let fits = text.len() == shape.len()
        && text
            .bytes()
            .zip(shape)
            .all(|(byte, form)| if *form == b'd' { byte.is_ascii_digit() } else { byte == *form });
    if !fits {
        return None;
    }
    // All digits, by the shape.
    let number = |at: usize, length: usize| {
        text.as_bytes()[at..at + length].iter().fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0'))
    };
    let (year, month, day) = (number(0, 4), number(5, 2), number(8, 2));
    let (hour, minute, second) = (number(11, 2), number(14, 2), number(17, 2));
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Days since 1970, with the year beginning in March: the leap day is then its last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (month * 153 + 2) / 5
        + day
        - 1
        - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + number(20, 3))
}

fn moment(millis: i64) -> OffsetDateTime {
    let nanos = i128::from(millis.clamp(0, LATEST)) * 1_000_000;
    // Within 1970 to 9999 every number of nanoseconds is a moment.
    OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_three_decimals_and_a_numeric_offset() {
        assert_eq!(render(0), "1970-01-01T00:00:00.000+00:00");
        assert_eq!(render(1_778_311_773_086), "2026-05-09T07:29:33.086+00:00");
        assert_eq!(render(i64::MAX), "9999-12-31T23:59:59.999+00:00");
        assert_eq!(render_compact(1_778_311_773_086), "20260509T072933.086Z");
    }

    #[test]
    fn reads_back_what_it_renders() {
        for millis in [0, 1, 951_782_400_000, 1_778_311_773_086, LATEST] {
            assert_eq!(parse(&render(millis)), Some(millis));
            assert_eq!(parse_exact(&render(millis)), Some(millis));
        }
        assert_eq!(parse("2026-05-09T07:29:33.086Z"), Some(1_778_311_773_086));
        assert_eq!(parse("yesterday"), None);
        for text in [
            "2026-05-09T07:29:33.086Z",
            "2026-05-09T07:29:33.08\u{0665}+00:0",
            "2026-13-09T07:29:33.086+00:00",
            "",
        ] {
            assert_eq!(parse_exact(text), None);
        }
    }
}
