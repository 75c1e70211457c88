//! Byte offsets as line and column.

/// A place in a text, for people and editors. All count from 1, and only `\n` ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    /// In bytes.
    pub(super) column: usize,
    /// The column in characters.
    pub(super) character: usize,
}

/// Walks forward through a text that comes in windows; places asked for in rising order cost one pass
/// in all.
pub(super) struct Places {
    /// Everything before this offset of the whole text has been counted.
    counted: usize,
    place: Place,
}

impl Places {
    pub(super) fn new() -> Self {
        Self { counted: 0, place: Place { line: 1, column: 1, character: 1 } }
    }

    /// The place of an offset not before the last one asked for. `window` is the text from the offset
    /// `base` on; it holds everything between that last offset and this one.
    pub(super) fn of(&mut self, window: &[u8], base: usize, offset: usize) -> Place {
        let passed = &window[self.counted - base..offset - base];
        self.counted = offset;
        let rest = match memchr::memrchr(b'\n', passed) {
            None => passed,
            Some(last) => {
                self.place.line += memchr::memchr_iter(b'\n', passed).count();
                (self.place.column, self.place.character) = (1, 1);
                &passed[last + 1..]
            }
        };
        self.place.column += rest.len();
        self.place.character += rest.iter().filter(|&&byte| starts_character(byte)).count();
        self.place
    }

    /// Counts up to an offset, unless that is behind, so that the window may move on to it.
    pub(super) fn skip(&mut self, window: &[u8], base: usize, offset: usize) {
        if offset > self.counted {
            self.of(window, base, offset);
        }
    }
}

/// Whether a byte of UTF-8 is anything but a continuation.
fn starts_character(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let text = "aé\n\nb".as_bytes();
        let mut places = Places::new();
        let found: Vec<_> = [0, 1, 3, 4, 5]
            .map(|offset| places.of(text, 0, offset))
            .map(|place| (place.line, place.column, place.character))
            .into();
        assert_eq!(found, [(1, 1, 1), (1, 2, 2), (1, 4, 3), (2, 1, 1), (3, 1, 1)]);
    }

    #[test]
    fn counting_goes_on_from_window_to_window() {
        let text = b"one\ntwo\nthree";
        let mut places = Places::new();
        places.of(&text[..6], 0, 5);
        let place = places.of(&text[5..], 5, 10);
        assert_eq!(place, Place { line: 3, column: 3, character: 3 });
    }
}
