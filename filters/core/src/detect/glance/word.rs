//! Whether a part of a telling word may be a name with a value beside it, in raw bytes.
//!
//! A name stands in the raw bytes as it is. If it tells, what is around it is judged when the string is
//! decoded ([`super::super::context`]); but where that is plainly no value, it is not even decoded.

use super::{GLUE, beside::has_plainly_no_value, unglued};
use crate::detect::context::{Telling, name};

/// What a name says of the value beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Nothing,
    /// A key or a token: a short word is none.
    Drawn,
    /// It may be any word; or the name is a command's.
    Chosen,
}

/// What was said of the last names: the same ones come again and again.
#[derive(Default)]
pub(super) struct Names<'b>([Option<(&'b [u8], Says)>; 32]);

impl<'b> Names<'b> {
    fn of(&mut self, name: &'b [u8]) -> Says {
        let sum = name.iter().fold(name.len(), |sum, &byte| sum.wrapping_mul(31) + usize::from(byte));
        let slot = &mut self.0[sum % 32];
        match *slot {
            Some((known, says)) if known == name => says,
            _ => slot.insert((name, says(name))).1,
        }
    }
}

fn says(name: &[u8]) -> Says {
    let holds = |word: &[u8]| name.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    match name::telling(name) {
        Some(Telling::Secret | Telling::Token | Telling::Key) if !holds(b"pass") => Says::Drawn,
        Some(_) => Says::Chosen,
        // `PWD` tells in some places, `htpasswd` is a command, `passe` tells behind `mot de`.
        None if holds(b"pass") || holds(b"pwd") => Says::Chosen,
        None => Says::Nothing,
    }
}

/// Whether the part of a word at `at` may be a name's that tells what is beside it. `named` is where the last
/// name ended: one that holds several such parts is looked at once.
pub(super) fn may_tell<'b>(raw: &'b [u8], at: usize, named: &mut usize, names: &mut Names<'b>) -> bool {
    const LONGEST: usize = name::LONGEST + GLUE[2];
    if at < *named {
        return false;
    }
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'-' | b'.');
    let end = at + raw[at..].iter().take(LONGEST + 1).take_while(is_name).count();
    let start = at - raw[..at].iter().rev().take(LONGEST + 1).take_while(is_name).count();
    *named = end;
    end - start <= LONGEST
        && unglued(raw, start).filter(|&start| start < end).any(|start| match names.of(&raw[start..end]) {
            Says::Nothing => false,
            Says::Drawn => !has_plainly_no_value(raw, start, end),
            Says::Chosen => true,
        })
}
