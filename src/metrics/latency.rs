//! How long something took, as a histogram: percentiles to within a sixteenth, in constant space.

use std::time::Duration;

/// Upper bounds, in seconds, of the buckets that Prometheus is told; the last is infinite.
pub(crate) const BOUNDS: [f64; 12] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0];

/// Steps within each doubling.
const STEPS: usize = 8;
/// Doublings from a microsecond on: up to a minute and more.
const DOUBLINGS: usize = 27;

/// Counts of durations in microseconds, in buckets that grow by an eighth.
#[derive(Clone)]
pub(super) struct Histogram(Box<[u32; STEPS * DOUBLINGS]>);

impl Default for Histogram {
    fn default() -> Self {
        Self(Box::new([0; STEPS * DOUBLINGS]))
    }
}

impl Histogram {
    /// Counts one.
    pub(super) fn add(&mut self, took: Duration) {
        let bucket = &mut self.0[bucket(took)];
        *bucket = bucket.saturating_add(1);
    }

    /// The buckets that are not empty, and what is in them.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        self.0.iter().copied().enumerate().filter(|&(_, count)| count > 0)
    }

    /// Adds to a bucket. One that there is not is the last: it was counted by another version.
    pub(super) fn add_bucket(&mut self, bucket: usize, count: u32) {
        let bucket = &mut self.0[bucket.min(STEPS * DOUBLINGS - 1)];
        *bucket = bucket.saturating_add(count);
    }

    /// Adds what another one counted.
    pub(super) fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.0.iter_mut().zip(other.0.iter()) {
            *ours = ours.saturating_add(*theirs);
        }
    }

    /// The duration that this share (0 to 1) of all took at most; zero when nothing was counted.
    pub(super) fn percentile(&self, share: f64) -> Duration {
        let all: u64 = self.0.iter().map(|&count| u64::from(count)).sum();
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let wanted = ((all as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        let reached = |&count: &u32| {
            seen += u64::from(count);
            seen >= wanted
        };
        self.0.iter().position(reached).map_or(Duration::ZERO, middle)
    }
}

fn bucket(took: Duration) -> usize {
    let micros = usize::try_from(took.as_micros()).unwrap_or(usize::MAX);
    if micros < STEPS {
        // Too fine to divide: a bucket for each microsecond.
        return micros;
    }
    let doubling = micros.ilog2() as usize;
    let step = (micros >> (doubling - 3)) - STEPS;
    ((doubling - 2) * STEPS + step).min(STEPS * DOUBLINGS - 1)
}

/// The middle of a bucket.
fn middle(bucket: usize) -> Duration {
    if bucket < STEPS {
        return Duration::from_micros(bucket as u64);
    }
    let (doubling, step) = (bucket / STEPS + 2, bucket % STEPS);
    let width = 1_u64 << (doubling - 3);
    let from = (1_u64 << doubling) + step as u64 * width;
    Duration::from_nanos((from * 2 + width - 1) * 500)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_has_a_bucket_whose_middle_is_near() {
        let mut last = 0;
        for micros in (0..5_000).chain((5_000..60_000_000).step_by(9_973)) {
            let found = bucket(Duration::from_micros(micros));
            assert!(found >= last, "{micros}");
            last = found;
            let middle = middle(found).as_secs_f64() * 1e6;
            #[allow(clippy::cast_precision_loss)]
            let off = (middle - micros as f64).abs();
            #[allow(clippy::cast_precision_loss)]
            let allowed = micros as f64 / 15.0 + 0.6;
            assert!(off <= allowed, "{micros} is in a bucket around {middle}");
        }
        assert_eq!(bucket(Duration::MAX), STEPS * DOUBLINGS - 1);
    }

    #[test]
    fn percentiles() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(0.5), Duration::ZERO);
        for millis in 1..=100 {
            histogram.add(Duration::from_millis(millis));
        }
        let of = |share| histogram.percentile(share).as_millis();
        assert!((47..=53).contains(&of(0.5)), "{}", of(0.5));
        assert!((93..=105).contains(&of(0.99)), "{}", of(0.99));
        assert!((0..=1).contains(&of(0.0)), "{}", of(0.0));
    }
}
