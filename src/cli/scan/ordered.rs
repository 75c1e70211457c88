//! Work on many items by many threads, with the results taken in the items' order.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Calls `each` with every item and its result, in order, as soon as all before it are done.
///
/// `worker` makes one worker per thread, which keeps its buffers from item to item. When `each` fails,
/// no further item is begun and its error is returned.
pub(super) fn for_each<T, R, W>(
    items: &[T],
    threads: NonZero<usize>,
    worker: impl Fn() -> W + Sync,
    mut each: impl FnMut(&T, R) -> io::Result<()>,
) -> io::Result<()>
where
    T: Sync,
    R: Send,
    W: FnMut(&T) -> R,
{
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        // Bounded, so that workers do not run on while `each` is busy.
        let (sender, results) = mpsc::sync_channel(2 * threads.get());
        for _ in 0..threads.get().min(items.len()) {
            let (sender, next, worker) = (sender.clone(), &next, &worker);
            scope.spawn(move || {
                let mut work = worker();
                while let Some((index, item)) = take(items, next) {
                    // The receiver is gone when `each` has failed.
                    if sender.send((index, work(item))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut done = 0;
        for (index, result) in results {
            waiting.insert(index, result);
            while let Some(result) = waiting.remove(&done) {
                each(&items[done], result)?;
                done += 1;
            }
        }
        Ok(())
    })
}

fn take<'a, T>(items: &'a [T], next: &AtomicUsize) -> Option<(usize, &'a T)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    items.get(index).map(|item| (index, item))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    const FOUR: NonZero<usize> = NonZero::new(4).unwrap();

    #[test]
    fn results_come_in_order() {
        let items: Vec<u64> = (0..200).rev().collect();
        let mut seen = Vec::new();
        let slow_first = || |item: &u64| thread::sleep(std::time::Duration::from_micros(*item));
        for_each(&items, FOUR, slow_first, |item, ()| {
            seen.push(*item);
            Ok(())
        })
        .expect("no error");
        assert_eq!(seen, items);
    }

    #[test]
    fn an_error_ends_the_work() {
        let (began, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        // However late the first result is, what is far behind it waits until `each` has had it.
        let work = || {
            |item: &usize| {
                began.fetch_add(1, Ordering::SeqCst);
                while *item > 1_000 && !failed.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
            }
        };
        let fail = |_: &usize, ()| {
            failed.store(true, Ordering::SeqCst);
            Err(io::ErrorKind::BrokenPipe.into())
        };
        let items: Vec<usize> = (0..100_000).collect();
        let result = for_each(&items, FOUR, work, fail);
        assert!(result.is_err() && began.into_inner() < 2_000);
    }
}
