//! One HTTP request over plain TCP with a deadline: enough to ask our own admin server.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use http::Uri;

/// The largest answer we read.
const LARGEST: u64 = 1 << 20;

/// Status and body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Gets an `http://` URL within `limit`, all in all.
///
/// # Errors
/// Any failure to connect or to read a whole answer in time.
pub(crate) fn get(url: &str, limit: Duration) -> io::Result<Answer> {
    send("GET", url, "", limit)
}

/// Posts JSON to an `http://` URL within `limit`, showing a token.
///
/// # Errors
/// As [`get`], and when the token cannot stand in a header.
pub(crate) fn post(url: &str, token: &str, json: &str, limit: Duration) -> io::Result<Answer> {
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the token is not one line of text"));
    }
    let length = json.len();
    let rest = format!(
        "authorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{json}"
    );
    send("POST", url, &rest, limit)
}

/// `rest` is what follows the headers that every request has; empty for no more headers and no body.
fn send(method: &str, url: &str, rest: &str, limit: Duration) -> io::Result<Answer> {
    let deadline = Instant::now() + limit;
    let invalid = || io::Error::new(io::ErrorKind::InvalidInput, "not an http:// URL");
    let uri: Uri = url.parse().map_err(|_| invalid())?;
    let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"));
    let authority = authority.ok_or_else(invalid)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());

    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let mut stream = connect(host, authority.port_u16().unwrap_or(80), deadline)?;
    let rest = if rest.is_empty() { "\r\n" } else { rest };
    // `connection: close` makes the end of the stream the end of the answer.
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {authority}\r\naccept: application/json\r\nconnection: close\r\n{rest}"
    );
    stream.set_write_timeout(Some(left(deadline)?))?;
    stream.write_all(request.as_bytes())?;
    parse(&read_until(stream, deadline)?)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

/// The time that is left, or the error that none is.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(left)
}

fn connect(host: &str, port: u16, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, left(deadline)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn read_until(stream: TcpStream, deadline: Instant) -> io::Result<Vec<u8>> {
    let mut stream = stream.take(LARGEST);
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        stream.get_ref().set_read_timeout(Some(left(deadline)?))?;
        match stream.read(&mut chunk) {
            Ok(0) => return Ok(bytes),
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // What a read timeout is called differs by system.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::ErrorKind::TimedOut.into());
            }
            Err(error) => return Err(error),
        }
    }
}

/// Takes a whole answer apart.
fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let body = &bytes[end + 4..];
    let mut lines = head.split("\r\n");
    let mut status = lines.next()?.split(' ');
    status.next().filter(|version| version.starts_with("HTTP/1."))?;
    let status = status.next()?.parse().ok()?;
    let header = |name: &str| {
        let mut fields = lines.clone().filter_map(|line| line.split_once(':'));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    let body = if header("transfer-encoding").is_some_and(|it| it.eq_ignore_ascii_case("chunked")) {
        unchunk(body)?
    } else if let Some(length) = header("content-length") {
        body.get(..length.parse().ok()?)?.to_vec()
    } else {
        body.to_vec()
    };
    Some(Answer { status, body })
}

/// Joins the chunks of a chunked body; `None` when the last chunk is missing.
fn unchunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|window| window == b"\r\n")?;
        let line = std::str::from_utf8(&bytes[..end]).ok()?;
        let size = line.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        let rest = &bytes[end + 2..];
        body.extend_from_slice(rest.get(..size)?);
        bytes = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn bodies_end_by_length_chunks_or_close() {
        let body = |answer: &str| {
            parse(answer.as_bytes()).map(|answer| String::from_utf8_lossy(&answer.body).into_owned())
        };
        assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}x"), Some("{}".into()));
        assert_eq!(body("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}"), None);
        assert_eq!(body("HTTP/1.0 503 no\r\n\r\nab"), Some("ab".into()));
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n";
        assert_eq!(body(&format!("{chunked}0\r\n\r\n")), Some("abc".into()));
        assert_eq!(body(chunked), None);
        assert_eq!(body("SSH-2.0\r\n\r\n"), None);
    }

    #[test]
    fn a_silent_server_is_given_up_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let server = thread::spawn(move || listener.accept());
        let error = get(&url, Duration::from_millis(50)).expect_err("no answer");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(server.join());
    }

    #[test]
    fn a_post_shows_the_token_and_its_body() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/admin/reload", listener.local_addr().expect("an address"));
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut seen = Vec::new();
            while !seen.ends_with(b"\r\n\r\n{}") {
                let mut chunk = [0; 512];
                let read = stream.read(&mut chunk).expect("bytes");
                assert_ne!(read, 0, "all of it arrives");
                seen.extend_from_slice(&chunk[..read]);
            }
            stream.write_all(b"HTTP/1.1 401 no\r\ncontent-length: 2\r\n\r\n[]").expect("written");
            String::from_utf8(seen).expect("text")
        });
        let answer = post(&url, "0123abcd", "{}", Duration::from_secs(10)).expect("an answer");
        assert_eq!(answer, Answer { status: 401, body: b"[]".to_vec() });
        let seen = server.join().expect("served");
        assert!(seen.starts_with("POST /admin/reload HTTP/1.1\r\nhost: 127.0.0.1:"), "{seen}");
        for line in ["authorization: Bearer 0123abcd", "content-type: application/json", "content-length: 2"]
        {
            assert!(seen.contains(&format!("\r\n{line}\r\n")), "{seen}");
        }
        assert!(post(&url, "a\r\nx: y", "{}", Duration::from_secs(1)).is_err());
    }

    #[test]
    fn only_plain_http_is_spoken() {
        for url in ["https://127.0.0.1/", "127.0.0.1:1", "/healthz", ""] {
            let error = get(url, Duration::from_secs(1)).expect_err("refused");
            assert_eq!(error.to_string(), "not an http:// URL", "{url}");
        }
    }
}
