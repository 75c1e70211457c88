//! Carrying a tunnel's bytes both ways, unseen, and counting them.

use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use pingora_core::server::ShutdownWatch;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional_with_sizes};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::streams::{Reads, Tapped};

/// How long a tunnel may be quiet in both directions.
const IDLE: Duration = Duration::from_secs(15 * 60);
/// The same once one side has said all it wanted; it may as well be gone.
const IDLE_HALF_CLOSED: Duration = Duration::from_secs(60);
/// The same once the gateway is stopping.
const IDLE_AT_THE_END: Duration = Duration::from_secs(1);
/// Bytes read at once, per direction; held as long as the tunnel.
const BUFFER: usize = 4 << 10;

/// Why a tunnel ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Both sides were done, or one was gone.
    Closed,
    /// Nothing was said for too long.
    Idle,
    /// The kill switch was armed.
    KillSwitch,
    /// The gateway ends and waits no longer.
    Cut,
}

/// What ends a tunnel from outside, by turning true.
#[derive(Clone, Copy)]
pub(super) struct Signs<'a> {
    /// The kill switch is armed.
    pub(super) armed: &'a watch::Receiver<bool>,
    /// The gateway stops: a quiet tunnel ends.
    pub(super) shutdown: &'a ShutdownWatch,
    /// Every tunnel ends.
    pub(super) cutting: &'a ShutdownWatch,
}

/// What went through a tunnel.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// Bytes from the agent.
    pub(super) sent: AtomicU64,
    /// Bytes to the agent.
    pub(super) received: AtomicU64,
}

/// Carries bytes between the agent and the other side until either is done, one of `signs` says so, or
/// both are silent for too long.
pub(super) async fn carry<A, B>(agent: A, other: B, traffic: &Traffic, signs: Signs<'_>) -> End
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let last = LastByte::now();
    let mut agent = Tapped { inner: agent, reads: Count { bytes: &traffic.sent, last: &last } };
    let mut other = Tapped { inner: other, reads: Count { bytes: &traffic.received, last: &last } };
    let mut copying = pin!(copy_bidirectional_with_sizes(&mut agent, &mut other, BUFFER, BUFFER));
    let [mut armed, mut shutdown, mut cutting] =
        [signs.armed, signs.shutdown, signs.cutting].map(watch::Receiver::clone);
    let mut stopping = false;
    loop {
        let limit = match (stopping, last.half_closed.load(Relaxed)) {
            (true, _) => IDLE_AT_THE_END,
            (false, true) => IDLE_HALF_CLOSED,
            (false, false) => IDLE,
        };
        // Not much later than a side may have closed.
        let due = (last.instant() + limit).min(Instant::now() + IDLE_HALF_CLOSED);
        tokio::select! {
            // A side that breaks off has ended the tunnel too.
            _ = &mut copying => return End::Closed,
            () = sleep_until(due) => {
                if last.instant() + limit <= Instant::now() {
                    return End::Idle;
                }
            }
            Ok(_) = armed.wait_for(|armed| *armed) => return End::KillSwitch,
            Ok(_) = cutting.wait_for(|cut| *cut) => return End::Cut,
            Ok(_) = shutdown.wait_for(|stop| *stop), if !stopping => stopping = true,
        }
    }
}

/// When the last byte went by, in milliseconds since the tunnel began.
struct LastByte {
    began: Instant,
    milliseconds: AtomicU64,
    /// True once one side has ended.
    half_closed: AtomicBool,
}

impl LastByte {
    fn now() -> Self {
        Self { began: Instant::now(), milliseconds: AtomicU64::new(0), half_closed: AtomicBool::new(false) }
    }

    fn touch(&self) {
        let passed = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.milliseconds.store(passed, Relaxed);
    }

    fn instant(&self) -> Instant {
        self.began + Duration::from_millis(self.milliseconds.load(Relaxed))
    }
}

/// Counts what is read.
struct Count<'a> {
    bytes: &'a AtomicU64,
    last: &'a LastByte,
}

impl<S: AsyncRead> Reads<S> for Count<'_> {
    fn poll_read(
        &mut self,
        inner: Pin<&mut S>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = inner.poll_read(context, buffer);
        let read = buffer.filled().len() - before;
        if read > 0 {
            self.bytes.fetch_add(read as u64, Relaxed);
            self.last.touch();
        } else if result.is_ready() && buffer.remaining() > 0 {
            self.last.half_closed.store(true, Relaxed);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    struct Switches {
        arm: watch::Sender<bool>,
        stop: watch::Sender<bool>,
        cut: watch::Sender<bool>,
    }

    impl Switches {
        fn new() -> Self {
            let [arm, stop, cut] = [(); 3].map(|()| watch::Sender::new(false));
            Self { arm, stop, cut }
        }
    }

    /// A tunnel between two ends held by the test.
    fn tunnel(
        switches: &Switches,
        traffic: &Arc<Traffic>,
    ) -> (tokio::io::DuplexStream, tokio::io::DuplexStream, tokio::task::JoinHandle<End>) {
        let (agent, near) = duplex(64);
        let (far, other) = duplex(64);
        let [armed, shutdown, cutting] =
            [&switches.arm, &switches.stop, &switches.cut].map(watch::Sender::subscribe);
        let traffic = Arc::clone(traffic);
        let end = tokio::spawn(async move {
            let signs = Signs { armed: &armed, shutdown: &shutdown, cutting: &cutting };
            carry(near, far, &traffic, signs).await
        });
        (agent, other, end)
    }

    #[tokio::test]
    async fn bytes_are_carried_and_counted_both_ways() {
        let (switches, traffic) = (Switches::new(), Arc::default());
        let (mut agent, mut other, end) = tunnel(&switches, &traffic);
        agent.write_all(b"hello").await.unwrap();
        agent.shutdown().await.unwrap();
        let mut heard = String::new();
        other.read_to_string(&mut heard).await.unwrap();
        // One side may be done long before the other.
        other.write_all(b"goodbye").await.unwrap();
        drop(other);
        let mut answer = String::new();
        agent.read_to_string(&mut answer).await.unwrap();
        assert_eq!((heard.as_str(), answer.as_str()), ("hello", "goodbye"));
        assert_eq!(end.await.unwrap(), End::Closed);
        assert_eq!((traffic.sent.load(Relaxed), traffic.received.load(Relaxed)), (5, 7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_tunnel_ends_and_a_busy_one_does_not() {
        let (switches, traffic) = (Switches::new(), Arc::default());
        let (mut agent, mut other, end) = tunnel(&switches, &traffic);
        let began = Instant::now();
        for _ in 0..3 {
            tokio::time::sleep(IDLE / 2).await;
            agent.write_all(b"x").await.unwrap();
            other.read_u8().await.unwrap();
        }
        assert_eq!(end.await.unwrap(), End::Idle);
        assert!(began.elapsed() >= IDLE / 2 * 3 + IDLE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_half_closed_tunnel_is_given_less_time() {
        let (switches, traffic) = (Switches::new(), Arc::default());
        let (agent, _other, end) = tunnel(&switches, &traffic);
        let began = Instant::now();
        drop(agent);
        assert_eq!(end.await.unwrap(), End::Idle);
        assert!(began.elapsed() <= IDLE_HALF_CLOSED * 2);
    }

    #[tokio::test]
    async fn the_kill_switch_ends_it() {
        let (switches, traffic) = (Switches::new(), Arc::default());
        let (_agent, _other, end) = tunnel(&switches, &traffic);
        switches.arm.send(true).unwrap();
        assert_eq!(end.await.unwrap(), End::KillSwitch);
    }

    #[tokio::test]
    async fn a_gateway_that_waits_no_longer_cuts_it() {
        let (switches, traffic) = (Switches::new(), Arc::default());
        let (_agent, _other, end) = tunnel(&switches, &traffic);
        switches.cut.send(true).unwrap();
        assert_eq!(end.await.unwrap(), End::Cut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stopping_gateway_waits_only_for_busy_ones() {
        let (switches, traffic) = (Switches::new(), Arc::default());
        let (_agent, _other, end) = tunnel(&switches, &traffic);
        let began = Instant::now();
        switches.stop.send(true).unwrap();
        assert_eq!(end.await.unwrap(), End::Idle);
        assert!(began.elapsed() < IDLE);
    }
}
