//! [`Walk`]: follows a chain from its first line, and judges each by the ones before it.
//!
//! The signatures of checkpoints are verified many at a time, so the walk goes on past them, and comes
//! back to the first one that turns out to be forged: nothing after it counts.

use std::collections::VecDeque;

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    Expectation, Failure, Head, Reason, Remembered, Verdict,
    facts::{Facts, Kind, Reading, Seal},
};
use crate::{
    chain::Hash,
    checkpoint::{Claim, Fault},
    keys::PublicKey,
    shown::shown,
    transparency::merkle::Edge,
    transparency::origin_of,
};

/// See the module.
pub(super) struct Walk<'a> {
    expectation: &'a Expectation<'a>,
    key: &'a PublicKey,
    verdict: Verdict,
    last_hash: Hash,
    last_ts: Option<i64>,
    /// The tree so far, if it is being made.
    tree: Option<Edge>,
    /// The remembered head was of this log, and its place has been passed.
    recognized: bool,
    /// The checkpoints whose signatures are not known to be valid, oldest first; the last of them are
    /// still `unclaimed`.
    marks: VecDeque<Mark>,
    unclaimed: Vec<Claim>,
}

/// Where the walk was before a checkpoint.
struct Mark {
    seq: u64,
    lines: u64,
    checkpoints: u64,
    uncovered: u64,
    head: Option<Head>,
    recognized: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(expectation: &'a Expectation<'a>, key: &'a PublicKey) -> Self {
        Self {
            expectation,
            key,
            verdict: Verdict::default(),
            last_hash: Hash::GENESIS,
            last_ts: None,
            tree: matches!(expectation.remembered, Some(Remembered::Note(_))).then(Edge::default),
            recognized: false,
            marks: VecDeque::new(),
            unclaimed: Vec::new(),
        }
    }

    /// The claims that nobody has taken to verify, if there are so many, and at least one.
    pub(super) fn take_claims(&mut self, enough: usize) -> Option<Vec<Claim>> {
        let taken = self.unclaimed.len() >= enough.max(1);
        taken.then(|| std::mem::take(&mut self.unclaimed))
    }

    /// Of the claims that were taken first, so many are verified; the next one is forged, or there was no
    /// other.
    pub(super) fn verified(&mut self, genuine: usize, forged: bool) -> Result<(), Failure> {
        self.marks.drain(..genuine.min(self.marks.len()));
        match self.marks.front() {
            Some(mark) if forged => {
                let seq = mark.seq;
                self.go_back();
                Err(Failure { seq, reason: Reason::Signature(seq) })
            }
            _ => Ok(()),
        }
    }

    /// To where the first mark was made.
    fn go_back(&mut self) {
        if let Some(Mark { lines, checkpoints, uncovered, head, recognized, .. }) = self.marks.pop_front() {
            let verdict = &mut self.verdict;
            (verdict.lines, verdict.checkpoints, verdict.uncovered) = (lines, checkpoints, uncovered);
            verdict.head = head;
            self.recognized = recognized;
            // Of lines whose newline is lost: only the last can be one.
            verdict.notes.clear();
            if verdict.checkpoints == 0 {
                verdict.signing_key_id = None;
            }
            if verdict.lines == 0 {
                verdict.first_seq = None;
            }
        }
        self.marks.clear();
        self.unclaimed.clear();
    }

    /// Takes in the next line.
    pub(super) fn step(&mut self, reading: &Reading) -> Result<(), Failure> {
        let last = self.verdict.head.as_ref().map_or(0, |head| head.seq);
        let expected = last.saturating_add(1);
        let fail = |seq, reason| Err(Failure { seq, reason });
        let facts = match reading {
            Reading::Line(facts) => facts,
            Reading::Blank => return fail(expected, Reason::Blank(expected)),
            Reading::Broken(what) => return fail(expected, Reason::Json(what.clone())),
        };
        let seq = facts.seq.unwrap_or(expected);
        if facts.prev_hash != Some(self.last_hash) {
            return fail(seq, Reason::PrevHash(seq));
        }
        if !facts.canonical {
            return fail(seq, Reason::Form(seq));
        }
        self.order(facts, expected).or_else(|reason| fail(seq, reason))?;
        self.kind(facts, seq).or_else(|reason| fail(seq, reason))?;
        self.advance(facts, seq);
        self.compare().or_else(|reason| fail(seq, reason))
    }

    /// True when every rule of our own writer holds for this log: it began with a genesis line, or
    /// that is asked for. The predecessor left gaps in `seq` and let `ts` go back.
    fn exacting(&self) -> bool {
        self.expectation.strict || self.verdict.genesis.is_some()
    }

    /// `seq` and `ts` against the line before.
    fn order(&self, facts: &Facts, expected: u64) -> Result<(), Reason> {
        let begins = matches!(facts.kind, Kind::Genesis(_)) && self.verdict.lines == 0;
        let exacting = begins || self.exacting();
        let fits = |seq: &u64| if exacting { *seq == expected } else { *seq >= expected };
        let Some(seq) = facts.seq.filter(fits) else {
            let found = facts.seq.map_or_else(|| "none".to_owned(), |seq| seq.to_string());
            return Err(Reason::Seq { expected, found });
        };
        if exacting && (facts.ts.is_none() || facts.ts < self.last_ts) {
            return Err(Reason::Time(seq));
        }
        if self.expectation.strict && !facts.ended { Err(Reason::Unended(seq)) } else { Ok(()) }
    }

    fn kind(&mut self, facts: &Facts, seq: u64) -> Result<(), Reason> {
        match &facts.kind {
            Kind::Event | Kind::Redaction(_) => self.verdict.uncovered += 1,
            Kind::Genesis(_) if self.verdict.lines > 0 => return Err(Reason::Genesis(seq)),
            Kind::Genesis(genesis) => {
                self.verdict.genesis = Some((**genesis).clone());
                self.verdict.uncovered += 1;
            }
            Kind::Checkpoint(Ok(seal)) => {
                let Seal { claim, key_id } = &**seal;
                self.mark(claim.clone(), seq);
                self.check_genesis_key()?;
                self.verdict.checkpoints += 1;
                self.verdict.uncovered = 0;
                if self.verdict.signing_key_id.is_none() {
                    self.verdict.signing_key_id.clone_from(key_id);
                }
            }
            Kind::Checkpoint(Err(fault)) => return Err(of_fault((**fault).clone(), seq)),
        }
        Ok(())
    }

    fn mark(&mut self, claim: Claim, seq: u64) {
        let Verdict { lines, checkpoints, uncovered, .. } = self.verdict;
        let head = self.verdict.head.clone();
        self.marks.push_back(Mark { seq, lines, checkpoints, uncovered, head, recognized: self.recognized });
        self.unclaimed.push(claim);
    }

    /// Looked at with the first valid signature: with another `--pubkey` it is the signature that
    /// is wrong.
    fn check_genesis_key(&self) -> Result<(), Reason> {
        match &self.verdict.genesis {
            Some(genesis) if genesis.public_key != Some(BASE64_STANDARD.encode(self.key.as_bytes())) => {
                Err(Reason::GenesisKey)
            }
            _ => Ok(()),
        }
    }

    fn advance(&mut self, facts: &Facts, seq: u64) {
        self.last_hash = facts.hash;
        self.last_ts = facts.ts.or(self.last_ts);
        self.verdict.lines += 1;
        self.verdict.first_seq.get_or_insert(seq);
        let lines = self.verdict.lines;
        let first_hash = self.verdict.head.as_ref().map_or(facts.hash, |head| head.first_hash);
        self.verdict.head = Some(Head { first_hash, lines, seq, hash: facts.hash });
        if let (Some(tree), Some(leaf)) = (&mut self.tree, facts.leaf) {
            tree.push(leaf);
        }
        if !facts.ended {
            self.verdict.notes.push("the last line has lost its newline".to_owned());
        }
    }

    /// Compares this line with the remembered head, if this is its place.
    fn compare(&mut self) -> Result<(), Reason> {
        let (Some(remembered), Some(head)) = (self.expectation.remembered, &self.verdict.head) else {
            return Ok(());
        };
        if head.lines != remembered.lines() || !self.is_of_this_log(remembered) {
            return Ok(());
        }
        let same = match remembered {
            Remembered::Head(old) => old == head,
            Remembered::Note(note) => self.tree.as_ref().map(Edge::root) == Some(note.root),
        };
        self.recognized = true;
        if same { Ok(()) } else { Err(Reason::Rewritten(head.lines)) }
    }

    fn is_of_this_log(&self, remembered: &Remembered) -> bool {
        let Some(Head { first_hash, .. }) = self.verdict.head else {
            return false;
        };
        match remembered {
            Remembered::Head(old) => old.first_hash == first_hash,
            Remembered::Note(note) => note.origin == origin_of(first_hash),
        }
    }

    /// The log has ended here.
    pub(super) fn finish(mut self, failure: Option<Failure>) -> (Verdict, Recognition) {
        let recognition = match self.expectation.remembered {
            _ if self.recognized => Recognition::Seen,
            Some(remembered) if self.is_of_this_log(remembered) => Recognition::Cut,
            _ => Recognition::Other,
        };
        self.verdict.failure = failure.or_else(|| self.judge_whole());
        (self.verdict, recognition)
    }

    fn judge_whole(&self) -> Option<Failure> {
        let seq = self.verdict.head.as_ref().map_or(0, |head| head.seq);
        let reason = if self.verdict.lines == 0 {
            Reason::Empty
        } else if self.expectation.strict && self.verdict.checkpoints == 0 {
            Reason::NoCheckpoint
        } else {
            self.check_genesis_key().err()?
        };
        Some(Failure { seq, reason })
    }
}

/// What became of the remembered head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recognition {
    /// It was compared.
    Seen,
    /// It is of this log, which does not reach so far.
    Cut,
    /// It is of another log, or there is none.
    Other,
}

fn of_fault(fault: Fault, seq: u64) -> Reason {
    match fault {
        Fault::SignatureEncoding(what) => Reason::SignatureEncoding(what),
        Fault::Root { claimed, computed } => {
            Reason::Root { seq, claimed: shown(&claimed).into_owned(), computed }
        }
    }
}
