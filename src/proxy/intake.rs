//! Taking a request in: the whole body, bounded in bytes and in time.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use pingora_proxy::Session;
use tokio::time::timeout;
use waterwall_pipeline::Refusal;

use super::bodies::Share;
use super::rescue::Rescue;

/// Room for a body at once; larger ones grow.
const ROOM: usize = 4 << 20;
/// The longest pause inside a body.
const PAUSE: Duration = Duration::from_secs(60);
/// The longest time for a whole body: 64 MiB at 2 Mbit/s.
const WHOLE_BODY: Duration = Duration::from_secs(300);
/// How long a refused body is read and thrown away, so that the agent gets to read the answer
/// rather than a reset.
const DRAIN: Duration = Duration::from_secs(10);

/// True when the agent asks to switch this connection to WebSocket.
pub(super) fn asks_for_websocket(headers: &HeaderMap) -> bool {
    headers.get_all(header::UPGRADE).iter().any(|value| {
        value
            .as_bytes()
            .split(|&byte| byte == b',')
            .any(|protocol| protocol.trim_ascii().eq_ignore_ascii_case(b"websocket"))
    })
}

/// True when the body is compressed, so that its length tells little.
pub(super) fn is_coded(session: &Session) -> bool {
    session.req_header().headers.contains_key(header::CONTENT_ENCODING)
}

/// Reads the whole body, at most `limit` bytes, and as many as its `share` of all bodies allows.
pub(super) async fn read_body(
    session: &mut Session,
    limit: usize,
    share: &mut Share,
) -> Result<Bytes, Rescue> {
    let too_large = || Rescue::Refused(Refusal::BodyTooLarge { limit });
    let announced = content_length(&session.req_header().headers);
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    if session.req_header().headers.contains_key(header::EXPECT) {
        invite(session).await?;
    }
    let reading = async {
        // What is announced may never come.
        let mut body = BytesMut::with_capacity(announced.unwrap_or(0).min(ROOM));
        while let Some(chunk) = next_chunk(session).await? {
            if chunk.len() > limit - body.len() {
                return Err(too_large());
            }
            share.grow(chunk.len())?;
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    timeout(WHOLE_BODY, reading).await.unwrap_or(Err(Rescue::RequestTimeout))
}

/// Sends `100 Continue`. Pingora takes any head written before the body is in for an early answer,
/// after which the connection is not reused; this one is not.
async fn invite(session: &mut Session) -> Result<(), Rescue> {
    session.set_close_on_response_before_downstream_finish(false);
    let invited = session.write_continue_response().await;
    session.set_close_on_response_before_downstream_finish(true);
    invited.map_err(|error| Rescue::from_pingora(&error))
}

/// Pingora's own read timeout covers HTTP/1 only.
async fn next_chunk(session: &mut Session) -> Result<Option<Bytes>, Rescue> {
    match timeout(PAUSE, session.read_request_body()).await {
        Ok(read) => read.map_err(|error| Rescue::from_pingora(&error.into_down())),
        Err(_) => Err(Rescue::RequestTimeout),
    }
}

/// Throws away what is left of a refused body.
pub(super) async fn drain(session: &mut Session) {
    // An agent that keeps sending, or has gone, is cut off by the caller.
    let _ = timeout(DRAIN, session.drain_request_body()).await;
}

/// The announced length. Pingora has already refused heads where it is not one number.
fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn websocket_upgrades_are_told_from_others() {
        let with = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("upgrade", http::HeaderValue::from_static(value));
            asks_for_websocket(&headers)
        };
        assert!(with("WebSocket"));
        assert!(with("h2c, websocket"));
        assert!(!with("h2c"));
    }
}
