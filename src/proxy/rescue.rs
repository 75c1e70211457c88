//! Errors into answers: the one place that knows status codes, error codes and error bodies.
//!
//! The matches are exhaustive, so that no new reason can lack its code. No text here quotes a
//! request: agents write these messages to their logs.

use bytes::Bytes;
use http::{Method, StatusCode, header};
use pingora_core::{Error, ErrorSource, ErrorType, Result};
use pingora_proxy::Session;
use waterwall_core::dialect::Dialect;
use waterwall_pipeline::Refusal;

use pingora::http::ResponseHeader;

/// The type of the Pingora error for an upstream whose name does not resolve.
pub(super) const UNRESOLVED: ErrorType = ErrorType::Custom("NameNotResolved");

/// Why the gateway answers a request itself.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Rescue {
    /// The pipeline refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No upstream belongs to this path.
    #[error("no upstream is configured for this path")]
    NoRoute,
    /// The `Host` header does not name this machine.
    #[error("the Host header does not name a loopback address")]
    ForeignHost,
    /// A web page of another origin sent the request.
    #[error("requests from web pages are not accepted")]
    ForeignOrigin,
    /// The request is not well-formed, or could be read in two ways.
    #[error("bad request: {0}")]
    BadRequest(&'static str),
    /// HTTP/1.0, whose answers end with the connection: a cut one would pass for complete.
    #[error("HTTP/1.0 is not supported; use HTTP/1.1")]
    OldHttp,
    /// The request head is larger than anything an agent sends.
    #[error("the request head is too large")]
    HeadTooLarge,
    /// The head or the body did not arrive in time.
    #[error("the request did not arrive in time")]
    RequestTimeout,
    /// A WebSocket upgrade, whose frames could not be scanned.
    #[error("WebSocket is not supported; use HTTP")]
    UpgradeRefused,
    /// A CONNECT that policy does not allow.
    #[error("CONNECT is refused: {0}")]
    ConnectRefused(&'static str),
    /// More than may be open or held at once.
    #[error("{0}; try again later")]
    Busy(&'static str),
    /// The upstream gave no answer.
    #[error("the upstream could not be reached: {0}")]
    UpstreamUnreachable(&'static str),
    /// A fault of the gateway's own.
    #[error("internal error")]
    Internal,
    /// The agent went away; nobody reads an answer.
    #[error("the client closed the connection")]
    ClientGone,
}

impl Rescue {
    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Refused(refusal) => match refusal {
                Refusal::KillSwitch(armed) => armed.status,
                Refusal::Config(_)
                | Refusal::ChainAppend(_)
                | Refusal::Unscannable(_)
                | Refusal::Response(_) => StatusCode::BAD_GATEWAY,
                Refusal::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            },
            Self::NoRoute => StatusCode::NOT_FOUND,
            Self::ForeignHost => StatusCode::MISDIRECTED_REQUEST,
            Self::ForeignOrigin | Self::ConnectRefused(_) => StatusCode::FORBIDDEN,
            Self::BadRequest(_) | Self::ClientGone => StatusCode::BAD_REQUEST,
            Self::OldHttp => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::UpgradeRefused => StatusCode::UPGRADE_REQUIRED,
            Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::UpstreamUnreachable(_) | Self::Internal => StatusCode::BAD_GATEWAY,
        }
    }

    /// The value of `x-waterwall-error`.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => match refusal {
                Refusal::KillSwitch(_) => "waterwall-killswitch-engaged",
                Refusal::Config(_) => "waterwall-config-error",
                Refusal::ChainAppend(_) => "waterwall-chain-append-failed",
                Refusal::Unscannable(_) => "waterwall-unscannable-body",
                Refusal::BodyTooLarge { .. } => "waterwall-body-too-large",
                Refusal::Response(_) => "waterwall-unrestorable-answer",
            },
            Self::NoRoute => "waterwall-no-route",
            Self::ForeignHost => "waterwall-foreign-host",
            Self::ForeignOrigin => "waterwall-foreign-origin",
            Self::BadRequest(_) => "waterwall-bad-request",
            // Only ever logged.
            Self::ClientGone => "waterwall-client-gone",
            Self::OldHttp => "waterwall-http-version",
            Self::HeadTooLarge => "waterwall-head-too-large",
            Self::RequestTimeout => "waterwall-request-timeout",
            Self::UpgradeRefused => "waterwall-upgrade-refused",
            Self::ConnectRefused(_) => "waterwall-connect-refused",
            Self::Busy(_) => "waterwall-busy",
            Self::UpstreamUnreachable(_) => "waterwall-upstream-unreachable",
            Self::Internal => "waterwall-internal-error",
        }
    }

    /// The body, as an SDK of this dialect reads it.
    pub(crate) fn body(&self, dialect: &Dialect) -> Bytes {
        Bytes::from(dialect.error_body(self.code(), &format!("waterwall: {self}")))
    }

    /// The head that goes with a body of `length` bytes.
    pub(crate) fn head(&self, length: usize) -> Result<ResponseHeader> {
        let mut head = ResponseHeader::build(self.status(), Some(8))?;
        head.insert_header(header::CONTENT_TYPE, "application/json")?;
        head.insert_header(header::CONTENT_LENGTH, length)?;
        head.insert_header(header::CACHE_CONTROL, "no-store")?;
        head.insert_header("x-waterwall-error", self.code())?;
        // SDKs retry any 5xx for minutes otherwise.
        head.insert_header("x-should-retry", "false")?;
        match self {
            Self::UpgradeRefused => head.insert_header(header::UPGRADE, "HTTP/1.1")?,
            // Who retries for all that (OpenCode does, five times) is done within seconds so, and does not double its
            // pauses for a minute.
            Self::Refused(Refusal::KillSwitch(_)) => head.insert_header(header::RETRY_AFTER, "1")?,
            _ => {}
        }
        Ok(head)
    }

    /// Writes the whole answer, in the dialect that the request was for.
    ///
    /// # Errors
    /// When the agent can no longer be written to.
    pub(crate) async fn answer(&self, session: &mut Session, dialect: &Dialect) -> Result<()> {
        let body = self.body(dialect);
        let head = self.head(body.len())?;
        let bodiless = session.req_header().method == Method::HEAD;
        session.write_response_header(Box::new(head), bodiless).await?;
        session.write_response_body((!bodiless).then_some(body), true).await
    }

    /// What a Pingora error means to the agent.
    pub(crate) fn from_pingora(error: &Error) -> Self {
        match error.esource() {
            ErrorSource::Upstream => Self::UpstreamUnreachable(upstream_fault(error.etype())),
            ErrorSource::Downstream => downstream_fault(error.etype()),
            ErrorSource::Internal | ErrorSource::Unset => Self::Internal,
        }
    }
}

/// In words, without the error's own text, which may quote what was being read.
fn upstream_fault(error: &ErrorType) -> &'static str {
    use ErrorType as E;
    match error {
        E::ConnectTimedout | E::TLSHandshakeTimedout => "connecting timed out",
        E::ConnectRefused => "connection refused",
        E::ConnectNoRoute => "no route to it",
        E::InvalidCert | E::TLSHandshakeFailure => "its TLS certificate or handshake was rejected",
        error if *error == UNRESOLVED => "its name did not resolve",
        E::ReadTimedout | E::WriteTimedout => "it did not answer in time",
        E::ConnectionClosed | E::ReadError | E::WriteError => "it closed the connection",
        E::InvalidHTTPHeader | E::H1Error | E::H2Error | E::InvalidH2 | E::H2Downgrade => {
            "it sent an answer that is not HTTP"
        }
        _ => "the connection failed",
    }
}

fn downstream_fault(error: &ErrorType) -> Rescue {
    use ErrorType as E;
    match error {
        E::ReadTimedout => Rescue::RequestTimeout,
        E::ReadError | E::WriteError | E::WriteTimedout | E::ConnectionClosed => Rescue::ClientGone,
        _ => Rescue::BadRequest("the request is not valid HTTP"),
    }
}

#[cfg(test)]
mod tests {
    use waterwall_pipeline::Armed;

    use super::*;

    #[test]
    fn bodies_have_the_dialects_shape() {
        let anthropic: serde_json::Value =
            serde_json::from_slice(&Rescue::NoRoute.body(Dialect::of_stray(true))).unwrap();
        assert_eq!(anthropic["type"], "error");
        assert_eq!(anthropic["error"]["type"], "waterwall-no-route");
        let openai: serde_json::Value =
            serde_json::from_slice(&Rescue::NoRoute.body(Dialect::of_stray(false))).unwrap();
        assert_eq!(openai["error"]["code"], "waterwall-no-route");
        assert_eq!(openai["error"]["type"], "waterwall-no-route");
        assert!(openai["error"]["message"].as_str().unwrap().contains("no upstream"));
    }

    #[test]
    fn contract_of_status_and_code() {
        let armed = |status| Armed { sources: vec!["config"], status: StatusCode::from_u16(status).unwrap() };
        let cases: [(Rescue, u16, &str); 9] = [
            (Refusal::KillSwitch(armed(502)).into(), 502, "waterwall-killswitch-engaged"),
            (Refusal::KillSwitch(armed(403)).into(), 403, "waterwall-killswitch-engaged"),
            (Refusal::Config("x".into()).into(), 502, "waterwall-config-error"),
            (Refusal::ChainAppend("x".into()).into(), 502, "waterwall-chain-append-failed"),
            (Refusal::Unscannable("x".into()).into(), 502, "waterwall-unscannable-body"),
            (Refusal::BodyTooLarge { limit: 1 }.into(), 413, "waterwall-body-too-large"),
            (Rescue::NoRoute, 404, "waterwall-no-route"),
            (Rescue::UpstreamUnreachable("x"), 502, "waterwall-upstream-unreachable"),
            (Rescue::ConnectRefused("x"), 403, "waterwall-connect-refused"),
        ];
        for (rescue, status, code) in cases {
            let head = rescue.head(0).unwrap();
            assert_eq!((head.status.as_u16(), rescue.code()), (status, code));
            assert_eq!(head.headers["x-waterwall-error"], code);
            assert_eq!(head.headers["x-should-retry"], "false");
            let after = head.headers.get("retry-after").map(|value| value.to_str().unwrap());
            assert_eq!(after, (code == "waterwall-killswitch-engaged").then_some("1"));
        }
    }
}
