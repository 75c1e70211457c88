//! URLs: passwords before the host, webhooks, queries.

use std::ops::Range;

use super::{Context, query};
use crate::detect::{
    class::{Class, work},
    encoded::percent_decoded,
    engine::Match,
    example, lookalike,
    value::{self, Makeup},
};

/// How far a URL is read.
const REACH: usize = 2048;

/// How far a user's part may go on behind what is not in ASCII.
const LONGEST_USER: usize = 256;

/// `://`: reads the authority, then the path of known hosts and the query.
pub(super) fn look(
    context: &Context,
    text: &[u8],
    mark: Range<usize>,
    seen: &mut usize,
    matches: &mut Vec<Match>,
) {
    let start = mark.end;
    let rest = &text[start..text.len().min(start + REACH)];
    let ends = |byte: u8| {
        byte <= b' ' || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' | b'|') || byte >= 0x7f
    };
    let length = rest.iter().position(|&byte| ends(byte)).unwrap_or(rest.len());
    let length = beyond_ascii(rest, length).unwrap_or(length);
    let next = memchr::memmem::find(&rest[..length], b"://").unwrap_or(length);
    work::count(length.min(next));
    let url = &rest[..next];
    let slash = url.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(url.len());
    let scheme = Class::WORD.run_start(text, mark.start, 16);
    if let Some(at) = authority(&text[scheme..mark.start], url, slash) {
        userinfo(context, text, start..start + at, matches);
    }
    let host_start = memchr::memrchr(b'@', &url[..slash]).map_or(0, |at| at + 1);
    let host = &url[host_start..slash];
    webhook(context, text, host, start + slash..start + url.len(), matches);
    if let Some(mark) = memchr::memchr(b'?', url).filter(|_| start >= *seen) {
        query::parameters(context, text, start + mark + 1..start + url.len(), matches);
    }
}

/// The end of a URL's authority where letters or pictures that are not in ASCII stand in its user's part: up to an `@`.
fn beyond_ascii(rest: &[u8], end: usize) -> Option<usize> {
    let stands = |byte: &&u8| **byte >= 0x80 || byte.is_ascii_graphic() && !b"\"'`<>\\|/?#".contains(byte);
    let inside = rest.get(end).is_some_and(|byte| *byte >= 0x80) && !rest[..end].contains(&b'/');
    let length = inside.then(|| rest[end..].iter().take(LONGEST_USER).take_while(stands).count())?;
    work::count(length);
    let authority = &rest[..end + length];
    let at = memchr::memrchr(b'@', authority)?;
    // The host is in ASCII again, or what follows is no part of this.
    let host =
        authority[at..].iter().position(|byte| *byte >= 0x80).map_or(authority.len(), |stop| at + stop);
    (host > at + 1).then_some(host)
}

/// Where the user's part ends: at the last `@` before the path. A password may hold a slash, if it
/// is a database's.
fn authority(scheme: &[u8], url: &[u8], slash: usize) -> Option<usize> {
    const BARE: [&[u8]; 8] = [b"http", b"https", b"git", b"ssh", b"file", b"npm", b"vscode", b"data"];
    memchr::memrchr(b'@', &url[..slash]).or_else(|| {
        let colon = memchr::memchr(b':', &url[..slash])?;
        let password = &url[colon + 1..slash];
        let port = password.iter().all(u8::is_ascii_digit);
        (!port && !BARE.contains(&scheme)).then(|| memchr::memrchr(b'@', url))?
    })
}

/// Whether a token may stand alone before the host: where a URL's user is one, not a public key (`enode://`,
/// `smp://`) or an account (`ssh://`).
fn takes_token(before: &[u8]) -> bool {
    const SCHEMES: [&[u8]; 9] =
        [b"http", b"https", b"git", b"ws", b"wss", b"nats", b"tls", b"redis", b"rediss"];
    let Some(head) = before.strip_suffix(b"://") else { return false };
    let scheme = head.iter().rev().take(12).take_while(|byte| byte.is_ascii_alphabetic()).count();
    SCHEMES.contains(&&head[head.len() - scheme..])
}

/// `user:password`, or a token alone.
fn userinfo(context: &Context, text: &[u8], range: Range<usize>, matches: &mut Vec<Match>) {
    let info = &text[range.clone()];
    let Some(colon) = memchr::memchr(b':', info) else {
        if !takes_token(&text[..range.start]) {
            return;
        }
        let makeup = Makeup::of(info);
        if info.len() >= 20 && makeup.is_random() && !value::is_reference(info) {
            let sentry = memchr::memmem::find(&text[range.end..text.len().min(range.end + 64)], b"sentry.io")
                .is_some();
            context.push(if sentry { "SENTRY_DSN" } else { "GENERIC_SECRET" }, range, matches);
        }
        return;
    };
    let (user, password) = (&info[..colon], &info[colon + 1..]);
    if is_password(user, password) {
        context.push("GENERIC_PASSWORD", range.start + colon + 1..range.end, matches);
    } else if Makeup::of(user).is_random() && matches!(password, b"" | b"x-oauth-basic" | b"x") {
        context.push("GENERIC_SECRET", range.start..range.start + colon, matches);
    }
}

/// Behind `user:` and before `@`, nearly anything is a password.
fn is_password(user: &[u8], password: &[u8]) -> bool {
    let decoded = percent_decoded(password);
    let password = decoded.as_deref().unwrap_or(password);
    let makeup = Makeup::of(password);
    let words =
        example::is_example(password) || example::is_prompt(password) || password.eq_ignore_ascii_case(user);
    let letters = makeup.letters() == makeup.length;
    makeup.length >= 4
        && makeup.distinct >= 4
        && !words
        && !value::is_reference(password)
        && !(letters && makeup.length < 8)
        && !(makeup.digits == makeup.length && makeup.length < 6)
        && !value::is_identifier(password)
        && (password.iter().all(u8::is_ascii_graphic) || lookalike::has_foreign_letters(password))
        && !(makeup.digits == 0 && password.iter().any(|byte| b"{}[]():,%".contains(byte)))
}

/// Services whose URL is itself the secret.
fn webhook(context: &Context, text: &[u8], host: &[u8], path: Range<usize>, matches: &mut Vec<Match>) {
    const HOOKS: [(&str, &str, &str); 9] = [
        ("hooks.slack.com", "/services/", "SLACK_WEBHOOK"),
        ("hooks.slack.com", "/workflows/", "SLACK_WEBHOOK"),
        ("hooks.slack.com", "/triggers/", "SLACK_WEBHOOK"),
        ("hooks.slack-gov.com", "/services/", "SLACK_WEBHOOK"),
        ("discord.com", "/api/webhooks/", "DISCORD_WEBHOOK"),
        ("discordapp.com", "/api/webhooks/", "DISCORD_WEBHOOK"),
        ("webhook.office.com", "/webhookb2/", "TEAMS_WEBHOOK"),
        ("hooks.zapier.com", "/hooks/catch/", "ZAPIER_WEBHOOK"),
        ("hook.eu1.make.com", "/", "ZAPIER_WEBHOOK"),
    ];
    let found = HOOKS.iter().find(|(known, prefix, _)| {
        host.ends_with(known.as_bytes()) && text[path.clone()].starts_with(prefix.as_bytes())
    });
    let Some((_, prefix, label)) = found else {
        return;
    };
    let start = path.start + prefix.len();
    let is_path = |byte: &&u8| Class::DOTTED.has(**byte) || matches!(**byte, b'/' | b'@' | b'%');
    let length = text[start..path.end].iter().take_while(is_path).count();
    let secret = &text[start..start + length];
    let makeup = Makeup::of(secret);
    let masked =
        memchr::memmem::find(secret, b"XXXX").is_some() || memchr::memmem::find(secret, b"xxxx").is_some();
    if length >= 14 && makeup.digits >= 2 && makeup.letters() >= 4 && !masked {
        context.push(label, start..start + length, matches);
    }
}
