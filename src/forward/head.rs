//! The head of a CONNECT: reading it, and what it names.

use std::net::Ipv6Addr;

use bytes::{Buf as _, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use pingora_core::protocols::Stream;
use tokio::io::AsyncReadExt;

use crate::proxy::Rescue;

/// The largest head of a CONNECT.
const MAX_HEAD: usize = 16 << 10;
/// The most fields in it.
const MAX_FIELDS: usize = 64;

/// A CONNECT as it came in.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) target: Target,
    /// The target as it was written, before it became lower case.
    pub(super) written: String,
    pub(super) headers: HeaderMap,
    /// What the client has already sent of what goes through the tunnel.
    pub(super) rest: BytesMut,
}

/// Where a CONNECT wants to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// A name in lower case without the root's dot, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Head {
    /// Reads the head; the caller bounds the time.
    ///
    /// # Errors
    /// When it is too large, is not well-formed, or the client goes away.
    pub(super) async fn read(stream: &mut Stream) -> Result<Self, Rescue> {
        let mut bytes = BytesMut::with_capacity(1024);
        loop {
            if let Some(head) = Self::parse(&mut bytes)? {
                return Ok(head);
            }
            if bytes.len() >= MAX_HEAD {
                return Err(Rescue::HeadTooLarge);
            }
            match stream.read_buf(&mut bytes).await {
                Ok(0) | Err(_) => return Err(Rescue::ClientGone),
                Ok(_) => {}
            }
        }
    }

    /// `None` when the head is not complete yet; `bytes` are taken when it is.
    fn parse(bytes: &mut BytesMut) -> Result<Option<Self>, Rescue> {
        // Each attempt starts at the beginning; so none before there is an end in sight.
        if !bytes.windows(2).any(|pair| pair == b"\n\n" || pair == b"\n\r") {
            return Ok(None);
        }
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut request = httparse::Request::new(&mut fields);
        let length = match request.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(Rescue::HeadTooLarge),
            Err(_) => return Err(Rescue::BadRequest("a CONNECT that is not HTTP")),
        };
        let written = request.path.unwrap_or_default().to_owned();
        let target = Target::parse(&written);
        let target = target.ok_or(Rescue::BadRequest("a CONNECT whose target is not host:port"))?;
        let headers = headers(request.headers)?;
        bytes.advance(length);
        Ok(Some(Self { target, written, headers, rest: std::mem::take(bytes) }))
    }
}

/// The fields as a map. A CONNECT has no body: one that announces one could be read in two ways.
fn headers(fields: &[httparse::Header<'_>]) -> Result<HeaderMap, Rescue> {
    let bad = || Rescue::BadRequest("a CONNECT with a broken field");
    let mut headers = HeaderMap::with_capacity(fields.len());
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| bad())?;
        headers.append(name, HeaderValue::from_bytes(field.value).map_err(|_| bad())?);
    }
    let has_body = headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get_all(header::CONTENT_LENGTH).iter().any(|length| length != "0");
    match has_body {
        true => Err(Rescue::BadRequest("a CONNECT with a body")),
        false => Ok(headers),
    }
}

impl Target {
    /// Parses `host:port`, where an IPv6 address has brackets.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let all_digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|port| all_digits && *port != 0)?;
        let host = match host.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?.to_string(),
            None => name(host)?,
        };
        Some(Self { host, port })
    }
}

/// A name or an IPv4 address. The dot of the root goes, so that `api.anthropic.com.` is no way
/// around the list of hosts.
fn name(host: &str) -> Option<String> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(plain);
    (host.len() <= 253 && host.split('.').all(label)).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Option<(String, u16)> {
        Target::parse(text).map(|target| (target.host, target.port))
    }

    #[test]
    fn targets() {
        let is = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(target("api.anthropic.com:443"), is("api.anthropic.com", 443));
        assert_eq!(target("API.Anthropic.COM.:443"), is("api.anthropic.com", 443));
        assert_eq!(target("10.0.0.1:8443"), is("10.0.0.1", 8443));
        assert_eq!(target("[2001:DB8::1]:443"), is("2001:db8::1", 443));
        assert_eq!(target("my_host:1"), is("my_host", 1));
        for wrong in [
            "",
            "a.test",
            "a.test:",
            "a.test:0",
            "a.test:+1",
            "a.test:65536",
            ":443",
            ".:443",
            "a..test:443",
            "a.test..:443",
            "::1:443",
            "[::1]",
            "[fe80::1%eth0]:443",
            "[a.test]:443",
            "user@a.test:443",
            "http://a.test:443",
            "/v1/messages:443",
            "a%2etest:443",
            "\u{e4}.test:443",
        ] {
            assert_eq!(target(wrong), None, "{wrong}");
        }
    }

    fn parse(text: &str) -> Result<Option<Head>, Rescue> {
        Head::parse(&mut BytesMut::from(text))
    }

    #[test]
    fn what_follows_the_head_is_kept() {
        let head = parse("CONNECT a.test:443 HTTP/1.0\r\nUser-Agent: x\r\n\r\n\x16\x03").unwrap().unwrap();
        assert_eq!(head.target.host, "a.test");
        assert_eq!(head.headers["user-agent"], "x");
        assert_eq!(&head.rest[..], b"\x16\x03");
        assert!(parse("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n").unwrap().is_none());
    }

    #[test]
    fn a_body_or_a_broken_field_is_refused() {
        for fields in
            ["content-length: 3", "transfer-encoding: chunked", "no colon", "a b: c", " folded: x", "x: \x01"]
        {
            let text = format!("CONNECT a.test:443 HTTP/1.1\r\n{fields}\r\n\r\n");
            assert!(matches!(parse(&text), Err(Rescue::BadRequest(_))), "{fields}");
        }
        assert!(parse("CONNECT a.test:443 HTTP/1.1\r\ncontent-length: 0\r\n\r\n").unwrap().is_some());
    }
}
