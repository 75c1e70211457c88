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
    written(b"0000-00-00T00:00:00.000+00:00", millis)
}

/// The same moment without punctuation, for file names: `20260509T072933.186Z`.
pub(crate) fn render_compact(millis: i64) -> String {
    written(b"00000000T000000.000Z", millis)
}

/// Writes the seventeen digits of a moment over the zeros of `form`, but for those after a sign. Each line
/// has one, so this is done without the machinery of a formatter.
fn written<const N: usize>(form: &[u8; N], millis: i64) -> String {
    let millis = millis.clamp(0, LATEST);
    let (days, of_day) = (millis / 86_400_000, millis % 86_400_000);
    // Howard Hinnant's days-to-civil: years that begin in March, in eras of 400 (146,097 days).
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = (year + era * 400, if month < 10 { month + 3 } else { month - 9 });
    let year = year + i64::from(month <= 2);

    let seconds = of_day / 1000;
    let date = (year * 100 + month) * 100 + day;
    let time = (seconds / 3600 * 100 + seconds / 60 % 60) * 100 + seconds % 60;
    let mut number = (date * 1_000_000 + time) * 1000 + of_day % 1000;
    let mut text = *form;
    let digits = form.iter().rposition(|byte| *byte == b'+').unwrap_or(N);
    for byte in text[..digits].iter_mut().rev().filter(|byte| **byte == b'0') {
        *byte = b'0' + (number % 10) as u8;
        number /= 10;
    }
    // ASCII, all of it.
    text.iter().map(|byte| char::from(*byte)).collect()
}

/// Reads a `ts`; also in the other spellings of RFC 3339.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(moment.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
}

/// Reads a `ts` in the one form in which it is written.
pub(crate) fn parse_exact(text: &str) -> Option<i64> {
    Minutes::default().parse(text)
}

/// Reads many, of which most are of the same minute as the one before.
#[derive(Default)]
pub(crate) struct Minutes {
    /// The last minute, and when it began.
    last: Option<([u8; MINUTE], i64)>,
}

/// The bytes of `YYYY-MM-DDTHH:MM`.
const MINUTE: usize = 16;

impl Minutes {
    /// As [`parse_exact`].
    pub(crate) fn parse(&mut self, text: &str) -> Option<i64> {
        let (minute, rest) = text.as_bytes().split_first_chunk::<MINUTE>()?;
        let [b':', tens, ones, b'.', millis @ .., b'+', b'0', b'0', b':', b'0', b'0'] = rest else {
            return None;
        };
        let [second, millis] = [number(&[*tens, *ones])?, number::<3>(millis.try_into().ok()?)?];
        if second > 59 {
            return None;
        }
        let began = match self.last {
            Some((last, began)) if last == *minute => began,
            _ => of_minute(minute)?,
        };
        self.last = Some((*minute, began));
        Some(began + second * 1000 + millis)
    }
}

fn of_minute(text: &[u8; MINUTE]) -> Option<i64> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', n0, n1] = *text else {
        return None;
    };
    let (year, month, day) = (number(&[y0, y1, y2, y3])?, number(&[m0, m1])?, number(&[d0, d1])?);
    let (hour, minute) = (number(&[h0, h1])?, number(&[n0, n1])?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 {
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
    Some(((days * 24 + hour) * 60 + minute) * 60_000)
}

fn number<const N: usize>(digits: &[u8; N]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
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
    fn renders_what_the_library_does() {
        let every = (0..LATEST).step_by(86_400_000 * 13 + 7_654_321);
        for millis in every.chain([951_782_399_999, 951_782_400_000, 951_868_800_000, 4_107_542_400_000]) {
            let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).unwrap();
            let (date, time) = (moment.date(), moment.time());
            let expected = format!("{date}T{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
            assert_eq!(render(millis), format!("{expected}.{:03}+00:00", time.millisecond()));
        }
    }

    #[test]
    fn reads_back_what_it_renders() {
        for millis in [0, 1, 951_782_400_000, 1_778_311_773_086, LATEST] {
            assert_eq!(parse(&render(millis)), Some(millis));
            assert_eq!(parse_exact(&render(millis)), Some(millis));
        }
        assert_eq!(parse("2026-05-09T07:29:33.086Z"), Some(1_778_311_773_086));
        assert_eq!(parse("yesterday"), None);
        let mut minutes = Minutes::default();
        for millis in [59_999, 60_000, 0, 1_778_311_773_086, 1_778_311_773_087, 1_778_311_800_000, 1] {
            assert_eq!(minutes.parse(&render(millis)), Some(millis));
            assert_eq!(minutes.parse("2026-05-09T07:29:60.000+00:00"), None);
            assert_eq!(minutes.parse("2026-05-09T07:60:00.000+00:00"), None);
        }
        assert_eq!(Minutes::default().parse(&format!("{}:00.000+00:00", "\0".repeat(16))), None);
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
