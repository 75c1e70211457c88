//! A downstream session whose request body is already in memory, rewritten.
//!
//! Pingora feeds the upstream from unread downstream data or from its retry buffer. We have read
//! everything before deciding to forward, so this session stands in for the real one: it has no
//! unread body, and its retry buffer is the rewritten body, whole. Everything else goes to the
//! session inside. As a side effect every retry on a fresh connection replays exactly that body.
//!
//! The trait is hidden from Pingora's documentation; the exact version is pinned and the
//! integration tests cover each direction.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora_core::Result;
use pingora_core::protocols::http::custom::{CustomMessageWrite, server::Session as Custom};
use pingora_core::protocols::http::{HttpTask, ServerSession};
use pingora_core::protocols::{Digest, l4::socket::SocketAddr};

type Messages = Box<dyn Stream<Item = Result<Bytes>> + Unpin + Send + Sync + 'static>;

/// The gateway's hold on a swapped session: it can let go of the body, and swap back.
pub(super) struct Hold(Arc<Shared>);

/// Both ends' view. Locks are held for a move or a reference count, never across an await.
#[derive(Default)]
struct Shared {
    body: Mutex<Option<Bytes>>,
    /// Filled when the stand-in is dropped.
    returned: Mutex<Option<ServerSession>>,
}

struct Buffered {
    /// Present until dropped.
    inner: Option<ServerSession>,
    shared: Arc<Shared>,
}

impl Hold {
    /// Puts a stand-in with `body` (not empty) in the place of `session`.
    pub(super) fn install(session: &mut ServerSession, body: Bytes) -> Self {
        let shared = Arc::new(Shared { body: Mutex::new(Some(body)), ..Shared::default() });
        let inner = std::mem::replace(session, vacant());
        let stand_in = Buffered { inner: Some(inner), shared: Arc::clone(&shared) };
        *session = ServerSession::new_custom(Box::new(stand_in));
        Self(shared)
    }

    /// Frees the body: the upstream has answered, so no attempt will need it again.
    pub(super) fn release_body(&self) {
        drop(take(&self.0.body));
    }

    /// Puts the real session back in its place, so that its connection can be kept alive.
    pub(super) fn uninstall(self, session: &mut ServerSession) {
        drop(std::mem::replace(session, vacant()));
        if let Some(inner) = take(&self.0.returned) {
            *session = inner;
        }
    }
}

/// A session that is never used: it holds the place during a swap.
pub(super) fn vacant() -> ServerSession {
    ServerSession::new_custom(Box::new(()))
}

fn take<T>(slot: &Mutex<Option<T>>) -> Option<T> {
    // A value moved in or out whole is never half-written, so a poisoned lock is still good.
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Gives an answer that is here in whole its length, so that it leaves in one piece. Of an answer in
/// chunks, Pingora sends the head, the bytes and the end each by itself, and the agent wakes up
/// three times.
fn settle_length(tasks: &mut [HttpTask]) {
    let Some((HttpTask::Header(head, false), rest)) = tasks.split_first_mut() else { return };
    if !head.headers.contains_key(header::TRANSFER_ENCODING) {
        return;
    }
    let (mut length, mut whole) = (0, false);
    for task in rest {
        match task {
            HttpTask::Body(bytes, end) => {
                length += bytes.as_ref().map_or(0, Bytes::len);
                whole |= *end;
            }
            HttpTask::Done => whole = true,
            _ => return,
        }
    }
    if whole && head.insert_header(header::CONTENT_LENGTH, length).is_ok() {
        head.remove_header(&header::TRANSFER_ENCODING);
    }
}

impl Buffered {
    fn inner(&self) -> &ServerSession {
        self.inner.as_ref().expect("present until dropped")
    }

    fn inner_mut(&mut self) -> &mut ServerSession {
        self.inner.as_mut().expect("present until dropped")
    }
}

impl Drop for Buffered {
    fn drop(&mut self) {
        *self.shared.returned.lock().unwrap_or_else(PoisonError::into_inner) = self.inner.take();
    }
}

#[async_trait]
impl Custom for Buffered {
    // The request: read already.

    fn req_header(&self) -> &RequestHeader {
        self.inner().req_header()
    }

    fn req_header_mut(&mut self) -> &mut RequestHeader {
        self.inner_mut().req_header_mut()
    }

    async fn read_body_bytes(&mut self) -> Result<Option<Bytes>> {
        Ok(None)
    }

    async fn drain_request_body(&mut self) -> Result<()> {
        Ok(())
    }

    fn is_body_done(&mut self) -> bool {
        true
    }

    /// Never: an empty body is not buffered.
    fn is_body_empty(&mut self) -> bool {
        false
    }

    /// Waits for the agent to hang up, which ends the exchange.
    async fn read_body_or_idle(&mut self, _no_body_expected: bool) -> Result<Option<Bytes>> {
        self.inner_mut().read_body_or_idle(true).await
    }

    fn enable_retry_buffering(&mut self) {}

    fn retry_buffer_truncated(&self) -> bool {
        false
    }

    fn get_retry_buffer(&self) -> Option<Bytes> {
        self.shared.body.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    // The response: the real session's business.

    async fn write_response_header(&mut self, head: Box<ResponseHeader>, _end: bool) -> Result<()> {
        self.inner_mut().write_response_header(head).await
    }

    async fn write_response_header_ref(&mut self, head: &ResponseHeader, _end: bool) -> Result<()> {
        self.inner_mut().write_response_header_ref(head).await
    }

    async fn write_body(&mut self, data: Bytes, end: bool) -> Result<()> {
        self.inner_mut().write_response_body(data, end).await
    }

    async fn write_trailers(&mut self, trailers: HeaderMap) -> Result<()> {
        self.inner_mut().write_response_trailers(trailers).await
    }

    async fn response_duplex_vec(&mut self, mut tasks: Vec<HttpTask>) -> Result<bool> {
        settle_length(&mut tasks);
        self.inner_mut().response_duplex_vec(tasks).await
    }

    fn response_written(&self) -> Option<&ResponseHeader> {
        self.inner().response_written()
    }

    async fn finish(&mut self) -> Result<()> {
        self.inner_mut().finish_body().await
    }

    async fn shutdown(&mut self, _code: u32, _context: &str) {
        self.inner_mut().shutdown().await;
    }

    async fn abandon(&mut self, _context: &str) {
        self.inner_mut().shutdown().await;
    }

    fn is_upgrade_req(&self) -> bool {
        self.inner().is_upgrade_req()
    }

    fn was_upgraded(&self) -> bool {
        self.inner().was_upgraded()
    }

    // The connection.

    fn set_read_timeout(&mut self, timeout: Option<Duration>) {
        self.inner_mut().set_read_timeout(timeout);
    }

    fn get_read_timeout(&self) -> Option<Duration> {
        self.inner().get_read_timeout()
    }

    fn set_write_timeout(&mut self, timeout: Option<Duration>) {
        self.inner_mut().set_write_timeout(timeout);
    }

    fn get_write_timeout(&self) -> Option<Duration> {
        self.inner().get_write_timeout()
    }

    fn set_total_drain_timeout(&mut self, timeout: Option<Duration>) {
        self.inner_mut().set_total_drain_timeout(timeout);
    }

    fn get_total_drain_timeout(&self) -> Option<Duration> {
        self.inner().get_total_drain_timeout()
    }

    fn request_summary(&self) -> String {
        self.inner().request_summary()
    }

    fn body_bytes_sent(&self) -> usize {
        self.inner().body_bytes_sent()
    }

    fn body_bytes_read(&self) -> usize {
        self.inner().body_bytes_read()
    }

    fn digest(&self) -> Option<&Digest> {
        self.inner().digest()
    }

    fn digest_mut(&mut self) -> Option<&mut Digest> {
        self.inner_mut().digest_mut()
    }

    fn client_addr(&self) -> Option<&SocketAddr> {
        self.inner().client_addr()
    }

    fn server_addr(&self) -> Option<&SocketAddr> {
        self.inner().server_addr()
    }

    fn pseudo_raw_h1_request_header(&self) -> Bytes {
        self.inner().to_h1_raw()
    }

    // Custom messages: a feature of other protocols.

    async fn finish_custom(&mut self) -> Result<()> {
        Ok(())
    }

    fn take_custom_message_reader(&mut self) -> Option<Messages> {
        None
    }

    fn restore_custom_message_reader(&mut self, _reader: Messages) -> Result<()> {
        Ok(())
    }

    fn take_custom_message_writer(&mut self) -> Option<Box<dyn CustomMessageWrite>> {
        None
    }

    fn restore_custom_message_writer(&mut self, _writer: Box<dyn CustomMessageWrite>) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunked() -> HttpTask {
        let mut head = ResponseHeader::build(200, None).unwrap();
        head.insert_header(header::TRANSFER_ENCODING, "chunked").unwrap();
        HttpTask::Header(Box::new(head), false)
    }

    fn body(text: &'static str, end: bool) -> HttpTask {
        HttpTask::Body(Some(Bytes::from_static(text.as_bytes())), end)
    }

    /// The length that an answer of these tasks announces.
    fn announced(mut tasks: Vec<HttpTask>) -> Option<String> {
        settle_length(&mut tasks);
        let HttpTask::Header(head, _) = &tasks[0] else { panic!("the head comes first") };
        let length = head.headers.get(header::CONTENT_LENGTH)?;
        assert!(!head.headers.contains_key(header::TRANSFER_ENCODING));
        Some(length.to_str().unwrap().to_owned())
    }

    #[test]
    fn whole_answers_get_a_length() {
        assert_eq!(announced(vec![chunked(), body("abc", true)]).as_deref(), Some("3"));
        let tasks = vec![chunked(), body("abc", false), body("de", false), HttpTask::Done];
        assert_eq!(announced(tasks).as_deref(), Some("5"));
        assert_eq!(announced(vec![chunked(), HttpTask::Body(None, true)]).as_deref(), Some("0"));
    }

    #[test]
    fn answers_under_way_do_not() {
        assert_eq!(announced(vec![chunked()]), None);
        assert_eq!(announced(vec![chunked(), body("abc", false)]), None);
        let trailers = HttpTask::Trailer(Some(Box::default()));
        assert_eq!(announced(vec![chunked(), body("abc", false), trailers]), None);
    }
}
