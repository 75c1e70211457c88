//! Forward mode: the agents' port as an HTTPS proxy.
//!
//! A CONNECT to a listed host is intercepted: its TLS is terminated with a leaf for that host, and
//! the requests inside go through the same proxy as all others, routed by what the CONNECT named.
//! A CONNECT to any other host is tunnelled unseen or refused, as configured. Every tunnel and every
//! refusal is a line on the audit log.

mod address;
mod answer;
mod dial;
mod front;
mod guard;
mod head;
mod hello;
mod intercept;
mod open;
mod policy;
mod retry;
mod stream;
mod tunnel;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant, SystemTime};

use pingora_core::protocols::Stream;
use pingora_core::server::ShutdownWatch;
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::time::timeout;
use waterwall_audit::event::Event;
use waterwall_core::detect::{Detectors, Leaf};
use waterwall_pipeline::{Refusal, Services};

use crate::ca::{Minter, Store};
use crate::config::Config;
use crate::door::{Door, Stranger};
use crate::live::{Live, Running};
use crate::proxy::{Asked, Refuser, Rescue};
use crate::state::Files;
use crate::streams::{Rewound, Tapped};

use dial::{Dialer, Failure};
use guard::Guard;
use head::{Head, Target};
use policy::Verdict;
use stream::Intercepted;
use tunnel::{End, Signs, Traffic};

pub(crate) use front::Front;
pub(crate) use open::Open;

/// How long the head of a CONNECT may take.
const HEAD: Duration = Duration::from_secs(20);
/// How long an answer to one may take.
const ANSWER: Duration = Duration::from_secs(20);

/// What CONNECT is served with.
pub(crate) struct Forward {
    live: Arc<Live>,
    authority: Store,
    door: Door,
    dialer: Dialer,
    /// Whether the kill switch was armed when last looked at.
    armed: watch::Sender<bool>,
    /// Turns true when tunnels are to be cut.
    cutting: ShutdownWatch,
    services: Arc<Services>,
    refuser: Arc<Refuser>,
}

impl Forward {
    /// Forward mode on the port that `config` names, and else as what is in force says.
    pub(crate) fn new(
        config: &Config,
        live: Arc<Live>,
        services: Arc<Services>,
        refuser: Arc<Refuser>,
        cutting: ShutdownWatch,
    ) -> Self {
        Self {
            live,
            authority: Store::default(),
            door: Door::new(config.listen),
            dialer: Dialer::new(),
            armed: watch::Sender::new(false),
            cutting,
            services,
            refuser,
        }
    }

    /// What it turns requests away with.
    fn refuser(&self) -> Arc<Refuser> {
        Arc::clone(&self.refuser)
    }

    /// Looks at the kill switch, which cuts open tunnels too. Called every second.
    pub(crate) fn watch_kill_switch(&self) {
        let armed = (self.services.kill_switch)().is_some();
        self.armed.send_if_modified(|known| std::mem::replace(known, armed) != armed);
    }

    /// Serves one CONNECT. Returns the stream inside when it is to be intercepted and has begun to
    /// speak; a tunnel has ended when this returns.
    async fn connect(
        &self,
        mut stream: Stream,
        open: &Open,
        shutdown: &ShutdownWatch,
    ) -> Option<Intercepted> {
        let head = match until_stop(shutdown, timeout(HEAD, Head::read(&mut stream))).await? {
            Ok(Ok(head)) => head,
            Ok(Err(rescue)) => return self.refuse(stream, "-", rescue, shutdown).await,
            Err(_) => return self.refuse(stream, "-", Rescue::RequestTimeout, shutdown).await,
        };
        let host = head.target.host.clone();
        let running = self.live.now();
        match self.admit(&head, &running) {
            Ok(Verdict::Intercept) => match self.minter(&running.config) {
                Ok(minter) => until_stop(shutdown, self.intercept(stream, head, &minter, shutdown)).await?,
                Err(rescue) => self.refuse(stream, &host, rescue, shutdown).await,
            },
            Ok(Verdict::Tunnel) => {
                let Some(_place) = open.enter_tunnel() else {
                    return self.refuse(stream, &host, Rescue::Busy(TOO_MANY_TUNNELS), shutdown).await;
                };
                let guard = Guard::new(move |name| running.config.upstreams.iter().any(|it| it.host == name));
                if let Err((stream, rescue)) = self.tunnel(stream, head, guard, shutdown).await {
                    return self.refuse(stream, &host, rescue, shutdown).await;
                }
                None
            }
            Ok(Verdict::Refuse(reason)) => {
                self.record(&head.target, Some(reason), &Traffic::default(), Instant::now());
                self.refuse(stream, &host, Rescue::ConnectRefused(reason), shutdown).await
            }
            // Not even in the log.
            Err(rescue @ Rescue::BadRequest(_)) => self.refuse(stream, "-", rescue, shutdown).await,
            Err(rescue) => self.refuse(stream, &host, rescue, shutdown).await,
        }
    }

    /// Tells a connection that there are too many.
    async fn turn_away(&self, stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        self.refuse(stream, "-", Rescue::Busy(TOO_MANY), shutdown).await;
        None
    }

    /// Kill switch, Host and Origin, then policy.
    fn admit(&self, head: &Head, running: &Running) -> Result<Verdict, Rescue> {
        self.services.refuse_if_armed(&running.policy, &head.headers)?;
        self.door.admit_connect(&head.target.host, &head.headers).map_err(|stranger| match stranger {
            Stranger::Host => Rescue::ForeignHost,
            Stranger::Origin => Rescue::ForeignOrigin,
        })?;
        if holds_secret(&head.written, &running.policy.detectors) {
            return Err(Rescue::BadRequest("the host's name looks like a secret"));
        }
        let hosts = running.config.upstreams.iter().map(|upstream| upstream.host.as_str());
        Ok(policy::judge(&running.config.forward, hosts, &head.target))
    }

    /// The authority as its files are now.
    fn minter(&self, config: &Config) -> Result<Arc<Minter>, Rescue> {
        let files = Files::of(config);
        let minter =
            self.authority.minter(&files.ca_certificate(), &files.ca_key(), OffsetDateTime::now_utc());
        minter.ok_or_else(|| {
            let reason = "there is no usable private CA to terminate TLS with; see `waterwall regen-ca`";
            Rescue::Refused(Refusal::Config(reason.to_owned()))
        })
    }

    async fn intercept(
        &self,
        mut stream: Stream,
        head: Head,
        minter: &Minter,
        shutdown: &ShutdownWatch,
    ) -> Option<Intercepted> {
        let host = &head.target.host;
        let config = match minter.tls_for(host, OffsetDateTime::now_utc()) {
            Ok(config) => config,
            Err(error) => {
                tracing::error!(host, %error, "no leaf could be minted");
                return self.refuse(stream, host, Rescue::Internal, shutdown).await;
            }
        };
        timeout(ANSWER, answer::established(&mut stream)).await.ok()?.ok()?;
        match intercept::accept(Rewound::new(head.rest, stream), host, config).await {
            Ok(intercepted) => Some(intercepted),
            Err(failure) => {
                tracing::info!(method = "CONNECT", host, error = failure.in_words(), "tunnel ended");
                None
            }
        }
    }

    /// Carries a tunnel to its end. An error comes back with the stream to answer it on.
    async fn tunnel(
        &self,
        mut stream: Stream,
        head: Head,
        guard: Guard,
        shutdown: &ShutdownWatch,
    ) -> Result<(), (Stream, Rescue)> {
        let Head { target, rest, .. } = head;
        let began = Instant::now();
        // No record, no traffic: a log that takes no line now would not take the tunnel's.
        let log = self.services.chain.status();
        if !log.healthy {
            let trouble = log.trouble.unwrap_or_default();
            return Err((stream, Rescue::Refused(Refusal::ChainAppend(trouble))));
        }
        // An agent need not wait for the answer before it speaks.
        if let Some(reason) = guard.refuses(&rest) {
            self.record(&target, Some(reason), &Traffic::default(), began);
            return Err((stream, Rescue::ConnectRefused(reason)));
        }
        let other = match self.dialer.dial(&target).await {
            Ok(other) => other,
            Err(failure) => {
                let (reason, rescue) = match failure {
                    Failure::Address => (ADDRESS, Rescue::ConnectRefused(ADDRESS)),
                    Failure::Unreachable(reason) => (reason, Rescue::UpstreamUnreachable(reason)),
                };
                self.record(&target, Some(reason), &Traffic::default(), began);
                return Err((stream, rescue));
            }
        };
        let traffic = Traffic::default();
        let answered = timeout(ANSWER, answer::established(&mut stream)).await;
        let other = Tapped { inner: other, reads: guard.answers() };
        let mut agent = Tapped { inner: Rewound::new(rest, stream), reads: guard };
        let end = match answered {
            Ok(Ok(())) => {
                let signs = Signs { armed: &self.armed.subscribe(), shutdown, cutting: &self.cutting };
                tunnel::carry(&mut agent, other, &traffic, signs).await
            }
            _ => End::Closed,
        };
        let refused = agent.reads.refused();
        self.record(&target, refused, &traffic, began);
        tracing::info!(method = "CONNECT", host = target.host, ?end, refused, "tunnel ended");
        if refused.is_some() {
            // A client that does not read is not waited for.
            let _ = timeout(ANSWER, answer::unrecognized_name(&mut agent.inner)).await;
        }
        Ok(())
    }

    /// Answers a CONNECT with an error and closes.
    async fn refuse(
        &self,
        stream: Stream,
        host: &str,
        rescue: Rescue,
        shutdown: &ShutdownWatch,
    ) -> Option<Intercepted> {
        let (status, error) = (rescue.status().as_u16(), rescue.code());
        tracing::info!(method = "CONNECT", host, status, error, "exchange ended");
        if !matches!(rescue, Rescue::ClientGone) {
            let asked = Asked { host: Some(host.to_owned()), ..Asked::default() };
            self.refuser.answer(stream, &rescue, &asked, shutdown).await;
        }
        None
    }

    /// One line for each tunnel that ended, or was refused by policy.
    fn record(&self, target: &Target, refused: Option<&'static str>, traffic: &Traffic, began: Instant) {
        let event = Event::Tunnel {
            host: target.host.clone(),
            port: target.port,
            bytes_sent: traffic.sent.load(Relaxed),
            bytes_received: traffic.received.load(Relaxed),
            duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            refused: refused.map(Into::into),
        };
        if let Err(error) = self.services.chain.append(event, SystemTime::now()) {
            tracing::error!(%error, host = target.host, "a tunnel is not on the audit log");
        }
    }
}

/// What `future` gives, or `None` when the gateway is told to stop before.
async fn until_stop<T>(shutdown: &ShutdownWatch, future: impl Future<Output = T>) -> Option<T> {
    let mut shutdown = shutdown.clone();
    tokio::select! {
        output = future => Some(output),
        Ok(_) = shutdown.wait_for(|stop| *stop) => None,
    }
}

/// A name is looked up and logged in plain, so it must not be a secret. Most of those are told by
/// their case, so it is looked for in what the client wrote.
fn holds_secret(target: &str, detectors: &Detectors) -> bool {
    let mut spans = Vec::new();
    detectors.scan(Leaf { text: target.as_bytes(), key: None }, &mut spans);
    !spans.is_empty()
}

/// Why there is no place, and who can make more of them.
const TOO_MANY: &str =
    "too many connections are open: 20,000, or what the file descriptors allow (ulimit -n, LimitNOFILE)";
const TOO_MANY_TUNNELS: &str =
    "too many tunnels are open: 20,000, or what the file descriptors allow (ulimit -n, LimitNOFILE)";

/// Why no address of a host may be connected to.
const ADDRESS: &str = "this host is on a private, link-local or metadata address";
