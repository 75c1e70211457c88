//! [`Number`]: a JSON number as Python would write it back.

/// A number's canonical text: an integer of any size in plain decimal, or a float as Python's
/// `repr` gives it.
///
/// `repr` is the shortest text that reads back as the same float, always with `.` or an exponent;
/// the exponent form is used below 1e-4 and from 1e16 on, with a sign and at least two digits:
/// `2.0`, `0.0001`, `1e-05`, `1e+16`, `1.5e+300`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(String);

impl Number {
    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A float. `None` for NaN and the infinities, which JSON does not have.
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then(|| Self(python_repr(value)))
    }

    /// From the text of a number that follows JSON's grammar. `None` when a float is too large.
    pub(super) fn from_json(text: &str) -> Option<Self> {
        if text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
            return Self::from_f64(text.parse().ok()?);
        }
        // Python reads `-0` as the integer 0.
        Some(Self(if text == "-0" { "0".to_owned() } else { text.to_owned() }))
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self(value.to_string())
    }
}

fn python_repr(value: f64) -> String {
    // Rust's `{:e}` gives the same shortest digits, as `d.ddde-7` or `de20`.
    let shortest = format!("{value:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs());
    }
    // Rust's plain form never uses an exponent and is as short; it only lacks the `.0`.
    let plain = value.to_string();
    if plain.contains('.') { plain } else { plain + ".0" }
}
