//! Finding literals anywhere in a text: what stands in the middle of credentials or beside them.
//!
//! One packed search (Teddy, SIMD) for all of them; where the machine has none, an automaton.

use aho_corasick::{AhoCorasick, MatchKind, packed};

/// How many literals one packed search is made for; more make it slower than two searches.
pub(super) const MOST: usize = 64;

/// A set of literals.
pub(super) struct Literals(Vec<Search>);

/// Some of the literals, and the number of the first.
enum Search {
    Packed(packed::Searcher, usize),
    Automaton(AhoCorasick, usize),
}

impl Literals {
    /// The longest literal wins where several of one search match.
    pub(super) fn new(literals: &[&[u8]]) -> Self {
        let searches = literals.chunks(MOST).enumerate().map(|(number, some)| {
            let mut config = packed::Config::new();
            let mut builder = config.match_kind(packed::MatchKind::LeftmostLongest).builder();
            match builder.extend(some).build() {
                Some(searcher) => Search::Packed(searcher, number * MOST),
                None => Search::Automaton(automaton(some), number * MOST),
            }
        });
        Self(searches.collect())
    }

    /// The search for machines without vector instructions.
    pub(super) fn portable(literals: &[&[u8]]) -> Self {
        let searches = literals.chunks(MOST).enumerate();
        Self(searches.map(|(number, some)| Search::Automaton(automaton(some), number * MOST)).collect())
    }

    /// Calls `found(start, literal)` for every match of one search after the other, each in ascending order; its
    /// matches do not overlap.
    #[inline]
    pub(super) fn for_each(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        for search in &self.0 {
            match search {
                Search::Packed(searcher, first) => {
                    for hit in searcher.find_iter(text) {
                        found(hit.start(), first + hit.pattern().as_usize());
                    }
                }
                Search::Automaton(automaton, first) => {
                    for hit in automaton.find_iter(text) {
                        found(hit.start(), first + hit.pattern().as_usize());
                    }
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
