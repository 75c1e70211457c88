//! Secrets in the query of a URL.

use std::ops::Range;

use super::{Context, Telling, name, place};
use crate::detect::{class::Class, encoded::percent_decoded, engine::Match, value::Makeup};

/// `sig=`: of a shared access signature, if the rest of its query says so.
pub(super) fn signature(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    let around = &text[word.start.saturating_sub(300)..text.len().min(word.end + 300)];
    let has = |name: &[u8]| memchr::memmem::find(around, name).is_some();
    let end = Class::ENCODED.run_end(text, word.end, 120);
    let value = &text[word.end..end];
    let known = ["sv=", "se=", "sp=", "skn="].iter().filter(|name| has(name.as_bytes())).count() >= 2;
    if known && value.len() >= 40 && Makeup::of(value).is_random() {
        context.push("AZURE_SAS_TOKEN", word.end..end, matches);
    }
}

/// Names of parameters that are secret only in a query.
const PARAMETERS: [&[u8]; 6] = [b"key", b"code", b"X-Amz-Signature", b"X-Goog-Signature", b"k", b"sid"];

/// The parameters of a query that names do not give away by themselves.
pub(super) fn parameters(context: &Context, text: &[u8], range: Range<usize>, matches: &mut Vec<Match>) {
    let mut at = range.start;
    for parameter in text[range.clone()].split(|byte| *byte == b'&') {
        let start = at;
        at += parameter.len() + 1;
        let Some(equals) = memchr::memchr(b'=', parameter) else {
            continue;
        };
        let (key, value) = (&parameter[..equals], &parameter[equals + 1..]);
        let decoded = percent_decoded(value);
        let plain = decoded.as_deref().unwrap_or(value).iter().all(|&byte| Class::OPAQUE.has(byte));
        let known =
            PARAMETERS.contains(&key) && plain && value.len() >= 20 && super::verdict::is_opaque(value);
        if known && name::telling(key) != Some(Telling::Password) && value.len() < place::LONGEST {
            let value = start + equals + 1..start + parameter.len();
            context.push("GENERIC_SECRET", value, matches);
        }
    }
}
