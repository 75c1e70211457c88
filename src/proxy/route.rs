//! Routing: which upstream a request is for, and the path it has there.
//!
//! A path is matched by whole segments and as it was sent: nothing is decoded, so an encoded slash
//! never ends a segment. A path with dot segments is refused, because the upstream would resolve
//! them after we have decided.

use http::HeaderMap;

use crate::config::Upstream;

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
        let upstream = by_api_path(upstreams, path, headers)?;
        Some(Route { upstream, path })
    })
}

/// The upstream that is `host`, for a request that came through a tunnel or in absolute form: its path
/// stays as it is.
pub(super) fn to_host<'a>(upstreams: &[Upstream], host: &str, path: &'a str) -> Option<Route<'a>> {
    if has_dot_segment(path) || !path.starts_with('/') {
        return None;
    }
    let upstream = upstreams.iter().position(|upstream| upstream.host.eq_ignore_ascii_case(host))?;
    Some(Route { upstream, path })
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
fn by_api_path(upstreams: &[Upstream], path: &str, headers: &HeaderMap) -> Option<usize> {
    const OPENAI: [&str; 4] = ["/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/embeddings"];
    let is = |name: &str| below(path, name).is_some();
    let speaks = |dialect: &str| upstreams.iter().position(|it| it.dialect.name == dialect);

    if is("/v1/messages") {
        speaks("anthropic")
    } else if OPENAI.into_iter().any(is) {
        speaks("openai")
    } else if is("/v1beta") {
        speaks("gemini")
            .or_else(|| upstreams.iter().position(|it| it.host == "generativelanguage.googleapis.com"))
    } else if is("/v1/models") {
        speaks(if headers.contains_key("anthropic-version") { "anthropic" } else { "openai" })
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
    }
}
