//! Forward mode: what is tunnelled unseen, and what is refused.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustls::{ClientConfig, ClientConnection};
use serde_json::Value;

use crate::harness::{
    Gateway, PATIENCE, PUBLIC, Setup, Tunnel, UpstreamConfig, ran_in_own_network, wait_until,
};

/// Stands for a host that is not listed: answers each line on one connection in upper case.
fn unlisted() -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind((PUBLIC, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 1024];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            stream.write_all(&buffer[..read].to_ascii_uppercase()).unwrap();
        }
    });
    (port, serving)
}

fn gateway(forward: &str) -> Gateway {
    let setup = Setup::new([UpstreamConfig::generic("http://127.0.0.1:1")]);
    setup.with(&format!("forward: {{ {forward} }}")).start()
}

/// The log's tunnel lines, once there are this many.
fn lines(gateway: &Gateway, count: usize) -> Vec<Value> {
    let log = gateway.setup.path("state/audit/proxy.jsonl");
    let mut lines = Vec::new();
    wait_until(|| {
        let log = std::fs::read_to_string(&log).unwrap();
        let tunnels = log.lines().filter(|line| line.contains(r#""line_type":"tunnel""#));
        lines = tunnels.map(|line| serde_json::from_str(line).unwrap()).collect();
        lines.len() >= count
    });
    assert_eq!(lines.len(), count);
    lines
}

#[test]
fn another_host_is_tunnelled_unseen_and_logged() {
    if ran_in_own_network("forward_tunnels::another_host_is_tunnelled_unseen_and_logged") {
        return;
    }
    let (port, serving) = unlisted();
    let gateway = gateway(&format!("tunnel_ports: [{port}]"));
    let secret = format!("AKIA{}", "FAKE".repeat(4));
    let mut tunnel = Tunnel::open(gateway.agents, &format!("{PUBLIC}:{port}")).0;
    tunnel.write_all(format!("hello {secret}").as_bytes()).unwrap();
    let mut answer = vec![0; 26];
    tunnel.read_exact(&mut answer).unwrap();
    assert_eq!(answer, format!("HELLO {secret}").as_bytes());
    drop(tunnel);
    serving.join().unwrap();
    let line = lines(&gateway, 1).remove(0);
    assert_eq!((&line["host"], &line["port"]), (&PUBLIC.into(), &port.into()));
    assert_eq!((&line["bytes_sent"], &line["bytes_received"]), (&26.into(), &26.into()));
    assert!(line["duration_ms"].is_u64() && line["refused"].is_null(), "{line}");
    // Its content is nowhere.
    let log = std::fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    assert!(!log.contains(&secret) && !log.contains("<pl:") && !gateway.setup.stderr().contains(&secret));
}

#[test]
fn what_policy_refuses() {
    let open = gateway("tunnel_ports: [22]");
    let mut refused = 0;
    for target in [
        "localhost:443",
        "127.0.0.1:443",
        "127.1:443",
        "2130706433:443",
        "0x7f000001:443",
        "0177.0.0.1:443",
        "017700000001:443",
        "0x7f.1:443",
        "LOCALHOST.:443",
        "[::1]:443",
        "[::ffff:127.0.0.1]:443",
        "[::FFFF:7F00:1]:443",
        "[0:0:0:0:0:0:0:1]:443",
        "[::ffff:a9fe:a9fe]:443",
        "169.254.169.254:443",
        "10.0.0.1:22",
        "192.168.0.1:443",
        "172.16.0.1:443",
        "100.64.0.1:443",
        "0.0.0.0:443",
        "[::]:443",
        "[fd00:ec2::254]:443",
        "[fe80::1]:443",
        "[64:ff9b::7f00:1]:443",
        "224.0.0.1:443",
        "1.1.1.1:80",
        "up.test:80",
    ] {
        let answer = Tunnel::try_open(open.agents, target).err().unwrap();
        assert_eq!((answer.status, answer.code()), (403, "waterwall-connect-refused"), "{target}");
        assert_eq!(answer.header("x-should-retry"), Some("false"));
        assert!(answer.json()["error"]["message"].as_str().unwrap().contains("CONNECT is refused: "));
        refused += 1;
    }
    for line in lines(&open, refused) {
        assert!(line["refused"].is_string() && line["bytes_sent"] == 0, "{line}");
    }
}

/// Names are put into lower case, in which a key is told from a word no more. It would be looked up
/// and logged.
#[test]
fn a_secret_as_a_hosts_name_is_refused_and_stands_nowhere() {
    let gateway = gateway("other_hosts: tunnel");
    let secret = format!("AKIA{}", "FAKE".repeat(4));
    let answer = Tunnel::try_open(gateway.agents, &format!("{secret}.localhost:443")).err().unwrap();
    assert_eq!((answer.status, answer.code()), (400, "waterwall-bad-request"));
    let log = std::fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    for text in [log, gateway.setup.stderr(), answer.text()] {
        assert!(!text.to_ascii_uppercase().contains(&secret), "{text}");
    }
}

#[test]
fn other_hosts_can_be_refused_and_listed_ones_are_never_tunnelled() {
    for forward in ["other_hosts: refuse", "intercept: false"] {
        let gateway = gateway(forward);
        let target = if forward.starts_with("other") { "1.2.3.4:443" } else { "UP.test.:443" };
        let answer = Tunnel::try_open(gateway.agents, target).err().unwrap();
        assert_eq!((answer.status, answer.code()), (403, "waterwall-connect-refused"), "{forward}");
    }
}

#[test]
fn heads_that_are_no_connect() {
    let gateway = gateway("intercept: true");
    let target = "other.test:443";
    for (head, status, code) in [
        ("CONNECT other.test HTTP/1.1\r\n\r\n".to_owned(), 400, "waterwall-bad-request"),
        ("CONNECT https://other.test:443 HTTP/1.1\r\n\r\n".to_owned(), 400, "waterwall-bad-request"),
        (format!("CONNECT {target} SPDY/3\r\n\r\n"), 400, "waterwall-bad-request"),
        (
            format!("CONNECT {target} HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello"),
            400,
            "waterwall-bad-request",
        ),
        (format!("CONNECT {target} HTTP/1.1\r\nhost: evil.test\r\n\r\n"), 421, "waterwall-foreign-host"),
        (
            format!("CONNECT {target} HTTP/1.1\r\norigin: https://evil.test\r\n\r\n"),
            403,
            "waterwall-foreign-origin",
        ),
        (
            format!("CONNECT {target} HTTP/1.1\r\nsec-fetch-site: cross-site\r\n\r\n"),
            403,
            "waterwall-foreign-origin",
        ),
        (
            format!("CONNECT {target} HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(17 << 10)),
            431,
            "waterwall-head-too-large",
        ),
        (
            format!("CONNECT {target} HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(65)),
            431,
            "waterwall-head-too-large",
        ),
    ] {
        let answer = Tunnel::by(gateway.agents, &head).err().unwrap();
        assert_eq!((answer.status, answer.code()), (status, code), "{head}");
    }
}

#[test]
fn a_host_that_does_not_answer_is_told() {
    if ran_in_own_network("forward_tunnels::a_host_that_does_not_answer_is_told") {
        return;
    }
    let free = TcpListener::bind((PUBLIC, 0)).unwrap().local_addr().unwrap().port();
    let gateway = gateway(&format!("tunnel_ports: [{free}]"));
    let answer = Tunnel::try_open(gateway.agents, &format!("{PUBLIC}:{free}")).err().unwrap();
    assert_eq!((answer.status, answer.code()), (502, "waterwall-upstream-unreachable"));
    assert!(answer.text().contains("connection refused"), "{}", answer.text());
}

#[test]
fn the_kill_switch_cuts_open_tunnels() {
    if ran_in_own_network("forward_tunnels::the_kill_switch_cuts_open_tunnels") {
        return;
    }
    let (port, serving) = unlisted();
    let gateway = gateway(&format!("tunnel_ports: [{port}]"));
    let mut tunnel = Tunnel::open(gateway.agents, &format!("{PUBLIC}:{port}")).0;
    tunnel.write_all(b"x").unwrap();
    tunnel.read_exact(&mut [0]).unwrap();
    std::fs::write(gateway.setup.path("kill"), "").unwrap();
    assert_eq!(tunnel.read(&mut [0]).unwrap_or(0), 0);
    serving.join().unwrap();
    assert_eq!(lines(&gateway, 1)[0]["bytes_sent"], 1);
}

/// What a client says that asks for `name`: its first message of TLS.
fn hello(name: &'static str) -> Vec<u8> {
    let no_roots = rustls::RootCertStore::empty();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(no_roots).with_no_client_auth();
    let mut client = ClientConnection::new(Arc::new(config), name.try_into().unwrap()).unwrap();
    let mut said = Vec::new();
    client.write_tls(&mut said).unwrap();
    said
}

/// A host that takes everything and tells what it got.
fn sink() -> (u16, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind((PUBLIC, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut got = Vec::new();
        // A gateway that breaks off is the test's business.
        let _ = stream.read_to_end(&mut got);
        got
    });
    (port, serving)
}

/// An alert of TLS: fatal, `unrecognized_name`.
const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

/// A client may connect to one host and ask for another inside.
#[test]
fn a_listed_host_inside_a_blind_tunnel_is_refused() {
    if ran_in_own_network("forward_tunnels::a_listed_host_inside_a_blind_tunnel_is_refused") {
        return;
    }
    let whole = hello("Up.test");
    // Each byte a record of its own.
    let fragments: Vec<u8> = whole[5..].iter().flat_map(|byte| [22, 3, 1, 0, 1, *byte]).collect();
    // In one piece, byte by byte, in fragments.
    for (hello, piece) in [(&whole, whole.len()), (&whole, 1), (&fragments, 6)] {
        let (port, serving) = sink();
        let gateway = gateway(&format!("tunnel_ports: [{port}]"));
        let mut tunnel = Tunnel::open(gateway.agents, &format!("{PUBLIC}:{port}")).0;
        for piece in hello.chunks(piece) {
            tunnel.write_all(piece).unwrap();
        }
        let mut said = Vec::new();
        tunnel.read_to_end(&mut said).unwrap();
        assert_eq!(said, UNRECOGNIZED_NAME);
        assert_eq!(serving.join().unwrap(), b"", "not a byte of it has passed");
        let line = lines(&gateway, 1).remove(0);
        assert_eq!((&line["host"], &line["bytes_sent"]), (&PUBLIC.into(), &0.into()));
        assert_eq!(line["refused"], "the TLS server name is a listed host, which its CONNECT has to name");
    }
}

/// Said together with the CONNECT, it is refused before there is a tunnel.
#[test]
fn a_listed_host_in_a_hello_that_does_not_wait_is_refused() {
    let gateway = gateway("other_hosts: tunnel");
    let mut stream = TcpStream::connect(gateway.agents).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!("CONNECT {PUBLIC}:443 HTTP/1.1\r\nHost: {PUBLIC}:443\r\n\r\n").into_bytes();
    stream.write_all(&[head, hello("up.test")].concat()).unwrap();
    let answer = Tunnel::answered(stream).err().unwrap();
    assert_eq!((answer.status, answer.code()), (403, "waterwall-connect-refused"));
    assert!(answer.text().contains("TLS server name is a listed host"), "{}", answer.text());
    assert!(lines(&gateway, 1)[0]["refused"].is_string());
}

/// What is said in TLS to a host that is not listed passes byte for byte, and whoever waits for the
/// server's first words gets them.
#[test]
fn other_names_and_other_protocols_pass() {
    if ran_in_own_network("forward_tunnels::other_names_and_other_protocols_pass") {
        return;
    }
    for said in [hello("other.test"), hello("sub.up.test"), hello("1.2.3.4"), b"SSH-2.0-x\r\n".to_vec()] {
        let (port, serving) = sink();
        let gateway = gateway(&format!("tunnel_ports: [{port}]"));
        let mut tunnel = Tunnel::open(gateway.agents, &format!("{PUBLIC}:{port}")).0;
        for piece in said.chunks(100) {
            tunnel.write_all(piece).unwrap();
        }
        tunnel.shutdown(Shutdown::Write).unwrap();
        assert_eq!(serving.join().unwrap(), said);
        assert_eq!(lines(&gateway, 1)[0]["bytes_sent"], said.len());
    }

    let listener = TcpListener::bind((PUBLIC, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let gateway = gateway(&format!("tunnel_ports: [{port}]"));
    let mut tunnel = Tunnel::open(gateway.agents, &format!("{PUBLIC}:{port}")).0;
    let (mut server, _) = listener.accept().unwrap();
    server.write_all(b"220 hello").unwrap();
    let mut greeting = [0; 9];
    tunnel.read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"220 hello");
    // The server speaks on while half a hello is there.
    tunnel.write_all(&[22, 3, 1]).unwrap();
    server.write_all(b"!").unwrap();
    tunnel.read_exact(&mut [0]).unwrap();
}
