//! What a fuzzer calls: any bytes in, a panic where a law is broken.
//!
//! Here and not in the fuzz workspace, so that stable tests replay the corpus too (`tests/fuzz.rs`).

use std::sync::{Arc, LazyLock};

use crate::{
    detect::{Detectors, Leaf, Span},
    dialect::{DIALECTS, Dialect},
    placeholder::SessionKey,
    restore::{BodyRestorer, EventRestorer, Restorations},
    sse::Splitter,
    tokenize::{Splices, Tokenizer, Unscannable, document::scan_plainly},
    vault::{Scope, Vault},
};

const SCOPE: Scope = Scope(1);

fn scan(detectors: &Detectors, text: &[u8], key: Option<&[u8]>) -> Vec<Span> {
    let mut spans = Vec::new();
    detectors.scan(Leaf { text, key }, &mut spans);
    spans
}

/// Spans are sorted, disjoint, in range and never in the middle of a character, with and without vector
/// instructions. Up to a NUL, the bytes are the member's name.
pub fn detect(data: &[u8]) {
    let (key, text) = match data.iter().position(|byte| *byte == 0) {
        Some(nul) => (Some(&data[..nul]), &data[nul + 1..]),
        None => (None, data),
    };
    let spans = scan(&Detectors::builtin(), text, key);
    let mut end = 0;
    for span in &spans {
        assert!(end <= span.start && span.start < span.end && span.end <= text.len(), "{spans:?}");
        end = span.end;
    }
    if let Ok(text) = std::str::from_utf8(text) {
        let whole = |span: &Span| text.is_char_boundary(span.start) && text.is_char_boundary(span.end);
        assert!(spans.iter().all(whole), "{spans:?}");
    }
    assert_eq!(spans, scan(&Detectors::portable(), text, key), "the portable search finds something else");
}

fn vault() -> Arc<Vault> {
    static VAULT: LazyLock<Arc<Vault>> =
        LazyLock::new(|| Arc::new(Vault::new(SessionKey::new([9; 32]), 10_000, 100)));
    Arc::clone(&VAULT)
}

/// The first byte chooses a dialect and how large the chunks are.
fn choice(data: &[u8]) -> Option<(&'static Dialect, usize, &[u8])> {
    let (&first, rest) = data.split_first()?;
    let chunk = [1, 2, 3, 7, 16, 61, 300, usize::MAX][usize::from(first / 4) % 8];
    Some((DIALECTS[usize::from(first) % DIALECTS.len()], chunk, rest))
}

fn restored(dialect: &Dialect, chunk: usize, body: &[u8]) -> Vec<u8> {
    let mut restorer = BodyRestorer::new(dialect.response);
    let mut restorations = Restorations::new(vault(), SCOPE, 0);
    let mut out = Vec::new();
    for chunk in body.chunks(chunk) {
        restorer.push(chunk, &mut restorations, &mut out);
    }
    restorer.finish(&mut out);
    out
}

/// Two ways to scan a body find the same, or the same mistake.
fn same(one: &Result<Splices, Unscannable>, other: &Result<Splices, Unscannable>, body: &[u8]) {
    let described = |found: &Result<Splices, Unscannable>| match found {
        Ok(splices) => Ok(splices.described().collect::<Vec<_>>()),
        Err(mistake) => Err(mistake.clone()),
    };
    // A body that is empty or no text is not even walked.
    if !body.is_empty() && std::str::from_utf8(body).is_ok() {
        assert_eq!(described(one), described(other), "{}", String::from_utf8_lossy(body));
    }
}

/// A body that can be scanned stays JSON if it was, hides what it hid for good, and is restored alike however it
/// arrives.
pub fn body(data: &[u8]) {
    let Some((dialect, chunk, body)) = choice(data) else { return };
    let vault = vault();
    let tokenizer = Tokenizer { detectors: &Detectors::builtin(), vault: &vault, scope: SCOPE, now: 0 };
    let once = tokenizer.body_once(Some("application/json"), body, dialect.request);
    same(&once, &scan_plainly(&tokenizer, body, dialect.request, false), body);
    let splices = tokenizer.body(Some("application/json"), body, dialect.request);
    let Ok(splices) = splices else { return };
    let sent = splices.apply(body);
    let parses = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).is_ok();
    assert!(!parses(body) || parses(&sent), "no longer JSON: {}", String::from_utf8_lossy(&sent));
    if splices.is_empty() {
        assert_eq!(sent, body, "a body without a secret was touched");
    }
    let whole = restored(dialect, usize::MAX, &sent);
    assert_eq!(restored(dialect, chunk, &sent), whole, "chunks change what is restored");
}

fn streamed(dialect: &Dialect, chunk: usize, stream: &[u8]) -> (Vec<u8>, u64) {
    let mut restorer = EventRestorer::new(dialect.stream);
    let mut restorations = Restorations::new(vault(), SCOPE, 0);
    let mut out = Vec::new();
    for chunk in stream.chunks(chunk) {
        restorer.push(chunk, &mut restorations, &mut out);
    }
    restorer.finish(&mut restorations, &mut out);
    (out, restorer.malformed())
}

/// A stream is restored alike however it arrives, and cutting it into events loses nothing.
pub fn stream(data: &[u8]) {
    let Some((dialect, chunk, stream)) = choice(data) else { return };
    let mut splitter = Splitter::default();
    let mut joined = Vec::new();
    let mut keep = |piece: crate::sse::Piece<'_>| match piece {
        crate::sse::Piece::Raw(bytes) | crate::sse::Piece::Event(bytes) => joined.extend_from_slice(bytes),
    };
    for chunk in stream.chunks(chunk) {
        splitter.push(chunk, &mut keep);
    }
    splitter.finish(&mut keep);
    assert_eq!(joined, stream, "cutting into events lost something");
    let (parts, whole) = (streamed(dialect, chunk, stream), streamed(dialect, usize::MAX, stream));
    // A CRLF that is cut in two may leave a blank line behind an event that was made up: it says nothing.
    let text = |bytes: &[u8]| {
        let lines = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| !line.is_empty());
        lines.map(|line| String::from_utf8_lossy(line).into_owned()).collect::<Vec<_>>()
    };
    assert_eq!((text(&parts.0), parts.1), (text(&whole.0), whole.1), "chunks change what is restored");
}
