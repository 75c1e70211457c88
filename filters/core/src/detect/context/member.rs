//! Values of a known structure: base64 of user and password, JSON Web Keys, password hashes.

use std::ops::Range;

use super::Context;
use crate::detect::{
    class::{Class, work},
    engine::Match,
    example,
    value::Makeup,
};

/// How far from `"kty"` a key's members are looked for.
const REACH: usize = 4096;

/// Base64 of `user:password`.
pub(super) fn is_basic(value: &[u8]) -> bool {
    if !(8..=512).contains(&value.len()) || !value.iter().all(|&byte| Class::ANY64.has(byte)) {
        return false;
    }
    let decoded = decode64(value);
    let colon = memchr::memchr(b':', &decoded);
    let printable = std::str::from_utf8(&decoded).is_ok_and(|text| !text.chars().any(char::is_control));
    printable
        && colon.is_some_and(|colon| {
            let password = &decoded[colon + 1..];
            colon > 0 && password.len() >= 4 && !example::is_example(password)
        })
}

/// Decodes base64 of either alphabet, padded or not; stops at the first byte that is none.
pub(in crate::detect) fn decode64(encoded: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(encoded.len() / 4 * 3 + 3);
    let (mut bits, mut have) = (0u32, 0);
    for &byte in encoded {
        let Some(value) = digit64(byte) else { break };
        bits = bits << 6 | value;
        have += 6;
        if have >= 8 {
            have -= 8;
            decoded.push((bits >> have) as u8);
        }
    }
    decoded
}

pub(in crate::detect) fn digit64(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

/// Whether a member `d` can be a private key's.
pub(super) fn is_jwk_material(value: &[u8]) -> bool {
    value.len() >= 40 && value.iter().all(|&byte| Class::URL.has(byte)) && Makeup::of(value).is_random()
}

/// `"kty"`: the private members of the object around it.
pub(super) fn jwk(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    seen: &mut usize,
    matches: &mut Vec<Match>,
) {
    const MEMBERS: [&[u8]; 7] = [b"\"d\"", b"\"p\"", b"\"q\"", b"\"dp\"", b"\"dq\"", b"\"qi\"", b"\"k\""];
    if word.start < *seen {
        return;
    }
    let back = &text[word.start.saturating_sub(REACH)..word.start];
    let open = memchr::memrchr(b'{', back).map_or(word.start, |at| word.start - back.len() + at);
    let open = open.max(*seen);
    let window = &text[open..text.len().min(word.end + REACH)];
    let end = memchr::memchr(b'}', window).unwrap_or(window.len());
    work::count(back.len() + end);
    *seen = (*seen).max(open + end);
    for member in MEMBERS {
        let Some(at) = memchr::memmem::find(&window[..end], member) else {
            continue;
        };
        let tail = &window[at + member.len()..end];
        let skipped = tail.iter().take_while(|byte| b" :\t\n".contains(byte)).count();
        if tail.get(skipped) == Some(&b'"') {
            let start = open + at + member.len() + skipped + 1;
            let value = start..Class::URL.run_end(text, start, REACH);
            if is_jwk_material(&text[value.clone()]) {
                context.push("JWK_PRIVATE_KEY", value, matches);
            }
        }
    }
}

/// Whether the salt and the hash of a test vector are words, or one byte again and again.
fn is_spelt(salt: &[u8], hash: &[u8]) -> bool {
    let salt = decode64(salt);
    let zeros = salt.iter().rev().take_while(|byte| **byte == 0).count();
    let salt = &salt[..salt.len() - zeros];
    let hash_text = decode64(hash);
    salt.iter().all(u8::is_ascii_alphanumeric)
        || Makeup::of(salt).distinct < 4
        || Makeup::of(hash).distinct < 6
        || hash_text.iter().all(u8::is_ascii_graphic)
}

/// The start of a password hash: its fields between dollar signs.
pub(super) fn crypt(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    // `user:$6$…`: the literal begins with the colon before the hash.
    let word = word.start + usize::from(text[word.start] == b':')..word.end;
    let argon2 = text[word.clone()] == *b"$argon2";
    let is_hash = |byte: &&u8| {
        Class::CRYPT.has(**byte)
            || matches!(**byte, b'$' | b'=')
            || argon2 && matches!(**byte, b',' | b'+' | b'-')
    };
    let length = text[word.start..].iter().take(300).take_while(is_hash).count();
    work::count(length);
    let end = word.start + length;
    let end = end - text[..end].iter().rev().take_while(|byte| matches!(byte, b'.' | b',' | b'$')).count();
    let hash = &text[word.start..end.max(word.start)];
    // Only parameters have such signs: behind the last field they are the text's.
    let field = memchr::memrchr(b'$', hash).map_or(0, |dollar| dollar + 1);
    let cut = hash[field..].iter().position(|byte| matches!(byte, b',' | b'-' | b'='));
    let hash = &hash[..cut.map_or(hash.len(), |at| field + at)];
    let end = word.start + hash.len();
    let last = hash.rsplit(|byte| *byte == b'$').next().map_or(0, <[u8]>::len);
    let dollars = memchr::memchr_iter(b'$', hash).count();
    let enough = match &text[word] {
        b"$6$" => last == 86,
        b"$5$" => last == 43,
        b"$y$" => last >= 43,
        b"$argon2" => last >= 20 && dollars >= 4,
        _ => last == 53,
    };
    // Test vectors are salted with words; salt is random bytes.
    let salt = hash.rsplit(|byte| *byte == b'$').nth(1).unwrap_or_default();
    let spelt = hash.starts_with(b"$argon2") && is_spelt(salt, &hash[field..]);
    if enough && dollars >= 3 && !spelt {
        context.push("KRB_OR_SHADOW_HASH", end - hash.len()..end, matches);
    }
}
