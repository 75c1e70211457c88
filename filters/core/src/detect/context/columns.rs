//! Tables: a telling name heads a column, and the values stand under it, in CSV, in Markdown and in SQL.

use std::ops::Range;

use super::{Context, Position, Telling, name};
use crate::detect::{class::work, engine::Match};

/// How long a row is.
const ROW: usize = 1024;
/// How long the head of a table is, which many names may stand in.
const HEAD: usize = 200;

/// A column that a name heads.
pub(super) enum Table {
    /// Of lines: the cell of the head, which column it is, how many there are, what parts them, and where the rows start.
    Lines { title: Range<usize>, column: usize, columns: usize, separator: u8, rows: usize },
    /// Of a statement in SQL: the name, which column it is, and where the values start.
    Values { name: Range<usize>, column: usize, rows: usize },
}

/// The column that a name heads, if it does. Most names do not, and that is cheap to see.
pub(super) fn at(text: &[u8], name: &Range<usize>) -> Option<Table> {
    let at = name.end + text[name.end..].iter().take(2).take_while(|byte| b"\"'` ".contains(byte)).count();
    match text.get(at)? {
        b',' | b')' => values(text, name).or_else(|| lines(text, name)),
        b';' | b'\t' | b'|' | b'\n' | b'\r' => lines(text, name),
        _ => None,
    }
}

/// The head of a table in lines.
fn lines(text: &[u8], name: &Range<usize>) -> Option<Table> {
    let back = &text[name.start.saturating_sub(HEAD)..name.start];
    let start = name.start - back.len() + memchr::memrchr(b'\n', back).map_or(0, |newline| newline + 1);
    work::count(name.start - start);
    // Code is indented, or has brackets in it.
    if !text[start].is_ascii_alphabetic() && !b"\"'|".contains(&text[start])
        || memchr::memchr3(b'(', b'=', b'{', &text[start..name.start]).is_some()
    {
        return None;
    }
    let head = line_at(text, name.start);
    if head.len() > HEAD || head.start != start {
        return None;
    }
    let separator = separator(&text[head.clone()])?;
    let cells = cells(text, head.clone(), separator);
    let column = cells.iter().position(|cell| cell.start <= name.start && name.end <= cell.end)?;
    // The column is named by nothing else, and the row above belongs to no table.
    let above = head.start.checked_sub(1).map_or(0..0, |newline| line_at(text, newline));
    let is_head = cells.iter().all(|cell| is_title(&text[cell.clone()]))
        && cells[column].len() <= name.len() + 24
        && columns(text, above, separator) != cells.len();
    let rows = next_line(text, &head);
    is_head.then(|| Table::Lines {
        title: cells[column].clone(),
        column,
        columns: cells.len(),
        separator,
        rows,
    })
}

/// Judges the values of a column.
pub(super) fn look(context: &Context, text: &[u8], table: Table, telling: Telling, matches: &mut Vec<Match>) {
    match table {
        Table::Lines { title, column, columns, separator, mut rows } => {
            // The words of the cell tell more than the one that led here: `Secret access key`.
            let name = &text[title];
            let telling = name::telling(name).unwrap_or(telling);
            while rows < text.len() {
                let row = line_at(text, rows);
                rows = next_line(text, &row);
                let cells = cells(text, row.clone(), separator);
                if row.len() >= ROW || cells.len() != columns {
                    return;
                }
                let value = cells[column].clone();
                if !value.is_empty() {
                    context.judge(name, telling, text, value, Position::Line, matches);
                }
            }
        }
        Table::Values { name, column, mut rows } => {
            // One statement may insert several rows.
            for _ in 0..8 {
                let Some(open) = text[rows..].iter().take(4).position(|byte| *byte == b'(') else { break };
                let start = rows + open + 1;
                let Some(end) = close_of(text, start) else { break };
                let value = cells(text, start..end, b',').get(column).cloned();
                if let Some(value) = value.filter(|value| value.len() >= 4) {
                    context.judge(&text[name.clone()], telling, text, value, Position::Quoted, matches);
                }
                rows = end + 1;
            }
        }
    }
}

/// Where the line behind a row starts.
fn next_line(text: &[u8], row: &Range<usize>) -> usize {
    row.end + 1 + usize::from(text.get(row.end) == Some(&b'\r'))
}

/// `(name, password) VALUES ('bob', '…')`.
fn values(text: &[u8], name: &Range<usize>) -> Option<Table> {
    let ahead = &text[name.end..text.len().min(name.end + HEAD)];
    let close = name.end + memchr::memchr(b')', ahead)?;
    work::count(close - name.end);
    let tail = text[close + 1..text.len().min(close + 40)].trim_ascii_start();
    if tail.len() < 6 || !tail[..6].eq_ignore_ascii_case(b"VALUES") {
        return None;
    }
    let rows = text.len().min(close + 40) - tail.len() + 6;
    let back = &text[name.start.saturating_sub(HEAD)..name.start];
    let open = name.start - back.len() + memchr::memrchr(b'(', back)? + 1;
    work::count(back.len());
    let names = cells(text, open..close, b',');
    let column = names.iter().position(|cell| cell.start <= name.start && name.end <= cell.end)?;
    Some(Table::Values { name: name.clone(), column, rows })
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
