//! Forward mode: what is tunnelled unseen, and what is refused.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use serde_json::Value;

use crate::harness::{Gateway, Setup, Tunnel, UpstreamConfig, wait_until};

/// Stands for a host that is not listed: answers each line on one connection in upper case.
fn unlisted() -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
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
    let (port, serving) = unlisted();
    let gateway = gateway(&format!("tunnel_ports: [{port}], private_hosts: [localhost]"));
    let secret = format!("AKIA{}", "FAKE".repeat(4));
    let mut tunnel = Tunnel::open(gateway.agents, &format!("localhost:{port}")).0;
    tunnel.write_all(format!("hello {secret}").as_bytes()).unwrap();
    let mut answer = vec![0; 26];
    tunnel.read_exact(&mut answer).unwrap();
    assert_eq!(answer, format!("HELLO {secret}").as_bytes());
    drop(tunnel);
    serving.join().unwrap();
    let line = lines(&gateway, 1).remove(0);
    assert_eq!((&line["host"], &line["port"]), (&"localhost".into(), &port.into()));
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
        "[::1]:443",
        "[::ffff:127.0.0.1]:443",
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
    // An address that is never allowed is not, whatever the list says.
    let lenient = gateway("private_hosts: [169.254.169.254, '::ffff:127.0.0.1']");
    for target in ["169.254.169.254:443", "[::ffff:127.0.0.1]:443"] {
        let answer = Tunnel::try_open(lenient.agents, target).err().unwrap();
        assert_eq!(answer.code(), "waterwall-connect-refused", "{target}");
    }
}

/// Names are put into lower case, in which a key is told from a word no more. It would be looked up
/// and logged.
#[test]
fn a_secret_as_a_hosts_name_is_refused_and_stands_nowhere() {
    let gateway = gateway("private_hosts: [localhost]");
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
    for forward in ["other_hosts: refuse, private_hosts: [localhost]", "intercept: false"] {
        let gateway = gateway(forward);
        let target = if forward.starts_with("other") { "localhost:443" } else { "UP.test.:443" };
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
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let gateway = gateway(&format!("tunnel_ports: [{free}], private_hosts: [localhost]"));
    let answer = Tunnel::try_open(gateway.agents, &format!("localhost:{free}")).err().unwrap();
    assert_eq!((answer.status, answer.code()), (502, "waterwall-upstream-unreachable"));
    assert!(answer.text().contains("connection refused"), "{}", answer.text());
}

#[test]
fn the_kill_switch_cuts_open_tunnels() {
    let (port, serving) = unlisted();
    let gateway = gateway(&format!("tunnel_ports: [{port}], private_hosts: [localhost]"));
    let mut tunnel = Tunnel::open(gateway.agents, &format!("localhost:{port}")).0;
    tunnel.write_all(b"x").unwrap();
    tunnel.read_exact(&mut [0]).unwrap();
    std::fs::write(gateway.setup.path("kill"), "").unwrap();
    assert_eq!(tunnel.read(&mut [0]).unwrap_or(0), 0);
    serving.join().unwrap();
    assert_eq!(lines(&gateway, 1)[0]["bytes_sent"], 1);
}
