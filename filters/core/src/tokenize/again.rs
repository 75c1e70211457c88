//! Secrets that stand once more where nothing tells what they are.
//!
//! A password is told by its name. The model puts its placeholder into a command, the agent runs that and sends it
//! back, and there no name is beside it. So what was found in a body for what is around it is looked for in all
//! of the body (law 1: a detected secret's bytes do not leave). A second scan is made only if such a place is seen.

use memchr::memmem;

use super::{Splices, Tokenizer};
use crate::{
    detect::{Detectors, KNOWN, Leaf, Span},
    secret::Secret,
};

/// More secrets than these are not looked for one by one to see whether a second scan is worth while.
const FEW: usize = 16;

/// A value of other lengths is not looked for: it would be met everywhere, or is no password.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=256;

/// The detectors that find the secrets of a body wherever they stand; `None` when none of them stands anywhere
/// else.
pub(super) fn detectors(tokenizer: &Tokenizer<'_>, body: &[u8], splices: &Splices) -> Option<Detectors> {
    let mut secrets: Vec<&Secret> = splices.entries().map(|entry| entry.secret()).collect();
    // Stable: of two kinds of one plaintext, the first in the body counts, on every turn.
    secrets.sort_by(|one, other| one.expose().cmp(other.expose()));
    secrets.dedup_by(|next, kept| next.expose() == kept.expose());
    secrets.retain(|secret| is_told(tokenizer.detectors, secret));
    let may_stand =
        secrets.len() > FEW || secrets.iter().any(|it| stands_elsewhere(body, it.expose(), splices));
    may_stand.then(|| {
        let secrets = secrets.iter().map(|secret| Secret::new(secret.kind(), secret.expose()));
        tokenizer.detectors.finding_again(secrets.collect())
    })
}

/// Whether a secret was found for what stands around it, and is no word that could stand anywhere.
fn is_told(detectors: &Detectors, secret: &Secret) -> bool {
    let text = secret.expose();
    let letters = text.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let is_distinct = LENGTHS.contains(&text.len())
        && letters > 0
        && (letters < text.len() || text.len() >= 16)
        && text.iter().all(|byte| *byte > b' ');
    is_distinct && secret.kind() != KNOWN && {
        let mut spans = Vec::new();
        detectors.scan(Leaf { text, key: None }, &mut spans);
        !matches!(spans[..], [Span { start: 0, end, .. }] if end == text.len())
    }
}

/// Whether a plaintext seems to be in the body in a place that nothing covers.
fn stands_elsewhere(body: &[u8], plaintext: &[u8], splices: &Splices) -> bool {
    /// Fewer bytes would be met by chance.
    const LEAST: usize = 6;
    // What no sender writes otherwise.
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    let runs = plaintext.split(|byte| !is_plain(byte));
    let Some(run) = runs.max_by_key(|run| run.len()).filter(|run| run.len() >= LEAST) else { return true };
    memmem::find_iter(body, run).any(|at| {
        let next = splices.0.partition_point(|splice| splice.range.end <= at);
        splices.0.get(next).is_none_or(|splice| splice.range.start > at)
    })
}
