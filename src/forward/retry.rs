//! Whether a server asks its client for a second hello (RFC 8446 §4.1.4), which could name another host
//! than the first.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::{AsyncRead, ReadBuf};

use crate::streams::Reads;

use super::hello::{ALERT, HANDSHAKE};

/// The type of a server's hello, and what stands for its random number where it asks for another hello.
const SERVER_HELLO: u8 = 2;
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];
/// Message type, length and version, then that number.
const ENOUGH: usize = 6 + RETRY.len();
/// More bytes than those take in the smallest records, with some warnings before them.
const MOST: usize = 1 << 10;

/// What a server has said to a hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Answer {
    /// Nothing, so far.
    None,
    /// It wants another hello.
    Retry,
    /// Anything else: there will be no other hello that could be read.
    Other,
}

/// What a server has said, for whoever waits for it.
#[derive(Clone, Default)]
pub(super) struct Answered(Arc<AtomicU8>);

impl Answered {
    pub(super) fn now(&self) -> Answer {
        [Answer::None, Answer::Retry, Answer::Other][usize::from(self.0.load(Relaxed))]
    }

    fn set(&self, answer: Answer) {
        self.0.store(answer as u8, Relaxed);
    }
}

/// Reads a blind tunnel's server, and tells what it has answered.
pub(super) struct Answers {
    /// What it has said, as long as that is not told.
    said: BytesMut,
    answered: Answered,
}

impl Answers {
    pub(super) fn told_to(answered: &Answered) -> Self {
        Self { said: BytesMut::new(), answered: answered.clone() }
    }
}

impl<S: AsyncRead> Reads<S> for Answers {
    fn poll_read(
        &mut self,
        inner: Pin<&mut S>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.answered.now() != Answer::None {
            return inner.poll_read(context, buffer);
        }
        let before = buffer.filled().len();
        ready!(inner.poll_read(context, buffer))?;
        self.said.extend_from_slice(&buffer.filled()[before..]);
        let is_over = buffer.filled().len() == before;
        let answer = if is_over { Answer::Other } else { read(&self.said) };
        if answer != Answer::None {
            self.said = BytesMut::new();
            self.answered.set(answer);
            // Both directions are one task; the other one may be waiting for this.
            context.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }
}

/// Reads what a server has said so far, which may be cut anywhere and into any records.
fn read(said: &[u8]) -> Answer {
    let (mut message, mut rest) = (Vec::new(), said);
    while let Some((&[kind, _, _, high, low], content)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([high, low]));
        match kind {
            HANDSHAKE => message.extend_from_slice(&content[..length.min(content.len())]),
            // A warning, that the name is unknown, may come before.
            ALERT if message.is_empty() => {}
            _ => return Answer::Other,
        }
        rest = content.get(length..).unwrap_or_default();
    }
    match message.get(..ENOUGH) {
        Some(hello) if hello[0] == SERVER_HELLO && hello[6..] == RETRY => Answer::Retry,
        None if matches!(said, [] | [ALERT | HANDSHAKE, ..]) && said.len() < MOST => Answer::None,
        _ => Answer::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(random: [u8; 32]) -> Vec<u8> {
        [&[22, 3, 3, 0, 40, SERVER_HELLO, 0, 0, 36, 3, 3], &random[..], &[0, 0]].concat()
    }

    #[test]
    fn a_retry_is_told_however_it_is_cut() {
        let whole = hello(RETRY);
        assert_eq!(read(&whole), Answer::Retry);
        for cut in 0..5 + ENOUGH {
            assert_eq!(read(&whole[..cut]), Answer::None, "{cut}");
        }
        let records: Vec<u8> = whole[5..].iter().flat_map(|byte| [22, 3, 3, 0, 1, *byte]).collect();
        assert_eq!(read(&records), Answer::Retry);
        assert_eq!(read(&[&[21, 3, 3, 0, 2, 1, 112], &whole[..]].concat()), Answer::Retry);
    }

    #[test]
    fn everything_else_is_something_else() {
        let mut other = RETRY;
        other[31] ^= 1;
        let certificate = [&[22, 3, 3, 0, 40, 11], &hello(RETRY)[6..]].concat();
        let warnings = [21, 3, 3, 0, 2, 1, 112].repeat(MOST / 7 + 1);
        for said in [&hello(other)[..], &certificate, b"2", b"SSH-2.0-x\r\n", &[23, 3, 3, 0, 1], &warnings] {
            assert_eq!(read(said), Answer::Other, "{said:?}");
        }
    }
}
