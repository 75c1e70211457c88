//! Connecting a tunnel: the name is resolved once, and only an address that was judged is
//! connected to. A name that changes its mind between the two (DNS rebinding) gains nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::address::is_public;
use super::head::Target;

/// How long a name may take to resolve.
const RESOLVE: Duration = Duration::from_secs(10);
/// How long each address may take.
const CONNECT: Duration = Duration::from_secs(5);
/// The most addresses tried.
const ADDRESSES: usize = 4;
/// Names resolved at once. Each takes a thread of the pool that large bodies are scanned on.
const LOOKUPS: usize = 64;

/// Where addresses come from; tests have their own.
#[async_trait]
pub(super) trait Resolve: Send + Sync {
    async fn resolve(&self, target: &Target) -> io::Result<Vec<SocketAddr>>;
}

/// The system's resolver.
struct System;

#[async_trait]
impl Resolve for System {
    async fn resolve(&self, target: &Target) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((target.host.as_str(), target.port)).await?.collect())
    }
}

/// Why a tunnel could not be connected.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The name has no address that a tunnel may lead to.
    Address,
    /// It could not be reached, in words.
    Unreachable(&'static str),
}

/// Connects tunnels.
pub(super) struct Dialer {
    resolver: Box<dyn Resolve>,
    /// Which addresses may be connected to; tests, which have loopback alone, say so themselves.
    may: fn(IpAddr) -> bool,
    lookups: Semaphore,
}

impl Dialer {
    /// One that asks the system for addresses.
    pub(super) fn new() -> Self {
        Self::with(Box::new(System), is_public)
    }

    fn with(resolver: Box<dyn Resolve>, may: fn(IpAddr) -> bool) -> Self {
        Self { resolver, may, lookups: Semaphore::new(LOOKUPS) }
    }

    /// Connects to `target`, at a public address.
    ///
    /// # Errors
    /// When no address may be connected to, or none answers.
    pub(super) async fn dial(&self, target: &Target) -> Result<TcpStream, Failure> {
        let addresses = timeout(RESOLVE, self.resolve(target)).await;
        let addresses = match addresses {
            Ok(Ok(addresses)) if !addresses.is_empty() => addresses,
            Ok(_) => return Err(Failure::Unreachable("its name did not resolve")),
            Err(_) => return Err(Failure::Unreachable("its name did not resolve in time")),
        };
        let allowed = |address: &SocketAddr| (self.may)(address.ip());
        let mut failure = Failure::Address;
        for address in addresses.into_iter().filter(allowed).take(ADDRESSES) {
            match timeout(CONNECT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Small messages of the handshake should not wait for each other.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => failure = Failure::Unreachable(in_words(&error)),
                Err(_) => failure = Failure::Unreachable("connecting timed out"),
            }
        }
        Err(failure)
    }

    async fn resolve(&self, target: &Target) -> io::Result<Vec<SocketAddr>> {
        // The semaphore is never closed.
        let _permit = self.lookups.acquire().await.map_err(io::Error::other)?;
        self.resolver.resolve(target).await
    }
}

fn in_words(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "no route to it",
        _ => "the connection failed",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use tokio::net::TcpListener;

    use super::*;

    /// Answers with a list of its own, another one each time, and counts.
    #[derive(Clone)]
    struct Fake {
        answers: Arc<Vec<Vec<SocketAddr>>>,
        asked: Arc<AtomicUsize>,
    }

    impl Fake {
        fn new(answers: &[&[SocketAddr]]) -> Self {
            let answers = answers.iter().map(|answer| answer.to_vec()).collect();
            Self { answers: Arc::new(answers), asked: Arc::default() }
        }

        async fn dial(&self, may: fn(IpAddr) -> bool) -> Result<TcpStream, Failure> {
            let target = Target { host: "rebound.test".into(), port: 443 };
            Dialer::with(Box::new(self.clone()), may).dial(&target).await
        }
    }

    fn here_too(address: IpAddr) -> bool {
        address.is_loopback() || is_public(address)
    }

    #[async_trait]
    impl Resolve for Fake {
        async fn resolve(&self, _: &Target) -> io::Result<Vec<SocketAddr>> {
            Ok(self.answers[self.asked.fetch_add(1, SeqCst)].clone())
        }
    }

    #[tokio::test]
    async fn no_forbidden_address_is_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for address in
            ["127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "64:ff9b::127.0.0.1"]
        {
            let address = SocketAddr::new(address.parse().unwrap(), port);
            let dialed = Fake::new(&[&[address]]).dial(is_public).await;
            assert_eq!(dialed.map(|_| ()), Err(Failure::Address), "{address}");
        }
        let quiet = timeout(Duration::from_millis(100), listener.accept()).await;
        assert!(quiet.is_err(), "nobody connected");
    }

    #[tokio::test]
    async fn a_name_is_resolved_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let elsewhere = SocketAddr::from(([169, 254, 169, 254], 80));
        let fake = Fake::new(&[&[here], &[elsewhere]]);
        let stream = fake.dial(here_too).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), here);
        assert_eq!(fake.asked.load(SeqCst), 1);
    }

    #[tokio::test]
    async fn forbidden_addresses_are_skipped_and_dead_ones_told() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let metadata = SocketAddr::from(([169, 254, 169, 254], 80));
        let stream = Fake::new(&[&[metadata, here]]).dial(here_too).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), here);

        drop(listener);
        let refused = Fake::new(&[&[here]]).dial(here_too).await.map(|_| ());
        assert_eq!(refused, Err(Failure::Unreachable("connection refused")));
        let unknown = Fake::new(&[&[]]).dial(here_too).await.map(|_| ());
        assert_eq!(unknown, Err(Failure::Unreachable("its name did not resolve")));
    }
}
