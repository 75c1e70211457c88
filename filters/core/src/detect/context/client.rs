//! Passwords on the command lines and in the files of database and registry clients.

use std::ops::Range;

use super::{Context, command};
use crate::detect::{class::work, engine::Match};

/// How far a line is read.
const LINE: usize = 300;

/// `jdbc:oracle:thin:user/password@host` and `sqlplus user/password@host`.
pub(super) fn oracle(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    let at = word.end + usize::from(text.get(word.end) == Some(&b' '));
    let login = command::word_at(text, at);
    let bytes = &text[login.clone()];
    work::count(bytes.len());
    let (Some(slash), Some(host)) = (memchr::memchr(b'/', bytes), memchr::memrchr(b'@', bytes)) else {
        return;
    };
    let user = &bytes[..slash];
    if slash < host
        && !user.is_empty()
        && user.iter().all(|b| b.is_ascii_alphanumeric() || b"_$#".contains(b))
    {
        command::password(context, text, login.start + slash + 1..login.start + host, matches);
    }
}

/// `docker login -u me -p PASSWORD`, `mongodump -u me -p PASSWORD`, `az login -p PASSWORD`.
pub(super) fn login(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    command::flag(
        context,
        text,
        word.start..word.end - usize::from(text[word.end - 1] == b' '),
        b" -p ",
        matches,
    );
}

/// A line of `.pgpass`: host, port, database, user and password, with colons between.
pub(super) fn pgpass(
    context: &Context,
    text: &[u8],
    port: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    let is_field = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_.*-".contains(byte);
    // The literal may be the end of the port: `:15432:`.
    let digits = text[..port.start].iter().rev().take(2).take_while(|byte| byte.is_ascii_digit()).count();
    let Some(colon) = (port.start - digits).checked_sub(1).filter(|&at| text[at] == b':') else {
        return;
    };
    let port = colon..port.end;
    let host = text[..port.start].iter().rev().take(80).take_while(is_field).count();
    let start = port.start - host;
    let opens = start == 0 || text[start - 1] == b'\n' || text[..start].ends_with(b"\\n");
    if host == 0 || !opens {
        return;
    }
    let rest = &text[port.end..text.len().min(port.end + LINE)];
    let line = &rest
        [..rest.iter().position(|byte| matches!(byte, b'\n' | b'\r' | b'"' | b'\\')).unwrap_or(rest.len())];
    work::count(host + line.len());
    let mut colons = memchr::memchr_iter(b':', line);
    if let (Some(database), Some(user)) = (colons.next(), colons.next())
        && database > 0
        && line[..user].iter().all(|byte| is_field(&byte) || *byte == b':')
    {
        command::password(context, text, port.end + user + 1..port.end + line.len(), matches);
    }
}

/// `CREATE USER app IDENTIFIED BY 'PASSWORD'`.
pub(super) fn identified(
    context: &Context,
    text: &[u8],
    word: Range<usize>,
    _: &mut usize,
    matches: &mut Vec<Match>,
) {
    command::password(context, text, command::word_at(text, word.end - 1), matches);
}
