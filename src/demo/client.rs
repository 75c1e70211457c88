//! The demo's agent: one streamed request over plain HTTP, and its events.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How often, 50 ms apart, a connection is tried: the gateway says that it is ready a moment before it
/// listens.
const ATTEMPTS: usize = 200;

/// Posts `body` as an Anthropic client does.
///
/// # Errors
/// If the gateway cannot be reached or refuses.
pub(super) async fn post(gateway: SocketAddr, path: &str, body: String) -> Result<Events> {
    let stream = TokioIo::new(connect(gateway).await?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    tokio::spawn(connection);
    let request = Request::post(path)
        .header("host", gateway.to_string())
        .header("content-type", "application/json")
        .header("anthropic-version", "2023-06-01")
        .header("x-api-key", "demo")
        .body(Full::new(Bytes::from(body)))?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = response.into_body();
    if !status.is_success() {
        let said = body.collect().await?.to_bytes();
        bail!("the gateway answers {status}: {}", String::from_utf8_lossy(&said));
    }
    Ok(Events { body, pending: Vec::new() })
}

async fn connect(gateway: SocketAddr) -> Result<TcpStream> {
    let mut attempt = 1;
    loop {
        match TcpStream::connect(gateway).await {
            Err(_) if attempt < ATTEMPTS => tokio::time::sleep(Duration::from_millis(50)).await,
            result => {
                return result.with_context(|| format!("cannot reach the gateway at {gateway}"));
            }
        }
        attempt += 1;
    }
}

/// The events of a streamed answer.
pub(super) struct Events {
    body: Incoming,
    pending: Vec<u8>,
}

impl Events {
    /// The data of the next event, as soon as its line is there; `None` at the end.
    ///
    /// # Errors
    /// If the connection breaks.
    pub(super) async fn next(&mut self) -> Result<Option<String>> {
        loop {
            while let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.pending.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line);
                if let Some(data) = line.trim_end().strip_prefix("data: ") {
                    return Ok(Some(data.to_owned()));
                }
            }
            let Some(frame) = self.body.frame().await else {
                return Ok(None);
            };
            if let Ok(data) = frame?.into_data() {
                self.pending.extend_from_slice(&data);
            }
        }
    }
}
