//! Letting go of what reading a body took.
//!
//! Pingora's HTTP/1 session keeps its 64 KiB read buffer until the answer has ended, which for
//! streams is most of the memory of an exchange. Once a body is in, the session is of no more use
//! than its head and its connection; so we take the connection out and put it into a new session,
//! which reads the same head again, without the fields that announce a body.

use bytes::{Bytes, BytesMut};
use pingora_core::protocols::http::ServerSession;
use pingora_core::{Error, ErrorType, Result};

use super::buffered::vacant;

/// A smaller body came with the head, in the head's own buffer.
const WORTH_IT: usize = 8 << 10;
/// The fields of a head that go with its body.
const ABOUT_THE_BODY: [&[u8]; 3] = [b"content-length", b"transfer-encoding", b"expect"];

/// Replaces `session`, whose body of `length` bytes has been read to the end, by one that never had
/// a body. Does nothing where that saves nothing: for HTTP/2, and before the connection is closed
/// anyway.
///
/// # Errors
/// When the connection is gone; `session` is then of no use.
pub(super) async fn without_body(session: &mut ServerSession, length: usize) -> Result<()> {
    if length <= WORTH_IT || session.as_http1().is_none() || session.get_keepalive().is_none() {
        return Ok(());
    }
    let head = without_body_fields(&session.to_h1_raw());
    let spent = std::mem::replace(session, vacant());
    let Some(connection) = spent.finish().await? else {
        return Error::e_explain(ErrorType::ConnectionClosed, "after the request body");
    };
    // Of the next request nothing has been read: the connection ends with this one, see `requests`.
    let (stream, _) = connection.into_parts();
    *session = ServerSession::new_http1(stream);
    session.set_pipelined_prefix(head);
    match session.read_request().await? {
        true => Ok(()),
        false => Error::e_explain(ErrorType::ConnectionClosed, "after the request body"),
    }
}

/// The raw head without the fields of [`ABOUT_THE_BODY`]. Pingora has parsed it, so its lines are
/// fields, and none is folded.
fn without_body_fields(head: &Bytes) -> BytesMut {
    let mut kept = BytesMut::with_capacity(head.len());
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        let name = line.split(|&byte| byte == b':').next().unwrap_or_default().trim_ascii();
        if !ABOUT_THE_BODY.iter().any(|field| name.eq_ignore_ascii_case(field)) {
            kept.extend_from_slice(line);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_announces_the_body_goes() {
        let head = Bytes::from_static(
            b"POST /content-length:5 HTTP/1.1\r\nHost: a\r\nContent-LENGTH: 5\r\nX-Expect: a\r\n\
              transfer-encoding:chunked\r\nexpect: 100-continue\nAccept: */*\r\n\r\n",
        );
        assert_eq!(
            without_body_fields(&head),
            b"POST /content-length:5 HTTP/1.1\r\nHost: a\r\nX-Expect: a\r\nAccept: */*\r\n\r\n".as_slice()
        );
    }
}
