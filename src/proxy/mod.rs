//! The proxy: Pingora's phases, each a few lines into the [`Exchange`].
//!
//! A request is taken in whole, refused or rewritten, and only then connected to its upstream:
//! what must not leave is stopped before there is a connection it could leave by. The answer
//! streams through [`Exchange::response_body`].

mod bodies;
mod buffered;
mod context;
mod destination;
mod headers;
mod intake;
mod refit;
mod refuser;
mod rescue;
mod route;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora_core::modules::http::HttpModules;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{Error, ErrorSource, ErrorType, Result};
use pingora_proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use tokio::sync::{Semaphore, watch};
use waterwall_pipeline::{Answer, Exchange, Forward, RequestHead, Services};

use crate::config::Config;
use crate::door::{Door, Stranger};
use crate::live::Live;
use crate::metrics::{Metrics, UnderWay};

use bodies::Bodies;
use buffered::Hold;
use context::Context;
use destination::Named;

pub(crate) use destination::Through;
pub(crate) use refuser::{Asked, Refuser};
pub(crate) use rescue::Rescue;
pub(crate) use route::ANTHROPIC_VERSION;

/// A larger body is scanned on the blocking pool, so that it does not hold up other agents'
/// streams.
const SCAN_INLINE: usize = 256 << 10;

/// Compressed bodies decoded and scanned at once; the others wait.
const DECODED_AT_ONCE: usize = 8;

/// The gateway as Pingora sees it.
pub(crate) struct Gateway {
    live: Arc<Live>,
    door: Door,
    services: Arc<Services>,
    metrics: Arc<Metrics>,
    /// The request bodies held at once.
    bodies: Bodies,
    /// Scans that may decode: each takes a thread, and makes of a small body a large one.
    decoding: Semaphore,
    /// Turns true when connections are to be closed after their answer.
    leaving: watch::Receiver<bool>,
}

impl Gateway {
    /// The gateway that listens where `config` says, and else does what is in force.
    pub(crate) fn new(
        config: &Config,
        live: Arc<Live>,
        services: Arc<Services>,
        metrics: Arc<Metrics>,
        leaving: watch::Receiver<bool>,
    ) -> Self {
        let (bodies, decoding) = (Bodies::default(), Semaphore::new(DECODED_AT_ONCE));
        Self { live, door: Door::new(config.listen), services, metrics, bodies, decoding, leaving }
    }

    /// Everything that happens before there is an upstream connection.
    async fn take_in(&self, session: &mut Session, context: &mut Context) -> Result<(), Rescue> {
        let arrived = Instant::now();
        if let Err(reason) = self.route(session, context) {
            return Err(self.armed(session, context).unwrap_or(reason));
        }
        context.exchange = Some(self.begin(session, context)?);
        context.added = arrived.elapsed();
        let limit = context.running.policy.max_body_bytes;
        let mut share = self.bodies.share(limit);
        let body = intake::read_body(session, limit, &mut share).await?;
        let sent = body.len();
        let is_coded = intake::is_coded(session);
        // The semaphore is never closed.
        let turn = if is_coded { self.decoding.acquire().await.ok() } else { None };
        let taken_in = Instant::now();
        let mut forward = scan(&mut context.exchange, body, sent > SCAN_INLINE || is_coded).await?;
        share.resize(forward.body.len())?;
        drop(turn);
        if sent > 0 {
            let body = std::mem::take(&mut forward.body);
            context.body_length = Some(body.len());
            refit::without_body(&mut session.downstream_session, sent)
                .await
                .map_err(|_| Rescue::ClientGone)?;
            context.hold = Some(Hold::install(&mut session.downstream_session, body));
            context.share = Some(share);
        }
        context.forward = Some(forward);
        context.added += taken_in.elapsed();
        if let Some(exchange) = &context.exchange {
            if let Some(reason) = exchange.unscannable() {
                let request_id = exchange.request_id();
                tracing::warn!(request_id, reason, "a body that cannot be scanned was passed on as it is");
            }
            self.metrics.tokenized(exchange.request_id(), &exchange.kinds().collect::<Vec<_>>());
        }
        Ok(())
    }

    /// The kill switch comes before every other reason to refuse. Requests that have a route meet
    /// it in [`Exchange::begin`], which records it.
    fn armed(&self, session: &Session, context: &Context) -> Option<Rescue> {
        let headers = &session.req_header().headers;
        self.services.refuse_if_armed(&context.running.policy, headers).err().map(Rescue::Refused)
    }

    /// Checks the head and finds the upstream.
    fn route(&self, session: &Session, context: &mut Context) -> Result<(), Rescue> {
        let request = session.req_header();
        let path = request.uri.path();
        // An absolute form that names no listed host is for the door to judge.
        let upstreams = &context.running.config.upstreams;
        let lists = |host: &str| upstreams.iter().any(|upstream| upstream.host == host);
        let named = Named::by(session).filter(|named| named.scheme == "https" || lists(&named.host));
        let host = named.as_ref().map(|named| &*named.host);
        let anthropic = request.headers.contains_key(route::ANTHROPIC_VERSION);
        context.dialect = route::form(upstreams, host, path, anthropic);
        let admitted = match &named {
            Some(named) => self.door.admit_named(named.scheme, &named.host, &request.headers),
            None => self.door.admit(&request.uri, &request.headers),
        };
        admitted.map_err(|stranger| match stranger {
            Stranger::Host => Rescue::ForeignHost,
            Stranger::Origin => Rescue::ForeignOrigin,
        })?;
        if !request.raw_path_is_utf8() {
            return Err(Rescue::BadRequest("the path is not UTF-8"));
        }
        let route = match host {
            Some(host) => route::to_host(upstreams, host, path),
            None => route::route(upstreams, path, &request.headers),
        };
        let route = route.ok_or(Rescue::NoRoute)?;
        context.upstream = Some(route.upstream);
        context.path = route.path.to_owned();
        if intake::asks_for_websocket(&request.headers) {
            return Err(Rescue::UpgradeRefused);
        }
        Ok(())
    }

    fn begin(&self, session: &Session, context: &Context) -> Result<Exchange, Rescue> {
        let request = session.req_header();
        let upstream = &context.running.config.upstreams[context.upstream()];
        let head = RequestHead {
            host: &upstream.host,
            dialect: upstream.dialect,
            method: &request.method,
            path: &context.path,
            query: request.uri.query(),
            headers: &request.headers,
        };
        Ok(Exchange::begin(&self.services, &context.running.policy, &head)?)
    }
}

/// Runs the exchange over the body, on the blocking pool when that may take a while. The exchange is
/// lost only if it panics.
async fn scan(slot: &mut Option<Exchange>, body: Bytes, is_long: bool) -> Result<Forward, Rescue> {
    let mut exchange = slot.take().ok_or(Rescue::Internal)?;
    if !is_long {
        let forward = exchange.request(body);
        *slot = Some(exchange);
        return Ok(forward?);
    }
    let scanning = tokio::task::spawn_blocking(move || {
        let forward = exchange.request(body);
        (exchange, forward)
    });
    let (exchange, forward) = scanning.await.map_err(|_| Rescue::Internal)?;
    *slot = Some(exchange);
    Ok(forward?)
}

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = Context;

    fn new_ctx(&self) -> Context {
        Context::new(self.live.now(), UnderWay::begin(&self.metrics))
    }

    /// None: the default one compresses, which would hold streams back.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn request_filter(&self, session: &mut Session, context: &mut Context) -> Result<bool> {
        match self.take_in(session, context).await {
            Ok(()) => Ok(false),
            Err(rescue) => {
                context.refuse_before_upstream(session, rescue).await?;
                Ok(true)
            }
        }
    }

    async fn upstream_peer(&self, _session: &mut Session, context: &mut Context) -> Result<Box<HttpPeer>> {
        let target = context.target();
        let addresses = match context.addresses.take() {
            Some(addresses) => addresses,
            None => target.addresses().await.map_err(|error| {
                Error::because(rescue::UNRESOLVED, "resolving the upstream", error).into_up()
            })?,
        };
        let peer = target.peer(addresses[context.failed_connects % addresses.len()]);
        context.addresses = Some(addresses);
        Ok(Box::new(peer))
    }

    /// Tries the upstream's other roots once, then the next address.
    fn fail_to_connect(
        &self,
        _session: &mut Session,
        peer: &HttpPeer,
        context: &mut Context,
        mut error: Box<Error>,
    ) -> Box<Error> {
        let untrusted = *error.etype() == ErrorType::TLSHandshakeFailure;
        if untrusted && !context.tried_other_roots && context.target().turn_to_other_roots(peer) {
            context.tried_other_roots = true;
            error.set_retry(true);
            return error;
        }
        context.failed_connects += 1;
        let known = context.addresses.as_ref().map_or(0, |addresses| addresses.len());
        let more = context.failed_connects < known;
        if !more {
            context.target().forget_addresses();
        }
        error.set_retry(more && is_about_the_address(error.etype()));
        error
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        context: &mut Context,
    ) -> Result<()> {
        let target = context.target();
        let query = context.forward.as_ref().and_then(|forward| forward.query.as_deref());
        let query = query.or(session.req_header().uri.query());
        request.set_uri(headers::upstream_uri(target.base_path(), &context.path, query)?);
        request.insert_header(header::HOST, target.authority())?;
        headers::of_forwarded_request(request, context.body_length, context.forward.as_ref())
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        context: &mut Context,
    ) -> Result<()> {
        if response.status.is_informational() {
            return Ok(());
        }
        context.answered = Some(response.status);
        self.metrics.upstream_answered();
        if let Some(hold) = &context.hold {
            hold.release_body();
            context.share = None;
        }
        headers::clean_answer(response);
        if *self.leaving.borrow() {
            session.set_keepalive(None);
        }
        let answer = context.response_head(response.status, &response.headers)?;
        if answer == Answer::Rewrite && headers::may_have_body(&session.req_header().method, response) {
            headers::of_rewritten_answer(response)?;
        }
        Ok(())
    }

    fn response_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end: bool,
        context: &mut Context,
    ) -> Result<Option<Duration>> {
        context.response_body(body, end)?;
        Ok(None)
    }

    /// Trailers end the body of an HTTP/2 answer without an end flag. The error of this hook ends
    /// the exchange; that of [`Self::response_trailer_filter`] would be swallowed.
    fn upstream_response_trailer_filter(
        &self,
        _session: &mut Session,
        _trailers: &mut HeaderMap,
        context: &mut Context,
    ) -> Result<()> {
        let mut tail = None;
        context.response_body(&mut tail, true)?;
        context.tail = tail.filter(|bytes| !bytes.is_empty());
        Ok(())
    }

    async fn response_trailer_filter(
        &self,
        _session: &mut Session,
        _trailers: &mut HeaderMap,
        context: &mut Context,
    ) -> Result<Option<Bytes>> {
        Ok(context.tail.take())
    }

    /// A pooled connection may have been closed under us. If no answer has begun, the buffered
    /// request goes out once more on another one.
    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        _session: &mut Session,
        mut error: Box<Error>,
        context: &mut Context,
        reused: bool,
    ) -> Box<Error> {
        error.retry.decide_reuse(reused);
        let stale = reused && is_closed_upstream(&error);
        error.set_retry(context.answered.is_none() && (stale || error.retry()));
        error
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        context: &mut Context,
    ) -> FailToProxy {
        let rescue = context.refusal.take().unwrap_or_else(|| Rescue::from_pingora(error));
        if matches!(rescue, Rescue::UpstreamUnreachable(_)) {
            self.metrics.upstream_failed();
        }
        let error_code = context.rescue(session, rescue).await;
        FailToProxy { error_code, can_reuse_downstream: false }
    }

    async fn logging(&self, session: &mut Session, _error: Option<&Error>, context: &mut Context) {
        if let Some(exchange) = &mut context.exchange {
            exchange.close();
        }
        context.log(session);
        context.count(&self.metrics);
        if let Some(hold) = context.hold.take() {
            hold.uninstall(&mut session.downstream_session);
        }
    }

    /// Pingora's own texts name paths and peers; [`Context::log`] says what may be said.
    fn suppress_error_log(&self, _: &Session, _: &Context, _: &Error) -> bool {
        true
    }

    fn suppress_proxy_warn_log(&self, _: &Session, _: &Context, _: &Error, _: ProxyWarnLogContext) -> bool {
        true
    }

    fn request_summary(&self, session: &Session, _: &Context) -> String {
        session.req_header().method.to_string()
    }
}

/// Whether another address of the same upstream could do better.
fn is_about_the_address(error: &ErrorType) -> bool {
    matches!(
        error,
        ErrorType::ConnectTimedout
            | ErrorType::ConnectRefused
            | ErrorType::ConnectNoRoute
            | ErrorType::ConnectError
            | ErrorType::BindError
            | ErrorType::SocketError
    )
}

/// Whether the upstream's side of the connection was gone, rather than slow or malformed.
fn is_closed_upstream(error: &Error) -> bool {
    *error.esource() == ErrorSource::Upstream
        && matches!(error.etype(), ErrorType::ConnectionClosed | ErrorType::ReadError | ErrorType::WriteError)
}
