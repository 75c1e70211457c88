//! Private keys in armour: PEM, OpenSSH, PGP, SSH2, and PuTTY's own file.
//!
//! A key is seldom seen as it stands in its file. Agents' tools put a number before every line,
//! a diff or a quotation a sign; an environment variable or JSON text writes `\n` for a newline; a
//! shell makes it one line with blanks; a truncated result has no END line. So the body is read as
//! runs of base64 between gaps, line by line: a line with one run is key material, prose has
//! several.

use std::ops::Range;

use super::{
    class::{Class, Runs, work},
    detector::Candidate,
};

/// How far the next run of key material may be; what lies between belongs to the block: a
/// comment, a `[… truncated …]` mark.
const REACH: usize = 256;

/// From how many bytes on a run is key material whatever stands beside it on its line.
const LONG: usize = 32;

/// How much key material a block without END has to show: less is a header quoted in a text.
const SHOWN: usize = 16;

/// What every label of a private key contains, and nothing else does as often as it matters.
pub(super) const LABEL: &str = "PRIVATE KEY";

/// The anchor of a PuTTY key file.
pub(super) const PUTTY: &str = "PuTTY-User-Key-File-";

/// A block from `-----BEGIN … PRIVATE KEY…-----` to the dashes of its END, or to the end of its
/// key material where there is none. The candidate starts inside the label.
pub(super) fn armoured(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start: inside, body } = candidate;
    let start = begin(text, inside)?;
    let label = label_end(text, body);
    let dashes = dashes_end(text, label);
    let end = (dashes - label >= 2).then(|| Walk::new(text, dashes).end())??;
    Some(start..end)
}

/// The start of the `-----BEGIN ` (of SSH2: `---- BEGIN `) whose label contains `inside`.
fn begin(text: &[u8], inside: usize) -> Option<usize> {
    let from = inside.saturating_sub(64);
    let word = from + memchr::memmem::rfind(&text[from..inside], b"BEGIN ")?;
    if label_end(text, word) < inside {
        return None;
    }
    let dashes = |dashes: &[u8]| text[..word].ends_with(dashes).then(|| word - dashes.len());
    dashes(b"-----").or_else(|| dashes(b"---- "))
}

/// The end of a label: capitals, digits and blanks.
fn label_end(text: &[u8], at: usize) -> usize {
    let label = text[at..].iter().take(64);
    at + label.take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || **byte == b' ').count()
}

/// The end of at most five dashes.
fn dashes_end(text: &[u8], at: usize) -> usize {
    at + text[at..].iter().take(5).take_while(|&&byte| byte == b'-').count()
}

/// A piece of a block's body.
enum Piece {
    /// Base64, at least one byte.
    Run,
    /// A newline, real or written as `\n`.
    Newline,
    /// Blanks, line numbers' separators, quotes: anything else.
    Gap(u8),
    /// `-----BEGIN` of another block.
    Begin,
    /// `-----END`; the piece ends behind the closing dashes.
    End,
}

/// Reads the piece that starts at `at`; answers with where it ends.
fn piece(text: &[u8], at: usize) -> (Piece, usize) {
    match text[at] {
        b'\n' | b'\r' => (Piece::Newline, at + 1),
        b'\\' => escape(text, at),
        b'-' => dashes(text, at),
        b'%' | b'<' | b'&' => written_newline(text, at),
        byte if Class::BASE64.has(byte) => (Piece::Run, run_end(text, at)),
        byte => (Piece::Gap(byte), at + 1),
    }
}

/// The end of a run; a slash may be written `\/`.
fn run_end(text: &[u8], mut at: usize) -> usize {
    loop {
        at = Class::BASE64.run_end(text, at, usize::MAX);
        let slash = at + backslashes(text, at);
        if slash == at || text.get(slash) != Some(&b'/') {
            return at;
        }
        at = slash;
    }
}

/// How many backslashes stand at `at`. More than a few levels of escaping do not occur.
fn backslashes(text: &[u8], at: usize) -> usize {
    text[at..].iter().take(16).take_while(|&&byte| byte == b'\\').count()
}

/// A backslash: the escape of a newline or a blank, at any level; or one that means nothing.
fn escape(text: &[u8], at: usize) -> (Piece, usize) {
    let end = at + backslashes(text, at);
    let newline = |code: &[u8]| {
        ESCAPED_NEWLINES.iter().find(|known| starts_with_ignore_case(code, known)).map(|known| known.len())
    };
    if let Some(length) = newline(&text[end..]) {
        return (Piece::Newline, end + length);
    }
    match text.get(end) {
        Some(b't') => (Piece::Gap(b'\t'), end + 1),
        Some(b'/') => (Piece::Run, run_end(text, end)),
        _ => (Piece::Gap(b'\\'), end),
    }
}

/// Newlines as they are written behind backslashes.
const ESCAPED_NEWLINES: &[&[u8]] = &[b"n", b"r", b"u000a", b"u000d", b"x0a", b"x0d", b"012", b"015"];

/// Newlines as URLs and markup write them.
const WRITTEN_NEWLINES: &[&[u8]] =
    &[b"%0a", b"%0d", b"%250a", b"%250d", b"<br>", b"<br/>", b"<br />", b"&#10;", b"&#13;", b"&#xa;"];

/// A newline of a URL or of markup, or a gap.
fn written_newline(text: &[u8], at: usize) -> (Piece, usize) {
    match WRITTEN_NEWLINES.iter().find(|known| starts_with_ignore_case(&text[at..], known)) {
        Some(known) => (Piece::Newline, at + known.len()),
        None => (Piece::Gap(text[at]), at + 1),
    }
}

fn starts_with_ignore_case(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// Dashes: a marker, or a gap.
fn dashes(text: &[u8], at: usize) -> (Piece, usize) {
    let run = text[at..].iter().take(REACH).take_while(|&&byte| byte == b'-').count();
    let word = at + run + usize::from(text.get(at + run) == Some(&b' '));
    let rest = &text[word..];
    if run >= 4 && rest.starts_with(b"BEGIN ") {
        (Piece::Begin, at)
    } else if run >= 4 && rest.starts_with(b"END") {
        (Piece::End, dashes_end(text, label_end(text, word)))
    } else {
        (Piece::Gap(b'-'), at + run)
    }
}

/// What is known of the line that is being read.
#[derive(Default)]
struct Line {
    runs: usize,
    /// Its last run.
    last: Range<usize>,
    /// The end of its last long run.
    long: Option<usize>,
    /// The end of its first run, when the end of a string or a mark of truncation follows it.
    cut: Option<usize>,
    /// It holds something that no key line has: code or prose.
    foreign: bool,
    /// A colon before any key material, as an armour header has.
    header: bool,
}

/// Reads the body of one block.
struct Walk<'t> {
    text: &'t [u8],
    at: usize,
    line: Line,
    /// A newline has been seen: short lines count only then.
    lines: bool,
    /// The body is a template (`{key}`, `$KEY`, `MIIE...`) if nothing in it looks like a key.
    template: bool,
    /// The length of the first line of key material: the others are as long, the last is shorter.
    full: usize,
    /// The last line has been seen.
    closed: bool,
    /// How much key material was found.
    shown: usize,
    /// The bytes in runs of any kind.
    base64: usize,
    /// Where the key material ends.
    end: usize,
    /// From where on nothing was seen that may be key material or an armour header.
    seen: usize,
}

impl<'t> Walk<'t> {
    fn new(text: &'t [u8], at: usize) -> Self {
        Self {
            text,
            at,
            line: Line::default(),
            lines: false,
            template: false,
            full: 0,
            closed: false,
            shown: 0,
            base64: 0,
            end: at,
            seen: at,
        }
    }

    /// The end of the block; `None` when there is no key in it.
    fn end(mut self) -> Option<usize> {
        while self.at < self.text.len() {
            let (piece, end) = piece(self.text, self.at);
            match piece {
                Piece::Begin => break,
                Piece::End => return self.is_block().then_some(end),
                Piece::Newline => {
                    self.close_line(false);
                    self.lines = true;
                }
                Piece::Run => self.run(self.at..end),
                Piece::Gap(byte) => self.gap(byte),
            }
            work::count(end - self.at);
            self.at = end;
            if self.at - self.seen > REACH {
                break;
            }
        }
        self.close_line(false);
        (self.shown >= SHOWN).then_some(self.end)
    }

    /// At the END marker: whether the body is a key. Where both markers have a line of their own,
    /// anything but a template is.
    fn is_block(&mut self) -> bool {
        let own_line = self.lines && self.line.runs == 0 && !self.line.foreign;
        self.close_line(true);
        self.shown > 0 || own_line && !self.template && self.base64 >= 8
    }

    fn run(&mut self, run: Range<usize>) {
        if run.len() >= LONG {
            self.line.long = Some(run.end);
            self.seen = run.end;
        }
        self.base64 += run.len();
        self.line.runs += 1;
        self.line.last = run;
    }

    fn gap(&mut self, byte: u8) {
        self.template |= matches!(byte, b'{' | b'$' | b'<' | b'%' | b'(' | b'.');
        let line = &mut self.line;
        let run = &self.text[line.last.clone()];
        let digits = run.strip_prefix(b"L").unwrap_or(run);
        let number = line.runs == 1 && run.len() <= 7 && digits.iter().all(u8::is_ascii_digit);
        match byte {
            b' ' => {}
            // What follows a line's number. (The arrow is not ASCII.)
            b'\t' | b':' | b'|' | b'-' | b')' | 0x80.. if number => line.runs = 0,
            b'[' | b'"' | b'\'' | b'<' | b'\\' | 0x80.. if line.runs == 1 && line.cut.is_none() => {
                line.cut = Some(line.last.end);
                line.foreign |= matches!(byte, b'[' | b'<' | 0x80..);
            }
            b'\t' | b'"' | b'\'' | b',' | b'>' | b'#' | b'*' | b'|' | b'-' | b'[' | b'\\' | 0x80.. => {}
            b':' if line.long.is_none() && self.text.get(self.at + 1) == Some(&b' ') => {
                line.header = true;
            }
            _ => line.foreign = true,
        }
    }

    /// Decides whether the line that ends here is key material.
    fn close_line(&mut self, at_marker: bool) {
        let line = std::mem::take(&mut self.line);
        let length = line.last.len();
        // (A header has no long run; `L3: ` before key material is a listing.)
        if line.header && line.long.is_none() && self.shown == 0 {
            self.seen = self.at;
            return;
        }
        // What stands before the marker on its line is key material only right before it.
        let apart = at_marker && !blank(&self.text[line.last.end..self.at]);
        let plain = !line.foreign && !apart && (self.lines || length >= SHOWN);
        if line.runs == 1 && (length >= LONG || plain) {
            self.single(line.last, at_marker);
        } else if let Some(end) = line.long {
            // One long line, its newlines made blanks: what follows the last long run is the
            // key's last line when the marker or the text's end is right behind it.
            let tail = at_marker || !line.foreign && line.last.end == self.text.len();
            self.material(if tail { line.last.end } else { end }, LONG);
        } else if let Some(end) = line.cut.filter(|_| self.shown > 0 && !self.closed) {
            self.material(end, 0);
        }
    }

    /// A line with one run.
    fn single(&mut self, run: Range<usize>, at_marker: bool) {
        if self.full == 0 {
            self.full = run.len();
        } else if run.len() < self.full && !at_marker {
            // A second short line is no longer the key; of PGP's armour it is the checksum.
            if self.closed && self.text[run.start] != b'=' {
                return;
            }
            self.closed = true;
        }
        self.material(run.end, run.len());
    }

    fn material(&mut self, end: usize, length: usize) {
        self.end = end;
        self.seen = self.seen.max(end);
        self.shown += length;
    }
}

fn blank(text: &[u8]) -> bool {
    text.iter().all(|&byte| byte == b' ')
}

/// A PuTTY key file from its first line to its MAC, or to the end of what is there.
pub(super) fn putty(candidate: &Candidate<'_>, _: &mut Runs<'_>) -> Option<Range<usize>> {
    let &Candidate { text, start, body } = candidate;
    let (mut at, mut end, mut private) = (body, None, false);
    while let Some((line, next)) = putty_line(text, at) {
        let bytes = &text[line.clone()];
        let find = |name: &[u8]| memchr::memmem::find(bytes, name).map(|at| at + name.len());
        private |= find(b"Private-Lines:").is_some();
        if find(PUTTY.as_bytes()).is_some() || !(find(b": ").is_some() || is_putty_material(bytes)) {
            break;
        }
        if let Some(mac) = find(b"Private-MAC: ") {
            end = Some(Class::HEX.run_end(text, line.start + mac, REACH));
            break;
        }
        at = next;
        if !line.is_empty() {
            end = Some(line.end);
        }
    }
    end.filter(|_| private).map(|end| start..end)
}

/// A line of base64, a line number before it or not; or nothing, between `\r` and `\n`.
fn is_putty_material(line: &[u8]) -> bool {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).rev();
    let material = words.next().map_or(0, |w| w.iter().filter(|&&b| Class::BASE64.has(b)).count());
    line.is_empty() || material >= 4 && words.all(|word| !word.iter().any(u8::is_ascii_alphabetic))
}

/// The line at `at`, without its newline, and where the next starts. `None` at the end and when
/// the line is too long for such a file.
fn putty_line(text: &[u8], at: usize) -> Option<(Range<usize>, usize)> {
    let mut end = at;
    work::count(2 * REACH);
    while end < text.len() && end - at < 2 * REACH {
        match piece(text, end) {
            (Piece::Newline, next) => return Some((at..end, next)),
            (Piece::Run, next) => end = next,
            // The end of the string that quotes the file is the end of the file.
            _ if text[end] == b'"' => return Some((at..end, text.len())),
            _ => end += 1,
        }
    }
    (at < text.len() && end - at < 2 * REACH).then_some((at..end, end))
}

#[cfg(test)]
mod tests;
