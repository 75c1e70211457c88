//! Tables: a telling name heads a column, and the values stand under it, in CSV, in Markdown and in SQL.

use std::ops::Range;

use super::{Context, Position, Telling, name};
use crate::detect::{class::work, engine::Match};

/// How long a row is.
const ROW: usize = 1024;
/// How long the head of a table is, which many names may stand in.
const HEAD: usize = 200;

/// Whether what follows a name could part two columns; cheap to ask.
pub(super) fn may_head(text: &[u8], name: &Range<usize>) -> bool {
    let at = name.end + text[name.end..].iter().take(2).take_while(|byte| b"\"'` ".contains(byte)).count();
    matches!(text.get(at), Some(b',' | b';' | b'\t' | b'|' | b'\n' | b'\r' | b')'))
}

/// Judges the values of the column that a name heads.
pub(super) fn look(
    context: &Context,
    text: &[u8],
    name: &Range<usize>,
    telling: Telling,
    matches: &mut Vec<Match>,
) {
    if inserted(context, text, name, telling, matches) {
        return;
    }
    let head = line_at(text, name.start);
    if head.len() > HEAD || text.get(head.end).is_none() {
        return;
    }
    let Some(separator) = separator(&text[head.clone()]) else { return };
    let cells = cells(text, head.clone(), separator);
    let Some(column) = cells.iter().position(|cell| cell.start <= name.start && name.end <= cell.end) else {
        return;
    };
    // The column is named by nothing else, and the row above belongs to no table.
    let above = head.start.checked_sub(1).map_or(0..0, |newline| line_at(text, newline));
    if !cells.iter().all(|cell| is_title(&text[cell.clone()]))
        || cells[column].len() > name.len() + 24
        || columns(text, above, separator) == cells.len()
    {
        return;
    }
    // The words of the cell tell more than the one that led here: `Secret access key`.
    let telling = name::telling(&text[cells[column].clone()]).unwrap_or(telling);
    let mut at = head.end + 1 + usize::from(text[head.end] == b'\r');
    while at < text.len() {
        let row = line_at(text, at);
        at = row.end + 1 + usize::from(text.get(row.end) == Some(&b'\r'));
        let values = self::cells(text, row.clone(), separator);
        if row.len() >= ROW || values.len() != cells.len() {
            return;
        }
        let value = values[column].clone();
        if !value.is_empty() {
            context.judge(&text[cells[column].clone()], telling, text, value, Position::Line, matches);
        }
    }
}

/// `(name, password) VALUES ('bob', '…')`: whether it is that.
fn inserted(
    context: &Context,
    text: &[u8],
    name: &Range<usize>,
    telling: Telling,
    matches: &mut Vec<Match>,
) -> bool {
    let window = &text[name.start.saturating_sub(HEAD)..text.len().min(name.end + HEAD)];
    let middle = name.start - name.start.saturating_sub(HEAD);
    let (Some(open), Some(close)) =
        (memchr::memrchr(b'(', &window[..middle]), memchr::memchr(b')', &window[middle..]))
    else {
        return false;
    };
    work::count(window.len());
    let base = name.start - middle;
    let (open, close) = (base + open + 1, base + middle + close);
    let names = cells(text, open..close, b',');
    let column = names.iter().position(|cell| cell.start <= name.start && name.end <= cell.end);
    let tail = text[close + 1..].trim_ascii_start();
    let verb = tail.len() >= 6 && tail[..6].eq_ignore_ascii_case(b"VALUES");
    let (Some(column), true) = (column, verb) else { return false };
    let mut at = text.len() - tail.len() + 6;
    // One statement may insert several rows.
    for _ in 0..8 {
        let Some(open) = text[at..].iter().take(4).position(|byte| *byte == b'(') else { break };
        let start = at + open + 1;
        let Some(end) = close_of(text, start) else { break };
        if let Some(value) = cells(text, start..end, b',').get(column).filter(|value| value.len() >= 4) {
            context.judge(&text[name.clone()], telling, text, value.clone(), Position::Quoted, matches);
        }
        at = end + 1;
    }
    true
}

/// The bracket that closes a list of values, quotation marks heeded.
fn close_of(text: &[u8], start: usize) -> Option<usize> {
    let mut quoted = false;
    let window = &text[start..text.len().min(start + ROW)];
    let at = window.iter().position(|&byte| {
        quoted ^= byte == b'\'';
        byte == b')' && !quoted
    })?;
    work::count(at);
    Some(start + at)
}

/// The line around a place, without its newline; no more than a row to either side.
fn line_at(text: &[u8], at: usize) -> Range<usize> {
    let back = &text[at.saturating_sub(ROW)..at];
    let start = memchr::memrchr(b'\n', back).map_or(at - back.len(), |newline| at - back.len() + newline + 1);
    let ahead = &text[at..text.len().min(at + ROW)];
    let end = at + memchr::memchr(b'\n', ahead).unwrap_or(ahead.len());
    work::count(end - start);
    start..end - usize::from(text[start..end].ends_with(b"\r"))
}

/// What parts the columns of a head.
fn separator(head: &[u8]) -> Option<u8> {
    let framed = head.trim_ascii().starts_with(b"|");
    [b'|', b'\t', b';', b','].into_iter().find(|sign| head.contains(sign) && (*sign != b'|' || framed))
}

fn columns(text: &[u8], row: Range<usize>, separator: u8) -> usize {
    if row.is_empty() { 0 } else { cells(text, row, separator).len() }
}

/// The cells of a row, without blanks and quotation marks around them.
fn cells(text: &[u8], row: Range<usize>, separator: u8) -> Vec<Range<usize>> {
    let mut cells = Vec::new();
    let (mut start, mut mark) = (row.start, None);
    for at in row.start..=row.end {
        let byte = if at == row.end { separator } else { text[at] };
        match mark {
            Some(open) if byte == open && at < row.end => mark = None,
            Some(_) if at < row.end => {}
            _ if byte == separator => {
                cells.push(trimmed(text, start..at));
                start = at + 1;
            }
            _ if matches!(byte, b'"' | b'\'') && text[start..at].trim_ascii().is_empty() => mark = Some(byte),
            _ => {}
        }
    }
    if separator == b'|' {
        cells.retain(|cell| cell.start > row.start || !cell.is_empty());
        if cells.last().is_some_and(Range::is_empty) {
            cells.pop();
        }
    }
    cells
}

fn trimmed(text: &[u8], cell: Range<usize>) -> Range<usize> {
    let is_frame = |byte: &&u8| byte.is_ascii_whitespace() || b"\"'`".contains(byte);
    let bytes = &text[cell.clone()];
    let start = cell.start + bytes.iter().take_while(is_frame).count();
    let end = cell.end - bytes.iter().rev().take_while(is_frame).count();
    start..end.max(start)
}

/// Whether a cell could head a column: a name or a few words.
fn is_title(cell: &[u8]) -> bool {
    cell.len() <= 40
        && cell.first().is_some_and(u8::is_ascii_alphabetic)
        && cell.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"_-. #/".contains(&byte))
}
