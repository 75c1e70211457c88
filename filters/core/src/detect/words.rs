//! Finding the words that telling names contain: `password`, `secret`, `token`, `key`, `auth`, `pwd`.
//!
//! Three letters of each, in any case, compared for 64 places at once; a packed search for all spellings
//! reads more slowly, for it has too many.

use crate::simd::{BLOCK, trigrams};

/// How many letters of a word are compared.
pub(super) const PART: usize = 3;

/// The parts of telling words.
pub(super) const PARTS: [[u8; PART]; 6] = [*b"pas", *b"pwd", *b"ecr", *b"ken", *b"key", *b"uth"];

/// How many blocks are looked at before what was found in them is told.
const WINDOW: usize = 64;

/// Calls `found` for every place where a part starts, in ascending order.
pub(super) fn for_each_part(text: &[u8], mut found: impl FnMut(usize)) {
    let mut masks = [0; WINDOW];
    for at in (0..text.len()).step_by(WINDOW * BLOCK) {
        let blocks = (text.len() - at).div_ceil(BLOCK).min(WINDOW);
        trigrams(text, at, &PARTS, &mut masks[..blocks]);
        for (index, mask) in masks[..blocks].iter_mut().enumerate() {
            while *mask != 0 {
                found(at + index * BLOCK + mask.trailing_zeros() as usize);
                *mask &= *mask - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_at_every_offset() {
        for word in ["password", "PWD", "Secret", "tokeN", "api_KEY", "AUTH"] {
            for offset in 0..70 {
                let text = format!("{}{word}", "-".repeat(offset));
                let mut places = Vec::new();
                for_each_part(text.as_bytes(), |at| places.push(at));
                assert_eq!(places.len(), 1, "{text}");
            }
        }
    }
}
