//! What keeps a listed host out of blind tunnels: a client could name another host, or an address, in
//! its CONNECT, and the listed one inside. So nothing of a TLS client's hello passes before it is whole
//! and its names are known; and of another one, should the server ask for it, neither. A client that waits
//! for the server to speak first is not held up.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::streams::{Reads, take};

use super::hello::{HANDSHAKE, Hello, LONGEST};
use super::retry::{Answer, Answered, Answers};

/// How long a hello may take from its first byte to its last.
const HELLO: Duration = Duration::from_secs(10);
/// Bytes read at once; a common hello is a few hundred.
const CHUNK: usize = 2 << 10;
/// The content types of records, from the first to the last.
const CHANGE_OF_CIPHERS: u8 = 20;
const HEARTBEAT: u8 = 24;

/// Why a tunnel is refused.
pub(super) const LISTED: &str = "the TLS server name is a listed host, which its CONNECT has to name";
const BROKEN: &str = "the TLS client hello cannot be read";
const SLOW: &str = "the TLS client hello did not arrive in time";

/// Reads a blind tunnel's agent, whose first words are looked at.
pub(super) struct Guard {
    is_listed: Box<dyn Fn(&str) -> bool + Send + Sync>,
    phase: Phase,
    /// Read, and not judged yet.
    held: BytesMut,
    /// May pass.
    free: BytesMut,
    /// Bytes of the record that passes now which are still to come.
    passing: usize,
    /// By when a hello that has begun is to be whole.
    until: Option<Pin<Box<Sleep>>>,
    /// What the server has said.
    answered: Answered,
}

#[derive(Clone, Copy)]
enum Phase {
    /// The client's first words.
    First,
    /// Its hello has passed, and the server has not answered.
    Waiting,
    /// The server wants another hello.
    Second,
    /// It may say what it likes: there will be no hello that could be read.
    Open,
    /// It may not go on.
    Refused(&'static str),
}

/// What comes of first words.
enum Verdict {
    /// There are not enough of them.
    Unknown,
    /// A hello of this length may pass.
    Hello(usize),
    /// It is not TLS.
    Other,
}

impl Guard {
    pub(super) fn new(is_listed: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self {
            is_listed: Box::new(is_listed),
            phase: Phase::First,
            held: BytesMut::new(),
            free: BytesMut::new(),
            passing: 0,
            until: None,
            answered: Answered::default(),
        }
    }

    /// How the server has to be read, and by the same task, so that it is known what it answers.
    pub(super) fn answers(&self) -> Answers {
        Answers::told_to(&self.answered)
    }

    /// Why the tunnel was refused, if it was.
    pub(super) fn refused(&self) -> Option<&'static str> {
        match self.phase {
            Phase::Refused(reason) => Some(reason),
            _ => None,
        }
    }

    /// Looks at what a client has sent before anything was connected.
    pub(super) fn refuses(&self, bytes: &[u8]) -> Option<&'static str> {
        self.judge(bytes).err()
    }

    fn judge(&self, bytes: &[u8]) -> Result<Verdict, &'static str> {
        match Hello::read(bytes) {
            Hello::Partial if bytes.len() > LONGEST => Err(BROKEN),
            Hello::Partial => Ok(Verdict::Unknown),
            Hello::Other => Ok(Verdict::Other),
            Hello::Whole { names, .. } if names.iter().any(|name| (self.is_listed)(name)) => Err(LISTED),
            Hello::Whole { length, .. } => Ok(Verdict::Hello(length)),
            Hello::Broken => Err(BROKEN),
        }
    }

    /// Frees as much of what is held as can be judged now.
    fn advance(&mut self) -> Result<(), &'static str> {
        loop {
            self.phase = match (self.phase, self.answered.now()) {
                (Phase::First, _) => match self.judge(&self.held)? {
                    Verdict::Unknown => return Ok(()),
                    Verdict::Hello(length) => {
                        self.free(length);
                        self.until = None;
                        Phase::Waiting
                    }
                    Verdict::Other => Phase::Open,
                },
                (Phase::Waiting, Answer::None) => return self.free_others().map(|_| ()),
                (Phase::Waiting, Answer::Retry) => Phase::Second,
                (Phase::Waiting, Answer::Other) => Phase::Open,
                (Phase::Second, _) if !self.free_others()? => return Ok(()),
                (Phase::Second, _) => match self.judge(&self.held)? {
                    Verdict::Unknown => return Ok(()),
                    Verdict::Hello(_) => Phase::Open,
                    Verdict::Other => return Err(BROKEN),
                },
                (Phase::Open, _) => {
                    self.free(self.held.len());
                    return Ok(());
                }
                (Phase::Refused(reason), _) => return Err(reason),
            };
        }
    }

    fn free(&mut self, length: usize) {
        let freed = self.held.split_to(length);
        self.free.unsplit(freed);
    }

    /// Frees records that are of no handshake: a change of ciphers, early data. True when one of a handshake is next.
    fn free_others(&mut self) -> Result<bool, &'static str> {
        loop {
            let here = self.passing.min(self.held.len());
            self.free(here);
            self.passing -= here;
            self.passing = match self.held[..] {
                [] => return Ok(false),
                [HANDSHAKE, ..] => return Ok(true),
                [CHANGE_OF_CIPHERS..=HEARTBEAT, _, _, high, low, ..] => {
                    5 + usize::from(u16::from_be_bytes([high, low]))
                }
                [CHANGE_OF_CIPHERS..=HEARTBEAT, ..] => return Ok(false),
                _ => return Err(BROKEN),
            }
        }
    }

    /// True when a hello is held that depends on what the server answers.
    fn waits(&self) -> bool {
        matches!(self.phase, Phase::Waiting) && self.held.first() == Some(&HANDSHAKE)
    }

    /// True when a hello has begun and was not whole in time.
    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        !matches!(self.phase, Phase::Waiting)
            && !self.held.is_empty()
            && self.until.get_or_insert_with(|| Box::pin(sleep(HELLO))).as_mut().poll(context).is_ready()
    }
}

impl<S: AsyncRead> Reads<S> for Guard {
    fn poll_read(
        &mut self,
        mut inner: Pin<&mut S>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.free.is_empty()
                && let Err(reason) = self.advance()
            {
                self.phase = Phase::Refused(reason);
                return Poll::Ready(Err(io::ErrorKind::PermissionDenied.into()));
            }
            if !self.free.is_empty() {
                take(&mut self.free, buffer);
                return Poll::Ready(Ok(()));
            }
            if matches!(self.phase, Phase::Open) {
                return inner.poll_read(context, buffer);
            }
            if self.waits() {
                // Whoever reads the server wakes this task.
                return Poll::Pending;
            }
            if self.is_late(context) {
                self.phase = Phase::Refused(SLOW);
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            let mut chunk = [0; CHUNK];
            let mut read = ReadBuf::new(&mut chunk);
            ready!(inner.as_mut().poll_read(context, &mut read))?;
            if read.filled().is_empty() {
                // Half a hello, and no more to come, asks for nothing.
                self.held.clear();
                self.phase = Phase::Open;
                return Poll::Ready(Ok(()));
            }
            self.held.extend_from_slice(read.filled());
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
