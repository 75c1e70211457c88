//! The requests of an HTTP/2 connection, each a stream of its own. Its frames and heads are bounded by
//! the library that reads them.

use std::sync::Arc;

use async_trait::async_trait;
use http::Method;
use pingora_core::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream};
use pingora_core::protocols::http::ServerSession;
use pingora_core::protocols::http::v2::server::H2Options;
use pingora_core::server::ShutdownWatch;
use pingora_proxy::HttpProxy;

use crate::proxy::{Asked, Gateway, Refuser, Rescue, Through};

/// The proxy, but for what Pingora would answer in its own words.
pub(super) struct Http2 {
    pub(super) proxy: Arc<HttpProxy<Gateway>>,
    pub(super) refuser: Arc<Refuser>,
}

#[async_trait]
impl HttpServerApp for Http2 {
    async fn process_new_http(
        self: &Arc<Self>,
        mut session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        if session.req_header().method != Method::CONNECT {
            return self.proxy.process_new_http(session, shutdown).await;
        }
        let rescue = Rescue::ConnectRefused(super::NOT_FIRST);
        let digest = session.digest().and_then(|digest| digest.proxy_digest.as_deref());
        let host = digest.and_then(Through::of).map(|through| through.host.clone());
        let body = rescue.body(self.refuser.refuse(&rescue, &Asked { host, ..Asked::default() }));
        let head = rescue.head(body.len()).ok()?;
        session.write_response_header(Box::new(head)).await.ok()?;
        session.write_response_body(body, true).await.ok()?;
        None
    }

    fn h2_options(&self) -> Option<H2Options> {
        self.proxy.h2_options()
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        self.proxy.server_options()
    }
}
