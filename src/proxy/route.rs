//! Routing: which upstream a request is for, and the path it has there.
//!
//! A path is matched by whole segments and as it was sent: nothing is decoded, so an encoded slash
//! never ends a segment. A path with dot segments is refused, because the upstream would resolve
//! them after we have decided.

use http::HeaderMap;
use waterwall_core::dialect::Dialect;

use crate::config::Upstream;

/// The header by which a client of Anthropic's is known.
pub(crate) const ANTHROPIC_VERSION: &str = "anthropic-version";

/// Where a request goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Route<'a> {
    /// Index into the configured upstreams.
    pub(super) upstream: usize,
    /// The path without the upstream's prefix; starts with a slash.
    pub(super) path: &'a str,
}

/// Finds the upstream for `path`: by prefix, else by one of the well-known API paths.
pub(super) fn route<'a>(upstreams: &[Upstream], path: &'a str, headers: &HeaderMap) -> Option<Route<'a>> {
    if has_dot_segment(path) {
        return None;
    }
    by_prefix(upstreams, path).or_else(|| {
        let upstream = by_api_path(upstreams, path, headers.contains_key(ANTHROPIC_VERSION))?;
        Some(Route { upstream, path })
    })
}

/// The form in which an error answers a request, whether or not it may go where it was meant to: that of
/// the upstream it is for, by the `host` that it named or else by its path. Where there is none,
/// its header tells (`anthropic`).
pub(super) fn form(
    upstreams: &[Upstream],
    host: Option<&str>,
    path: &str,
    anthropic: bool,
) -> &'static Dialect {
    let meant_for = match host {
        Some(host) => by_host(upstreams, host),
        None => by_prefix(upstreams, path)
            .map(|route| route.upstream)
            .or_else(|| by_api_path(upstreams, path, anthropic)),
    };
    meant_for.map_or_else(|| Dialect::of_stray(anthropic), |index| upstreams[index].dialect)
}

/// The upstream that is `host`, for a request that came through a tunnel or in absolute form: its path
/// stays as it is.
pub(super) fn to_host<'a>(upstreams: &[Upstream], host: &str, path: &'a str) -> Option<Route<'a>> {
    if has_dot_segment(path) || !path.starts_with('/') {
        return None;
    }
    Some(Route { upstream: by_host(upstreams, host)?, path })
}

fn by_host(upstreams: &[Upstream], host: &str) -> Option<usize> {
    upstreams.iter().position(|upstream| upstream.host.eq_ignore_ascii_case(host))
}

/// The longest prefix wins, so that `/a/b` can stand beside `/a`.
fn by_prefix<'a>(upstreams: &[Upstream], path: &'a str) -> Option<Route<'a>> {
    upstreams
        .iter()
        .enumerate()
        .filter_map(|(index, upstream)| Some((index, upstream, below(path, &upstream.prefix)?)))
        .max_by_key(|(_, upstream, _)| upstream.prefix.len())
        .map(|(index, _, rest)| Route { upstream: index, path: with_one_slash(rest) })
}

/// A base URL that ends in a slash makes `/anthropic//v1/messages`; the provider knows no such
/// path, and `//v1` would read as an authority.
fn with_one_slash(rest: &str) -> &str {
    let extra = rest.len() - rest.trim_start_matches('/').len();
    match extra {
        0 => "/",
        _ => &rest[extra - 1..],
    }
}

/// Bare API paths, for agents whose base URL has no prefix.
fn by_api_path(upstreams: &[Upstream], path: &str, anthropic: bool) -> Option<usize> {
    const OPENAI: [&str; 3] = ["/v1/chat/completions", "/v1/completions", "/v1/embeddings"];
    let is = |name: &str| below(path, name).is_some();
    let speaks = |dialect: &str| upstreams.iter().position(|it| it.dialect.name == dialect);

    if is("/v1/messages") {
        speaks("anthropic")
    } else if is("/v1/responses") || OPENAI.contains(&path) {
        speaks("openai")
    } else if is("/v1beta") {
        speaks("gemini")
            .or_else(|| upstreams.iter().position(|it| it.host == "generativelanguage.googleapis.com"))
    } else if is("/v1/models") {
        speaks(if anthropic { "anthropic" } else { "openai" })
    } else {
        None
    }
}

/// What of `path` follows `prefix`, when `prefix` is a run of whole segments of it.
fn below<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(prefix)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// True for a `.` or `..` segment in any spelling that some server resolves.
fn has_dot_segment(path: &str) -> bool {
    if !path.contains('.') && !path.contains('%') {
        return false;
    }
    let plain = path
        .to_ascii_lowercase()
        .replace("%2e", ".")
        .replace("%2f", "/")
        .replace("%5c", "/")
        .replace('\\', "/");
    plain.split('/').any(|segment| segment == "." || segment == "..")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use waterwall_core::dialect::Dialect;

    use super::*;
    use crate::config::Endpoint;

    fn upstream(host: &str, dialect: &str, prefix: &str) -> Upstream {
        Upstream {
            host: host.to_owned(),
            dialect: Dialect::by_name(dialect).unwrap(),
            prefix: prefix.to_owned(),
            url: Endpoint { tls: true, host: host.to_owned(), port: 443, base_path: String::new() },
            ca_file: None,
        }
    }

    fn upstreams() -> Vec<Upstream> {
        vec![
            upstream("api.openai.com", "openai", "/openai"),
            upstream("api.anthropic.com", "anthropic", "/anthropic"),
            upstream("openrouter.ai", "openai", "/openrouter"),
            upstream("generativelanguage.googleapis.com", "generic", "/gemini"),
            upstream("beta.example", "generic", "/openai/beta"),
        ]
    }

    /// The host and path that `path` goes to, or `None`.
    fn to(path: &str) -> Option<(String, String)> {
        with(path, &HeaderMap::new())
    }

    fn with(path: &str, headers: &HeaderMap) -> Option<(String, String)> {
        let upstreams = upstreams();
        let route = route(&upstreams, path, headers)?;
        Some((upstreams[route.upstream].host.clone(), route.path.to_owned()))
    }

    fn at(host: &str, path: &str) -> Option<(String, String)> {
        Some((host.to_owned(), path.to_owned()))
    }

    #[test]
    fn prefix_is_stripped() {
        assert_eq!(to("/anthropic/v1/messages"), at("api.anthropic.com", "/v1/messages"));
        assert_eq!(to("/openai/v1/responses"), at("api.openai.com", "/v1/responses"));
        assert_eq!(to("/openrouter/api/v1/x"), at("openrouter.ai", "/api/v1/x"));
        assert_eq!(to("/anthropic"), at("api.anthropic.com", "/"));
        assert_eq!(to("/anthropic/"), at("api.anthropic.com", "/"));
        assert_eq!(to("/anthropic//v1/messages"), at("api.anthropic.com", "/v1/messages"));
    }

    #[test]
    fn prefix_matches_whole_segments_only() {
        assert_eq!(to("/anthropicx/v1/messages"), None);
        assert_eq!(to("/anthropic%2Fv1/messages"), None);
        assert_eq!(to("/%61nthropic/v1/messages"), None);
        assert_eq!(to("//anthropic/v1/messages"), None);
        assert_eq!(to("/ANTHROPIC/v1/messages"), None);
    }

    #[test]
    fn longest_prefix_wins() {
        assert_eq!(to("/openai/beta/x"), at("beta.example", "/x"));
        assert_eq!(to("/openai/betas/x"), at("api.openai.com", "/betas/x"));
    }

    #[test]
    fn dot_segments_are_refused() {
        for path in [
            "/anthropic/../openai/v1/responses",
            "/anthropic/./v1/messages",
            "/anthropic/%2e%2E/openai",
            "/anthropic/..%2fopenai",
            "/anthropic/..\\openai",
            "/anthropic/v1/..",
            "/v1/messages/../models",
        ] {
            assert_eq!(to(path), None, "{path}");
        }
    }

    #[test]
    fn encoded_slash_stays_inside_a_segment() {
        assert_eq!(to("/openai/v1/models/a%2Fb"), at("api.openai.com", "/v1/models/a%2Fb"));
        assert_eq!(to("/openai/v1/models/gpt-5.1"), at("api.openai.com", "/v1/models/gpt-5.1"));
    }

    #[test]
    fn bare_api_paths() {
        assert_eq!(to("/v1/messages"), at("api.anthropic.com", "/v1/messages"));
        assert_eq!(to("/v1/messages/count_tokens"), at("api.anthropic.com", "/v1/messages/count_tokens"));
        for path in ["/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/embeddings"] {
            assert_eq!(to(path), at("api.openai.com", path));
        }
        assert_eq!(to("/v1/responses/r_1/cancel"), at("api.openai.com", "/v1/responses/r_1/cancel"));
        let path = "/v1beta/models/m:generateContent";
        assert_eq!(to(path), at("generativelanguage.googleapis.com", path));
    }

    #[test]
    fn named_hosts_keep_the_path() {
        let upstreams = upstreams();
        let to = |host, path| to_host(&upstreams, host, path).map(|route| (route.upstream, route.path));
        assert_eq!(to("API.anthropic.com", "/v1/files"), Some((1, "/v1/files")));
        assert_eq!(to("api.openai.com", "/anthropic/v1/messages"), Some((0, "/anthropic/v1/messages")));
        assert_eq!(to("api.openai.com", "/v1/../x"), None);
        assert_eq!(to("api.openai.com", "*"), None);
        assert_eq!(to("other.test", "/v1/messages"), None);
    }

    #[test]
    fn models_go_by_header() {
        assert_eq!(to("/v1/models"), at("api.openai.com", "/v1/models"));
        let mut headers = HeaderMap::new();
        headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
        assert_eq!(with("/v1/models/m", &headers), at("api.anthropic.com", "/v1/models/m"));
    }

    #[test]
    fn anything_else_has_no_route() {
        for path in ["/", "", "*", "/v1", "/v1/messagesx", "/v2/messages", "/v1/files", "/healthz"] {
            assert_eq!(to(path), None, "{path}");
        }
        for path in ["/v1/chat/completions/c_1", "/v1/completions/", "/v1/embeddings/x"] {
            assert_eq!(to(path), None, "{path}");
        }
    }

    #[test]
    fn errors_have_the_form_of_whom_a_request_is_for() {
        let upstreams = upstreams();
        let form = |host, path, anthropic| super::form(&upstreams, host, path, anthropic).name;
        for path in ["/anthropic/x", "/anthropic/../openai", "/anthropic/v1/chat/completions", "/v1/messages"]
        {
            assert_eq!(form(None, path, false), "anthropic", "{path}");
        }
        for path in ["/openai/v1/messages", "/v1/responses", "/v1/models"] {
            assert_eq!(form(None, path, false), "openai", "{path}");
        }
        assert_eq!(form(None, "/v1/models", true), "anthropic");
        assert_eq!(form(None, "/nowhere", true), "anthropic");
        assert_eq!(form(None, "/nowhere", false), "generic");
        assert_eq!(form(Some("API.anthropic.com"), "/openai/x", false), "anthropic");
        assert_eq!(form(Some("api.openai.com"), "*", true), "openai");
        assert_eq!(form(Some("other.test"), "/v1/messages", false), "generic");
    }
}
