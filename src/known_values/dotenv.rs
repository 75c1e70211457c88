//! Reading .env files for what could be a value in them.
//!
//! There is no one format: shells, Docker and the dotenv libraries disagree on quotes, escapes and
//! comments. A value that one of them would see must not leave, so each variable has all its readings,
//! the likeliest first. Nothing is expanded and the process's environment is not looked at: what a reference
//! stands for is a value of its own.

use zeroize::Zeroizing;

/// One assignment.
pub(super) struct Variable {
    pub(super) name: String,
    /// Counts from 1.
    pub(super) line: usize,
    /// The likeliest first; never empty.
    pub(super) readings: Vec<Reading>,
}

/// A value as one reader sees it.
pub(super) type Reading = Zeroizing<Vec<u8>>;

/// What a file says.
#[derive(Default)]
pub(super) struct Parsed {
    pub(super) variables: Vec<Variable>,
    /// Lines that are no assignment.
    pub(super) unread: Vec<usize>,
}

/// Reads a file.
pub(super) fn parse(text: &[u8]) -> Parsed {
    let mut text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut parsed = Parsed::default();
    let mut line = 1;
    while !text.is_empty() {
        let first = line_of(text);
        let length = match assignment(first) {
            Some((name, value_at)) => {
                let (length, readings) = value(&text[value_at..]);
                parsed.variables.push(Variable { name, line, readings });
                value_at + length
            }
            None => {
                let trimmed = first.trim_ascii();
                if !trimmed.is_empty() && trimmed[0] != b'#' {
                    parsed.unread.push(line);
                }
                first.len()
            }
        };
        let next = text.len().min(length + 1);
        line += memchr::memchr_iter(b'\n', &text[..next]).count();
        text = &text[next..];
    }
    parsed
}

fn line_of(text: &[u8]) -> &[u8] {
    &text[..memchr::memchr(b'\n', text).unwrap_or(text.len())]
}

/// The name that a line gives a value to, and where that begins.
fn assignment(line: &[u8]) -> Option<(String, usize)> {
    let mut rest = line.trim_ascii_start();
    if let Some(after) =
        rest.strip_prefix(b"export").filter(|after| after.starts_with(b" ") || after.starts_with(b"\t"))
    {
        rest = after.trim_ascii_start();
    }
    let named = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let length = rest.iter().take_while(named).count();
    let name = std::str::from_utf8(&rest[..length]).ok().filter(|name| !name.is_empty())?;
    let after = rest[length..].trim_ascii_start();
    let value = after.strip_prefix(b"=").or_else(|| after.strip_prefix(b": "))?;
    Some((name.to_owned(), line.len() - value.len()))
}

/// The readings of what stands behind the sign of equality, and how much of the text that is.
fn value(text: &[u8]) -> (usize, Vec<Reading>) {
    let line = line_of(text);
    let start = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    if let Some(end) = quoted(&text[start..]) {
        let rest = line_of(&text[start + end..]);
        let behind = rest.trim_ascii_start();
        if behind.is_empty() || behind[0] == b'#' {
            return (start + end + rest.len(), quoted_readings(&text[start..start + end]));
        }
    }
    (line.len(), unquoted_readings(line.trim_ascii()))
}

/// The length of a quoted text, its quotes included; it may have several lines.
fn quoted(text: &[u8]) -> Option<usize> {
    let &quote = text.first().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'))?;
    let mut at = 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' if quote == b'"' => at += 1,
            _ if byte == quote => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
    None
}

fn quoted_readings(text: &[u8]) -> Vec<Reading> {
    let inner = &text[1..text.len() - 1];
    match text[0] {
        b'"' => distinct([unescaped(inner), raw(inner)]),
        // Some readers undo escapes in all quotes.
        _ => distinct([raw(inner), unescaped(inner)]),
    }
}

fn unquoted_readings(line: &[u8]) -> Vec<Reading> {
    let spaced =
        memchr::memmem::find_iter(line, b"#").find(|&at| at == 0 || line[at - 1].is_ascii_whitespace());
    let value = spaced.map_or(line, |at| line[..at].trim_ascii_end());
    let glued = memchr::memchr(b'#', value).map_or(value, |at| &value[..at]);
    distinct([raw(value), unescaped(value), raw(glued), raw(line)])
}

fn distinct(readings: impl IntoIterator<Item = Reading>) -> Vec<Reading> {
    let mut kept: Vec<Reading> = Vec::new();
    for reading in readings {
        if !kept.contains(&reading) {
            kept.push(reading);
        }
    }
    kept
}

fn raw(text: &[u8]) -> Reading {
    Zeroizing::new(text.to_vec())
}

/// Without backslashes: `\n`, `\r` and `\t` are what they are in C, anything else is itself.
fn unescaped(text: &[u8]) -> Reading {
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        plain.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(&other) => other,
                None => b'\\',
            },
            byte => byte,
        });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name and readings of every variable.
    fn read(text: &str) -> Vec<(String, Vec<String>)> {
        let text_of = |reading: &Reading| String::from_utf8_lossy(reading).into_owned();
        let variables = parse(text.as_bytes()).variables.into_iter();
        variables.map(|it| (it.name, it.readings.iter().map(text_of).collect())).collect()
    }

    #[track_caller]
    fn assert_read(text: &str, expected: &[&str]) {
        let read = read(text);
        assert_eq!(read.len(), 1, "{text}: {read:?}");
        assert_eq!(read[0].0, "A", "{text}");
        assert_eq!(read[0].1, expected, "{text}");
    }

    #[test]
    fn every_reader_is_heard() {
        for (text, expected) in [
            ("A=plain", &["plain"][..]),
            ("  export A = spaced out  ", &["spaced out"]),
            ("A: colon", &["colon"]),
            ("A='single # \\n'", &["single # \\n", "single # \n"]),
            ("A=\"double\\n\\\"x\\\"\" # comment", &["double\n\"x\"", "double\\n\\\"x\\\""]),
            ("A=`back \"tick\"`", &["back \"tick\""]),
            ("A=value # comment", &["value", "value # comment"]),
            ("A=va#lue", &["va#lue", "va"]),
            ("A=\"one\"two", &["\"one\"two"]),
            ("A=\"open", &["\"open"]),
            ("A=a\\ b", &["a\\ b", "a b"]),
            ("A=x=y==", &["x=y=="]),
            ("A=", &[""]),
            ("\u{feff}A=marked\r\n", &["marked"]),
        ] {
            assert_read(text, expected);
        }
    }

    #[test]
    fn quoted_values_have_several_lines() {
        let text = "# first\n\nA=\"one\ntwo\"\r\nB='three\n\nfour'\nnot an assignment\nC=5";
        let parsed = parse(text.as_bytes());
        let places: Vec<_> = parsed.variables.iter().map(|it| (&*it.name, it.line)).collect();
        assert_eq!(places, [("A", 3), ("B", 5), ("C", 9)]);
        assert_eq!(parsed.unread, [8]);
        assert_eq!(*parsed.variables[0].readings[0], b"one\ntwo");
        assert_eq!(*parsed.variables[1].readings[0], b"three\n\nfour");
    }

    #[test]
    fn nonsense_is_told_by_its_line() {
        let parsed = parse(b"=x\nexport\n1 2\n\"\n\xff=\xfe\n");
        assert_eq!(parsed.unread, [1, 2, 3, 4, 5]);
        assert!(parsed.variables.is_empty());
    }
}
