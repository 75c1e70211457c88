//! A connection as one request sees it: it ends where the request does, so that what an agent sends
//! after it is not taken for a part of it, and is still there when its turn comes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use pingora_core::protocols::Stream;
use tokio::io::{AsyncRead, ReadBuf};

use crate::streams::{Reads, Tapped, take};

use super::body::Body;
use super::head::Head;

/// Bytes read at once of what comes after the request: as a rule it is the end of the connection.
const CHUNK: usize = 512;

/// One request of a connection.
pub(super) type OneRequest = Tapped<Stream, One>;

/// Reads one request, and its connection's end.
pub(super) struct One {
    /// What has been read of it already.
    start: BytesMut,
    body: Body,
    /// What has been read of the request after it.
    next: BytesMut,
}

impl OneRequest {
    /// The request that begins with `head`, which `bytes` begin with.
    pub(super) fn new(stream: Stream, mut bytes: BytesMut, head: Head) -> Self {
        let Head { length, mut body } = head;
        let more = body.advance(&bytes[length..]);
        let start = bytes.split_to(length + more);
        Self { inner: stream, reads: One { start, body, next: bytes } }
    }

    /// The connection, and what has been read of its next request; `None` when this one has not been
    /// read to its end.
    pub(super) fn into_rest(self) -> Option<(Stream, BytesMut)> {
        let One { start, body, next } = self.reads;
        (start.is_empty() && body.is_done()).then_some((self.inner, next))
    }
}

impl<S: AsyncRead> Reads<S> for One {
    fn poll_read(
        &mut self,
        inner: Pin<&mut S>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.start.is_empty() {
            take(&mut self.start, buffer);
            return Poll::Ready(Ok(()));
        }
        if self.body.is_done() {
            return self.poll_end(inner, context);
        }
        let before = buffer.filled().len();
        ready!(inner.poll_read(context, buffer))?;
        let read = &buffer.filled()[before..];
        let used = self.body.advance(read);
        self.next.extend_from_slice(&read[used..]);
        buffer.set_filled(before + used);
        Poll::Ready(Ok(()))
    }
}

impl One {
    /// Waits for the end of the connection, and for nothing more once the next request has begun.
    fn poll_end<S: AsyncRead>(
        &mut self,
        inner: Pin<&mut S>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.next.is_empty() {
            return Poll::Pending;
        }
        let mut chunk = [0; CHUNK];
        let mut read = ReadBuf::new(&mut chunk);
        ready!(inner.poll_read(context, &mut read))?;
        self.next.extend_from_slice(read.filled());
        match self.next.is_empty() {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    }
}
