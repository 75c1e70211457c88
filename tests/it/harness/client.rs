//! An HTTP/1.1 client that sends exactly the bytes it is given and tells a complete answer from a
//! cut one.

use std::io;
use std::net::{SocketAddr, TcpStream};

use super::PATIENCE;

/// What a client talks over: TCP, or TLS inside a tunnel.
pub(crate) trait Wire: io::Read + io::Write + Send {}

impl<T: io::Read + io::Write + Send> Wire for T {}

/// One connection.
pub(crate) struct Client {
    stream: Box<dyn Wire>,
    /// Read but not yet used.
    pending: Vec<u8>,
}

/// A complete answer.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name)?;
        Some(&found.1)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The gateway's own error code.
    pub(crate) fn code(&self) -> &str {
        self.header("x-waterwall-error").unwrap_or("")
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream)
    }

    /// A client over a connection that the test has made.
    pub(crate) fn over(stream: impl Wire + 'static) -> Self {
        Self { stream: Box::new(stream), pending: Vec::new() }
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.stream.write_all(bytes.as_ref()).unwrap();
        self
    }

    /// Sends a GET with extra header lines (each ending in CRLF).
    pub(crate) fn get(&mut self, path: &str, headers: &str) -> Response {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n"));
        self.response()
    }

    /// Sends a POST with a body of known length.
    pub(crate) fn post(&mut self, path: &str, body: impl AsRef<[u8]>) -> Response {
        self.send_post(path, body);
        self.response()
    }

    pub(crate) fn send_post(&mut self, path: &str, body: impl AsRef<[u8]>) -> &mut Self {
        let body = body.as_ref();
        self.send(format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        ));
        self.send(body)
    }

    /// The next answer, which has to be complete.
    pub(crate) fn response(&mut self) -> Response {
        self.try_response("GET").unwrap()
    }

    /// The next answer to a request with this method, or how it was cut.
    pub(crate) fn try_response(&mut self, method: &str) -> io::Result<Response> {
        let (status, headers) = self.head()?;
        let mut response = Response { status, headers, body: Vec::new() };
        if method == "HEAD" || matches!(status, 204 | 304) || status < 200 {
            return Ok(response);
        }
        if response.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk()? {
                response.body.extend(chunk);
            }
        } else if let Some(length) = response.header("content-length") {
            response.body = self.take(length.parse().unwrap())?;
        } else {
            panic!("an answer without a length: {response:?}");
        }
        Ok(response)
    }

    /// The head of an answer: status and headers, names in lower case.
    pub(crate) fn head(&mut self) -> io::Result<(u16, Vec<(String, String)>)> {
        let head = self.until(b"\r\n\r\n")?;
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers = lines.filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        });
        Ok((status.parse().unwrap(), headers.collect()))
    }

    /// The next chunk of a chunked body; `None` at its proper end.
    pub(crate) fn chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let size = self.until(b"\r\n")?;
        let size = std::str::from_utf8(&size).unwrap().trim();
        let size = usize::from_str_radix(size, 16).unwrap();
        let chunk = self.take(size)?;
        assert_eq!(self.take(2)?, b"\r\n");
        Ok((size > 0).then_some(chunk))
    }

    /// True when the other side closes without another byte than those already read.
    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0]), Ok(0) | Err(_))
    }

    fn until(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = self.pending.windows(end.len()).position(|window| window == end) {
                return self.take(at + end.len());
            }
            self.fill()?;
        }
    }

    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.pending.len() < length {
            self.fill()?;
        }
        let rest = self.pending.split_off(length);
        Ok(std::mem::replace(&mut self.pending, rest))
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16384];
        match self.stream.read(&mut buffer)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.pending.extend_from_slice(&buffer[..read]);
                Ok(())
            }
        }
    }
}
