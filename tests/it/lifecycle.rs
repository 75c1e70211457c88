//! Starting and stopping: ports, signals, what is in flight.

use std::io::Read as _;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::harness::{Gateway, PATIENCE, Scripted, Setup, UpstreamConfig, wait};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[test]
fn an_idle_gateway_stops_at_once() {
    for signal in ["TERM", "INT"] {
        let upstream = Scripted::answering(OK);
        let mut gateway = Gateway::before(upstream.url());
        // Kept alive, but idle; and one that never said a word.
        let mut client = gateway.client();
        assert_eq!(client.get("/up/x", "").status, 200);
        let _silent = gateway.client();
        let since = Instant::now();
        gateway.signal(signal);
        assert_eq!(gateway.wait().code(), Some(0), "{signal}");
        // Far below the grace period; not a measurement.
        assert!(since.elapsed() < Duration::from_secs(5), "{signal}");
    }
}

#[test]
fn what_is_in_flight_is_finished() {
    let (go, wait_for_go) = mpsc::channel::<()>();
    let wait_for_go = std::sync::Mutex::new(wait_for_go);
    let upstream = Scripted::start(move |connection| {
        connection.request();
        connection.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        connection.chunk("first");
        wait_for_go.lock().unwrap().recv().unwrap();
        connection.chunk("last");
        connection.send("0\r\n\r\n");
    });
    let mut gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    client.send_post("/up/x", "{}");
    client.head().unwrap();
    assert_eq!(client.chunk().unwrap().unwrap(), b"first");
    gateway.signal("TERM");
    // Nothing new is accepted any more.
    let since = Instant::now();
    while std::net::TcpStream::connect(gateway.agents).is_ok() {
        assert!(since.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(10));
    }
    go.send(()).unwrap();
    assert_eq!(client.chunk().unwrap().unwrap(), b"last");
    assert!(client.chunk().unwrap().is_none());
    assert_eq!(gateway.wait().code(), Some(0));
}

#[test]
fn a_second_signal_waits_for_nothing() {
    let upstream = Scripted::start(|connection| {
        connection.request();
        connection.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        connection.chunk("first");
        connection.request();
    });
    let mut gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    client.send_post("/up/x", "{}");
    client.head().unwrap();
    gateway.signal("TERM");
    std::thread::sleep(Duration::from_millis(100));
    gateway.signal("TERM");
    assert_eq!(gateway.wait().code(), Some(0));
}

#[test]
fn other_signals_do_not_stop_it() {
    let upstream = Scripted::answering(OK);
    let gateway = Gateway::before(upstream.url());
    for signal in ["HUP", "XFSZ", "HUP"] {
        gateway.signal(signal);
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(gateway.client().get("/up/x", "").status, 200);
    }
}

#[test]
fn a_taken_port_is_an_error_before_anything_is_served() {
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    for (agents, admin) in [(taken.as_str(), "127.0.0.1:0"), ("127.0.0.1:0", taken.as_str())] {
        let setup = Setup::new([UpstreamConfig::generic("http://127.0.0.1:9")]);
        let mut child = setup.spawn(agents, admin);
        assert_eq!(wait(&mut child).code(), Some(1));
        let mut out = String::new();
        child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        assert_eq!(out, "");
        assert!(setup.stderr().contains(&taken), "{}", setup.stderr());
    }
}

#[test]
fn a_ca_file_that_is_none_is_an_error() {
    let setup = Setup::new([]);
    let ca_file = Some(setup.file("root.pem", "not a certificate"));
    let setup =
        setup.upstreams([UpstreamConfig { ca_file, ..UpstreamConfig::generic("https://127.0.0.1:9") }]);
    let mut child = setup.spawn("127.0.0.1:0", "127.0.0.1:0");
    assert_eq!(wait(&mut child).code(), Some(1));
    assert!(setup.stderr().contains("root.pem"), "{}", setup.stderr());
}

/// Two writers would fork the chain.
#[test]
fn a_second_gateway_on_the_same_log_is_refused() {
    let upstream = Scripted::answering(OK);
    let gateway = Gateway::before(upstream.url());
    let mut second = gateway.setup.spawn("127.0.0.1:0", "127.0.0.1:0");
    assert_eq!(wait(&mut second).code(), Some(1));
    let stderr = gateway.setup.stderr();
    assert!(stderr.contains("proxy.jsonl") && stderr.contains("in use"), "{stderr}");
    assert_eq!(gateway.client().get("/up/x", "").status, 200);
}

#[test]
fn a_state_directory_that_cannot_be_made_is_an_error() {
    let setup = Setup::new([UpstreamConfig::generic("http://127.0.0.1:9")]);
    setup.file("state", "not a directory");
    let mut child = setup.spawn("127.0.0.1:0", "127.0.0.1:0");
    assert_eq!(wait(&mut child).code(), Some(1));
    assert!(setup.stderr().contains("state"), "{}", setup.stderr());
}
