//! An upstream whose every byte the test writes. It records what arrived and panics in the test's
//! place when the script does.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::PATIENCE;

/// Listens on loopback and runs the script on each connection, one thread each.
pub(crate) struct Scripted {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    requests: Vec<Request>,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Start line and headers, as text.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// One connection from the gateway.
pub(crate) struct Connection {
    stream: TcpStream,
    pending: Vec<u8>,
    seen: Arc<Mutex<Seen>>,
    /// 0 for the first connection.
    pub(crate) number: usize,
}

impl Scripted {
    pub(crate) fn start(script: impl Fn(&mut Connection) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        let script = Arc::new(script);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                stream.set_nodelay(true).unwrap();
                let number = {
                    let mut seen = shared.lock().unwrap();
                    seen.connections += 1;
                    seen.connections - 1
                };
                let seen = Arc::clone(&shared);
                let script = Arc::clone(&script);
                thread::spawn(move || {
                    script(&mut Connection { stream, pending: Vec::new(), seen, number });
                });
            }
        });
        Self { address, seen }
    }

    /// Answers every request on every connection with these bytes.
    pub(crate) fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |connection| {
            while connection.request().is_some() {
                connection.send(&answer);
            }
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap().requests.clone()
    }
}

impl Connection {
    /// Reads the next request whole; `None` when the gateway closes instead.
    pub(crate) fn request(&mut self) -> Option<Request> {
        let head_end = loop {
            if let Some(at) = find(&self.pending, b"\r\n\r\n") {
                break at + 4;
            }
            self.fill()?;
        };
        let head: Vec<u8> = self.pending.drain(..head_end).collect();
        let mut request = Request { head: String::from_utf8(head).unwrap(), body: Vec::new() };
        let length = request.header("content-length").map_or(0, |it| it.parse().unwrap());
        assert!(request.header("transfer-encoding").is_none(), "bodies go upstream with a length");
        while self.pending.len() < length {
            self.fill()?;
        }
        request.body = self.pending.drain(..length).collect();
        self.seen.lock().unwrap().requests.push(request.clone());
        Some(request)
    }

    /// Sends bytes as they are. A gateway that hung up is the test's business, not the script's.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    /// Sends one chunk of a chunked body.
    pub(crate) fn chunk(&mut self, text: &str) {
        self.send(format!("{:x}\r\n{text}\r\n", text.len()));
    }

    fn fill(&mut self) -> Option<()> {
        let mut buffer = [0; 65536];
        match self.stream.read(&mut buffer) {
            Ok(0) | Err(_) => None,
            Ok(read) => {
                self.pending.extend_from_slice(&buffer[..read]);
                Some(())
            }
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
