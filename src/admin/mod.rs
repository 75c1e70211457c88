//! The admin server: a second port, on loopback only, that tells how the gateway is.

mod health;

use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, Response, StatusCode, header};
use pingora_core::apps::http_app::ServeHttp;
use pingora_core::protocols::http::ServerSession;
use serde_json::{Value, json};
use waterwall_pipeline::Services;

use crate::config::Config;
use crate::door::{Door, Stranger};

use health::Health;

/// The application on the admin port.
pub(crate) struct Admin {
    door: Door,
    health: Health,
}

impl Admin {
    /// The admin server of a gateway that is starting now.
    pub(crate) fn new(config: &Config, services: Arc<Services>) -> Self {
        Self { door: Door::new(config.admin_listen), health: Health::new(services) }
    }

    fn answer(&self, session: &ServerSession) -> (StatusCode, Value) {
        let request = session.req_header();
        if let Err(stranger) = self.door.admit(&request.uri, &request.headers) {
            return match stranger {
                Stranger::Host => refusal(StatusCode::MISDIRECTED_REQUEST, "foreign Host"),
                Stranger::Origin => refusal(StatusCode::FORBIDDEN, "foreign Origin"),
            };
        }
        match (&request.method, request.uri.path()) {
            (&Method::GET | &Method::HEAD, "/healthz") => self.health.report(),
            _ => refusal(StatusCode::NOT_FOUND, "not found"),
        }
    }
}

fn refusal(status: StatusCode, error: &str) -> (StatusCode, Value) {
    (status, json!({ "error": error }))
}

#[async_trait]
impl ServeHttp for Admin {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let (status, value) = self.answer(session);
        let body = value.to_string().into_bytes();
        let length = body.len();
        let is_head = session.req_header().method == Method::HEAD;
        let mut response = Response::new(if is_head { Vec::new() } else { body });
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
        headers.insert(header::CONTENT_LENGTH, http::HeaderValue::from(length));
        response
    }
}
