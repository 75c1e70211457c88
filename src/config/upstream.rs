//! The list of providers.

use std::net::IpAddr;
use std::path::PathBuf;

use http::Uri;
use serde_saphyr::{Location, Spanned};
use waterwall_core::dialect::{DIALECTS, Dialect};

use super::build::Context;
use super::raw::{self, Maybe};
use super::{Endpoint, Error, Upstream, locate};

/// Checks the list; without one, the providers of the configuration that ships.
pub(super) fn all(context: &Context<'_>, written: Maybe<Vec<raw::Upstream>>) -> Result<Vec<Upstream>, Error> {
    let Some(written) = written else {
        let shipped: raw::Config = context.parse(locate::BUILT_IN)?;
        // The file that ships lists its upstreams; a test holds it to that.
        return shipped.upstreams.map_or(Ok(Vec::new()), |shipped| list(context, shipped.value));
    };
    if written.value.is_empty() {
        let remedy = "List at least one, or remove the key for the built-in list.";
        return Err(context.refuse(written.referenced, "no upstream is listed", remedy));
    }
    list(context, written.value)
}

fn list(context: &Context<'_>, raw: Vec<raw::Upstream>) -> Result<Vec<Upstream>, Error> {
    let mut upstreams = Vec::with_capacity(raw.len());
    for raw in raw {
        let (host_at, prefix_at) = (raw.host.referenced, raw.prefix.referenced);
        let next = one(context, raw)?;
        clash(context, &upstreams, &next, host_at, prefix_at)?;
        upstreams.push(next);
    }
    Ok(upstreams)
}

/// Refuses a host that is listed already and a prefix that would make a path ambiguous.
fn clash(
    context: &Context<'_>,
    earlier: &[Upstream],
    next: &Upstream,
    host_at: Location,
    prefix_at: Location,
) -> Result<(), Error> {
    for earlier in earlier {
        if earlier.host == next.host {
            let what = format!("the host {:?} is listed twice", next.host);
            return Err(context.refuse(host_at, what, "Remove one of the two upstreams."));
        }
        let (a, b) = (&earlier.prefix, &next.prefix);
        if a == b || a.starts_with(&format!("{b}/")) || b.starts_with(&format!("{a}/")) {
            let what = format!("the prefix {b:?} overlaps {a:?} of {}", earlier.host);
            let remedy = "Give each upstream a prefix of its own, none inside another.";
            return Err(context.refuse(prefix_at, what, remedy));
        }
    }
    Ok(())
}

fn one(context: &Context<'_>, raw: raw::Upstream) -> Result<Upstream, Error> {
    let host = host(context, &raw.host)?;
    let url = match raw.url {
        Some(written) => endpoint(context, &written)?,
        None => Endpoint { tls: true, host: host.clone(), port: 443, base_path: String::new() },
    };
    Ok(Upstream {
        dialect: dialect(context, &raw.dialect)?,
        prefix: prefix(context, &raw.prefix)?,
        ca_file: raw.ca_file.map(|file| ca_file(context, &file)).transpose()?,
        url,
        host,
    })
}

/// A DNS name (RFC 1123) in lower case.
pub(super) fn host(context: &Context<'_>, written: &Spanned<String>) -> Result<String, Error> {
    let host = written.value.to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if host.len() <= 253 && host.split('.').all(label) && host.parse::<IpAddr>().is_err() {
        return Ok(host);
    }
    let what = "this is not a host name";
    let remedy = "Write a DNS name, without scheme, port or path; an upstream's address goes into `url`.";
    Err(context.refuse(written.referenced, what, remedy))
}

fn dialect(context: &Context<'_>, written: &Spanned<String>) -> Result<&'static Dialect, Error> {
    Dialect::by_name(&written.value).ok_or_else(|| {
        let known: Vec<_> = DIALECTS.iter().map(|dialect| dialect.name).collect();
        let what = "this dialect is unknown";
        let remedy = format!("Use one of: {}.", known.join(", "));
        context.refuse(written.referenced, what, remedy)
    })
}

/// A path of plain segments; one slash at the end is dropped.
fn prefix(context: &Context<'_>, written: &Spanned<String>) -> Result<String, Error> {
    let prefix = written.value.strip_suffix('/').unwrap_or(&written.value);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let segment = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(plain);
    match prefix.strip_prefix('/') {
        Some(path) if path.split('/').all(segment) => Ok(prefix.to_owned()),
        _ => {
            let what = "this cannot be a prefix";
            let remedy = "Write a slash and a name, like /anthropic.";
            Err(context.refuse(written.referenced, what, remedy))
        }
    }
}

/// `http(s)://host[:port][/path]`, nothing else: no user, query or fragment.
fn endpoint(context: &Context<'_>, written: &Spanned<String>) -> Result<Endpoint, Error> {
    parse_endpoint(&written.value).ok_or_else(|| {
        let what = match written.value.contains(['#', '@', '?']) {
            true => "a user, a query or a fragment cannot be part of an upstream's URL",
            false => "this is not an upstream's URL",
        };
        let remedy = "Write http(s)://host or http(s)://host:port.";
        context.refuse(written.referenced, what, remedy)
    })
}

fn parse_endpoint(url: &str) -> Option<Endpoint> {
    if url.contains(['#', '@', '?']) {
        return None;
    }
    let uri: Uri = url.parse().ok()?;
    let tls = match uri.scheme_str()? {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let authority = uri.authority()?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let port = match authority.as_str().strip_prefix(authority.host())? {
        "" => {
            if tls {
                443
            } else {
                80
            }
        }
        // `port_u16` is `None` for `host:` and for a number above 65535.
        _ => authority.port_u16().filter(|port| *port != 0)?,
    };
    Some(Endpoint {
        tls,
        host: host.to_ascii_lowercase(),
        port,
        base_path: uri.path().trim_end_matches('/').to_owned(),
    })
}

/// A file that holds at least one certificate. What they are worth shows when TLS is set up.
fn ca_file(context: &Context<'_>, written: &Spanned<String>) -> Result<PathBuf, Error> {
    let file = context.path(written)?;
    let what = match std::fs::read_to_string(&file) {
        Ok(text) if text.contains("-----BEGIN CERTIFICATE-----") => return Ok(file),
        Ok(_) => format!("{} holds no PEM certificate", file.display()),
        Err(error) => format!("{} cannot be read: {error}", file.display()),
    };
    let remedy = "Name a PEM file of root certificates, or set `ca_file: null`.";
    Err(context.refuse(written.referenced, what, remedy))
}
