//! [`verify_chain`]: does a log hold together, and how much of it is signed?
//!
//! | rule | without a genesis line | with one | strict |
//! | --- | --- | --- | --- |
//! | one canonical JSON object a line, no blank lines | yes | yes | yes |
//! | `prev_hash` is the hash of the line before, 64 zeros on the first | yes | yes | yes |
//! | `seq` | rises | +1 from 1 | +1 from 1 |
//! | `ts` well-formed and not going back | no | yes | yes |
//! | checkpoints: root and signature | yes | yes | yes |
//! | the genesis line is the first and names the key | – | yes | yes |
//! | newline at the end, at least one checkpoint | no | no | yes |
//!
//! What the first two columns leave out a true log of the predecessor may lack: `seq` has gaps after
//! a failed write, `ts` goes back over a restart, a crash takes the newline. Whether the end was cut
//! off no log can tell: see [`Remembered`].

mod blocks;
pub(crate) mod facts;
mod head;
mod reason;
mod verdict;
mod walk;

use std::{
    io::{self, Read},
    ops::ControlFlow,
};

pub(crate) use self::facts::{Facts, Kind};
use self::{
    blocks::Follower,
    facts::{Reading, Wanted},
    walk::{Recognition, Walk},
};
pub use self::{
    facts::Genesis,
    head::{Head, HeadError, Remembered},
    reason::Reason,
    verdict::{Failure, Verdict},
};
use crate::{checkpoint::Claim, keys::PublicKey, shown::shown};

/// What a log should be, beyond holding together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expectation<'a> {
    /// Every rule, see the module.
    pub strict: bool,
    /// What is known of it from before.
    pub remembered: Option<&'a Remembered>,
}

/// Reads a whole log and checks every link and every checkpoint; the first failure ends it.
///
/// # Errors
/// Only what `reader` itself reports.
pub fn verify_chain(reader: impl Read, key: &PublicKey) -> io::Result<Verdict> {
    verify_logs([reader], key, Expectation::default())
}

/// Reads several logs, each the continuation of the one before it, as one: the archives in order and
/// the current log.
///
/// # Errors
/// Only what a reader itself reports.
pub fn verify_logs<R: Read>(
    logs: impl IntoIterator<Item = R>,
    key: &PublicKey,
    expectation: Expectation<'_>,
) -> io::Result<Verdict> {
    let mut whole: Option<Verdict> = None;
    let mut recognition = Recognition::Other;
    for log in logs {
        let (mut verdict, found) = walk(log, key, expectation, Wanted::default(), |_| {})?;
        if found != Recognition::Other {
            recognition = found;
        }
        match whole.take() {
            None => {
                verdict.notes.splice(0..0, missing_archive(&verdict));
                whole = Some(verdict);
            }
            Some(before) => {
                let linked = link(&before, &verdict);
                verdict.failure = linked.err().or(verdict.failure);
                whole = Some(before.followed_by(verdict));
            }
        }
        if whole.as_ref().is_some_and(|verdict| !verdict.is_ok()) {
            break;
        }
    }
    let mut verdict = whole.unwrap_or_default();
    if let (None, Some(remembered)) = (&verdict.failure, expectation.remembered) {
        let seq = verdict.head.as_ref().map_or(0, |head| head.seq);
        verdict.failure = match recognition {
            Recognition::Seen => None,
            Recognition::Cut => Some(Failure { seq, reason: Reason::Cut(remembered.lines()) }),
            Recognition::Other => Some(Failure { seq, reason: Reason::OtherLog }),
        };
    }
    verdict.notes.extend(unanchored(&verdict, expectation));
    Ok(verdict)
}

/// Walks one log and shows `observe` each line that holds, in order; after a checkpoint whose signature
/// turns out to be forged, a few more.
pub(crate) fn walk_lines(
    log: impl Read,
    key: &PublicKey,
    redactions: bool,
    observe: impl FnMut(&Facts),
) -> io::Result<Verdict> {
    let wanted = Wanted { redactions, leaves: false };
    let (mut verdict, _) = walk(log, key, Expectation::default(), wanted, observe)?;
    verdict.notes.extend(missing_archive(&verdict));
    verdict.notes.extend(unanchored(&verdict, Expectation::default()));
    Ok(verdict)
}

fn walk(
    log: impl Read,
    key: &PublicKey,
    expectation: Expectation<'_>,
    wanted: Wanted,
    mut observe: impl FnMut(&Facts),
) -> io::Result<(Verdict, Recognition)> {
    let leaves = matches!(expectation.remembered, Some(Remembered::Note(_)));
    let wanted = Wanted { leaves: leaves || wanted.leaves, ..wanted };
    let mut follower = Following { walk: Walk::new(&expectation, key), failure: None, observe: &mut observe };
    blocks::for_each_line(log, key, wanted, &mut follower)?;
    let Following { walk, failure, .. } = follower;
    Ok(walk.finish(failure))
}

/// A walk, shown to an observer, and where it failed.
struct Following<'a, F> {
    walk: Walk<'a>,
    failure: Option<Failure>,
    observe: &'a mut F,
}

impl<F: FnMut(&Facts)> Following<'_, F> {
    fn judge(&mut self, step: Result<(), Failure>) -> ControlFlow<()> {
        match step {
            Ok(()) => ControlFlow::Continue(()),
            Err(failure) => {
                self.failure = Some(failure);
                ControlFlow::Break(())
            }
        }
    }
}

impl<F: FnMut(&Facts)> Follower for Following<'_, F> {
    fn line(&mut self, reading: &Reading) -> ControlFlow<()> {
        let step = self.walk.step(reading);
        self.judge(step)?;
        if let Reading::Line(facts) = reading {
            (self.observe)(facts);
        }
        ControlFlow::Continue(())
    }

    fn take_claims(&mut self, enough: usize) -> Option<Vec<Claim>> {
        self.walk.take_claims(enough)
    }

    /// A forged signature comes before whatever was found after it.
    fn verified(&mut self, genuine: usize, forged: bool) -> ControlFlow<()> {
        let step = self.walk.verified(genuine, forged);
        self.judge(step)
    }
}

/// Checks that `next` names the end of `before` in its genesis line.
fn link(before: &Verdict, next: &Verdict) -> Result<(), Failure> {
    let seq = next.first_seq.unwrap_or(0);
    let fail = |what| Err(Failure { seq, reason: Reason::Link(what) });
    let (Some(head), Some(genesis)) = (&before.head, &next.genesis) else {
        return fail("it has no genesis line");
    };
    if genesis.previous_hash.as_deref() != Some(head.hash.to_hex().as_str()) {
        return fail("its genesis line names another last line");
    }
    // The predecessor's numbers have gaps, and either may be what is meant.
    match genesis.previous_lines {
        Some(lines) if lines == head.lines || lines == head.seq => Ok(()),
        _ => fail("its genesis line names another number of lines"),
    }
}

/// A word on the log that came before and was not given.
fn missing_archive(verdict: &Verdict) -> Option<String> {
    let genesis = verdict.genesis.as_ref()?;
    genesis.previous_hash.as_ref()?;
    let lines = genesis.previous_lines.map_or_else(|| "some".to_owned(), |lines| lines.to_string());
    let name = shown(genesis.previous_archive.as_deref().unwrap_or("an archive"));
    Some(format!("this log goes on from {name} ({lines} lines), which was not given"))
}

/// A word on what only someone outside can know.
fn unanchored(verdict: &Verdict, expectation: Expectation<'_>) -> Option<String> {
    if !verdict.is_ok() {
        return None;
    }
    let what = match verdict {
        Verdict { checkpoints: 0, .. } => {
            "nothing in this log is signed: anyone could have written it".to_owned()
        }
        Verdict { uncovered: 1.., .. } => {
            format!("the last {} lines are not covered by a checkpoint", verdict.uncovered)
        }
        _ if expectation.remembered.is_none() => {
            "no log can tell that its end was cut off: compare with a remembered head (--head)".to_owned()
        }
        _ => return None,
    };
    Some(what)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::{SigningKey, canonical::Fields, chain, checkpoint};

    /// A chain of lines and checkpoints in turn, several blocks of it; the checkpoint of this number is
    /// signed with another key.
    fn chain(key: &SigningKey, forged: Option<u64>) -> String {
        let other = SigningKey::generate().unwrap();
        let (mut head, mut text) = (chain::Head::GENESIS, String::new());
        for number in 1..=1000 {
            let mut fields = Fields::default();
            fields.text("line_type", "warn");
            fields.text("reason", &"-".repeat(300));
            text += &(head.link(fields, SystemTime::UNIX_EPOCH) + "\n");
            let key = if forged == Some(number) { &other } else { key };
            text += &(checkpoint::seal(&mut head, key, "test", SystemTime::UNIX_EPOCH).0 + "\n");
        }
        text
    }

    #[test]
    fn the_first_forged_signature_of_many_ends_the_log_there() {
        let key = SigningKey::generate().unwrap();
        let sound = verify_chain(chain(&key, None).as_bytes(), &key.public()).unwrap();
        assert_eq!((sound.failure, sound.lines, sound.checkpoints, sound.uncovered), (None, 2000, 1000, 0));

        for forged in [1, 2, 255, 256, 257, 600, 999, 1000] {
            let text = chain(&key, Some(forged));
            let seq = forged * 2;
            let expected = Failure { seq, reason: Reason::Signature(seq) };
            let verdict = verify_chain(text.as_bytes(), &key.public()).unwrap();
            // What is wrong further on does not count; not even in the very next line.
            let mut lines: Vec<&str> = text.lines().collect();
            lines.truncate(usize::try_from(seq).unwrap());
            let followed = lines.join("\n") + "\nno line\n";
            for verdict in [verdict, verify_chain(followed.as_bytes(), &key.public()).unwrap()] {
                assert_eq!(verdict.failure, Some(expected.clone()));
                assert_eq!((verdict.lines, verdict.checkpoints, verdict.uncovered), (seq - 1, forged - 1, 1));
                assert_eq!(verdict.head.unwrap().seq, seq - 1);
                assert_eq!(verdict.signing_key_id.is_some(), forged > 1);
                assert_eq!(verdict.first_seq, Some(1));
            }
        }
    }

    #[test]
    fn a_forged_first_line_leaves_nothing() {
        let (key, other) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
        let mut head = chain::Head::GENESIS;
        let (line, _) = checkpoint::seal(&mut head, &other, "test", SystemTime::UNIX_EPOCH);
        let verdict = verify_chain((line + "\n").as_bytes(), &key.public()).unwrap();
        let failure = Some(Failure { seq: 1, reason: Reason::Signature(1) });
        assert_eq!(verdict, Verdict { failure, ..Verdict::default() });
    }
}
