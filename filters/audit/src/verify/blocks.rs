//! Reads a log in blocks of whole lines and works on several blocks at once.
//!
//! What a line says about itself needs no other line, so blocks go to as many threads as there are
//! cores; what ties the lines together is looked at in order, on the caller's thread. The signatures that
//! are found on the way come back to the same threads, many at a time. Memory is bounded: by a few blocks
//! for each thread, and where lines are long by `MAX_UNDER_WAY`. Nothing is read after a line that is longer than any.

use std::{
    io::{self, Read},
    ops::ControlFlow,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use super::facts::{Reader, Reading, Wanted};
use crate::{
    checkpoint::{self, Claim},
    keys::PublicKey,
    line::MAX_LINE,
};

/// Enough that handing it over costs nothing, small enough for the cache of one core.
const BLOCK: usize = 256 << 10;
/// Signatures verified together: with more of them each costs hardly less.
const CLAIMS: usize = 256;
/// Jobs on their way to or from one thread.
const AHEAD: usize = 3;
const MAX_THREADS: usize = 16;
/// No further block is read while so many bytes are in hand.
const MAX_UNDER_WAY: usize = 64 << 20;

/// Looks at what the lines came to.
pub(crate) trait Follower {
    /// The next line.
    fn line(&mut self, reading: &Reading) -> ControlFlow<()>;

    /// Signatures to be verified, if so many wait, and at least one.
    fn take_claims(&mut self, enough: usize) -> Option<Vec<Claim>>;

    /// Of the claims that were taken first, so many are genuine; the next one is forged, or there was no
    /// other.
    fn verified(&mut self, genuine: usize, forged: bool) -> ControlFlow<()>;
}

/// Shows `follower` what every line of `reader` came to, in order, until it breaks; and what became of
/// every claim that it has made by then.
pub(crate) fn for_each_line(
    reader: impl Read,
    key: &PublicKey,
    wanted: Wanted,
    follower: &mut impl Follower,
) -> io::Result<()> {
    let mut blocks = Blocks { reader, rest: Vec::new(), spare: Vec::new(), done: false };
    let first = blocks.next()?;
    if blocks.done {
        let mut reader = Reader::new(wanted);
        let readings = first.map(|first| reader.read(first.lines())).unwrap_or_default();
        let _ = follow(&readings, follower);
    } else {
        thread::scope(|scope| {
            let threads = thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
            let worker = |_| Worker::start(scope, Work { key, reader: Reader::new(wanted) });
            Crew { workers: (0..threads).map(worker).collect(), sent: 0, taken: 0, under_way: 0 }.follow(
                first,
                &mut blocks,
                follower,
            )
        })?;
    }
    // The last ones; none is left if one before was found to be forged.
    if let Some(claims) = follower.take_claims(1) {
        let _ = judge(&claims, checkpoint::first_forged(&claims, key), follower);
    }
    Ok(())
}

fn follow(readings: &[Reading], follower: &mut impl Follower) -> ControlFlow<()> {
    readings.iter().try_for_each(|reading| follower.line(reading))
}

fn judge(claims: &[Claim], forged: Option<usize>, follower: &mut impl Follower) -> ControlFlow<()> {
    follower.verified(forged.unwrap_or(claims.len()), forged.is_some())
}

/// What there is to do.
enum Job {
    Read(Block),
    Verify(Vec<Claim>),
}

/// What came of it.
enum Done {
    Read(Vec<Reading>, Block),
    Verified(Vec<Claim>, Option<usize>),
}

/// What does it, on one thread.
struct Work<'a> {
    key: &'a PublicKey,
    reader: Reader,
}

impl Work<'_> {
    fn do_it(&mut self, job: Job) -> Done {
        match job {
            Job::Read(block) => Done::Read(self.reader.read(block.lines()), block),
            Job::Verify(claims) => {
                let forged = checkpoint::first_forged(&claims, self.key);
                Done::Verified(claims, forged)
            }
        }
    }
}

struct Worker {
    jobs: SyncSender<Job>,
    results: Receiver<Done>,
}

impl Worker {
    fn start<'scope, 'env>(scope: &'scope thread::Scope<'scope, 'env>, mut work: Work<'env>) -> Self {
        let (jobs, inbox) = sync_channel::<Job>(AHEAD);
        let (outbox, results) = sync_channel(AHEAD);
        scope.spawn(move || {
            for job in inbox {
                if outbox.send(work.do_it(job)).is_err() {
                    return;
                }
            }
        });
        Self { jobs, results }
    }
}

/// The threads. Jobs go to them in turn, and results are taken in the same order.
struct Crew {
    workers: Vec<Worker>,
    sent: usize,
    taken: usize,
    /// Bytes of the blocks that were sent and not taken.
    under_way: usize,
}

impl Crew {
    /// Hands out blocks and takes what comes of them, until the log ends or the follower breaks.
    fn follow(
        mut self,
        first: Option<Block>,
        blocks: &mut Blocks<impl Read>,
        follower: &mut impl Follower,
    ) -> io::Result<()> {
        let mut next = first;
        let mut going = ControlFlow::Continue(());
        loop {
            while going.is_continue() && self.has_room() {
                let Some(block) = next.take().map_or_else(|| blocks.next(), |block| Ok(Some(block)))? else {
                    break;
                };
                self.under_way += block.filled;
                self.send(Job::Read(block));
            }
            match self.take() {
                None => return Ok(()),
                Some(Done::Read(readings, block)) if going.is_continue() => {
                    going = follow(&readings, follower);
                    blocks.take_back(block);
                    if going.is_break() {
                        continue;
                    }
                    if let Some(claims) = follower.take_claims(CLAIMS) {
                        self.send(Job::Verify(claims));
                    }
                }
                // What was read behind the end.
                Some(Done::Read(..)) => {}
                Some(Done::Verified(claims, forged)) => {
                    if judge(&claims, forged, follower).is_break() {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn send(&mut self, job: Job) {
        // Only a worker that panicked hangs up, and its panic ends the scope. There is room: no worker has
        // more on its way than a channel holds.
        let _ = self.workers[self.sent % self.workers.len()].jobs.send(job);
        self.sent += 1;
    }

    /// The next result; none when nothing is under way.
    fn take(&mut self) -> Option<Done> {
        if self.sent == self.taken {
            return None;
        }
        let done = self.workers[self.taken % self.workers.len()].results.recv().ok();
        self.taken += 1;
        if let Some(Done::Read(_, block)) = &done {
            self.under_way -= block.filled;
        }
        done
    }

    fn has_room(&self) -> bool {
        self.sent - self.taken < self.workers.len() * AHEAD && self.under_way < MAX_UNDER_WAY
    }
}

/// Bytes, of which the first are filled.
struct Block {
    bytes: Vec<u8>,
    filled: usize,
}

impl Block {
    fn lines(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }
}

/// Cuts what is read into blocks that end with a newline, but for the last.
struct Blocks<R> {
    reader: R,
    /// The beginning of a line.
    rest: Vec<u8>,
    /// Blocks to be filled again.
    spare: Vec<Block>,
    done: bool,
}

impl<R: Read> Blocks<R> {
    fn next(&mut self) -> io::Result<Option<Block>> {
        if self.done {
            return Ok(None);
        }
        let mut block = self.begin();
        let mut searched = 0;
        loop {
            if block.filled == block.bytes.len() {
                if let Some(at) = memchr::memrchr(b'\n', &block.bytes[searched..]) {
                    self.rest.extend_from_slice(&block.bytes[searched + at + 1..]);
                    block.filled = searched + at + 1;
                    return Ok(Some(block));
                }
                // No such line is written; it will be refused for its length, and nothing after it is looked at.
                if block.filled > MAX_LINE + 1 {
                    self.done = true;
                    return Ok(Some(block));
                }
                searched = block.filled;
                block.bytes.resize((block.filled * 2).min(MAX_LINE + 2), 0);
            }
            match self.reader.read(&mut block.bytes[block.filled..]) {
                Ok(0) => {
                    self.done = true;
                    return Ok((block.filled > 0).then_some(block));
                }
                Ok(read) => block.filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// A block with the rest of what was read before.
    fn begin(&mut self) -> Block {
        let mut block = self.spare.pop().unwrap_or_else(|| Block { bytes: vec![0; BLOCK], filled: 0 });
        if block.bytes.len() <= self.rest.len() {
            block.bytes.resize((self.rest.len() * 2).min(MAX_LINE + 2), 0);
        }
        block.bytes[..self.rest.len()].copy_from_slice(&self.rest);
        block.filled = self.rest.len();
        self.rest.clear();
        block
    }

    fn take_back(&mut self, block: Block) {
        if block.bytes.len() == BLOCK {
            self.spare.push(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks_of(reader: impl Read) -> Vec<Vec<u8>> {
        let mut blocks = Blocks { reader, rest: Vec::new(), spare: Vec::new(), done: false };
        let lines = || blocks.next().unwrap().map(|block| block.lines().to_vec());
        std::iter::from_fn(lines).collect()
    }

    #[test]
    fn blocks_end_with_a_line_and_lose_nothing() {
        let line = [&[b'x'; 1000][..], b"\n"].concat();
        for text in
            [line.repeat(2000), [line.repeat(1500), b"no newline".to_vec()].concat(), vec![b'y'; 3 * BLOCK]]
        {
            let blocks = blocks_of(&text[..]);
            assert_eq!(blocks.concat(), text);
            let (last, others) = blocks.split_last().unwrap();
            assert!(others.iter().all(|block| block.ends_with(b"\n")));
            assert!(!last.is_empty());
        }
        assert!(blocks_of(&b""[..]).is_empty());
    }

    /// Gives what a slow source gives.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = buffer.len().min(self.0.len()).min(999);
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn a_source_may_give_little_at_a_time() {
        let text: Vec<u8> = [b"some line or other\n".repeat(40_000), vec![b'z'; 2 * BLOCK + 1]].concat();
        assert_eq!(blocks_of(Drops(&text)).concat(), text);
    }

    /// Zeros without end, as a file with a hole has them; counts what is taken.
    struct Endless<'a>(&'a mut u64);

    impl Read for Endless<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            *self.0 += buffer.len() as u64;
            buffer.fill(0);
            Ok(buffer.len())
        }
    }

    #[test]
    fn a_line_without_end_ends_the_reading() {
        let key = crate::SigningKey::generate().unwrap().public();
        let mut taken = 0;
        let mut notes = Notes::default();
        for_each_line(Endless(&mut taken), &key, Wanted::default(), &mut notes).unwrap();
        assert_eq!(notes.broken, 1);
        assert!(taken < 2 * MAX_LINE as u64, "{taken}");
    }

    #[derive(Default)]
    struct Notes {
        seqs: Vec<u64>,
        broken: usize,
        until: Option<usize>,
    }

    impl Follower for Notes {
        fn line(&mut self, reading: &Reading) -> ControlFlow<()> {
            match reading {
                Reading::Line(facts) => self.seqs.extend(facts.seq),
                _ => self.broken += 1,
            }
            if Some(self.seqs.len()) == self.until {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }

        fn take_claims(&mut self, _: usize) -> Option<Vec<Claim>> {
            None
        }

        fn verified(&mut self, _: usize, _: bool) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
    }

    #[test]
    fn lines_come_in_order_from_any_number_of_blocks() {
        let key = crate::SigningKey::generate().unwrap().public();
        let text: String =
            (1..=30_000).map(|n| format!("{{\"seq\":{n},\"x\":\"{}\"}}\n", "-".repeat(100))).collect();
        for (until, lines) in [(Some(29_000), 29_000), (None, 30_000), (Some(1), 1)] {
            let mut notes = Notes { until, ..Notes::default() };
            for_each_line(text.as_bytes(), &key, Wanted::default(), &mut notes).unwrap();
            assert_eq!(notes.seqs, (1..=lines).collect::<Vec<u64>>());
        }
    }
}
