//! A sliding window of time, in slots of ten seconds.

use std::collections::VecDeque;
use std::time::Duration;

/// The length of a slot. A window moves on by this much at a time.
const SLOT: Duration = Duration::from_secs(10);

/// What was collected in the last so many slots, the one under way included.
pub(super) struct Window<T> {
    slots: VecDeque<(u64, T)>,
    length: u64,
}

impl<T: Default> Window<T> {
    /// Covers `span`, to within a slot.
    pub(super) fn new(span: Duration) -> Self {
        Self { slots: VecDeque::new(), length: number(span) }
    }

    /// The slot for `now`, a time on any clock that does not go back.
    pub(super) fn now(&mut self, now: Duration) -> &mut T {
        let now = number(now);
        self.forget(now);
        if self.slots.back().is_none_or(|(slot, _)| *slot < now) {
            self.slots.push_back((now, T::default()));
        }
        let last = self.slots.len() - 1;
        &mut self.slots[last].1
    }

    /// The slots that are not too old at `now`.
    pub(super) fn slots(&mut self, now: Duration) -> impl Iterator<Item = &T> {
        self.forget(number(now));
        self.slots.iter().map(|(_, slot)| slot)
    }

    fn forget(&mut self, now: u64) {
        while self.slots.front().is_some_and(|(slot, _)| slot + self.length <= now) {
            self.slots.pop_front();
        }
    }
}

fn number(time: Duration) -> u64 {
    time.as_secs() / SLOT.as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_old_is_forgotten() {
        let at = Duration::from_secs;
        let mut window = Window::<u64>::new(at(60));
        let mut sum = |add: u64, now: u64| {
            *window.now(at(now)) += add;
            window.slots(at(now)).sum::<u64>()
        };
        assert_eq!(sum(1, 0), 1);
        assert_eq!(sum(2, 9), 3);
        assert_eq!(sum(4, 30), 7);
        assert_eq!(sum(0, 59), 7);
        assert_eq!(sum(0, 60), 4);
        assert_eq!(sum(8, 500), 8);
        assert_eq!(window.slots.len(), 1);
    }
}
