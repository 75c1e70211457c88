//! A client of forward mode: CONNECT, then TLS with the gateway's CA.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::{Client, PATIENCE, Response};

/// A connection on which a CONNECT has been answered with 200.
pub(crate) struct Tunnel(pub(crate) TcpStream);

impl Tunnel {
    /// Opens a tunnel.
    pub(crate) fn open(gateway: SocketAddr, target: &str) -> Self {
        Self::try_open(gateway, target).unwrap_or_else(|refusal| panic!("{refusal:?}"))
    }

    /// Opens a tunnel, or returns the gateway's refusal.
    pub(crate) fn try_open(gateway: SocketAddr, target: &str) -> Result<Self, Response> {
        Self::by(gateway, &format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n"))
    }

    /// Sends this head.
    pub(crate) fn by(gateway: SocketAddr, head: &str) -> Result<Self, Response> {
        let mut stream = TcpStream::connect(gateway).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        Self::answered(stream)
    }

    /// Reads the answer to a CONNECT, byte by byte: what follows is the tunnel's.
    pub(crate) fn answered(mut stream: TcpStream) -> Result<Self, Response> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        if head.starts_with(b"HTTP/1.1 200 ") {
            return Ok(Self(stream));
        }
        let start = io::Cursor::new(head).chain(stream);
        Err(Client::over(ReadOnly(start)).response())
    }

    /// Shakes hands as a client that trusts the CA in `ca` and asks for `name`.
    pub(crate) fn tls(self, ca: &Path, name: &str) -> Client {
        self.try_tls(trusting(ca), name).unwrap()
    }

    /// Shakes hands with these settings.
    pub(crate) fn try_tls(self, config: ClientConfig, name: &str) -> io::Result<Client> {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = self.0;
        while connection.is_handshaking() {
            connection.complete_io(&mut stream)?;
        }
        Ok(Client::over(StreamOwned::new(connection, stream)))
    }
}

/// Settings of a client that trusts the CA in this file and nothing else.
pub(crate) fn trusting(ca: &Path) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    versions.unwrap().with_root_certificates(roots).with_no_client_auth()
}

/// A stream that is only read from.
struct ReadOnly<R>(R);

impl<R: Read> Read for ReadOnly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R> Write for ReadOnly<R> {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
