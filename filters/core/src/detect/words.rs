//! Finding the words that telling names contain: `password`, `secret`, `token`, `key`, `auth`, `pwd`.
//!
//! Three letters of each, in any case. Compared block by block without a branch, which compilers turn into
//! vector instructions; a packed search for all spellings reads more slowly, for it has too many.

/// How many places are looked at before branching.
const BLOCK: usize = 32;

/// How many letters of a word are compared.
pub(super) const PART: usize = 3;

/// Whether three bytes, made lower case, are part of a telling word.
#[inline(always)]
fn is_part(a: u8, b: u8, c: u8) -> bool {
    let (a, b, c) = (a | 0x20, b | 0x20, c | 0x20);
    ((a == b'p') & (b == b'a') & (c == b's'))
        | ((a == b'p') & (b == b'w') & (c == b'd'))
        | ((a == b'e') & (b == b'c') & (c == b'r'))
        | ((a == b'k') & (b == b'e') & ((c == b'n') | (c == b'y')))
        | ((a == b'u') & (b == b't') & (c == b'h'))
}

/// The letters that begin a part.
const FIRST: [bool; 256] = {
    let mut table = [false; 256];
    let letters = b"pekuPEKU";
    let mut at = 0;
    while at < letters.len() {
        table[letters[at] as usize] = true;
        at += 1;
    }
    table
};

/// Calls `found` for every place where such three bytes start, in ascending order.
pub(super) fn for_each_part(text: &[u8], mut found: impl FnMut(usize)) {
    let mut at = 0;
    while at + 2 < text.len() {
        let mut padded = [0; BLOCK + 2];
        let block = text[at..].first_chunk().unwrap_or_else(|| {
            padded[..text.len() - at].copy_from_slice(&text[at..]);
            &padded
        });
        if any(block) {
            for (offset, part) in block.windows(3).enumerate() {
                if FIRST[usize::from(part[0])] && is_part(part[0], part[1], part[2]) {
                    found(at + offset);
                }
            }
        }
        at += BLOCK;
    }
}

#[inline(always)]
fn any(block: &[u8; BLOCK + 2]) -> bool {
    let mut hit = false;
    for at in 0..BLOCK {
        hit |= is_part(block[at], block[at + 1], block[at + 2]);
    }
    hit
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
