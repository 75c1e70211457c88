//! Starting and stopping: ports, signals, what is in flight.

use std::io::Read as _;
use std::sync::mpsc;

use crate::harness::{Gateway, Scripted, Setup, UpstreamConfig, wait, wait_until};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[test]
fn an_idle_gateway_stops_at_once() {
    for signal in ["TERM", "INT", "QUIT"] {
        let upstream = Scripted::answering(OK);
        // What it waits for would take longer than the test does.
        let setup = Setup::new([UpstreamConfig::generic(upstream.url())]).with("drain_seconds: 3600");
        let mut gateway = setup.start();
        // Kept alive, but idle; and one that never said a word.
        let mut client = gateway.client();
        assert_eq!(client.get("/up/x", "").status, 200);
        let _silent = gateway.client();
        gateway.signal(signal);
        assert_eq!(gateway.wait().code(), Some(0), "{signal}");
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
    wait_until(|| std::net::TcpStream::connect(gateway.agents).is_err());
    go.send(()).unwrap();
    assert_eq!(client.chunk().unwrap().unwrap(), b"last");
    assert!(client.chunk().unwrap().is_none());
    assert_eq!(gateway.wait().code(), Some(0));
}

/// A stream that does not end is cut, and everything is written all the same.
#[test]
fn what_takes_too_long_is_cut_and_the_log_is_closed() {
    let gateway = cut_in_a_stream("drain_seconds: 1", &["TERM"]);
    let state = gateway.setup.path("state");
    let log = std::fs::read_to_string(state.join("audit/proxy.jsonl")).unwrap();
    let last: serde_json::Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert_eq!(last["line_type"], "checkpoint");
    assert_eq!(std::fs::read_dir(state.join("audit/manifests")).unwrap().count(), 1);
}

/// Neither does a second signal leave an exchange without its closing line.
#[test]
fn what_a_second_signal_cuts_is_recorded() {
    cut_in_a_stream("drain_seconds: 3600", &["TERM", "TERM"]);
}

/// A gateway that was told to stop, by these signals one after the other, while a stream was under way
/// that does not end. Its log is whole: the request's line, and what was restored until the cut.
fn cut_in_a_stream(setting: &str, signals: &[&str]) -> Gateway {
    let upstream = Scripted::start(|connection| {
        let request = connection.request().unwrap();
        connection.send("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n");
        connection.chunk(&String::from_utf8(request.body).unwrap());
        connection.request();
    });
    let mut gateway = Setup::new([UpstreamConfig::generic(upstream.url())]).with(setting).start();
    let mut client = gateway.client();
    let body = format!("{{\"key\": \"AKIA{}\"}}", "FAKE".repeat(4));
    client.send_post("/up/x", &body);
    client.head().unwrap();
    assert_eq!(client.chunk().unwrap().unwrap(), body.as_bytes());
    for (number, signal) in signals.iter().enumerate() {
        gateway.signal(signal);
        if number == 0 {
            // Until it is acted on, the next one is the same signal still.
            gateway.wait_for_log("stopping");
        }
    }
    assert_eq!(gateway.wait().code(), Some(0));
    assert!(client.chunk().is_err(), "cut, and not ended");
    gateway.wait_for_log("stopped before these were done");

    let log = std::fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| lines.iter().filter(|line| line["line_type"] == kind).collect::<Vec<_>>();
    assert_eq!(of("redaction").len(), 1);
    let [opening, closing] = of("detokenization")[..] else { panic!("{log}") };
    assert_eq!((&opening["phase"], &closing["phase"]), (&"open".into(), &"close".into()));
    assert_eq!(closing["detok_count"], 1);
    assert_eq!(closing["request_id"], of("redaction")[0]["request_id"]);
    verifies(&gateway);
    gateway.restart();
    gateway
}

#[track_caller]
fn verifies(gateway: &Gateway) {
    let state = gateway.setup.path("state");
    let verified = std::process::Command::new(env!("CARGO_BIN_EXE_waterwall"))
        .args(["verify-chain", "--strict", "--pubkey"])
        .args([state.join("signing.pub"), state.join("audit/proxy.jsonl")])
        .output()
        .unwrap();
    assert!(verified.status.success(), "{verified:?}");
}

/// What a process that was killed leaves behind keeps nobody out.
#[test]
fn a_stale_lock_is_taken_over() {
    let upstream = Scripted::answering(OK);
    let mut gateway = Gateway::before(upstream.url());
    let lock = gateway.setup.path("state/audit/proxy.jsonl.lock");
    let holder = std::fs::read_to_string(&lock).unwrap();
    assert_eq!(holder, gateway.id().to_string());
    gateway.signal("KILL");
    gateway.wait();
    assert_eq!(std::fs::read_to_string(&lock).unwrap(), holder, "left behind");
    gateway.restart();
    assert_eq!(gateway.client().get("/up/x", "").status, 200);
    assert_eq!(std::fs::read_to_string(&lock).unwrap(), gateway.id().to_string());
}

#[test]
fn a_state_directory_of_others_or_open_to_them_is_refused() {
    use std::os::unix::fs::{PermissionsExt as _, chown};
    let upstream = Scripted::answering(OK);
    let mut gateway = Gateway::before(upstream.url());
    gateway.signal("TERM");
    gateway.wait();
    let state = gateway.setup.path("state");
    let set = |path: &str, mode| {
        let path = gateway.setup.path(path);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let refused = |expected: &str| {
        let mut child = gateway.setup.spawn("127.0.0.1:0", "127.0.0.1:0");
        assert_eq!(wait(&mut child).code(), Some(1));
        let stderr = gateway.setup.stderr();
        assert!(stderr.contains(expected), "{stderr}");
    };
    for mode in [0o777, 0o755, 0o750, 0o770] {
        set("state", mode);
        refused(&format!("state is open to other users (mode {mode:04o})"));
    }
    refused("chmod 700");
    set("state", 0o700);
    set("state/admin.token", 0o644);
    refused("admin.token is open to other users (mode 0644)");
    set("state/admin.token", 0o600);
    // Only root can give a directory away.
    if chown(&state, Some(12345), None).is_ok() {
        refused("state belongs to user 12345");
        chown(&state, Some(0), None).unwrap();
    }
    gateway.restart();
}

#[test]
fn an_admin_server_on_another_address_is_refused() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8889"] {
        let setup = Setup::new([UpstreamConfig::generic("http://127.0.0.1:9")]);
        let mut child = setup.spawn("127.0.0.1:0", &format!("\"{address}\""));
        assert_eq!(wait(&mut child).code(), Some(1));
        let stderr = setup.stderr();
        assert!(stderr.contains("the admin server may not listen on"), "{stderr}");
        assert!(stderr.contains("loopback"), "{stderr}");
    }
}

#[test]
fn a_second_signal_waits_for_nothing() {
    let upstream = Scripted::start(|connection| {
        connection.request();
        connection.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        connection.chunk("first");
        connection.request();
    });
    let setup = Setup::new([UpstreamConfig::generic(upstream.url())]).with("drain_seconds: 3600");
    let mut gateway = setup.start();
    let mut client = gateway.client();
    client.send_post("/up/x", "{}");
    client.head().unwrap();
    gateway.signal("TERM");
    // Until it is acted on, the next one is the same signal still.
    gateway.wait_for_log("stopping");
    gateway.signal("TERM");
    assert_eq!(gateway.wait().code(), Some(0));
}

#[test]
fn other_signals_do_not_stop_it() {
    let upstream = Scripted::answering(OK);
    let gateway = Gateway::before(upstream.url());
    for signal in ["HUP", "XFSZ", "HUP"] {
        gateway.signal(signal);
        assert_eq!(gateway.client().get("/up/x", "").status, 200);
    }
    // It came after all of those, and is acted on.
    gateway.signal("USR1");
    wait_until(|| gateway.client().get("/up/x", "").status == 502);
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
        let stderr = setup.stderr();
        let help = stderr.lines().last().unwrap_or_default();
        let key = if agents == taken { "`listen`" } else { "`admin.listen`" };
        assert!(stderr.contains(&taken) && help.starts_with(" help: ") && help.contains(key), "{stderr}");
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
    assert!(stderr.contains(" help: Stop that gateway"), "{stderr}");
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
