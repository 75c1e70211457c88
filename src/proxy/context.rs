//! What the gateway remembers of one exchange between Pingora's phases.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use pingora_core::{Error, ErrorType, Result};
use pingora_proxy::Session;
use waterwall_core::dialect::Dialect;
use waterwall_pipeline::{Answer, Exchange, Forward, Refusal};

use super::bodies::Share;
use super::buffered::Hold;
use super::intake;
use super::rescue::Rescue;
use crate::live::Running;
use crate::metrics::{Ended, Metrics, UnderWay};
use crate::upstream::Target;

/// The state of one exchange. Small: a thousand of these are open at once.
pub(crate) struct Context {
    began: Instant,
    /// The time that the gateway itself took so far, waiting for either side not included.
    pub(super) added: Duration,
    /// What was in force when the request came; it stays so to the end.
    pub(super) running: Arc<Running>,
    /// Index of the upstream, once routed.
    pub(super) upstream: Option<usize>,
    /// The path there, without the prefix.
    pub(super) path: String,
    /// How this agent expects errors.
    pub(super) dialect: &'static Dialect,
    /// Present once begun, and until the end.
    pub(super) exchange: Option<Exchange>,
    /// What the pipeline made of the request, without its body.
    pub(super) forward: Option<Forward>,
    /// The length of the rewritten body, when there is one.
    pub(super) body_length: Option<usize>,
    /// The swapped downstream session, while the body is buffered.
    pub(super) hold: Option<Hold>,
    /// What that body takes of all that may be held.
    pub(super) share: Option<Share>,
    /// The upstream's addresses, and how many of them could not be connected to.
    pub(super) addresses: Option<Arc<[SocketAddr]>>,
    pub(super) failed_connects: usize,
    /// True when a connection was not trusted, so that the upstream's other roots were tried.
    pub(super) tried_other_roots: bool,
    /// The status of the upstream's answer, once its head is in.
    pub(super) answered: Option<StatusCode>,
    /// True when the exchange has been told that the answer ended.
    ended: bool,
    /// The last bytes of an answer that ended in trailers.
    pub(super) tail: Option<Bytes>,
    /// Why the pipeline ended the exchange, when Pingora only sees an error.
    pub(super) refusal: Option<Rescue>,
    /// The code of the gateway's own answer, for the log.
    error: Option<&'static str>,
    /// Counts it until its record is closed: the last field to be dropped.
    _under_way: UnderWay,
}

/// An exchange that is dropped on the way, because the gateway ends, has its record closed too.
impl Drop for Context {
    fn drop(&mut self) {
        if let Some(exchange) = &mut self.exchange {
            exchange.close();
        }
    }
}

impl Context {
    pub(super) fn new(running: Arc<Running>, under_way: UnderWay) -> Self {
        Self {
            began: Instant::now(),
            added: Duration::ZERO,
            running,
            upstream: None,
            path: String::new(),
            dialect: Dialect::of_stray(false),
            exchange: None,
            forward: None,
            body_length: None,
            hold: None,
            share: None,
            addresses: None,
            failed_connects: 0,
            tried_other_roots: false,
            answered: None,
            ended: false,
            tail: None,
            refusal: None,
            error: None,
            _under_way: under_way,
        }
    }

    /// The upstream's index, in the phases after routing.
    pub(super) fn upstream(&self) -> usize {
        self.upstream.expect("these phases come after routing")
    }

    /// The upstream itself, in the phases after routing. Cloned, so that the context stays free.
    pub(super) fn target(&self) -> Arc<Target> {
        Arc::clone(&self.running.targets[self.upstream()])
    }

    /// Answers a request that is not forwarded.
    ///
    /// # Errors
    /// When the agent can no longer be written to.
    pub(super) async fn refuse_before_upstream(
        &mut self,
        session: &mut Session,
        rescue: Rescue,
    ) -> Result<()> {
        self.error = Some(rescue.code());
        if matches!(rescue, Rescue::ClientGone) {
            session.set_keepalive(None);
            return Ok(());
        }
        if !session.is_body_done() {
            session.set_keepalive(None);
        }
        rescue.answer(session, self.dialect).await?;
        intake::drain(session).await;
        Ok(())
    }

    /// Answers after something failed on the way: with an error of ours if the answer has not
    /// begun, else by cutting the connection, so that the agent cannot take it for complete.
    /// Returns the status, or 0 if none was sent.
    pub(super) async fn rescue(&mut self, session: &mut Session, rescue: Rescue) -> u16 {
        self.error = Some(rescue.code());
        if let Some(hold) = self.hold.take() {
            hold.uninstall(&mut session.downstream_session);
        }
        let begun = session.response_written().is_some_and(|head| !head.status.is_informational());
        if begun || matches!(rescue, Rescue::ClientGone) {
            session.shutdown().await;
            return 0;
        }
        session.set_keepalive(None);
        match rescue.answer(session, self.dialect).await {
            Ok(()) => rescue.status().as_u16(),
            Err(_) => 0,
        }
    }

    /// [`Exchange::response_head`], with a refusal kept for [`Self::rescue`].
    pub(super) fn response_head(&mut self, status: StatusCode, headers: &HeaderMap) -> Result<Answer> {
        let Some(exchange) = &mut self.exchange else {
            return Ok(Answer::Pass);
        };
        let since = Instant::now();
        let answer = exchange.response_head(status, headers);
        self.added += since.elapsed();
        answer.map_err(|refusal| self.refuse(refusal))
    }

    /// [`Exchange::response_body`], which hears of the end exactly once. The exchange is closed then,
    /// so that its record is complete before the agent has the last byte.
    pub(super) fn response_body(&mut self, chunk: &mut Option<Bytes>, end: bool) -> Result<()> {
        if self.ended {
            return Ok(());
        }
        self.ended = end;
        let Some(exchange) = &mut self.exchange else { return Ok(()) };
        let since = Instant::now();
        let result = exchange.response_body(chunk, end);
        if end && result.is_ok() {
            exchange.close();
        }
        self.added += since.elapsed();
        result.map_err(|refusal| self.refuse(refusal))
    }

    fn refuse(&mut self, refusal: Refusal) -> Box<Error> {
        self.refusal = Some(refusal.into());
        Error::explain(ErrorType::InternalError, "refused by the pipeline")
    }

    /// What is counted of the exchange, once it is closed.
    pub(super) fn count(&self, metrics: &Metrics) {
        let exchange = self.exchange.as_ref();
        metrics.ended(&Ended {
            host: self.host(),
            answered: self.answered.map(|status| status.as_u16()),
            refused: self.error,
            added: self.forward.is_some().then_some(self.added),
            request_id: exchange.map(Exchange::request_id),
            restored: exchange.map_or(0, Exchange::restored),
            unknown: exchange.map_or(0, Exchange::unknown),
            malformed: exchange.map_or(0, Exchange::malformed),
        });
    }

    /// The upstream's name, once routed.
    fn host(&self) -> Option<&str> {
        self.upstream.map(|index| self.running.config.upstreams[index].host.as_str())
    }

    /// One line per exchange: counts and names, no path, query, header or body.
    pub(super) fn log(&self, session: &Session) {
        let host = self.host().unwrap_or("-");
        let status = session.response_written().map_or(0, |head| head.status.as_u16());
        let exchange = self.exchange.as_ref();
        tracing::info!(
            method = loggable(&session.req_header().method),
            host,
            status,
            error = self.error,
            request_id = exchange.map(Exchange::request_id),
            tokenized = exchange.map_or(0, Exchange::tokenized),
            restored = exchange.map_or(0, Exchange::restored),
            request_bytes = self.body_length.unwrap_or(0),
            response_bytes = session.body_bytes_sent(),
            milliseconds = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "exchange ended"
        );
    }
}

/// A method of the agent's own making could say anything.
fn loggable(method: &Method) -> &str {
    match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known,
        _ => "other",
    }
}
