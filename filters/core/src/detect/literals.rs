//! Finding literals anywhere in a text: what stands in the middle of credentials or beside them.
//!
//! One packed search (Teddy, SIMD) for all of them; where the machine has none, an automaton.

use aho_corasick::{AhoCorasick, MatchKind, packed};

/// A set of literals.
pub(super) enum Literals {
    Packed(packed::Searcher),
    Automaton(AhoCorasick),
}

impl Literals {
    /// The longest literal wins where several match.
    pub(super) fn new(literals: &[&[u8]]) -> Self {
        let mut config = packed::Config::new();
        let mut builder = config.match_kind(packed::MatchKind::LeftmostLongest).builder();
        match builder.extend(literals).build() {
            Some(searcher) => Self::Packed(searcher),
            None => Self::Automaton(automaton(literals)),
        }
    }

    /// The search for machines without vector instructions.
    pub(super) fn portable(literals: &[&[u8]]) -> Self {
        Self::Automaton(automaton(literals))
    }

    /// Calls `found(start, literal)` for every match, in ascending order; matches do not overlap.
    #[inline]
    pub(super) fn for_each(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        match self {
            Self::Packed(searcher) => {
                for hit in searcher.find_iter(text) {
                    found(hit.start(), hit.pattern().as_usize());
                }
            }
            Self::Automaton(automaton) => {
                for hit in automaton.find_iter(text) {
                    found(hit.start(), hit.pattern().as_usize());
                }
            }
        }
    }
}

fn automaton(literals: &[&[u8]]) -> AhoCorasick {
    let mut builder = AhoCorasick::builder();
    builder.match_kind(MatchKind::LeftmostLongest);
    // The literals are constants, far below the automaton's size limits.
    builder.build(literals).expect("a small set of literals")
}
