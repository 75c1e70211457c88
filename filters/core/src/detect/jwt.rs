//! JSON Web Tokens: dotted base64url of which the first segment is a JSON object.

use std::ops::Range;

use super::{class::Runs, detector::Candidate};

/// Shortest header: `{"alg":"none"}` has 14 bytes, 19 in base64.
const HEADER: usize = super::long::LONG;

/// Shortest other segment. Less is a file name (`eyJ….min.js`), not a token.
const SEGMENT: usize = 8;

/// What base64 makes of `{"a":"r`, with which the claims of a Turso database token begin: `a` is
/// its access, `rw` or `ro`.
const TURSO_CLAIMS: &[u8] = b"eyJhIjoic";

/// `eyJ` and up to five segments (RFC 7515 §3.1, RFC 7516 §3.1). The signature may be empty, or
/// cut off together with its dot when the claims are plainly claims.
pub(super) fn jwt(candidate: &Candidate<'_>, runs: &mut Runs<'_>) -> Option<Range<usize>> {
    Some(candidate.start..segments(candidate, runs)?.1)
}

/// A Turso database token: a JWT whose claims begin with the access right. What a token is called
/// must follow from the token alone, so that it has one placeholder wherever it stands.
pub(super) fn turso(candidate: &Candidate<'_>, runs: &mut Runs<'_>) -> Option<Range<usize>> {
    let (claims, end) = segments(candidate, runs)?;
    candidate.text[claims..end].starts_with(TURSO_CLAIMS).then_some(candidate.start..end)
}

/// Where the claims start and where the token ends.
fn segments(candidate: &Candidate<'_>, runs: &mut Runs<'_>) -> Option<(usize, usize)> {
    let &Candidate { text, start, .. } = candidate;
    let dot = |at: usize| text.get(at) == Some(&b'.');
    let header = runs.end(super::class::Class::URL, start);
    if header - start < HEADER || !dot(header) {
        return None;
    }
    let claims = header + 1;
    let object = text[claims..].starts_with(b"eyJ");
    let mut end = runs.segment_end(1, claims);
    if end - claims < SEGMENT && !(end == claims && dot(end)) {
        return None;
    }
    if !dot(end) {
        return object.then_some((claims, end));
    }
    let signature = runs.segment_end(2, end + 1);
    if signature - (end + 1) >= SEGMENT {
        end = signature;
    } else {
        // An unsigned token ends in its dot; a full stop behind a cut token goes with it.
        return object.then_some((claims, signature.max(end + 1)));
    }
    // Five segments: encrypted. Four are three and something else.
    if dot(end) {
        let text_end = runs.segment_end(3, end + 1);
        let tag_end = if dot(text_end) { runs.segment_end(4, text_end + 1) } else { text_end };
        if text_end - end > SEGMENT && tag_end > text_end + SEGMENT {
            end = tag_end;
        }
    }
    Some((claims, end))
}
