//! The admin server: a second port, on loopback only, that tells how the gateway is, stops it and
//! has it read its configuration.
//!
//! It has a thread of its own, so that it answers whatever the agents' port has to do.

mod access;
mod bounded;
mod exposition;
mod facts;
mod health;
pub mod install;
mod state;
mod verification;

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use http::{HeaderValue, Method, Response, StatusCode, header};
use pingora_core::apps::http_app::ServeHttp;
use pingora_core::protocols::http::ServerSession;
use serde_json::{Value, json};

use crate::door::{Door, Stranger};
use crate::live::{Cause, holds_secret};
use crate::state::Files;

use access::Access;

pub(crate) use bounded::Bounded;
pub(crate) use facts::Facts;
pub(crate) use verification::Verifier;

/// The most characters of a reason that go into the gateway's own log.
const LONGEST_REASON: usize = 200;

/// What is answered.
struct Answer {
    status: StatusCode,
    media_type: &'static str,
    body: String,
}

/// The application on the admin port.
pub(crate) struct Admin {
    door: Door,
    access: Access,
    facts: Facts,
}

impl Admin {
    /// The admin server of a gateway that is starting now.
    pub(crate) fn new(facts: Facts) -> Self {
        Self {
            door: Door::new(facts.config.admin_listen),
            access: Access::new(Files::of(&facts.config).admin_token()),
            facts,
        }
    }

    async fn answer(&self, session: &mut ServerSession) -> Result<Answer, Answer> {
        let request = session.req_header();
        self.door.admit(&request.uri, &request.headers).map_err(|stranger| match stranger {
            Stranger::Host => refusal(StatusCode::MISDIRECTED_REQUEST, "foreign Host"),
            Stranger::Origin => refusal(StatusCode::FORBIDDEN, "foreign Origin"),
        })?;
        if request.method == Method::POST {
            self.access.check(&request.headers)?;
        }
        match (&request.method, request.uri.path()) {
            (&Method::GET | &Method::HEAD, "/healthz") => {
                let (status, report) = health::report(&self.facts);
                Ok(json_answer(status, &report))
            }
            (&Method::GET | &Method::HEAD, "/admin/state") => {
                Ok(json_answer(StatusCode::OK, &state::report(&self.facts).await))
            }
            (&Method::GET | &Method::HEAD, "/metrics") => Ok(Answer {
                status: StatusCode::OK,
                media_type: exposition::MEDIA_TYPE,
                body: exposition::report(&self.facts),
            }),
            (&Method::POST, "/admin/killswitch") => self.kill_switch(&access::body(session).await?),
            (&Method::POST, "/admin/reload") => {
                access::body(session).await?;
                self.reload().await
            }
            (&Method::POST, "/admin/rotate") => {
                access::body(session).await?;
                self.rotate().await
            }
            (
                _,
                "/healthz" | "/admin/state" | "/metrics" | "/admin/killswitch" | "/admin/reload"
                | "/admin/rotate",
            ) => Err(refusal(StatusCode::METHOD_NOT_ALLOWED, "method not allowed")),
            _ => Err(refusal(StatusCode::NOT_FOUND, "not found")),
        }
    }

    fn kill_switch(&self, asked: &Value) -> Result<Answer, Answer> {
        let (arm, status) = match asked["action"].as_str() {
            Some("arm") => (true, "armed"),
            Some("disarm") => (false, "disarmed"),
            _ => return Err(refusal(StatusCode::BAD_REQUEST, "unknown action")),
        };
        self.facts.switch.set_http(arm);
        let reason = asked["reason"].as_str().map(|reason| self.fit_to_log(reason));
        tracing::warn!(source = "http", reason, "kill switch {status}");
        Ok(json_answer(StatusCode::OK, &json!({ "status": status })))
    }

    /// What the operator gives as reason may hold anything. (What does not print is escaped by the log.)
    fn fit_to_log(&self, reason: &str) -> String {
        match holds_secret(reason, &self.facts.live.now().policy.detectors) {
            true => "(withheld: it holds a secret)".to_owned(),
            false => reason.chars().take(LONGEST_REASON).collect(),
        }
    }

    async fn reload(&self) -> Result<Answer, Answer> {
        let reloader = Arc::clone(&self.facts.reloader);
        let reloaded = tokio::task::spawn_blocking(move || reloader.reload(Cause::Request)).await;
        let failed = |reason: &str| refusal(StatusCode::INTERNAL_SERVER_ERROR, reason);
        reloaded.map_err(|_| failed("internal error"))?.map_err(|reason| failed(&reason))?;
        Ok(json_answer(StatusCode::OK, &json!({ "status": "reloaded" })))
    }

    /// Archives the audit log; requests wait meanwhile.
    async fn rotate(&self) -> Result<Answer, Answer> {
        let services = Arc::clone(&self.facts.services);
        let rotating = move || services.chain.rotate("request", SystemTime::now());
        let rotated = tokio::task::spawn_blocking(rotating).await;
        let failed = |reason: &str| refusal(StatusCode::INTERNAL_SERVER_ERROR, reason);
        let archived = rotated.map_err(|_| failed("internal error"))?.map_err(|error| {
            tracing::error!(%error, "the audit log was not rotated; it goes on");
            failed(&format!("the audit log was not rotated: {error}"))
        })?;
        tracing::info!(archive = %archived.path.display(), lines = archived.lines, "audit log rotated");
        let report = json!({
            "status": "rotated",
            "archive": archived.path.display().to_string(),
            "lines": archived.lines,
        });
        Ok(json_answer(StatusCode::OK, &report))
    }
}

fn json_answer(status: StatusCode, value: &Value) -> Answer {
    Answer { status, media_type: "application/json", body: value.to_string() }
}

fn refusal(status: StatusCode, error: &str) -> Answer {
    json_answer(status, &json!({ "error": error }))
}

#[async_trait]
impl ServeHttp for Admin {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let Answer { status, media_type, body } =
            self.answer(session).await.unwrap_or_else(|refused| refused);
        let length = body.len();
        let is_head = session.req_header().method == Method::HEAD;
        let mut response = Response::new(if is_head { Vec::new() } else { body.into_bytes() });
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
