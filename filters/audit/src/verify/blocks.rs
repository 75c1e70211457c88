//! Reads a log in blocks of whole lines and works on several blocks at once.
//!
//! What a line says about itself needs no other line, so blocks go to as many threads as there are
//! cores; what ties the lines together is looked at in order, on the caller's thread. Memory is
//! bounded by a few blocks for each thread, and a block by its longest line.

use std::{
    io::{self, Read},
    ops::ControlFlow,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use super::facts::{self, Reading, Wanted};
use crate::{keys::PublicKey, line::MAX_LINE};

/// Enough that handing it over costs nothing, small enough for the cache of one core.
const BLOCK: usize = 512 << 10;
/// Blocks on their way to or from one thread.
const AHEAD: usize = 3;
const MAX_THREADS: usize = 16;

/// Calls `each` with what every line of `reader` came to, in order, until it breaks.
pub(crate) fn for_each_line(
    reader: impl Read,
    key: &PublicKey,
    wanted: Wanted,
    mut each: impl FnMut(Reading) -> ControlFlow<()>,
) -> io::Result<()> {
    let mut blocks = Blocks { reader, rest: Vec::new(), done: false };
    let Some(first) = blocks.next()? else {
        return Ok(());
    };
    let work = |block: &[u8]| lines_of(block).map(|line| facts::read(line, key, wanted)).collect::<Vec<_>>();
    let mut in_order = |readings: Vec<Reading>| readings.into_iter().try_for_each(&mut each);
    if blocks.done {
        let _ = in_order(work(&first));
        return Ok(());
    }
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        let workers: Vec<Worker> = (0..threads).map(|_| Worker::start(scope, &work)).collect();
        let (mut sent, mut taken) = (0, 0);
        let mut next = Some(first);
        loop {
            while let Some(block) = next.take_if(|_| sent - taken < threads * AHEAD) {
                // Only a worker that panicked hangs up, and its panic ends the scope.
                let _ = workers[sent % threads].blocks.send(block);
                sent += 1;
                next = blocks.next()?;
            }
            if sent == taken {
                return Ok(());
            }
            let Ok(readings) = workers[taken % threads].readings.recv() else {
                return Ok(());
            };
            taken += 1;
            if in_order(readings).is_break() {
                return Ok(());
            }
        }
    })
}

fn lines_of(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = block;
    std::iter::from_fn(move || {
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(length);
        rest = after;
        (!line.is_empty()).then_some(line)
    })
}

struct Worker {
    blocks: SyncSender<Vec<u8>>,
    readings: Receiver<Vec<Reading>>,
}

impl Worker {
    fn start<'scope, 'env>(
        scope: &'scope thread::Scope<'scope, 'env>,
        work: &'env (impl Fn(&[u8]) -> Vec<Reading> + Sync),
    ) -> Self {
        let (blocks, inbox) = sync_channel::<Vec<u8>>(AHEAD);
        let (outbox, readings) = sync_channel(AHEAD);
        scope.spawn(move || {
            for block in inbox {
                if outbox.send(work(&block)).is_err() {
                    return;
                }
            }
        });
        Self { blocks, readings }
    }
}

/// Cuts what is read into blocks that end with a newline, but for the last.
struct Blocks<R> {
    reader: R,
    rest: Vec<u8>,
    done: bool,
}

impl<R: Read> Blocks<R> {
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut block = std::mem::take(&mut self.rest);
        while !self.done {
            let wanted = BLOCK.max(block.len());
            let before = block.len();
            block.reserve(wanted);
            let read = (&mut self.reader).take(wanted as u64).read_to_end(&mut block)?;
            self.done = read == 0;
            if let Some(at) = memchr::memrchr(b'\n', &block[before..]) {
                self.rest = block.split_off(before + at + 1);
                return Ok(Some(block));
            }
            // No such line is written; it will be refused for its length.
            if block.len() > MAX_LINE + 1 {
                return Ok(Some(block));
            }
        }
        Ok((!block.is_empty()).then_some(block))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks_of(text: &[u8]) -> Vec<Vec<u8>> {
        let mut blocks = Blocks { reader: text, rest: Vec::new(), done: false };
        std::iter::from_fn(|| blocks.next().unwrap()).collect()
    }

    #[test]
    fn blocks_end_with_a_line_and_lose_nothing() {
        let line = [&[b'x'; 1000][..], b"\n"].concat();
        for text in
            [line.repeat(2000), [line.repeat(1500), b"no newline".to_vec()].concat(), vec![b'y'; 3 * BLOCK]]
        {
            let blocks = blocks_of(&text);
            assert_eq!(blocks.concat(), text);
            let (last, others) = blocks.split_last().unwrap();
            assert!(others.iter().all(|block| block.ends_with(b"\n")));
            assert!(!last.is_empty());
        }
        assert!(blocks_of(b"").is_empty());
        assert_eq!(lines_of(b"a\n\nb").collect::<Vec<_>>(), [&b"a\n"[..], b"\n", b"b"]);
    }

    #[test]
    fn lines_come_in_order_from_any_number_of_blocks() {
        let key = crate::SigningKey::generate().unwrap().public();
        let text: String =
            (1..=30_000).map(|n| format!("{{\"seq\":{n},\"x\":\"{}\"}}\n", "-".repeat(100))).collect();
        let mut seqs = Vec::new();
        for_each_line(text.as_bytes(), &key, Wanted::default(), |reading| {
            if let Reading::Line(facts) = reading {
                seqs.extend(facts.seq);
            }
            if seqs.len() == 29_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
        assert_eq!(seqs, (1..=29_000).collect::<Vec<u64>>());
    }
}
