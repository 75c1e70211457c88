//! What keeps a listed host out of blind tunnels: a client could name another host, or an address, in
//! its CONNECT, and the listed one inside. So nothing of a TLS client's hello passes before it is whole
//! and its names are known. A client that waits for the server to speak first is not held up.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::streams::{Reads, take};

use super::hello::{Hello, LONGEST};

/// How long a hello may take from its first byte to its last.
const HELLO: Duration = Duration::from_secs(10);
/// Bytes read at once; a common hello is a few hundred.
const CHUNK: usize = 2 << 10;

/// Why a tunnel is refused.
pub(super) const LISTED: &str = "the TLS server name is a listed host, which its CONNECT has to name";
const BROKEN: &str = "the TLS client hello cannot be read";
const SLOW: &str = "the TLS client hello did not arrive in time";

/// Reads a blind tunnel's agent, whose first words are looked at.
pub(super) struct Guard {
    is_listed: Box<dyn Fn(&str) -> bool + Send + Sync>,
    state: State,
}

enum State {
    /// The client has said nothing yet.
    Silent,
    /// It has begun to, and has until then to finish.
    Hello(BytesMut, Pin<Box<Sleep>>),
    /// It may go on; these bytes come first.
    Open(BytesMut),
    /// It may not.
    Refused(&'static str),
}

impl Guard {
    pub(super) fn new(is_listed: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self { is_listed: Box::new(is_listed), state: State::Silent }
    }

    /// Why the tunnel was refused, if it was.
    pub(super) fn refused(&self) -> Option<&'static str> {
        match self.state {
            State::Refused(reason) => Some(reason),
            _ => None,
        }
    }

    /// Looks at what a client has sent before anything was connected.
    pub(super) fn refuses(&self, bytes: &[u8]) -> Option<&'static str> {
        self.judge(bytes).err()
    }

    /// Whether these first words may pass; `false` when there are not enough of them.
    fn judge(&self, bytes: &[u8]) -> Result<bool, &'static str> {
        match Hello::read(bytes) {
            Hello::Partial if bytes.len() > LONGEST => Err(BROKEN),
            Hello::Partial => Ok(false),
            Hello::Other => Ok(true),
            Hello::Names(names) if names.iter().any(|name| (self.is_listed)(name)) => Err(LISTED),
            Hello::Names(_) => Ok(true),
            Hello::Broken => Err(BROKEN),
        }
    }

    /// Reads on until it is known whether the client may.
    fn listen<S: AsyncRead>(
        &mut self,
        mut inner: Pin<&mut S>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut chunk = [0; CHUNK];
        loop {
            if let State::Hello(_, until) = &mut self.state
                && until.as_mut().poll(context).is_ready()
            {
                self.state = State::Refused(SLOW);
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            let mut read = ReadBuf::new(&mut chunk);
            ready!(inner.as_mut().poll_read(context, &mut read))?;
            let (mut bytes, until) = match std::mem::replace(&mut self.state, State::Silent) {
                State::Hello(bytes, until) => (bytes, until),
                _ => (BytesMut::new(), Box::pin(sleep(HELLO))),
            };
            bytes.extend_from_slice(read.filled());
            let is_over = read.filled().is_empty();
            self.state = match self.judge(&bytes) {
                Ok(true) => State::Open(bytes),
                // Half a hello, and no more to come, asks for nothing.
                Ok(false) if is_over => State::Open(BytesMut::new()),
                Ok(false) => State::Hello(bytes, until),
                Err(reason) => State::Refused(reason),
            };
            match self.state {
                State::Open(_) => return Poll::Ready(Ok(())),
                State::Refused(_) => return Poll::Ready(Err(io::ErrorKind::PermissionDenied.into())),
                _ => {}
            }
        }
    }
}

impl<S: AsyncRead> Reads<S> for Guard {
    fn poll_read(
        &mut self,
        mut inner: Pin<&mut S>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !matches!(self.state, State::Open(_)) {
            ready!(self.listen(inner.as_mut(), context))?;
        }
        match &mut self.state {
            State::Open(start) if start.is_empty() => inner.poll_read(context, buffer),
            State::Open(start) => {
                take(start, buffer);
                Poll::Ready(Ok(()))
            }
            _ => Poll::Ready(Err(io::ErrorKind::PermissionDenied.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use crate::streams::Tapped;

    use super::*;

    fn guarded() -> (DuplexStream, Tapped<DuplexStream, Guard>) {
        let (client, inner) = duplex(64);
        (client, Tapped { inner, reads: Guard::new(|name| name == "api.test") })
    }

    #[tokio::test]
    async fn what_is_not_tls_passes_at_once() {
        let (mut client, mut tunnel) = guarded();
        client.write_all(b"S").await.unwrap();
        assert_eq!(tunnel.read_u8().await.unwrap(), b'S');
        client.write_all(&[22, 3, 1]).await.unwrap();
        assert_eq!(tunnel.read_u8().await.unwrap(), 22, "later bytes are not looked at");
        drop(client);
        let mut rest = Vec::new();
        tunnel.read_to_end(&mut rest).await.unwrap();
        assert_eq!((rest.as_slice(), tunnel.reads.refused()), (&[3, 1][..], None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_hello_is_refused_and_silence_is_not() {
        let (mut client, mut tunnel) = guarded();
        let silent = tokio::time::timeout(HELLO * 9, tunnel.read_u8()).await;
        assert!(silent.is_err() && tunnel.reads.refused().is_none());
        client.write_all(&[22, 3]).await.unwrap();
        assert!(tunnel.read_u8().await.is_err());
        assert_eq!(tunnel.reads.refused(), Some(SLOW));
    }

    #[tokio::test]
    async fn half_a_hello_and_no_more_passes_nothing() {
        let (mut client, mut tunnel) = guarded();
        client.write_all(&[22, 3]).await.unwrap();
        drop(client);
        let mut all = Vec::new();
        tunnel.read_to_end(&mut all).await.unwrap();
        assert!(all.is_empty() && tunnel.reads.refused().is_none());
    }

    #[tokio::test]
    async fn an_endless_hello_is_refused() {
        let (mut client, mut tunnel) = guarded();
        let writing = tokio::spawn(async move {
            // A hello of 31 KiB, in records that never complete it.
            let mut all = vec![22, 3, 1, 64, 0, 1, 0, 124, 0];
            all.resize(5 + (64 << 8), 0);
            let _ = client.write_all(&all).await;
            while client.write_all(&[22, 3, 1, 0, 1, 0]).await.is_ok() {}
        });
        assert!(tunnel.read_u8().await.is_err());
        assert_eq!(tunnel.reads.refused(), Some(BROKEN));
        drop(tunnel);
        writing.await.unwrap();
    }
}
