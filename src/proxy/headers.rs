//! Headers on their way through: what changes because the body does, or because we stand between.

use http::{Method, StatusCode, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora_core::{Error, ErrorType, Result};
use waterwall_pipeline::Forward;

/// Response headers about the upstream's connection, or about a way around the gateway.
const NOT_FOR_AGENTS: [&str; 3] = ["keep-alive", "proxy-connection", "alt-svc"];
/// Request headers that a client sends to its proxy alone.
const FOR_THE_PROXY: [&str; 2] = ["proxy-authorization", "proxy-connection"];
/// Headers that tell what a body was before it was rewritten.
const DIGESTS: [&str; 4] = ["content-md5", "digest", "content-digest", "repr-digest"];

/// Origin form: base path, path, query.
pub(super) fn upstream_uri(base: &str, path: &str, query: Option<&str>) -> Result<http::Uri> {
    let mut target = String::with_capacity(base.len() + path.len() + 64);
    target.push_str(base);
    target.push_str(path);
    if let Some(query) = query {
        target.push('?');
        target.push_str(query);
    }
    target.try_into().map_err(|_| Error::explain(ErrorType::InternalError, "rewritten target"))
}

/// Makes the headers fit a body of `length` bytes (`None` for no body) and an answer that can be
/// rewritten as it streams. Hop-by-hop fields are dropped by the peer's request policy.
pub(super) fn of_forwarded_request(
    request: &mut RequestHeader,
    length: Option<usize>,
    forward: Option<&Forward>,
) -> Result<()> {
    request.remove_header(&header::EXPECT);
    for name in FOR_THE_PROXY {
        request.remove_header(name);
    }
    request.remove_header(&header::TRANSFER_ENCODING);
    // The answer is rewritten as it streams, so it has to come uncompressed.
    request.insert_header(header::ACCEPT_ENCODING, "identity")?;
    if let Some(length) = length {
        request.insert_header(header::CONTENT_LENGTH, length)?;
        for digest in DIGESTS {
            request.remove_header(digest);
        }
    } else if request.method == Method::POST || request.method == Method::PUT {
        request.insert_header(header::CONTENT_LENGTH, 0)?;
    }
    let Some(forward) = forward else { return Ok(()) };
    if forward.decoded {
        request.remove_header(&header::CONTENT_ENCODING);
    }
    for (name, values) in &forward.headers {
        // What has been dropped above stays dropped.
        if request.remove_header(name).is_some() {
            for value in values {
                request.append_header(name, value)?;
            }
        }
    }
    Ok(())
}

/// For a body of unknown length, whose chunks leave at once. HTTP/2 downstream strips the
/// transfer coding.
pub(super) fn of_rewritten_answer(response: &mut ResponseHeader) -> Result<()> {
    let about_the_body = ["content-length", "content-encoding", "etag", "accept-ranges"];
    for name in about_the_body.into_iter().chain(DIGESTS) {
        response.remove_header(name);
    }
    response.insert_header(header::TRANSFER_ENCODING, "chunked")
}

/// Whether an answer to this method with this head has a body that could be rewritten.
pub(super) fn may_have_body(method: &Method, response: &ResponseHeader) -> bool {
    let empty = response.headers.get(header::CONTENT_LENGTH).is_some_and(|length| length == "0");
    method != Method::HEAD
        && !empty
        && !matches!(response.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// Drops what is not for the agent.
pub(super) fn clean_answer(response: &mut ResponseHeader) {
    for name in NOT_FOR_AGENTS {
        response.remove_header(name);
    }
}
