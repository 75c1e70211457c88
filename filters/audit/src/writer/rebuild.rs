//! Making up for receipts that a power cut took or tore.
//!
//! With `Fsync::Checkpoint` a receipt and its line are safe only after the next sync, and the medium may
//! have the line and not, or not all of, the receipt. But all that a receipt says is on its line, and its
//! signature is the same each time: so a start makes the receipts of the log's end anew, compares, and
//! writes those that are not there. What stands in their place is renamed to `<name>.torn`, but for one
//! that is whole: signed with the same key, under another label.

use std::{
    collections::VecDeque,
    fs,
    io::{self, ErrorKind},
    path::Path,
};

use super::{WriterOptions, disk::Disk, receipts};
use crate::{
    Redaction,
    canonical::{Object, Value},
    evidence,
    line::Line,
    receipt::{Draft, NamedFile},
    timestamp,
};

/// A sync comes a second or so after a checkpoint. What was written so long before the log's end, with a
/// checkpoint after it, is safe; also when `ts` ran ahead of the clock, which it does by 1 ms a line.
const SAFE_AFTER_MILLIS: i64 = 120_000;

/// Where the redaction lines are whose receipts may not be safe: those after the last checkpoint that was
/// old enough.
#[derive(Default)]
pub(super) struct Recent {
    /// The time of each checkpoint that may be that one, and where the next line begins.
    checkpoints: VecDeque<(i64, u64)>,
    /// Where each line begins, and how long it is.
    redactions: VecDeque<(u64, usize)>,
}

impl Recent {
    /// The next line of the log, `length` bytes from `offset` on.
    pub(super) fn note(&mut self, line: &Line<'_>, offset: u64, length: usize) {
        if line.line_type.as_deref() == Some("redaction") {
            self.redactions.push_back((offset, length));
        } else if line.is_checkpoint()
            && let Some(time) = line.ts.as_deref().and_then(timestamp::parse)
        {
            self.checkpoints.push_back((time, offset + length as u64));
            self.forget(time);
        }
    }

    /// Forgets what is safe in a log that ends at this time.
    fn forget(&mut self, end: i64) {
        let old = |checkpoint: Option<&(i64, u64)>| {
            checkpoint.is_some_and(|(time, _)| time.saturating_add(SAFE_AFTER_MILLIS) <= end)
        };
        while old(self.checkpoints.get(1)) {
            self.checkpoints.pop_front();
        }
        if let Some((_, safe)) = self.checkpoints.front().filter(|first| old(Some(*first))) {
            while self.redactions.front().is_some_and(|(offset, _)| offset < safe) {
                self.redactions.pop_front();
            }
        }
    }

    /// Makes their receipts safe in `directory`, writing those that are not there; how many.
    pub(super) fn rebuild(
        mut self,
        disk: &dyn Disk,
        directory: &Path,
        options: &WriterOptions,
        end: i64,
    ) -> io::Result<u64> {
        self.forget(end);
        if self.redactions.is_empty() {
            return Ok(0);
        }
        let (mut rebuilt, mut names) = (0, Vec::new());
        for (offset, length) in self.redactions {
            let mut bytes = vec![0; length];
            disk.read_at(offset, &mut bytes)?;
            if let Some(receipt) = receipt_of(&bytes, options) {
                rebuilt += u64::from(put_right(directory, &receipt, options)?);
                names.push(receipt.name);
            }
        }
        // Those that were there may still be in the system's memory alone.
        receipts::sync(directory, names.iter().map(String::as_str))?;
        Ok(rebuilt)
    }
}

/// The receipt that a redaction line names, made from the line; none if it names no receipt of ours.
fn receipt_of(line: &[u8], options: &WriterOptions) -> Option<NamedFile> {
    let object = Line::read(line).ok()?.object().ok()?;
    let text = |member: &str| object.get(member).and_then(Value::as_str);
    let named = text("receipt")?;
    let draft = Draft {
        request_id: text("request_id").map(str::to_owned),
        session_id: text("session_id").map(str::to_owned),
        redactions: redactions(&object)?,
        policy_hash: text("policy_hash")?.to_owned(),
    };
    let seq = object.get("seq").and_then(Value::as_u64)?;
    let ts_millis = text("ts").and_then(timestamp::parse_exact)?;
    // Before it is signed; and the line is not to choose another file.
    (draft.name(seq, ts_millis) == named)
        .then(|| draft.seal(seq, ts_millis, &options.signing_key, &options.signing_key_id))
}

fn redactions(line: &Object) -> Option<Vec<Redaction>> {
    let Some(Value::Array(redactions)) = line.get("redactions") else { return None };
    let one = |redaction: &Value| {
        let Value::Object(members) = redaction else { return None };
        let text = |member: &str| members.get(member).and_then(Value::as_str).map(str::to_owned);
        Some(Redaction { kind: text("type")?.into(), hmac8: text("hmac8")? })
    };
    redactions.iter().map(one).collect()
}

/// Writes the receipt if it is not there; true if it was written.
fn put_right(directory: &Path, receipt: &NamedFile, options: &WriterOptions) -> io::Result<bool> {
    let path = directory.join(&receipt.name);
    match fs::read(&path) {
        Ok(found) if found == receipt.content.as_bytes() => return Ok(false),
        Ok(found) if evidence::signed::open(&found, &options.signing_key.public()).is_ok() => {
            return Ok(false);
        }
        Ok(_) => fs::rename(&path, directory.join(format!("{}.torn", receipt.name)))?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    receipts::write_new(directory, receipt)?;
    Ok(true)
}
