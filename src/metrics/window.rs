//! A sliding window of time, in slots of ten seconds.

use std::collections::VecDeque;
use std::time::Duration;

/// The length of a slot. A window moves on by this much at a time.
const SLOT: Duration = Duration::from_secs(10);

/// What was collected in the last so many slots, the one under way included.
pub(super) struct Window<T> {
    /// Numbers rise. Those of before this process's start are negative.
    slots: VecDeque<(i64, T)>,
    length: i64,
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

    /// The slots that are not too old at `now`, and how many slots ago each began.
    pub(super) fn aged(&mut self, now: Duration) -> impl Iterator<Item = (i64, &T)> {
        let now = number(now);
        self.forget(now);
        self.slots.iter().map(move |(slot, what)| (now - slot, what))
    }

    /// The slot that began `age` slots before the one of `now`; `None` if it is too old, or to come.
    pub(super) fn before(&mut self, now: Duration, age: i64) -> Option<&mut T> {
        let now = number(now);
        self.forget(now);
        if !(0..self.length).contains(&age) {
            return None;
        }
        let slot = now - age;
        let at = self.slots.partition_point(|(known, _)| *known < slot);
        if self.slots.get(at).is_none_or(|(known, _)| *known != slot) {
            self.slots.insert(at, (slot, T::default()));
        }
        self.slots.get_mut(at).map(|(_, what)| what)
    }

    fn forget(&mut self, now: i64) {
        while self.slots.front().is_some_and(|(slot, _)| slot + self.length <= now) {
            self.slots.pop_front();
        }
    }
}

fn number(time: Duration) -> i64 {
    i64::try_from(time.as_secs() / SLOT.as_secs()).unwrap_or(i64::MAX)
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

    #[test]
    fn what_was_collected_elsewhere_finds_its_slot() {
        let at = Duration::from_secs;
        let mut window = Window::<u64>::new(at(60));
        *window.now(at(5)) += 1;
        for (age, add) in [(0, 2), (3, 4), (1, 8), (3, 16)] {
            *window.before(at(5), age).unwrap() += add;
        }
        assert!(window.before(at(5), 6).is_none() && window.before(at(5), -1).is_none());
        let aged: Vec<_> = window.aged(at(5)).map(|(age, sum)| (age, *sum)).collect();
        assert_eq!(aged, [(3, 20), (1, 8), (0, 3)]);
        assert_eq!(window.slots(at(35)).sum::<u64>(), 11);
    }
}
