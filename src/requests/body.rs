//! Where the body of a request ends (RFC 9112 §6 and §7.1).

/// Follows a body from its first byte to its last.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// This many bytes are still to come.
    Length(u64),
    /// In chunks.
    Chunked(Chunk),
}

/// What comes next in a body of chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    /// Digits of a size: the value so far, and how many digits it has.
    Size(u64, u8),
    /// The rest of a size's line, and its line feed.
    Extension(u64),
    SizeEnd(u64),
    /// Bytes of a chunk, and the line end behind them.
    Data(u64),
    DataReturn,
    DataEnd,
    /// The trailer section: the start of a line, its rest, and the end of all.
    Line,
    Trailer,
    LastEnd,
    Done,
    /// These are no chunks. Whoever reads them will see that too; nothing can follow.
    Broken,
}

impl Body {
    /// A body of chunks.
    pub(super) fn in_chunks() -> Self {
        Self::Chunked(Chunk::Size(0, 0))
    }

    /// True when nothing of it is still to come.
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunk::Done))
    }

    /// Goes on by these bytes; returns how many of them are the body's.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Length(left) => {
                let used = length(*left, bytes);
                *left -= used as u64;
                used
            }
            Self::Chunked(state) => {
                let mut used = 0;
                while used < bytes.len() && *state != Chunk::Done {
                    let (next, more) = state.after(&bytes[used..]);
                    (*state, used) = (next, used + more);
                }
                used
            }
        }
    }
}

/// As many of `bytes` as there are left to come.
fn length(left: u64, bytes: &[u8]) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len())
}

impl Chunk {
    /// The state after the first of these bytes, or after several, and how many; `bytes` is not empty.
    fn after(self, bytes: &[u8]) -> (Self, usize) {
        let next = match (self, bytes[0]) {
            (Self::Data(left), _) => {
                let used = length(left, bytes);
                let left = left - used as u64;
                return (if left == 0 { Self::DataReturn } else { Self::Data(left) }, used);
            }
            (Self::Broken | Self::Done, _) => return (self, bytes.len()),
            (Self::Size(size, digits), byte) if byte.is_ascii_hexdigit() && digits < 16 => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                Self::Size(size << 4 | u64::from(digit), digits + 1)
            }
            (Self::Size(size, 1..), b'\r') => Self::SizeEnd(size),
            (Self::Size(size, 1..), b';' | b' ' | b'\t') => Self::Extension(size),
            (Self::Extension(size), b'\r') => Self::SizeEnd(size),
            (Self::Extension(size), byte) if byte != b'\n' => Self::Extension(size),
            (Self::SizeEnd(0), b'\n') => Self::Line,
            (Self::SizeEnd(size), b'\n') => Self::Data(size),
            (Self::DataReturn, b'\r') => Self::DataEnd,
            (Self::DataEnd, b'\n') => Self::Size(0, 0),
            (Self::Line, b'\r') => Self::LastEnd,
            (Self::Line, byte) if byte != b'\n' => Self::Trailer,
            (Self::Trailer, b'\n') => Self::Line,
            (Self::Trailer, _) => Self::Trailer,
            (Self::LastEnd, b'\n') => Self::Done,
            _ => Self::Broken,
        };
        (next, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a body ends that comes in pieces of this size.
    fn end(mut body: Body, bytes: &[u8], piece: usize) -> Option<usize> {
        let mut used = 0;
        for piece in bytes.chunks(piece) {
            let more = body.advance(piece);
            used += more;
            if body.is_done() {
                return Some(used);
            }
            assert_eq!(more, piece.len());
        }
        None
    }

    #[test]
    fn ends_are_found_however_a_body_is_cut() {
        let whole = b"5;x=\"y\"\r\nhello\r\n00A \r\n0123456789\r\n0\r\ntrailer: x\r\n\r\n";
        let more = [&whole[..], b"GET / HTTP/1.1\r\n"].concat();
        for piece in [1, 2, 3, 7, 1000] {
            assert_eq!(end(Body::in_chunks(), &more, piece), Some(whole.len()), "{piece}");
            assert_eq!(end(Body::in_chunks(), &whole[..whole.len() - 1], piece), None, "{piece}");
            assert_eq!(end(Body::Length(7), &more, piece), Some(7), "{piece}");
        }
        assert!(Body::Length(0).is_done());
    }

    #[test]
    fn what_is_no_chunk_never_ends() {
        for wrong in [
            "\r\n",
            "x\r\n",
            "-1\r\n",
            "5\nhello\r\n0\r\n\r\n",
            "5\r\nhelloo\r\n0\r\n\r\n",
            "00000000000000005\r\nhello\r\n0\r\n\r\n",
            "0\r\n\n",
            "0;\n\r\n\r\n",
        ] {
            assert_eq!(end(Body::in_chunks(), wrong.as_bytes(), 1), None, "{wrong:?}");
        }
    }
}
