//! Medians and their like.

use std::time::Duration;

/// The value in the middle; zero for none.
pub(crate) fn median<T: PartialOrd + Copy + Default>(values: &[T]) -> T {
    quantile(values, 0.5)
}

/// The value below which a share `at` of all values lies; zero for none.
pub(crate) fn quantile<T: PartialOrd + Copy + Default>(values: &[T], at: f64) -> T {
    let mut sorted = values.to_vec();
    // Nothing here is NaN: these are durations, counts and quotients of positive numbers.
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * at).round() as usize).copied().unwrap_or_default()
}

/// In milliseconds.
pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
