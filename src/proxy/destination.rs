//! What a request was sent to: the gateway itself, or through it to a host that the agent named.

use std::borrow::Cow;

use http::Uri;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_proxy::Session;

/// Rides along with a connection from inside a tunnel: the host that its CONNECT named. Requests
/// are routed by it and never by what they say themselves.
#[derive(Debug)]
pub(crate) struct Through {
    /// The host, in lower case.
    pub(crate) host: String,
}

impl Through {
    /// What rides along with a connection, when it is from inside a tunnel.
    pub(crate) fn of(digest: &ProxyDigest) -> Option<&Self> {
        digest.user_data.as_ref()?.downcast_ref()
    }
}

/// A host that the agent named, rather than the gateway.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named<'a> {
    pub(super) scheme: &'static str,
    pub(super) host: Cow<'a, str>,
}

impl<'a> Named<'a> {
    /// The host that this request is for, when it came through a tunnel or in absolute form.
    pub(super) fn by(session: &'a Session) -> Option<Self> {
        let digest = session.digest().and_then(|digest| digest.proxy_digest.as_deref());
        match digest.and_then(Through::of) {
            Some(through) => Some(Self { scheme: "https", host: Cow::Borrowed(&through.host) }),
            // Pingora keeps the absolute form in the raw target alone.
            None => Self::in_absolute_form(session.req_header().raw_path()),
        }
    }

    /// `http://host/…` on the standard port, as clients ask a proxy for pages without TLS.
    pub(super) fn in_absolute_form(target: &[u8]) -> Option<Self> {
        if target.starts_with(b"/") {
            return None;
        }
        let uri = Uri::try_from(target).ok().filter(|uri| uri.scheme_str() == Some("http"))?;
        let authority = uri.authority()?;
        let host = authority.host();
        // The rest of an authority: nothing, or the port.
        let plain = matches!(authority.as_str().strip_prefix(host), Some("" | ":80"));
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        plain.then_some(Self { scheme: "http", host: Cow::Owned(host) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_form() {
        let host =
            |target: &str| Named::in_absolute_form(target.as_bytes()).map(|named| named.host.into_owned());
        for target in ["http://API.test/v1", "http://api.test:80/", "HTTP://api.test./", "http://api.test"] {
            assert_eq!(host(target).as_deref(), Some("api.test"), "{target}");
        }
        for target in ["/v1", "https://api.test/", "http://api.test:8080/", "http://user@api.test/", "*", ""]
        {
            assert_eq!(host(target), None, "{target}");
        }
    }
}
