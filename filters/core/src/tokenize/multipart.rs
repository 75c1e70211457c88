//! Scanning multipart bodies (RFC 2046 §5.1, RFC 7578): file uploads, batches.

use memchr::memmem::{find, find_iter};

use super::{Splices, Tokenizer, Unscannable, charset, leaf::scan_plain, parameter};
use crate::json::Schema;

/// Multipart bodies in multipart bodies, deeper than anyone sends.
const MAX_DEPTH: usize = 4;

/// Scans each part by its own type, and its header (file names). `depth`: multipart bodies around.
pub(super) fn scan(
    tokenizer: &Tokenizer<'_>,
    body: &[u8],
    boundary: &str,
    schema: &Schema,
    depth: usize,
) -> Result<Splices, Unscannable> {
    if depth == MAX_DEPTH {
        return Err(Unscannable::Multipart("it is nested too deep"));
    }
    if boundary.is_empty() {
        return Err(Unscannable::Multipart("no boundary"));
    }
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let marks: Vec<_> = find_iter(body, &delimiter).filter(|&at| at == 0 || body[at - 1] == b'\n').collect();
    let (Some(&first), Some(&last)) = (marks.first(), marks.last()) else {
        return Err(Unscannable::Multipart("its boundary does not occur"));
    };
    if !body[last + delimiter.len()..].starts_with(b"--") {
        return Err(Unscannable::Multipart("it ends too early"));
    }
    let mut splices = scan_plain(tokenizer, &body[..first])?;
    for mark in marks.windows(2) {
        let start = mark[0] + delimiter.len();
        splices.extend_at(start, part(tokenizer, &body[start..mark[1]], schema, depth)?);
    }
    let epilogue = last + delimiter.len();
    splices.extend_at(epilogue, scan_plain(tokenizer, &body[epilogue..])?);
    Ok(splices)
}

/// One part, from behind its delimiter to the next one.
fn part(
    tokenizer: &Tokenizer<'_>,
    part: &[u8],
    schema: &Schema,
    depth: usize,
) -> Result<Splices, Unscannable> {
    let (head_length, content_start) = match (find(part, b"\r\n\r\n"), find(part, b"\n\n")) {
        (Some(crlf), lf) if lf.is_none_or(|lf| crlf < lf) => (crlf, crlf + 4),
        (_, Some(lf)) => (lf, lf + 2),
        _ => return Err(Unscannable::Multipart("a part has no header")),
    };
    let head = std::str::from_utf8(&part[..head_length])
        .map_err(|_| Unscannable::Multipart("a part's header is not UTF-8"))?;
    let unfolded = unfolded(head);
    let content =
        part[content_start..].strip_suffix(b"\r\n").or_else(|| part[content_start..].strip_suffix(b"\n"));
    let content = content.ok_or(Unscannable::Multipart("a part ends too early"))?;
    let encoding = header(&unfolded, "content-transfer-encoding")?.unwrap_or("binary");
    if !["binary", "8bit", "7bit"].iter().any(|plain| encoding.eq_ignore_ascii_case(plain)) {
        return Err(Unscannable::Multipart("a part has a transfer encoding"));
    }
    let mut splices = scan_plain(tokenizer, head.as_bytes())?;
    let declared = header(&unfolded, "content-type")?;
    let disposition = header(&unfolded, "content-disposition")?.unwrap_or_default();
    let disposition = |name| parameter(disposition, name);
    // The character set of all other fields (RFC 7578 section 4.6).
    if disposition("name") == Some("_charset_") && !content.eq_ignore_ascii_case(b"utf-8") {
        return Err(Unscannable::Charset);
    }
    let lines = disposition("filename").is_some_and(|name| name.ends_with(".jsonl"));
    // The file's name says what it is more often than its type does; but a reader may heed the type's character set.
    if lines && !charset::is_read_alike(declared.unwrap_or_default(), content) {
        return Err(Unscannable::Charset);
    }
    let content_type = if lines { Some("application/jsonl") } else { declared };
    let name = disposition("name").map(str::as_bytes);
    let scanned = tokenizer.body_at(content_type, content, schema, (depth + 1, name))?;
    splices.extend_at(content_start, scanned);
    Ok(splices)
}

/// A header whose values are continued on no second line (RFC 5322 section 2.2.3).
fn unfolded(head: &str) -> String {
    head.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ")
}

/// The value of a field. Of two that differ, each could be believed.
fn header<'a>(head: &'a str, name: &str) -> Result<Option<&'a str>, Unscannable> {
    let mut values = head.lines().filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    });
    let first = values.next();
    match values.all(|other| Some(other) == first) {
        true => Ok(first),
        false => Err(Unscannable::Multipart("a header of a part is given twice")),
    }
}
