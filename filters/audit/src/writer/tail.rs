//! Opening: reads a log through once, repairs its end, and finds the place where it goes on.
//!
//! | end of the log | what happens |
//! | --- | --- |
//! | whole line and newline | goes on |
//! | whole line, newline lost | the newline is put back |
//! | part of a line | moved to `<chain>.torn-<time>`; the caller appends a `recovered` line |
//! | damage anywhere else | refused, with the line's number |
//!
//! Every line must parse. In a log that begins with our own genesis line, what comes after the last genuine
//! checkpoint, and so is signed by nobody yet, must also hold: see [`Rules`]. A line is one `write`, its
//! newline last, so a crash leaves nothing worse than a part of a line.

use std::{
    fs::File,
    io::{self, BufReader, Write},
    path::Path,
    time::SystemTime,
};

use super::{
    OpenError,
    core::{Position, Tally},
    disk::{self, Disk, FileDisk},
    rebuild::Recent,
    rotate,
};
use crate::{
    LogId, PublicKey,
    canonical::Value,
    chain::Head,
    checkpoint::{self, Claim},
    genesis,
    line::{Line, read_line},
    timestamp::{self, Minutes},
    verify::facts,
};

/// A log as it was found.
pub(super) struct Tail {
    /// Where it goes on; `len` ends with the last whole line and its newline, if it has one.
    pub(super) position: Position,
    /// What its first line says of it: the log's id, and the key in base64.
    pub(super) genesis: Option<(LogId, String)>,
    /// The last line that is no checkpoint is a rotation line, with this `archive_path`.
    pub(super) closing: Option<String>,
    /// The lines whose receipts may not be safe.
    pub(super) recent: Recent,
    ending: Ending,
}

/// What comes at the position.
#[derive(Debug, PartialEq, Eq)]
enum Ending {
    Clean,
    NewlineLost,
    Torn(Vec<u8>),
}

/// The torn bytes and where they are now.
pub(super) struct Moved {
    pub(super) name: String,
    pub(super) bytes: u64,
}

/// Reads `file` through.
pub(super) fn read(file: &File, path: &Path, key: &PublicKey, now: SystemTime) -> Result<Tail, OpenError> {
    read_until(file, path, key, now, End::OfFile)
}

/// Reads `file`, which somebody is writing to, up to its last newline.
pub(super) fn read_whole_lines(
    file: &File,
    path: &Path,
    key: &PublicKey,
    now: SystemTime,
) -> Result<Tail, OpenError> {
    read_until(file, path, key, now, End::OfLines)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    OfFile,
    OfLines,
}

fn read_until(
    file: &File,
    path: &Path,
    key: &PublicKey,
    now: SystemTime,
    end: End,
) -> Result<Tail, OpenError> {
    let broken = |source| OpenError::Open { path: path.to_owned(), source };
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let mut buffer = Vec::new();
    let mut position = Position::START;
    let mut genesis = None;
    let mut closing = None;
    let mut recent = Recent::default();
    let mut rules = Rules::new(key);
    let mut number = 0;
    let damage = |(line, reason)| OpenError::Damaged { path: path.to_owned(), line, reason };
    while read_line(&mut reader, &mut buffer).map_err(broken)? {
        number += 1;
        let ended = buffer.pop_if(|byte| *byte == b'\n').is_some();
        if !ended && end == End::OfLines {
            break;
        }
        let damaged = |reason: String| OpenError::Damaged { path: path.to_owned(), line: number, reason };
        if ended && buffer.trim_ascii().is_empty() {
            rules.fault(number, "it is blank");
            position.len += buffer.len() as u64 + 1;
            continue;
        }
        match Line::read(&buffer) {
            Ok(line) if ended => {
                if position.head.seq == 0 {
                    genesis = read_genesis(&line);
                    rules.begin(genesis.as_ref());
                }
                rules.note(&line, &position.head, number);
                advance(&mut position, &line, now).map_err(damaged)?;
                note_rotation(&mut closing, &line);
                recent.note(&line, position.len, buffer.len());
                position.len += buffer.len() as u64 + 1;
            }
            // Whole means: it would have been the next line.
            Ok(line) if line.follows(position.head.hash) && line.seq.is_some() => {
                if position.head.seq == 0 {
                    genesis = read_genesis(&line);
                    rules.begin(genesis.as_ref());
                }
                rules.note(&line, &position.head, number);
                advance(&mut position, &line, now).map_err(damaged)?;
                note_rotation(&mut closing, &line);
                recent.note(&line, position.len, buffer.len());
                position.len += buffer.len() as u64;
                rules.finish().map_err(damage)?;
                return Ok(Tail { position, genesis, closing, recent, ending: Ending::NewlineLost });
            }
            Err(error) if ended => return Err(damaged(error.to_string())),
            _ => {
                rules.finish().map_err(damage)?;
                return Ok(Tail { position, genesis, closing, recent, ending: Ending::Torn(buffer) });
            }
        }
    }
    rules.finish().map_err(damage)?;
    Ok(Tail { position, genesis, closing, recent, ending: Ending::Clean })
}

/// So many checkpoints are kept until it is looked at which of them are genuine.
const KEPT: usize = 256;

/// Judges the end of a log that begins with our own genesis line: what comes after the last checkpoint that is
/// genuine and in its place has to be canonical, tied line to line, not blank, in the order of time, and without a
/// checkpoint or genesis that is none.
///
/// We write nothing else. Going on behind something else, which whoever may write to the file can put there,
/// would make a log that verifiers refuse from that line on for good. What was altered before that
/// checkpoint is the verifier's business, who tells it from what is signed; but where lines are gone or came there,
/// no later checkpoint is in its place. A chain that the predecessor began is taken as it is: its failed writes
/// left breaks.
struct Rules<'a> {
    key: &'a PublicKey,
    ours: bool,
    /// So far, without blank ones.
    lines: u64,
    /// Of the line before, in milliseconds.
    last_ts: Option<i64>,
    minutes: Minutes,
    /// Numbers of lines that are wrong, and why: the first after each checkpoint.
    wrong: Vec<(u64, String)>,
    /// Checkpoints in their place whose signatures are not verified.
    checkpoints: Vec<(u64, Claim)>,
}

impl<'a> Rules<'a> {
    fn new(key: &'a PublicKey) -> Self {
        Self {
            key,
            ours: false,
            lines: 0,
            last_ts: None,
            minutes: Minutes::default(),
            wrong: Vec::new(),
            checkpoints: Vec::new(),
        }
    }

    /// The log begins so. One that names another key is refused for that alone.
    fn begin(&mut self, genesis: Option<&(LogId, String)>) {
        self.ours = genesis.is_some_and(|(_, key)| *key == self.key.to_base64());
    }

    /// Looks at the line that comes after `head`.
    fn note(&mut self, line: &Line<'_>, head: &Head, number: u64) {
        if !self.ours {
            return;
        }
        self.lines += 1;
        let ts = line.ts.as_deref().and_then(|text| self.minutes.parse(text));
        let judged = self.judge(line, head, ts);
        self.last_ts = ts.or(self.last_ts);
        match judged {
            Err(reason) => self.fault(number, reason),
            Ok(None) => {}
            Ok(Some(claim)) => {
                self.checkpoints.push((number, claim));
                if self.checkpoints.len() == KEPT {
                    self.forget();
                }
            }
        }
    }

    /// A line is wrong. Of those between two checkpoints, the first counts.
    fn fault(&mut self, number: u64, reason: &str) {
        let segment = self.checkpoints.last().map_or(0, |(number, _)| *number);
        if self.ours && self.wrong.last().is_none_or(|(number, _)| *number < segment) {
            self.wrong.push((number, reason.to_owned()));
        }
    }

    /// What it claims, if it is a checkpoint.
    fn judge(&self, line: &Line<'_>, head: &Head, ts: Option<i64>) -> Result<Option<Claim>, &'static str> {
        if !line.exact {
            return Err("it is not in the form that is written");
        }
        if !line.follows(head.hash) || line.seq != head.seq.checked_add(1) {
            return Err("it does not follow the line before it");
        }
        if ts.is_none() || ts < self.last_ts {
            return Err("its time is earlier than that of the line before it, or is none");
        }
        if self.lines > 1 && line.line_type.as_deref() == Some(genesis::LINE_TYPE) {
            return Err("only the first line is a genesis");
        }
        if !line.is_checkpoint() {
            return Ok(None);
        }
        // A stretch of the log, put there once more, ends with a genuine one too.
        if line.seq != Some(self.lines) {
            return Err("its number is not its place");
        }
        facts::seal(line)
            .map(|seal| Some(seal.claim))
            .map_err(|_| "it is not a checkpoint, though it says so")
    }

    /// Forgets what comes before the last genuine checkpoint, and all but the first that is wrong after it.
    fn forget(&mut self) {
        let genuine = |(_, claim): &(u64, Claim)| {
            checkpoint::first_forged(std::slice::from_ref(claim), self.key).is_none()
        };
        let last = self.checkpoints.iter().rposition(genuine);
        let place = last.map_or(0, |at| self.checkpoints[at].0);
        let forged = self.checkpoints.get(last.map_or(0, |at| at + 1));
        let forged =
            forged.map(|(number, _)| (*number, "its signature is not by the signing key".to_owned()));
        let wrong = self.wrong.drain(..).find(|(number, _)| *number > place);
        self.wrong.extend(wrong.into_iter().chain(forged).min());
        self.checkpoints.clear();
    }

    /// The log ends here. An error names a line and what is wrong with it.
    fn finish(&mut self) -> Result<(), (u64, String)> {
        self.forget();
        self.wrong.pop().map_or(Ok(()), Err)
    }
}

fn read_genesis(line: &Line<'_>) -> Option<(LogId, String)> {
    let object = line.object().ok()?;
    let (log_id, key) = genesis::read(&object)?;
    Some((log_id, key.to_owned()))
}

fn note_rotation(closing: &mut Option<String>, line: &Line<'_>) {
    if line.line_type.as_deref() == Some(rotate::LINE_TYPE) {
        let object = line.object().unwrap_or_default();
        *closing = object.get("archive_path").and_then(Value::as_str).map(str::to_owned);
    } else if !line.is_checkpoint() {
        *closing = None;
    }
}

/// Moves `position` past a line (but for its length).
pub(super) fn advance(position: &mut Position, line: &Line<'_>, now: SystemTime) -> Result<(), String> {
    let seq = line.seq.ok_or("it has no seq")?;
    // A line without a readable time must not let the next one go back.
    let ts_millis = line.ts.as_deref().and_then(timestamp::parse).unwrap_or(position.head.ts_millis);
    let latest = ts_millis.max(position.head.ts_millis);
    position.head = Head { seq, hash: line.hash(), ts_millis: latest };
    if line.is_checkpoint() {
        position.tally = Tally::NOTHING;
    } else {
        let redaction = line.line_type.as_deref() == Some("redaction");
        // Stamps may run ahead of the clock.
        position.tally.count(redaction, 0, ts_millis.min(timestamp::millis(now)));
    }
    Ok(())
}

impl Tail {
    /// Puts the end in order and moves the position past it; true if a newline was put back.
    pub(super) fn repair(
        &mut self,
        disk: &FileDisk,
        path: &Path,
        now: SystemTime,
    ) -> io::Result<(bool, Option<Moved>)> {
        match std::mem::replace(&mut self.ending, Ending::Clean) {
            Ending::Clean => Ok((false, None)),
            Ending::NewlineLost => {
                if disk.append(b"\n")? != 1 {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                disk.sync()?;
                self.position.len += 1;
                Ok((true, None))
            }
            Ending::Torn(bytes) => {
                let name = move_aside(path, &bytes, now)?;
                disk.truncate(self.position.len)?;
                disk.sync()?;
                Ok((false, Some(Moved { name, bytes: bytes.len() as u64 })))
            }
        }
    }
}

/// Copies the torn bytes to a new file beside the log and makes sure they are on the medium: they
/// are cut from the log next.
pub(super) fn move_aside(path: &Path, bytes: &[u8], now: SystemTime) -> io::Result<String> {
    let time = timestamp::render_compact(timestamp::millis(now));
    for attempt in 0..100 {
        let suffix = if attempt == 0 { format!(".torn-{time}") } else { format!(".torn-{time}-{attempt}") };
        let aside = disk::beside(path, &suffix);
        let mut file = match disk::private_options().write(true).create_new(true).open(&aside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            opened => opened?,
        };
        file.write_all(bytes)?;
        file.sync_all()?;
        disk::sync_directory_of(&aside)?;
        return Ok(aside.file_name().unwrap_or_default().to_string_lossy().into_owned());
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
