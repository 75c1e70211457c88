//! An answer on its way to the socket: content coding, TCP chunks, delays, aborts.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Frame};
use tokio::sync::mpsc;

use super::coding::encode;
use super::knobs::Knobs;

/// A scripted answer, for what the echo itself never says: signed thinking, server tools, broken streams.
///
/// [`Echo::script`](super::Echo::script) queues it. Of the knobs only the chunk size, the content coding, the
/// delay and the abort apply to it.
#[derive(Clone, Debug)]
pub struct Canned {
    /// HTTP status.
    pub status: u16,
    /// Value of `content-type`; `text/event-stream` is sent without a length.
    pub content_type: String,
    /// The body, in the pieces that are to be written one by one.
    pub pieces: Vec<Vec<u8>>,
}

/// An answer before the knobs are applied.
#[derive(Debug)]
pub(super) struct Reply {
    status: u16,
    content_type: String,
    pieces: Vec<Vec<u8>>,
}

pub(super) type ReplyBody = BoxBody<Bytes, io::Error>;

impl From<Canned> for Reply {
    fn from(canned: Canned) -> Reply {
        Reply { status: canned.status, content_type: canned.content_type, pieces: canned.pieces }
    }
}

impl Reply {
    pub(super) fn json(status: u16, text: String) -> Reply {
        Reply { status, content_type: "application/json".into(), pieces: vec![text.into_bytes()] }
    }

    pub(super) fn stream(pieces: Vec<Vec<u8>>) -> Reply {
        Reply { status: 200, content_type: "text/event-stream; charset=utf-8".into(), pieces }
    }

    /// The response. Its body is written by a task of its own, piece by piece, so that each piece is flushed
    /// before the next one is there.
    pub(super) fn send(self, knobs: &Knobs) -> io::Result<Response<ReplyBody>> {
        let streamed = self.content_type.starts_with("text/event-stream");
        let pieces = encode(knobs.encoding, self.pieces)?;
        let pieces = cut(pieces, knobs.chunk);
        let length: usize = pieces.iter().map(Vec::len).sum();
        let plain = !streamed && pieces.len() == 1 && knobs.abort_after.is_none() && knobs.delay.is_zero();
        let body = if plain {
            let whole = pieces.into_iter().next().unwrap_or_default();
            Full::new(Bytes::from(whole)).map_err(|never| match never {}).boxed()
        } else {
            pump(pieces, knobs).boxed()
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status.try_into().map_err(io::Error::other)?;
        let mut header = |name: HeaderName, value: &str| -> io::Result<()> {
            let value = HeaderValue::from_str(value).map_err(io::Error::other)?;
            response.headers_mut().insert(name, value);
            Ok(())
        };
        header(CONTENT_TYPE, &self.content_type)?;
        header(HeaderName::from_static("request-id"), &super::shape::id("req"))?;
        if let Some(coding) = knobs.encoding.header() {
            header(CONTENT_ENCODING, coding)?;
        }
        if streamed {
            header(CACHE_CONTROL, "no-cache")?;
        } else {
            header(CONTENT_LENGTH, &length.to_string())?;
        }
        Ok(response)
    }
}

/// Cuts each piece into chunks of at most `size` bytes.
fn cut(pieces: Vec<Vec<u8>>, size: Option<usize>) -> Vec<Vec<u8>> {
    match size {
        None => pieces,
        Some(size) => pieces.iter().flat_map(|piece| piece.chunks(size)).map(<[u8]>::to_vec).collect(),
    }
}

/// Hands the pieces to a body one at a time. With room for a single piece between the two tasks, hyper
/// finds the body pending after each, and flushes.
fn pump(pieces: Vec<Vec<u8>>, knobs: &Knobs) -> Pumped {
    let (sender, receiver) = mpsc::channel(1);
    let Knobs { delay, abort_after, .. } = *knobs;
    tokio::spawn(async move {
        for (sent, piece) in pieces.into_iter().enumerate() {
            if abort_after.is_some_and(|limit| sent >= limit) {
                let aborted = io::Error::new(io::ErrorKind::ConnectionAborted, "aborted as asked");
                let _ = sender.send(Err(aborted)).await;
                return;
            }
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            if sender.send(Ok(Bytes::from(piece))).await.is_err() {
                return; // The client went away.
            }
        }
    });
    Pumped(receiver)
}

struct Pumped(mpsc::Receiver<io::Result<Bytes>>);

impl Body for Pumped {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
