//! Server-sent events: cutting a byte stream into events (WHATWG HTML §9.2.5).
//!
//! Lines end in LF, CRLF or CR; a blank line ends an event; a line that begins with a colon is a
//! comment. Cutting keeps every byte: what comes out, put together, is what went in.

use std::ops::Range;

use memchr::memchr2;

/// An event that grows beyond this is passed on unread, as is all that follows it.
const MAX_EVENT: usize = 64 << 20;

/// A piece of the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Comments, blank lines and the like: to be passed on at once, as they are.
    Raw(&'a [u8]),
    /// A whole event, with the blank line that ends it (absent at the end of the stream).
    Event(&'a [u8]),
}

/// Cuts a stream into pieces; holds an unfinished event, nothing else.
#[derive(Default)]
pub struct Splitter {
    buffer: Vec<u8>,
    /// Bytes of `buffer` that were looked at.
    scanned: usize,
    /// Where the line under way begins.
    line: usize,
    /// Whether the event under way has lines that are not comments.
    has_fields: bool,
    /// Whether the last line ended in a CR that a LF may belong to.
    after_cr: bool,
    gave_up: bool,
}

impl Splitter {
    /// Takes the next bytes and hands out the pieces they complete.
    pub fn push(&mut self, bytes: &[u8], mut piece: impl FnMut(Piece<'_>)) {
        if self.gave_up {
            return piece(Piece::Raw(bytes));
        }
        self.buffer.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(run) = memchr2(b'\n', b'\r', &self.buffer[self.scanned..]) {
            let end = self.scanned + run;
            self.scanned = end + 1;
            let lf_of_crlf = self.after_cr && run == 0 && end == self.line && self.buffer[end] == b'\n';
            self.after_cr = self.buffer[end] == b'\r';
            if lf_of_crlf {
                // Belongs to the line before. When that line's piece is already out, it follows it.
                if end == start {
                    piece(Piece::Raw(b"\n"));
                    start = self.scanned;
                }
                self.line = self.scanned;
                continue;
            }
            if let Some(is_event) = self.ends_piece(self.line..end, start) {
                let end = self.scanned
                    + usize::from(self.after_cr && self.buffer.get(self.scanned) == Some(&b'\n'));
                self.after_cr &= end == self.scanned;
                self.scanned = end;
                let bytes = &self.buffer[start..end];
                piece(if is_event { Piece::Event(bytes) } else { Piece::Raw(bytes) });
                start = end;
                self.has_fields = false;
            }
            self.line = self.scanned;
        }
        self.keep_from(start);
        if self.buffer.len() > MAX_EVENT {
            self.gave_up = true;
            piece(Piece::Raw(&std::mem::take(&mut self.buffer)));
        }
    }

    /// Hands out what is left at the end of the stream.
    pub fn finish(&mut self, mut piece: impl FnMut(Piece<'_>)) {
        let rest = std::mem::take(&mut self.buffer);
        if !rest.is_empty() {
            piece(Piece::Event(&rest));
        }
        *self = Self::default();
    }

    /// Whether the line that just ended completes a piece, and whether that is an event.
    fn ends_piece(&mut self, line: Range<usize>, start: usize) -> Option<bool> {
        if line.is_empty() {
            return Some(self.has_fields);
        }
        if self.buffer[line.start] == b':' && line.start == start {
            return Some(false);
        }
        self.has_fields = true;
        None
    }

    fn keep_from(&mut self, start: usize) {
        self.buffer.drain(..start);
        self.line -= start;
        self.scanned = self.buffer.len();
    }
}

/// The lines of an event: what each says, and with its line end.
pub fn lines(event: &[u8]) -> impl Iterator<Item = (Range<usize>, Range<usize>)> + '_ {
    let mut at = if event.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    std::iter::from_fn(move || {
        let start = at;
        let end = memchr2(b'\n', b'\r', event.get(at..)?).map_or(event.len(), |run| at + run);
        at = end + 1 + usize::from(event.get(end..end + 2) == Some(b"\r\n"));
        (start < event.len()).then(|| (start..end, start..at.min(event.len())))
    })
}

/// The value of a line that is a `data:` field, as a range of the event's bytes.
#[must_use]
pub fn data(event: &[u8], line: &Range<usize>) -> Option<Range<usize>> {
    let value = event[line.clone()].strip_prefix(b"data:")?;
    let value = value.strip_prefix(b" ").unwrap_or(value);
    Some(line.end - value.len()..line.end)
}

/// The `data:` values of an event.
pub fn data_lines(event: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    lines(event).filter_map(|(line, _)| data(event, &line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(stream: &[u8], cut: usize) -> Vec<(bool, String)> {
        let mut splitter = Splitter::default();
        let mut pieces = Vec::new();
        let mut note = |piece: Piece<'_>| {
            let (event, bytes) = match piece {
                Piece::Raw(bytes) => (false, bytes),
                Piece::Event(bytes) => (true, bytes),
            };
            pieces.push((event, String::from_utf8_lossy(bytes).into_owned()));
        };
        for chunk in stream.chunks(cut) {
            splitter.push(chunk, &mut note);
        }
        splitter.finish(&mut note);
        pieces
    }

    #[test]
    fn cuts_events_for_every_line_end_and_every_chunk() {
        for newline in ["\n", "\r\n", "\r"] {
            let stream = ": hi\n\nevent: a\ndata: 1\n\n: c\n: d\n\ndata:2\ndata: 3\n\nid: x\n: inside\ndata: 4\n\n\n\ndata: last".replace('\n', newline);
            let events = |pieces: Vec<(bool, String)>| -> Vec<String> {
                pieces
                    .into_iter()
                    .filter(|piece| piece.0)
                    .map(|piece| piece.1.replace("\r\n", "\n").replace('\r', "\n").trim_end().to_owned())
                    .collect()
            };
            for cut in 1..stream.len() {
                let pieces = split(stream.as_bytes(), cut);
                let joined: String = pieces.iter().map(|piece| piece.1.as_str()).collect();
                assert_eq!(joined, stream, "{newline:?} cut at {cut}");
                assert_eq!(
                    events(pieces),
                    ["event: a\ndata: 1", "data:2\ndata: 3", "id: x\n: inside\ndata: 4", "data: last"],
                    "{newline:?} {cut}"
                );
            }
        }
    }

    #[test]
    fn comments_leave_at_once() {
        let mut splitter = Splitter::default();
        let mut seen = Vec::new();
        splitter.push(b": keep-alive\n", |piece| seen.push(format!("{piece:?}")));
        assert_eq!(seen.len(), 1);
    }

    #[test]
    fn finds_data() {
        let event = b"event: x\r\ndata: {\"a\"\r\ndata::1}\r\n\r\n";
        let data: Vec<_> = data_lines(event).map(|range| &event[range]).collect();
        assert_eq!(data, [b"{\"a\"".as_slice(), b":1}"]);
    }
}
