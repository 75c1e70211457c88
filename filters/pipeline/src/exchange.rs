//! One request and its response.

use std::sync::Arc;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use waterwall_core::{
    dialect::Dialect,
    restore::Restorations,
    secret::Kind,
    vault::{Entry, Scope},
};

use crate::{
    FILTERS, Policy, Refusal, Services, coding::StreamDecoder, filters::restorer::AnswerRestorer,
    session::Session,
};

/// What is known of a request before its body.
pub struct RequestHead<'a> {
    /// The upstream's name in the configuration, e.g. `api.anthropic.com`.
    pub host: &'a str,
    /// The upstream's wire format.
    pub dialect: &'static Dialect,
    /// The request method.
    pub method: &'a Method,
    /// Path as the upstream will see it, without the query.
    pub path: &'a str,
    /// Query string without `?`.
    pub query: Option<&'a str>,
    /// The agent's headers.
    pub headers: &'a HeaderMap,
}

/// What is known of a response before its body.
pub struct ResponseHead<'a> {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: &'a HeaderMap,
}

impl ResponseHead<'_> {
    /// The media type without parameters, in lower case; empty when there is none.
    pub(crate) fn media_type(&self) -> String {
        let value = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// What goes upstream.
pub struct Forward {
    /// The rewritten body, always in identity coding.
    pub body: Bytes,
    /// True when the agent's `content-encoding` was taken off: drop that header.
    pub decoded: bool,
    /// The query string to send, when it had to change.
    pub query: Option<String>,
    /// Headers that had to change, each with all its values.
    pub headers: Vec<(HeaderName, Vec<HeaderValue>)>,
}

/// What happens to the response's body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Body bytes pass unchanged.
    Pass,
    /// Body bytes change: drop `content-length`, `content-encoding`, `etag`, `accept-ranges` and digests.
    Rewrite,
}

/// The state of one exchange. Each filter owns the part that bears its name.
pub struct Exchange {
    pub(crate) services: Arc<Services>,
    /// The policy in force when it began.
    pub(crate) policy: Arc<Policy>,
    /// The upstream's name.
    pub(crate) host: String,
    pub(crate) dialect: &'static Dialect,
    pub(crate) request_id: String,
    pub(crate) session_id: Option<String>,
    pub(crate) scope: Scope,
    pub(crate) request: Request,
    pub(crate) response: Response,
}

/// The media type of a request. Of several that differ, none can be trusted; but any server could believe what
/// one of them says of the character set, so their parameters stay.
fn content_type(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(CONTENT_TYPE).iter();
    let first = all.next()?;
    if let (true, Ok(sole)) = (all.all(|other| other == first), first.to_str()) {
        return Some(sole.to_owned());
    }
    let texts = headers.get_all(CONTENT_TYPE).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    Some(texts.fold(String::new(), |all, text| all + text.find(';').map_or("", |at| &text[at..])))
}

/// The request under way.
#[derive(Default)]
pub(crate) struct Request {
    pub(crate) body: Bytes,
    pub(crate) content_type: Option<String>,
    pub(crate) content_encoding: Vec<HeaderValue>,
    pub(crate) decoded: bool,
    pub(crate) query: Option<String>,
    /// Headers that have to change.
    pub(crate) headers: Vec<(HeaderName, Vec<HeaderValue>)>,
    /// The query was changed.
    pub(crate) query_changed: bool,
    /// The secrets replaced, in body order. Holding them keeps them in the vault.
    pub(crate) secrets: Vec<Arc<Entry>>,
    /// The path, where placeholders are to be explained to the model.
    pub(crate) explain_at: Option<String>,
    /// Why it was not scanned, where policy let it pass.
    pub(crate) unscannable: Option<String>,
}

/// The response under way.
#[derive(Default)]
pub(crate) struct Response {
    pub(crate) decoder: Option<StreamDecoder>,
    pub(crate) restorer: Option<AnswerRestorer>,
    pub(crate) restorations: Option<Restorations>,
    pub(crate) streaming: bool,
    /// Events of the stream that could not be read, once it is closed.
    pub(crate) malformed: u64,
    /// The log has the line that says restoring has begun.
    pub(crate) opened: bool,
}

impl Exchange {
    /// Starts an exchange: looks at the kill switch, tells the session.
    ///
    /// # Errors
    /// [`Refusal::KillSwitch`] and its like; nothing may be forwarded.
    pub fn begin(
        services: &Arc<Services>,
        policy: &Arc<Policy>,
        head: &RequestHead<'_>,
    ) -> Result<Self, Refusal> {
        let session = Session::of(head.host, head.headers, &policy.detectors);
        let mut exchange = Self {
            services: Arc::clone(services),
            policy: Arc::clone(policy),
            host: head.host.to_owned(),
            dialect: head.dialect.at_path(head.path),
            request_id: session.request_id.unwrap_or_else(|| services.request_id()),
            session_id: session.id,
            scope: session.scope,
            request: Request {
                content_type: content_type(head.headers),
                content_encoding: head.headers.get_all(CONTENT_ENCODING).iter().cloned().collect(),
                query: head.query.map(str::to_owned),
                ..Request::default()
            },
            response: Response::default(),
        };
        FILTERS.iter().try_for_each(|filter| filter.begin(&mut exchange, head))?;
        Ok(exchange)
    }

    /// Decodes, scans, tokenizes and records the whole request body. Blocking work, linear in the
    /// body's length.
    ///
    /// # Errors
    /// Any [`Refusal`]; nothing may be forwarded.
    pub fn request(&mut self, body: Bytes) -> Result<Forward, Refusal> {
        self.request.body = body;
        FILTERS.iter().try_for_each(|filter| filter.request(self))?;
        Ok(Forward {
            body: std::mem::take(&mut self.request.body),
            decoded: self.request.decoded,
            query: self.request.query.take().filter(|_| self.request.query_changed),
            headers: std::mem::take(&mut self.request.headers),
        })
    }

    /// Looks at the response's head and decides what happens to its body. To be called again when
    /// another response takes its place (a retry).
    ///
    /// # Errors
    /// Any [`Refusal`].
    pub fn response_head(&mut self, status: StatusCode, headers: &HeaderMap) -> Result<Answer, Refusal> {
        self.response = Response::default();
        let head = ResponseHead { status, headers };
        FILTERS.iter().try_for_each(|filter| filter.response_head(self, &head))?;
        Ok(if self.response.restorer.is_some() { Answer::Rewrite } else { Answer::Pass })
    }

    /// Restores one chunk in place. Call it once more with `end` (and possibly no bytes).
    ///
    /// # Errors
    /// Any [`Refusal`]: the response must be aborted.
    pub fn response_body(&mut self, chunk: &mut Option<Bytes>, end: bool) -> Result<(), Refusal> {
        if self.response.restorer.is_none() {
            return Ok(());
        }
        let mut bytes = chunk.take().map_or_else(Vec::new, Vec::from);
        FILTERS.iter().try_for_each(|filter| filter.response_body(self, &mut bytes, end))?;
        *chunk = Some(Bytes::from(bytes));
        Ok(())
    }

    /// Ends the exchange, however it ended; writes what is still to be recorded.
    pub fn close(&mut self) {
        for filter in FILTERS {
            filter.close(self);
        }
    }

    /// The request's id, the agent's own or one made for it.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Why the request's body was not scanned, where policy lets such bodies pass.
    #[must_use]
    pub fn unscannable(&self) -> Option<&str> {
        self.request.unscannable.as_deref()
    }

    /// How many secrets were replaced in the request.
    #[must_use]
    pub fn tokenized(&self) -> usize {
        self.request.secrets.len()
    }

    /// The kinds of the secrets replaced in the request, in body order.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.request.secrets.iter().map(|entry| entry.secret().kind())
    }

    /// How many placeholders of the response were left as they are so far.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.response.restorations.as_ref().map_or(0, Restorations::unknown)
    }

    /// How many events of a streamed response could not be read; known once the exchange is closed.
    #[must_use]
    pub fn malformed(&self) -> u64 {
        self.response.malformed
    }

    /// How many placeholders were restored in the response so far.
    #[must_use]
    pub fn restored(&self) -> u64 {
        self.response.restorations.as_ref().map_or(0, Restorations::restored)
    }
}
