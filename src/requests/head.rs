//! The head of a request: read whole, in bounded time and size, and refused where it could be read in
//! two ways. Pingora drops Content-Length where there is Transfer-Encoding too, and answers what it does
//! not understand in its own words; so this is looked at before.

use bytes::BytesMut;
use http::{Method, header};
use pingora::http::RequestHeader;
use pingora_core::protocols::http::authority::validate_request_authority;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::proxy::{ANTHROPIC_VERSION, Asked, Rescue};

use super::body::Body;

/// Agents send a few KiB of headers; Pingora itself would take 1 MiB.
const LARGEST: usize = 64 << 10;
/// The most fields, Pingora's own limit.
const MOST_FIELDS: usize = 256;
/// Room for a common head at once.
const ROOM: usize = 4 << 10;

/// What a head says.
#[derive(Debug)]
pub(super) struct Head {
    /// Its length in bytes.
    pub(super) length: usize,
    /// What follows it.
    pub(super) body: Body,
}

/// Why there is no head to go on with.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) rescue: Rescue,
    /// How far the request was understood.
    pub(super) asked: Asked,
}

impl From<Rescue> for Refused {
    fn from(rescue: Rescue) -> Self {
        Self { rescue, asked: Asked::default() }
    }
}

impl Head {
    /// Reads on until `bytes` begin with a whole head. The caller bounds the time.
    ///
    /// # Errors
    /// When it is too large, is not well-formed, or the agent goes away.
    pub(super) async fn read(
        stream: &mut (impl AsyncRead + Unpin),
        bytes: &mut BytesMut,
    ) -> Result<Self, Refused> {
        let mut looked_at = 0;
        loop {
            // Each attempt starts at the beginning; so none before there is an end in sight.
            if has_blank_line(&bytes[looked_at..])
                && let Some(head) = Self::parse(bytes)?
            {
                return Ok(head);
            }
            if bytes.len() >= LARGEST {
                return Err(Rescue::HeadTooLarge.into());
            }
            looked_at = bytes.len().saturating_sub(2);
            bytes.reserve(ROOM);
            match stream.read_buf(bytes).await {
                Ok(0) | Err(_) => return Err(Rescue::ClientGone.into()),
                Ok(_) => {}
            }
        }
    }

    /// `None` when it is not complete yet.
    fn parse(bytes: &[u8]) -> Result<Option<Self>, Refused> {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut request = httparse::Request::new(&mut fields);
        let length = match request.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(Rescue::HeadTooLarge.into()),
            Err(_) => return Err(Rescue::BadRequest("it is not HTTP/1.1").into()),
        };
        match check(&request, length) {
            Ok(body) => Ok(Some(Self { length, body })),
            Err(rescue) => Err(Refused {
                rescue,
                asked: Asked {
                    host: None,
                    target: request.path.unwrap_or_default().to_owned(),
                    anthropic: values(&request, ANTHROPIC_VERSION).next().is_some(),
                    bodiless: request.method == Some(Method::HEAD.as_str()),
                },
            }),
        }
    }
}

fn has_blank_line(bytes: &[u8]) -> bool {
    let end = |pair: &[u8]| pair == b"\n\n" || pair == b"\n\r";
    bytes.windows(2).any(end)
}

/// How the body of this request ends.
fn check(request: &httparse::Request<'_, '_>, length: usize) -> Result<Body, Rescue> {
    if length > LARGEST {
        return Err(Rescue::HeadTooLarge);
    }
    if request.version != Some(1) {
        return Err(Rescue::OldHttp);
    }
    let method = request.method.unwrap_or_default();
    if method == Method::CONNECT.as_str() {
        return Err(Rescue::ConnectRefused(super::NOT_FIRST));
    }
    check_target(method, request)?;
    body(request)
}

/// The target and Host, as Pingora judges them.
fn check_target(method: &str, request: &httparse::Request<'_, '_>) -> Result<(), Rescue> {
    let bad = |_| Rescue::BadRequest("its target or Host is not well-formed");
    let target = request.path.unwrap_or_default().as_bytes();
    let mut head = RequestHeader::build_no_case(method, target, Some(1)).map_err(bad)?;
    for host in values(request, header::HOST.as_str()) {
        head.append_header(header::HOST, host).map_err(bad)?;
    }
    validate_request_authority(&head).map_err(bad)
}

fn body(request: &httparse::Request<'_, '_>) -> Result<Body, Rescue> {
    let mut lengths = values(request, header::CONTENT_LENGTH.as_str());
    let mut codings = values(request, header::TRANSFER_ENCODING.as_str());
    match (lengths.next(), codings.next()) {
        (Some(_), Some(_)) => Err(Rescue::BadRequest("both Content-Length and Transfer-Encoding")),
        (None, None) => Ok(Body::Length(0)),
        (Some(length), None) => {
            let digits = length.iter().all(u8::is_ascii_digit).then_some(length);
            let length = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
            match length.filter(|_| lengths.next().is_none()) {
                Some(length) => Ok(Body::Length(length)),
                None => Err(Rescue::BadRequest("a Content-Length that is not one number")),
            }
        }
        (None, Some(coding)) => match coding.eq_ignore_ascii_case(b"chunked") && codings.next().is_none() {
            true => Ok(Body::in_chunks()),
            false => Err(Rescue::BadRequest("a Transfer-Encoding other than chunked")),
        },
    }
}

/// The values of all fields of this name.
fn values<'a>(request: &'a httparse::Request<'_, '_>, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    let named = move |field: &&httparse::Header<'a>| field.name.eq_ignore_ascii_case(name);
    request.headers.iter().filter(named).map(|field| field.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<(usize, Body)>, &'static str> {
        let head = Head::parse(text.as_bytes());
        head.map(|head| head.map(|head| (head.length, head.body))).map_err(|refused| refused.rescue.code())
    }

    fn with(fields: &str) -> Result<Option<Body>, &'static str> {
        let head = parse(&format!("POST /v1 HTTP/1.1\r\nhost: localhost\r\n{fields}\r\n\r\n"));
        head.map(|head| head.map(|(_, body)| body))
    }

    #[test]
    fn bodies_end_in_one_way() {
        assert_eq!(with("x: y"), Ok(Some(Body::Length(0))));
        assert_eq!(with("Content-Length: 5"), Ok(Some(Body::Length(5))));
        assert_eq!(with("Transfer-Encoding: Chunked"), Ok(Some(Body::in_chunks())));
        for fields in [
            "content-length: 5\r\ntransfer-encoding: chunked",
            "content-length: 5\r\ncontent-length: 5",
            "content-length: 5, 5",
            "content-length: +5",
            "content-length: ",
            "content-length: 18446744073709551616",
            "content-length : 5",
            "transfer-encoding: gzip, chunked",
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
            "transfer-encoding: identity",
            "transfer-encoding: ",
            "x: y\r\n folded",
            "x",
            "x: \x01",
        ] {
            assert_eq!(with(fields), Err("waterwall-bad-request"), "{fields}");
        }
    }

    #[test]
    fn targets_and_hosts_are_looked_at() {
        let whole = "GET http://a.test/ HTTP/1.1\nHost: a.test\n\nmore";
        assert_eq!(parse(whole), Ok(Some((whole.len() - 4, Body::Length(0)))));
        assert_eq!(parse("GET / HTTP/1.1\r\nhost: a\r\n"), Ok(None));
        for (head, code) in [
            ("GET http://a.test/ HTTP/1.1\r\nhost: b.test\r\n\r\n", "waterwall-bad-request"),
            ("GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", "waterwall-bad-request"),
            ("GET / HTTP/1.1\r\nhost: user@a\r\n\r\n", "waterwall-bad-request"),
            ("GET /a b HTTP/1.1\r\nhost: a\r\n\r\n", "waterwall-bad-request"),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "waterwall-bad-request"),
            ("nonsense\r\n\r\n", "waterwall-bad-request"),
            ("\x16\x03\x01\x02\n\n", "waterwall-bad-request"),
            ("GET / HTTP/1.0\r\nhost: a\r\n\r\n", "waterwall-http-version"),
            ("CONNECT a.test:443 HTTP/1.1\r\nhost: a.test:443\r\n\r\n", "waterwall-connect-refused"),
        ] {
            assert_eq!(parse(head), Err(code), "{head}");
        }
    }

    #[test]
    fn as_much_as_can_be_is_told_of_a_refused_one() {
        let head = "HEAD /up HTTP/1.0\r\nAnthropic-Version: 1\r\n\r\n";
        let Refused { asked, .. } = Head::parse(head.as_bytes()).unwrap_err();
        assert!(asked.anthropic && asked.bodiless && asked.target == "/up");
    }
}
