//! Scanning percent-encoded pairs: a query string, or a form body.

use super::{Dress, Splice, Splices, Tokenizer, Unscannable, leaf::scan_named};

/// Query parameters that carry the agent's own credential to the provider: they pass.
const CREDENTIALS: [&[u8]; 4] = [b"key", b"api_key", b"api-key", b"access_token"];

/// Scans a form body; every name and value is a text.
pub(super) fn scan(tokenizer: &Tokenizer<'_>, body: &[u8]) -> Result<Splices, Unscannable> {
    scan_pairs(tokenizer, body, &[])
}

/// Scans a query string, the credential parameters excepted.
pub(super) fn scan_query(tokenizer: &Tokenizer<'_>, query: &[u8]) -> Result<Splices, Unscannable> {
    scan_pairs(tokenizer, query, &CREDENTIALS)
}

fn scan_pairs(tokenizer: &Tokenizer<'_>, text: &[u8], credentials: &[&[u8]]) -> Result<Splices, Unscannable> {
    let mut splices = Splices::default();
    let mut at = 0;
    for pair in text.split(|&byte| byte == b'&') {
        let name_length = memchr::memchr(b'=', pair).unwrap_or(pair.len());
        let name = &pair[..name_length];
        splices.extend_at(at, scan_encoded(tokenizer, name, None)?);
        if name_length < pair.len() && !credentials.contains(&name) {
            let value = &pair[name_length + 1..];
            splices.extend_at(at + name_length + 1, scan_encoded(tokenizer, value, Some(name))?);
        }
        at += pair.len() + 1;
    }
    Ok(splices)
}

/// Scans a name, or the value of one.
fn scan_encoded(
    tokenizer: &Tokenizer<'_>,
    encoded: &[u8],
    name: Option<&[u8]>,
) -> Result<Splices, Unscannable> {
    let (decoded, offsets) = percent_decode(encoded);
    let name = name.map(|name| percent_decode(name).0);
    let mut splices = scan_named(tokenizer, &decoded, name.as_deref())?;
    for Splice { range, dress, .. } in &mut splices.0 {
        *range = offsets[range.start]..offsets[range.end];
        *dress = Dress::Percent;
    }
    Ok(splices)
}

/// The decoded bytes, and for each (and the end) where it stood.
fn percent_decode(encoded: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut offsets = Vec::with_capacity(encoded.len() + 1);
    let mut at = 0;
    while at < encoded.len() {
        offsets.push(at);
        let digit = |at: usize| char::from(*encoded.get(at)?).to_digit(16);
        let pair = |at: usize| Some((digit(at)? << 4 | digit(at + 1)?) as u8);
        let byte = pair(at + 1).filter(|_| encoded[at] == b'%');
        decoded.push(byte.unwrap_or(if encoded[at] == b'+' { b' ' } else { encoded[at] }));
        at += if byte.is_some() { 3 } else { 1 };
    }
    offsets.push(at);
    (decoded, offsets)
}

/// Percent-encodes everything that is not unreserved (RFC 3986 §2.3).
pub(super) fn percent_encode(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
}
