//! The requests of one connection; those of HTTP/1.1 come one after the other.
//!
//! Each head of theirs is read and looked at here before Pingora sees it: it has a time in which to be whole,
//! however slowly it comes, and what is not well-formed is answered as all errors are. Pingora then gets a
//! stream that ends with the request. Bodies and answers have limits of their own; a stream that takes
//! hours is not ended from here.

mod body;
mod head;
mod http2;
mod one;

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use pingora_core::apps::{HttpServerApp as _, ServerApp as _};
use pingora_core::protocols::http::ServerSession;
use pingora_core::protocols::{ALPN, Stream};
use pingora_core::server::ShutdownWatch;
use pingora_proxy::HttpProxy;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::timeout;

use crate::proxy::{Asked, Gateway, Refuser, Rescue};

use head::{Head, Refused};
use http2::Http2;
use one::OneRequest;

/// How long a head may take from its first byte to its last.
const HEAD: Duration = Duration::from_secs(20);
/// How long a connection may idle between requests.
const IDLE: Duration = Duration::from_secs(120);

/// Why a later CONNECT is refused.
const NOT_FIRST: &str = "it has to be the first request of its connection";

/// Serves a connection to its end: what is well-formed by `proxy`, the rest by `refuser`. Once `stopping` is
/// true none is waited for any more.
pub(crate) async fn serve(
    proxy: &Arc<HttpProxy<Gateway>>,
    refuser: &Arc<Refuser>,
    mut stream: Stream,
    leaving: &ShutdownWatch,
    stopping: &ShutdownWatch,
) {
    if matches!(stream.selected_alpn_proto(), Some(ALPN::H2)) {
        let (proxy, refuser) = (Arc::clone(proxy), Arc::clone(refuser));
        Arc::new(Http2 { proxy, refuser }).process_new(stream, leaving).await;
        return;
    }
    let mut bytes = BytesMut::new();
    loop {
        let mut stop = stopping.clone();
        let head = tokio::select! {
            head = next_head(&mut stream, &mut bytes) => head,
            Ok(_) = stop.wait_for(|stop| *stop) => return,
        };
        let head = match head {
            Ok(head) => head,
            Err(refused) => return refuse(refuser, stream, refused, stopping).await,
        };
        let request = OneRequest::new(stream, bytes, head);
        let session = ServerSession::new_http1(Box::new(request));
        let Some(reusable) = proxy.process_new_http(session, leaving).await else { return };
        let (request, _) = reusable.consume();
        let request = request.into_any().downcast::<OneRequest>().ok();
        match request.and_then(|request| request.into_rest()) {
            Some(rest) => (stream, bytes) = rest,
            None => return,
        }
    }
}

/// Waits for the next request to begin, and reads its head.
async fn next_head(stream: &mut (impl AsyncRead + Unpin), bytes: &mut BytesMut) -> Result<Head, Refused> {
    if bytes.is_empty() {
        match timeout(IDLE, stream.read_buf(bytes)).await {
            Ok(Ok(1..)) => {}
            _ => return Err(Rescue::ClientGone.into()),
        }
    }
    let head = timeout(HEAD, Head::read(stream, bytes)).await;
    head.unwrap_or_else(|_| Err(Rescue::RequestTimeout.into()))
}

/// Answers what is not passed on, and closes.
async fn refuse(refuser: &Refuser, stream: Stream, refused: Refused, stopping: &ShutdownWatch) {
    let Refused { rescue, asked } = refused;
    if matches!(rescue, Rescue::ClientGone) {
        return;
    }
    let (status, error) = (rescue.status().as_u16(), rescue.code());
    tracing::info!(method = "-", host = "-", status, error, "exchange ended");
    let asked = Asked { host: Asked::by(&stream).host, ..asked };
    refuser.answer(stream, &rescue, &asked, stopping).await;
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt as _, duplex};
    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_head_has_its_time_however_slowly_it_comes() {
        let (mut agent, mut stream) = duplex(64);
        let trickling = tokio::spawn(async move {
            while agent.write_all(b"x").await.is_ok() {
                sleep(HEAD / 8).await;
            }
        });
        let began = Instant::now();
        let refused = next_head(&mut stream, &mut BytesMut::new()).await.unwrap_err();
        assert!(matches!(refused.rescue, Rescue::RequestTimeout));
        assert!(began.elapsed() <= HEAD + HEAD / 8);
        drop(stream);
        trickling.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_may_be_idle_for_a_while() {
        let (mut agent, mut stream) = duplex(64);
        let mut bytes = BytesMut::new();
        let began = Instant::now();
        let late = async {
            sleep(IDLE / 2).await;
            agent.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        };
        let (head, ()) = tokio::join!(next_head(&mut stream, &mut bytes), late);
        assert_eq!(head.unwrap().length, bytes.len());
        let refused = next_head(&mut stream, &mut BytesMut::new()).await.unwrap_err();
        assert!(matches!(refused.rescue, Rescue::ClientGone));
        assert!(began.elapsed() >= IDLE + IDLE / 2);
    }
}
