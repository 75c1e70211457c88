//! Line numbers that agents' file tools put before every line: `3\tTEXT`, `3: TEXT`, ` 3 | TEXT`.
//!
//! A private key read that way is the same secret as the key in its file. It is stored without the
//! numbers; the number before its first line stays outside its placeholder. Put back behind such a
//! number it gets the others again; put back anywhere else (into a file that the model writes) it
//! is the key.

/// How the lines of a listing are numbered, and the number of the line under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Numbering {
    number: u64,
    /// What fills the number up to `width`: a blank or a zero.
    fill: u8,
    width: usize,
    separator: &'static str,
}

/// What stands between a number and its line: Claude Code (two versions), OpenCode (two), Cline.
const SEPARATORS: [&str; 5] = ["\t", "\u{2192}", ": ", "| ", " | "];

/// Longest number, with what fills it up.
const MAX_WIDTH: usize = 12;

/// How many bytes of a line are its number and what stands behind that; 0 where there is none.
pub(crate) fn width(line: &[u8]) -> usize {
    let digit =
        line.iter().take(MAX_WIDTH).take_while(|byte| **byte == b' ' || byte.is_ascii_digit()).count();
    let number = line[..digit].trim_ascii_end().len();
    let behind = |separator: &&&str| line[number..].starts_with(separator.as_bytes());
    let end = SEPARATORS.iter().filter(behind).map(|separator| number + separator.len()).max();
    end.filter(|end| Numbering::of(&line[..*end]).is_some()).unwrap_or(0)
}

impl Numbering {
    /// Reads the numbering off what stands before a text on its line.
    #[must_use]
    pub fn of(line: &[u8]) -> Option<Self> {
        // The longest separator first: ` | ` ends in `| `.
        let separator = SEPARATORS.iter().rev().find(|separator| line.ends_with(separator.as_bytes()))?;
        let number = &line[..line.len() - separator.len()];
        let digits = number.trim_ascii_start();
        let blanks = number.len() - digits.len();
        let all_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        if !all_digits || number.len() > MAX_WIDTH || number[..blanks].iter().any(|&byte| byte != b' ') {
            return None;
        }
        Some(Self {
            number: std::str::from_utf8(digits).ok()?.parse().ok()?,
            fill: if blanks == 0 && digits.len() > 1 && digits[0] == b'0' { b'0' } else { b' ' },
            width: number.len(),
            separator,
        })
    }

    /// Appends `text` with a number before each line but the first.
    pub fn add(mut self, text: &[u8], out: &mut Vec<u8>) {
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            out.extend_from_slice(line);
            if line.ends_with(b"\n") {
                self.number += 1;
                self.write(out);
            }
        }
    }

    /// Appends `text` without the numbers that [`Self::add`] would add; false when one is missing.
    pub fn strip(mut self, text: &[u8], out: &mut Vec<u8>) -> bool {
        let mut prefix = Vec::new();
        for (at, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
            prefix.clear();
            if at > 0 {
                self.number += 1;
                self.write(&mut prefix);
            }
            let Some(line) = line.strip_prefix(prefix.as_slice()) else { return false };
            out.extend_from_slice(line);
        }
        true
    }

    fn write(self, out: &mut Vec<u8>) {
        let digits = self.number.to_string();
        out.extend(std::iter::repeat_n(self.fill, self.width.saturating_sub(digits.len())));
        out.extend_from_slice(digits.as_bytes());
        out.extend_from_slice(self.separator.as_bytes());
    }
}

/// The beginning of the line under way, as far as it may be a line number.
#[derive(Clone, Copy, Default)]
pub struct LineStart {
    bytes: [u8; MAX_WIDTH + 4],
    length: usize,
}

impl LineStart {
    /// Takes the next character of the text.
    #[inline]
    pub fn push(&mut self, character: u8) {
        if character == b'\n' {
            self.length = 0;
        } else if self.length < self.bytes.len() {
            self.bytes[self.length] = character;
            self.length += 1;
        } else {
            // Too long for a number; one more than fits says so.
            self.length = self.bytes.len() + 1;
        }
    }

    /// Takes a run of text.
    pub fn push_run(&mut self, run: &[u8]) {
        let line = memchr::memrchr(b'\n', run).map_or(run, |at| {
            self.length = 0;
            &run[at + 1..]
        });
        for &byte in line.iter().take(self.bytes.len() + 1) {
            self.push(byte);
        }
    }

    /// A new text begins here.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// How lines are numbered, if all that stands on this one before its last character is a number.
    #[must_use]
    pub fn numbering(&self) -> Option<Numbering> {
        Numbering::of(self.bytes.get(..self.length.checked_sub(1)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_of_all_tools_are_read_and_written() {
        for (first, second, last) in [
            ("9\t", "10\t", "11\t"),
            ("     9\t", "    10\t", "    11\t"),
            ("     9\u{2192}", "    10\u{2192}", "    11\u{2192}"),
            ("9: ", "10: ", "11: "),
            (" 9 | ", "10 | ", "11 | "),
            ("00009| ", "00010| ", "00011| "),
        ] {
            let numbering = Numbering::of(first.as_bytes()).expect(first);
            let listing = format!("a\n{second}b\n{last}");
            let mut plain = Vec::new();
            assert!(numbering.strip(listing.as_bytes(), &mut plain), "{first}");
            assert_eq!(plain, b"a\nb\n");
            let mut numbered = Vec::new();
            numbering.add(&plain, &mut numbered);
            assert_eq!(numbered, listing.as_bytes());
        }
    }

    #[test]
    fn other_lines_are_no_numbering() {
        for line in ["", "\t", "a: ", "x9\t", "9", "9 ", "\t9\t", "1.5: ", "9999999999999: "] {
            assert_eq!(Numbering::of(line.as_bytes()), None, "{line}");
        }
        let numbering = Numbering::of(b"9\t").expect("a numbering");
        assert!(!numbering.strip(b"a\n11\tb", &mut Vec::new()));
        assert!(!numbering.strip(b"a\nb", &mut Vec::new()));
    }

    #[test]
    fn the_line_start_follows_the_text() {
        let mut line = LineStart::default();
        line.push_run(b"some text that is long enough\n 7 | <");
        assert_eq!(line.numbering(), Numbering::of(b" 7 | "));
        line.push(b'x');
        assert_eq!(line.numbering(), None);
        line.push_run(b"\n");
        line.push_run(b"8");
        line.push(b'\t');
        line.push(b'<');
        assert_eq!(line.numbering(), Numbering::of(b"8\t"));
        line.push_run(b"one that goes on and on");
        assert_eq!(line.numbering(), None);
    }
}
