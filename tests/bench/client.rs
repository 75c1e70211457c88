//! An agent's side: keep-alive connections over TCP or TLS, the same code whichever way it goes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::process::{Gateway, Nginx};
use crate::turn::Turn;
use crate::upstream::{Answer, NAME, Upstream};

/// How requests reach the upstream.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) name: &'static str,
    /// `None`: the upstream itself.
    address: Option<SocketAddr>,
    tls: bool,
    path: &'static str,
    process: Option<u32>,
    /// Whether a CONNECT comes first.
    tunnel: bool,
}

impl Way {
    /// TLS to the upstream.
    pub(crate) fn direct() -> Self {
        Self { name: "direct", address: None, tls: true, path: "/v1/messages", process: None, tunnel: false }
    }

    /// TLS to nginx, TLS to the upstream.
    pub(crate) fn nginx(nginx: &Nginx) -> Self {
        Self {
            name: "nginx",
            address: Some(nginx.address),
            tls: true,
            path: "/v1/messages",
            process: Some(nginx.id()),
            tunnel: false,
        }
    }

    /// Plain HTTP to the gateway as an agent's base URL has it, TLS to the upstream.
    pub(crate) fn gateway(gateway: &Gateway) -> Self {
        Self {
            name: "waterwall",
            address: Some(gateway.address),
            tls: false,
            path: "/anthropic/v1/messages",
            process: Some(gateway.id()),
            tunnel: false,
        }
    }

    /// CONNECT to the upstream's name at the gateway, TLS that ends there, TLS to the upstream.
    pub(crate) fn forward(gateway: &Gateway) -> Self {
        Self {
            name: "waterwall",
            address: Some(gateway.address),
            tls: true,
            path: "/v1/messages",
            process: Some(gateway.id()),
            tunnel: true,
        }
    }

    /// The proxy's process.
    pub(crate) fn process(&self) -> Option<u32> {
        self.process
    }

    /// A whole request, head and body.
    pub(crate) fn request(&self, turn: &Turn, answer: Answer) -> Vec<u8> {
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: localhost\r\ncontent-type: application/json\r\naccept: application/json\r\n\
             user-agent: bench/1\r\nx-api-key: not-a-key\r\nanthropic-version: 2023-06-01\r\n\
             x-claude-code-session-id: 7f9c24e8-3b12-4fef-91f3-2d0e9f6bb1a0\r\nx-bench: {}\r\ncontent-length: {}\r\n\r\n",
            self.path,
            answer.name(),
            turn.body.len(),
        );
        [head.as_bytes(), &turn.body].concat()
    }
}

/// What connects.
pub(crate) struct Client {
    upstream: SocketAddr,
    tls: TlsConnector,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// One keep-alive connection.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    /// Read and not used up.
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) fn new(upstream: &Upstream) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(upstream.root.clone())?;
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Ok(Self { upstream: upstream.address, tls: TlsConnector::from(Arc::new(config)) })
    }

    /// One that trusts the gateway's private CA, and makes no use of earlier handshakes.
    pub(crate) fn trusting(gateway: &Gateway, upstream: &Upstream) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&gateway.ca)?)?;
        let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(Self { upstream: upstream.address, tls: TlsConnector::from(Arc::new(config)) })
    }

    pub(crate) async fn connect(&self, way: &Way) -> Result<Connection> {
        let stream = TcpStream::connect(way.address.unwrap_or(self.upstream)).await?;
        stream.set_nodelay(true)?;
        if way.tunnel {
            return self.shake_hands(open_tunnel(stream, NAME).await?, NAME).await;
        }
        let stream: Box<dyn Stream> = if way.tls {
            Box::new(self.tls.connect(ServerName::try_from(NAME)?, stream).await?)
        } else {
            Box::new(stream)
        };
        Ok(Connection { stream, buffer: Vec::with_capacity(64 << 10) })
    }

    /// A cold CONNECT to `host` at `gateway`: TCP, tunnel and handshake.
    pub(crate) async fn connect_cold(&self, gateway: &Gateway, host: &str) -> Result<Connection> {
        let stream = TcpStream::connect(gateway.address).await?;
        stream.set_nodelay(true)?;
        self.shake_hands(open_tunnel(stream, host).await?, host).await
    }

    async fn shake_hands(&self, stream: TcpStream, host: &str) -> Result<Connection> {
        let stream = self.tls.connect(ServerName::try_from(host.to_owned())?, stream).await?;
        Ok(Connection { stream: Box::new(stream), buffer: Vec::with_capacity(64 << 10) })
    }
}

async fn open_tunnel(mut stream: TcpStream, host: &str) -> Result<TcpStream> {
    stream.write_all(format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    // Nothing follows before the client has spoken.
    while !answer.ends_with(b"\r\n\r\n") {
        ensure!(stream.read_buf(&mut answer).await? > 0, "the tunnel was not opened");
    }
    ensure!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    Ok(stream)
}

impl Connection {
    /// Sends a request and reads the answer to its end.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Vec<u8>> {
        self.send(request).await?;
        let framing = self.head().await?;
        let mut body = Vec::new();
        match framing {
            Framing::Length(length) => {
                while self.buffer.len() < length {
                    self.fill().await?;
                }
                body.extend(self.buffer.drain(..length));
            }
            Framing::Chunked => while self.chunk(&mut body).await? {},
        }
        Ok(body)
    }

    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        Ok(())
    }

    /// Reads the head of the answer to a stream.
    pub(crate) async fn begin_stream(&mut self) -> Result<()> {
        match self.head().await? {
            Framing::Chunked => Ok(()),
            Framing::Length(length) => bail!("an answer of {length} bytes where a stream was expected"),
        }
    }

    /// Adds the next chunk of a stream to `out`; false at its end.
    pub(crate) async fn chunk(&mut self, out: &mut Vec<u8>) -> Result<bool> {
        let line = loop {
            if let Some(end) = find(&self.buffer, b"\r\n") {
                break end;
            }
            self.fill().await?;
        };
        let size = std::str::from_utf8(&self.buffer[..line])?;
        let size =
            usize::from_str_radix(size.trim(), 16).with_context(|| format!("not a chunk size: {size:?}"))?;
        let end = line + 2 + size + 2;
        while self.buffer.len() < end {
            self.fill().await?;
        }
        out.extend_from_slice(&self.buffer[line + 2..end - 2]);
        self.buffer.drain(..end);
        Ok(size > 0)
    }

    async fn head(&mut self) -> Result<Framing> {
        let end = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            self.fill().await?;
        };
        let head = String::from_utf8(self.buffer.drain(..end).collect())?.to_ascii_lowercase();
        ensure!(head.starts_with("http/1.1 200"), "{head}{}", String::from_utf8_lossy(&self.buffer));
        match head.split("content-length:").nth(1) {
            Some(rest) => Ok(Framing::Length(rest.lines().next().unwrap_or_default().trim().parse()?)),
            None => Ok(Framing::Chunked),
        }
    }

    async fn fill(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => bail!("the connection was closed in the middle of an answer"),
            _ => Ok(()),
        }
    }
}

enum Framing {
    Length(usize),
    Chunked,
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Reads a paced stream to its end. What comes back says when each event arrived.
pub(crate) async fn listen(connection: &mut Connection) -> Result<Vec<(Instant, Vec<u8>)>> {
    connection.begin_stream().await?;
    let (mut pending, mut events) = (Vec::new(), Vec::new());
    loop {
        let more = connection.chunk(&mut pending).await?;
        let now = Instant::now();
        while let Some(end) = find(&pending, b"\n\n") {
            events.push((now, pending.drain(..end + 2).collect()));
        }
        if !more {
            return Ok(events);
        }
    }
}
