//! Vendors' formats that no plain anchor and length describes. Each verifier looks at a bounded number of
//! bytes, or at runs that [`Runs`] remembers.

use std::ops::Range;

use super::{
    boundary,
    class::{Class, Runs},
    detector::{Candidate, UUID},
    engine::{shape_end, signs_end},
    value::is_mixed,
};

/// `length` bytes of a class that end at `end`, with a boundary before them.
fn exactly(text: &[u8], class: Class, end: usize, length: usize) -> Option<usize> {
    let start = end.checked_sub(length)?;
    (class.run_start(text, end, length) == start && boundary::opens(text, start)).then_some(start)
}

/// The end of a run of at least `min` bytes.
fn run(text: &[u8], class: Class, at: usize, (min, max): (usize, usize)) -> Option<usize> {
    let end = class.run_end(text, at, max + 1);
    (min..=max).contains(&(end - at)).then_some(end)
}

/// Firebase: `AAAA` and 7, a colon, 134 or more. The candidate starts at the colon.
pub(super) fn fcm(candidate: &Candidate<'_>, runs: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start: colon, body } = candidate;
    let start = exactly(text, Class::URL, colon, 11)?;
    let end = runs.end(Class::URL, body);
    (text[start..].starts_with(b"AAAA") && (134..=180).contains(&(end - body))).then_some(start..end)
}

/// Terraform Cloud: 14 letters and digits before `.atlasv1.`.
pub(super) fn terraform(candidate: &Candidate<'_>, runs: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start, body } = candidate;
    let start = exactly(text, Class::ALNUM, start, 14)?;
    let end = runs.end(Class::ANY64, body);
    (end - body >= 60).then_some(start..end)
}

/// Authress: client, key, `.acc_` account, key material.
pub(super) fn authress(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    const PREFIXES: [&[u8]; 4] = [b"sc_", b"ext_", b"scauth_", b"authress_"];
    let &Candidate { text, start: account, body } = candidate;
    let key = Class::ALNUM.run_start(text, account, 7);
    let dot = key.checked_sub(1).filter(|&dot| text[dot] == b'.')?;
    let client = Class::ALNUM.run_start(text, dot, 31);
    let prefix = PREFIXES.iter().find(|prefix| text[..client].ends_with(prefix))?;
    let start = client - prefix.len();
    let name = run(text, Class::ALNUM, body, (10, 32))?;
    let material = Some(name + 1).filter(|_| text.get(name) == Some(&b'.'))?;
    let end = run(text, Class::ANY64, material, (30, 120))?;
    boundary::opens(text, start).then_some(start..end)
}

/// Mailchimp: 32 hex digits before `-us` and a number. The candidate starts at the dash.
pub(super) fn mailchimp(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start, body } = candidate;
    let start = exactly(text, Class::HEX, start, 32)?;
    let end = run(text, Class::DIGIT, body, (1, 2))?;
    boundary::closes(text, end).then_some(start..end)
}

/// Braintree: `access_token$`, the environment, 16 letters and digits, `$`, 32 hex digits.
pub(super) fn braintree(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, body, .. } = candidate;
    let heads: [&[u8]; 2] = [b"access_token$production$", b"access_token$sandbox$"];
    let head = heads.iter().find(|head| text[..body].ends_with(head))?;
    let dollar = run(text, Class::LOWER, body, (16, 16)).filter(|&at| text.get(at) == Some(&b'$'))?;
    let end = run(text, Class::HEX, dollar + 1, (32, 32))?;
    Some(body - head.len()..end)
}

/// Coinbase: the name of an API key, `organizations/UUID/apiKeys/UUID`.
pub(super) fn coinbase(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start: slash, body } = candidate;
    let uuid = slash.checked_sub(36)?;
    shape_end(text, uuid, UUID)?;
    let head = b"organizations/";
    let end = shape_end(text, body, UUID)?;
    text[..uuid].ends_with(head).then_some(uuid - head.len()..end)
}

/// New Relic: 32 of hex and `x` before the suffix `FFFFNRAL`.
pub(super) fn newrelic(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start: suffix, body } = candidate;
    let start = exactly(text, Class::LOWER, suffix, 32)?;
    boundary::closes(text, body).then_some(start..body)
}

/// Airtable: `pat` and 14, a dot, 64 hex digits. The candidate starts at the dot.
pub(super) fn airtable(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start: dot, body } = candidate;
    let start = exactly(text, Class::ALNUM, dot, 17)?;
    let end = run(text, Class::HEX, body, (64, 64))?;
    text[start..].starts_with(b"pat").then_some(start..end)
}

/// Asana: `1/` or `2/`, a number, perhaps another, a colon, 32 hex digits. The candidate starts at the
/// colon.
pub(super) fn asana(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start: colon, body } = candidate;
    let end = run(text, Class::HEX, body, (32, 32)).filter(|&end| boundary::closes(text, end))?;
    let mut at = colon;
    for _ in 0..2 {
        let digits = Class::DIGIT.run_start(text, at, 21);
        let slash = digits.checked_sub(1).filter(|&slash| text[slash] == b'/' && at - digits >= 10)?;
        let head = slash.checked_sub(1)?;
        if matches!(text[head], b'1' | b'2') && boundary::opens(text, head) {
            return Some(head..end);
        }
        at = slash;
    }
    None
}

/// Salesforce: the organization's id from `00D`, `!`, the session. The candidate starts at the `!`.
pub(super) fn salesforce(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start: mark, body } = candidate;
    let start = exactly(text, Class::ALNUM, mark, 15).or_else(|| exactly(text, Class::ALNUM, mark, 18))?;
    let mut end = Class::DOTTED.run_end(text, body, 200);
    end -= text[body..end].iter().rev().take_while(|&&byte| byte == b'.').count();
    (text[start..].starts_with(b"00D") && end - body >= 80).then_some(start..end)
}

/// Adyen: `AQE` begins all base64 of small numbers too; a key goes on with a small letter and has dashes.
pub(super) fn adyen(candidate: &Candidate<'_>, runs: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start, body } = candidate;
    let end = runs.end(Class::ANY64, body);
    let token = (120..=400).contains(&(end - body)).then(|| &text[body..end])?;
    (token[0].is_ascii_lowercase() && token.contains(&b'-') && is_mixed(token)).then_some(start..end)
}

/// Twitter: many `A`, as zeros in base64 have. A token is random from then on, so that its last 60
/// characters have no three of them in a row.
pub(super) fn twitter(candidate: &Candidate<'_>, runs: &mut Runs<'_>) -> Option<Range<usize>> {
    const RANDOM: usize = 60;
    let &Candidate { text, start, body } = candidate;
    let end = signs_end(text, body, runs.end(Class::ENCODED, body));
    let token = (RANDOM..=180).contains(&(end - body)).then(|| &text[body..end])?;
    let random = &token[token.len() - RANDOM..];
    let zeros = memchr::memmem::find(random, b"AAA").is_some() || random.contains(&b'/');
    (!zeros && is_mixed(random)).then_some(start..end)
}

/// Azure: three characters, a digit, `Q~` and 31 to 34 more. The candidate starts at the `Q`.
pub(super) fn azure_client(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    const AFTER: (usize, usize) = (31, 34);
    let has = |byte: u8| Class::DOTTED.has(byte) || byte == b'~';
    let &Candidate { text, start: mark, body } = candidate;
    let start = mark.checked_sub(4)?;
    let head = text[mark - 1].is_ascii_digit() && text[start..mark - 1].iter().all(|&byte| has(byte));
    let length = text[body..].iter().take(AFTER.1).take_while(|byte| has(**byte)).count();
    let stop = usize::from(length > AFTER.0 && text[body + length - 1] == b'.');
    let token = start..body + length - stop;
    // `~~` of markup opens a token, `a~` goes on in one.
    let tildes = text[..start].iter().rev().take(4).take_while(|byte| **byte == b'~').count();
    let before = text[..start - tildes].last();
    let joined =
        matches!(before, Some(b'_' | b'.' | b'~')) || tildes > 0 && before.is_some_and(|byte| has(*byte));
    let opens = boundary::opens(text, start) && !joined;
    (head && opens && length >= AFTER.0 && is_mixed(&text[body..token.end])).then_some(token)
}

/// Snyk: `snyk_uat.`, 8 letters and digits, a dot, the rest. The candidate starts at the second dot.
pub(super) fn snyk(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start: dot, body } = candidate;
    let id = Class::ALNUM.run_start(text, dot, 16);
    let head = b"snyk_uat.";
    let end = run(text, Class::DOTTED, body, (30, 200))?;
    text[..id].ends_with(head).then(|| id - head.len()..end)
}

/// Zhipu: 32 hex digits, a dot, 16 letters and digits. The candidate starts at the dot.
pub(super) fn zhipu(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start: dot, body } = candidate;
    let start = exactly(text, Class::HEX, dot, 32)?;
    let end = run(text, Class::ALNUM, body, (16, 16))?;
    let closes = !text.get(end).is_some_and(|&byte| Class::DOTTED.has(byte) || byte == b'(');
    (closes && is_mixed(&text[body..end])).then_some(start..end)
}

/// Ollama: 32 hex digits, a dot, 24 of base64url. The candidate starts at the dot.
pub(super) fn ollama(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start: dot, body } = candidate;
    let start = exactly(text, Class::HEX, dot, 32)?;
    let end = run(text, Class::URL, body, (24, 24))?;
    let closes = !text.get(end).is_some_and(|&byte| matches!(byte, b'.' | b'('));
    (closes && is_mixed(&text[body..end])).then_some(start..end)
}

/// Keys of an id, a colon and a secret in hex: fal.ai (a UUID and 32), Ghost (24 and 64). The candidate starts
/// at the colon.
pub(super) fn id_and_hex(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start: colon, body } = candidate;
    let length = Class::HEX.run_end(text, body, 65) - body;
    let start = match length {
        32 => colon.checked_sub(36).filter(|&start| shape_end(text, start, UUID) == Some(colon))?,
        64 => exactly(text, Class::HEX, colon, 24)?,
        _ => return None,
    };
    let end = body + length;
    (boundary::opens(text, start) && boundary::closes(text, end)).then_some(start..end)
}

/// Bitwarden Secrets Manager: `0.`, a UUID, a dot, 30 letters and digits, a colon, a key in base64. The
/// candidate starts at the colon.
pub(super) fn bitwarden(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start: colon, body } = candidate;
    let secret = exactly(text, Class::ALNUM, colon, 30)?;
    let dot = secret.checked_sub(1).filter(|&dot| text[dot] == b'.')?;
    let uuid = dot.checked_sub(36).filter(|&uuid| shape_end(text, uuid, UUID) == Some(dot))?;
    let start =
        uuid.checked_sub(2).filter(|&start| text[start].is_ascii_digit() && text[start + 1] == b'.')?;
    let end = run(text, Class::BASE64, body, (22, 44))?;
    boundary::opens(text, start).then_some(start..end)
}

/// Ansible Vault: the header's line and the lines of hex digits below it.
pub(super) fn ansible(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    /// A longer text goes on in the next block: the walk stays linear.
    const LONGEST: usize = 1 << 20;
    let &Candidate { text, start, body } = candidate;
    let header = Class::DOTTED.run_end(text, body, 8);
    let mut at =
        text[header..].iter().take(80).position(|byte| matches!(byte, b'\n' | b'\r' | b'\\'))? + header;
    let (mut end, mut digits) = (None, 0);
    while at - start < LONGEST {
        let breaks: &[&[u8]] = &[b"\\r\\n", b"\\n", b"\r\n", b"\n"];
        let Some(line) = breaks.iter().find(|newline| text[at..].starts_with(newline)) else {
            break;
        };
        let indent = at + line.len();
        let first =
            indent + text[indent..].iter().take(80).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let last = Class::HEX.run_end(text, first, 1024);
        if last == first || !boundary::closes(text, last) {
            break;
        }
        (at, end, digits) = (last, Some(last), digits + last - first);
    }
    end.filter(|_| digits >= 64).map(|end| start..end)
}
