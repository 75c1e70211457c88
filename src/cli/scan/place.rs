//! Byte offsets as line and column.

/// Walks forward through a text; asking for offsets in rising order costs one pass in all.
pub(super) struct Places<'a> {
    text: &'a [u8],
    /// Everything before this offset has been counted.
    counted: usize,
    line: usize,
    line_start: usize,
}

impl<'a> Places<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            counted: 0,
            line: 1,
            line_start: 0,
        }
    }

    /// Line and column of an offset not before the last one asked for. Both count from 1; columns
    /// count bytes, and only `\n` ends a line.
    pub(super) fn of(&mut self, offset: usize) -> (usize, usize) {
        for at in self.counted..offset {
            if self.text[at] == b'\n' {
                self.line += 1;
                self.line_start = at + 1;
            }
        }
        self.counted = offset;
        (self.line, offset - self.line_start + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let mut places = Places::new("aé\n\nb".as_bytes());
        let found: Vec<_> = [0, 1, 3, 4, 5].map(|offset| places.of(offset)).into();
        assert_eq!(found, [(1, 1), (1, 2), (1, 4), (2, 1), (3, 1)]);
    }
}
