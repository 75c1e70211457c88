//! Handing over to a successor: no connection is dropped, nothing is forgotten, one chain.

use std::io::Read as _;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Client, Gateway, PATIENCE, Scripted, Setup, UpstreamConfig, signal, wait, wait_until};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A body that is one secret.
fn secret(n: usize) -> String {
    format!("\"AKIA{}{n:04}\"", "FAKE".repeat(3))
}

/// An upstream that answers with the text it is told, or with the request's own body.
fn echo(says: &Arc<Mutex<Option<String>>>) -> Scripted {
    let says = Arc::clone(says);
    Scripted::start(move |connection| {
        while let Some(request) = connection.request() {
            let body = says.lock().unwrap().clone().map_or(request.body, String::into_bytes);
            connection.send(format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n",
                body.len()
            ));
            connection.send(&body);
        }
    })
}

/// An upstream that sends its body back when it is told to go on.
fn slow() -> (Scripted, mpsc::Sender<()>) {
    let (go, wait_for_go) = mpsc::channel::<()>();
    let wait_for_go = Mutex::new(wait_for_go);
    let upstream = Scripted::start(move |connection| {
        let request = connection.request().unwrap();
        if request.head.starts_with("GET") {
            return connection.send(OK);
        }
        connection.send("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n");
        connection.chunk("first");
        wait_for_go.lock().unwrap().recv().unwrap();
        connection.chunk(&String::from_utf8(request.body).unwrap());
        connection.send("0\r\n\r\n");
    });
    (upstream, go)
}

fn lines(gateway: &Gateway) -> Vec<Value> {
    let log = std::fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Stops the gateway and checks its log, strictly.
#[track_caller]
fn ends_with_a_sound_log(gateway: &mut Gateway) {
    gateway.signal("TERM");
    assert_eq!(gateway.wait().code(), Some(0));
    let state = gateway.setup.path("state");
    let verified = Command::new(env!("CARGO_BIN_EXE_waterwall"))
        .args(["verify-chain", "--strict", "--pubkey"])
        .args([state.join("signing.pub"), state.join("audit/proxy.jsonl")])
        .output()
        .unwrap();
    assert!(verified.status.success(), "{verified:?}");
    let numbers: Vec<_> = lines(gateway).iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    assert!(numbers.iter().copied().eq(1..=numbers.len() as u64), "{numbers:?}");
}

#[test]
fn a_stream_that_is_open_is_finished_by_the_older_one() {
    let (upstream, go) = slow();
    let mut gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    let body = format!("{{\"key\": {}}}", secret(1));
    client.send_post("/up/x", &body);
    client.head().unwrap();
    assert_eq!(client.chunk().unwrap().unwrap(), b"first");
    let mut older = gateway.upgrade();
    // Both write to the log: the older one's restoration is still to come.
    assert_eq!(gateway.client().get("/up/x", "").status, 200);
    go.send(()).unwrap();
    let mut rest = Vec::new();
    while let Some(chunk) = client.chunk().unwrap() {
        rest.extend(chunk);
    }
    assert_eq!(rest, body.as_bytes());
    // Its head was sent before anybody knew that it would be the last.
    drop(client);
    assert_eq!(wait(&mut older.0).code(), Some(0));
    ends_with_a_sound_log(&mut gateway);
    let closed = lines(&gateway).iter().filter(|line| line["phase"] == "close").count();
    assert_eq!(closed, 1);
}

#[test]
fn a_placeholder_of_before_is_restored_after() {
    let says = Arc::default();
    let upstream = echo(&says);
    let mut gateway = Gateway::before(upstream.url());
    const SESSION: &str = "x-claude-code-session-id: one\r\n";
    let post = |gateway: &Gateway, body: &str| {
        let length = body.len();
        let head =
            format!("POST /up/x HTTP/1.1\r\nhost: localhost\r\n{SESSION}content-length: {length}\r\n\r\n");
        gateway.client().send(head).send(body).response()
    };
    assert_eq!(post(&gateway, &secret(1)).text(), secret(1));
    let placeholder = String::from_utf8(upstream.requests()[0].body.clone()).unwrap();
    assert!(placeholder.starts_with("\"<pl:AWS_ACCESS_KEY:"), "{placeholder}");
    for _ in 0..2 {
        let mut older = gateway.upgrade();
        assert_eq!(wait(&mut older.0).code(), Some(0));
        // Only the answer holds it.
        *says.lock().unwrap() = Some(format!("see {placeholder}"));
        assert_eq!(post(&gateway, "{}").text(), format!("see {}", secret(1)));
        *says.lock().unwrap() = None;
        assert_eq!(post(&gateway, &secret(1)).text(), secret(1));
        assert_eq!(upstream.requests().last().unwrap().body, placeholder.as_bytes());
    }
    ends_with_a_sound_log(&mut gateway);
    // One session, one manifest, everything in it.
    let manifests: Vec<_> =
        std::fs::read_dir(gateway.setup.path("state/audit/manifests")).unwrap().map(Result::unwrap).collect();
    assert_eq!(manifests.len(), 1, "{manifests:?}");
    let manifest: Value =
        serde_json::from_str(&std::fs::read_to_string(manifests[0].path()).unwrap()).unwrap();
    assert_eq!(manifest["redaction_total"], 3);
    assert_eq!(manifest["behavioral_fingerprint"]["request_count"], 5);
}

/// What the older one replaces after it has handed over is known to the successor too.
/// What the older one has counted, and what it still counts while it finishes.
#[test]
fn the_counters_go_on() {
    let (upstream, go) = slow();
    let mut gateway = Gateway::before(upstream.url());
    let state = |gateway: &Gateway| Client::connect(gateway.admin).get("/admin/state", "").json();
    let metrics = |gateway: &Gateway, name: &str| {
        let page = Client::connect(gateway.admin).get("/metrics", "");
        let page = String::from_utf8(page.body).unwrap();
        let line = page.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        line.unwrap_or_else(|| panic!("{name} in {page}")).parse::<f64>().unwrap()
    };
    let mut client = gateway.client();
    client.send_post("/up/x", secret(1));
    client.head().unwrap();
    client.chunk().unwrap();
    assert_eq!(gateway.client().get("/up/x", "").status, 200);
    wait_until(|| metrics(&gateway, "waterwall_requests_total") == 1.0);
    let before = state(&gateway);
    let mut older = gateway.upgrade();
    // Either of them may answer for a moment yet; both tell the same.
    let after = state(&gateway);
    for part in ["counters_5m", "recent_activity", "last_upstream_ok_ts"] {
        assert_eq!(after[part], before[part], "{part}");
    }
    assert_eq!(after["counters_5m"]["top_types"], json!([{"type": "AWS_ACCESS_KEY", "count": 1}]));
    assert_eq!(after["health"]["upstream_reachable"], true);
    assert_eq!(metrics(&gateway, "waterwall_redactions_total{type=\"AWS_ACCESS_KEY\"}"), 1.0);

    go.send(()).unwrap();
    while client.chunk().unwrap().is_some() {}
    drop(client);
    assert_eq!(wait(&mut older.0).code(), Some(0));
    wait_until(|| metrics(&gateway, "waterwall_restorations_total") == 1.0);
    assert_eq!(metrics(&gateway, "waterwall_requests_total"), 2.0, "not counted twice");
    let recent = state(&gateway)["recent_activity"].clone();
    assert_eq!(recent.as_array().map(Vec::len), Some(2), "{recent}");
    ends_with_a_sound_log(&mut gateway);
}

#[test]
fn a_placeholder_that_the_older_one_makes_later_is_restored_too() {
    let says = Arc::default();
    let upstream = echo(&says);
    let mut gateway = Gateway::before(upstream.url());
    let mut kept = gateway.client();
    assert_eq!(kept.post("/up/x", secret(1)).text(), secret(1));
    let mut older = gateway.upgrade();
    let answer = kept.post("/up/x", secret(2));
    assert_eq!((answer.text(), answer.header("connection")), (secret(2), Some("close")));
    assert!(kept.is_closed());
    assert_eq!(wait(&mut older.0).code(), Some(0));
    let placeholder = upstream.requests().last().unwrap().body.clone();
    *says.lock().unwrap() = Some(String::from_utf8(placeholder).unwrap());
    assert_eq!(gateway.client().post("/up/x", "{}").text(), secret(2));
    ends_with_a_sound_log(&mut gateway);
}

/// One request after the other, each on its own connection or on one that is kept for as long as the
/// gateway wants: none fails, through two upgrades.
#[test]
fn no_request_fails_meanwhile() {
    let upstream = echo(&Arc::default());
    let mut gateway = Gateway::before(upstream.url());
    let (agents, admin) = (gateway.agents, gateway.admin);
    let (done, served) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let (done, served) = (&done, &served);
        let mut threads = Vec::new();
        for n in 0..3 {
            threads.push(scope.spawn(move || {
                while !done.load(SeqCst) {
                    let answer = Client::connect(agents).post("/up/x", secret(n));
                    assert_eq!((answer.status, answer.text()), (200, secret(n)));
                    served.fetch_add(1, SeqCst);
                }
            }));
        }
        threads.push(scope.spawn(move || {
            let mut client = Client::connect(agents);
            while !done.load(SeqCst) {
                let answer = client.post("/up/x", secret(9));
                assert_eq!((answer.status, answer.text()), (200, secret(9)));
                if answer.header("connection") == Some("close") {
                    client = Client::connect(agents);
                }
            }
        }));
        threads.push(scope.spawn(move || {
            while !done.load(SeqCst) {
                assert_eq!(Client::connect(admin).get("/healthz", "").status, 200);
            }
        }));
        let until = |count: usize| {
            wait_until(|| served.load(SeqCst) >= count || threads.iter().any(|it| it.is_finished()));
        };
        for round in 0..2 {
            until(served.load(SeqCst) + 50);
            let mut older = gateway.upgrade();
            assert_eq!(wait(&mut older.0).code(), Some(0), "{round}");
        }
        until(served.load(SeqCst) + 50);
        done.store(true, SeqCst);
    });
    ends_with_a_sound_log(&mut gateway);
    let redactions = lines(&gateway).iter().filter(|line| line["line_type"] == "redaction").count();
    let receipts = std::fs::read_dir(gateway.setup.path("state/audit/receipts")).unwrap().count();
    assert!(redactions >= served.load(SeqCst));
    assert_eq!(redactions, receipts);
}

#[test]
fn an_armed_kill_switch_stays_armed() {
    let upstream = Scripted::answering(OK);
    let mut gateway = Gateway::before(upstream.url());
    let token = std::fs::read_to_string(gateway.setup.path("state/admin.token")).unwrap();
    let body = "{\"action\":\"arm\"}";
    let armed = Client::connect(gateway.admin)
        .send(format!(
            "POST /admin/killswitch HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
        .response();
    assert_eq!(armed.status, 200, "{}", armed.text());
    gateway.signal("USR1");
    let sources = |gateway: &Gateway| {
        Client::connect(gateway.admin).get("/healthz", "").json()["killswitch_sources"].clone()
    };
    wait_until(|| sources(&gateway) == json!(["sigusr1", "http"]));
    let mut older = gateway.upgrade();
    assert_eq!(sources(&gateway), json!(["sigusr1", "http"]));
    assert_eq!(gateway.client().get("/up/x", "").code(), "waterwall-killswitch-engaged");
    assert_eq!(wait(&mut older.0).code(), Some(0));
    ends_with_a_sound_log(&mut gateway);
    assert_eq!(upstream.connections(), 0);
}

/// A switch that is armed while the older one finishes stops that one too, and the other way round.
#[test]
fn both_obey_one_kill_switch_meanwhile() {
    let (upstream, go) = slow();
    let mut gateway = Gateway::before(upstream.url());
    // The older one answers once on each.
    let mut kept: Vec<_> = (0..200).map(|_| gateway.client()).collect();
    for client in &mut kept {
        assert_eq!(client.get("/up/x", "").status, 200);
    }
    let mut open = gateway.client();
    open.send_post("/up/x", "{}");
    open.head().unwrap();
    let older = gateway.upgrade();
    gateway.signal("USR1");
    wait_until(|| gateway.client().get("/up/x", "").status == 502);
    // Told within a look or two.
    let obeys = |client: &mut Client| {
        std::thread::sleep(Duration::from_millis(100));
        client.get("/up/x", "").code() == "waterwall-killswitch-engaged"
    };
    assert!(kept.iter_mut().any(obeys), "the older one goes on");
    signal(&older.0, "USR1");
    wait_until(|| gateway.client().get("/up/x", "").status == 200);
    go.send(()).unwrap();
}

#[test]
fn a_successor_that_cannot_take_over_leaves_everything_as_it_was() {
    let upstream = echo(&Arc::default());
    let mut gateway = Gateway::before(upstream.url());
    let yaml = std::fs::read_to_string(gateway.setup.path("waterwall.yaml")).unwrap();
    let refused = |yaml: &str, expected: &str| {
        let config = gateway.setup.file("other.yaml", yaml);
        let mut heir = gateway.setup.spawn_heir(&config);
        assert_eq!(wait(&mut heir).code(), Some(1));
        let said = std::fs::read_to_string(gateway.setup.path("stderr.heir")).unwrap();
        assert!(said.contains(expected), "{said}");
        let answer = gateway.client().post("/up/x", secret(1));
        assert_eq!((answer.status, answer.text()), (200, secret(1)));
    };
    refused("listen: [", "other.yaml");
    refused(&yaml.replace("listen: 127.0.0.1:0\nadmin", "listen: 127.0.0.1:9\nadmin"), "another listen");
    let elsewhere = gateway.setup.path("elsewhere.jsonl");
    refused(&format!("{yaml}audit: {{ chain: {} }}\n", elsewhere.display()), "another audit.chain");
    let key = gateway.setup.file("other.key", "not a key");
    refused(&format!("{yaml}audit: {{ signing_key: {} }}\n", key.display()), "other.key");
    // One that dies at any step.
    for steps in 0..3 {
        let mut socket = UnixStream::connect(gateway.setup.path("state/handover.sock")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        for step in 0..steps {
            assert!(socket.read(&mut [0; 1 << 16]).unwrap() > 0);
            // Ready; then Serving, out of turn.
            let message = if step == 0 { [2, 0, 0, 0, 0, 0, 0, 0, 0] } else { [7, 0, 0, 0, 0, 0, 0, 0, 0] };
            std::io::Write::write_all(&mut socket, &message).unwrap();
        }
        drop(socket);
        assert_eq!(gateway.client().post("/up/x", secret(2)).text(), secret(2));
    }
    // And then one that can.
    let mut older = gateway.upgrade();
    assert_eq!(wait(&mut older.0).code(), Some(0));
    assert_eq!(gateway.client().post("/up/x", secret(3)).text(), secret(3));
    ends_with_a_sound_log(&mut gateway);
}

/// Longer than the name of a socket may be.
#[test]
fn a_state_directory_with_a_long_name_is_as_good() {
    let upstream = Scripted::answering(OK);
    let setup = Setup::new([UpstreamConfig::generic(upstream.url())]).long_state_dir();
    let mut gateway = setup.start();
    let mut older = gateway.upgrade();
    assert_eq!(gateway.client().get("/up/x", "").status, 200);
    assert_eq!(wait(&mut older.0).code(), Some(0));
}

#[test]
fn a_successor_without_a_predecessor_is_told() {
    let setup = Setup::new([UpstreamConfig::generic("http://127.0.0.1:9")]);
    let gateway = setup.start();
    let config = gateway.setup.path("waterwall.yaml");
    let mut gateway = gateway;
    gateway.signal("TERM");
    gateway.wait();
    let mut heir = gateway.setup.spawn_heir(&config);
    assert_eq!(wait(&mut heir).code(), Some(1));
    let said = std::fs::read_to_string(gateway.setup.path("stderr.heir")).unwrap();
    assert!(said.contains("no gateway can be asked") && said.contains("without --upgrade"), "{said}");
}

/// The successor needs nothing more from it.
#[test]
fn the_older_one_may_be_killed_right_after() {
    let (upstream, go) = slow();
    let mut gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    client.send_post("/up/x", secret(1));
    client.head().unwrap();
    let mut older = gateway.upgrade();
    older.0.kill().unwrap();
    wait(&mut older.0);
    assert_eq!(gateway.client().get("/up/x", "").status, 200);
    let lock = gateway.setup.path("state/audit/proxy.jsonl.lock");
    wait_until(|| std::fs::read_to_string(&lock).unwrap() == gateway.id().to_string());
    drop(go);
    ends_with_a_sound_log(&mut gateway);
    let redactions = lines(&gateway).iter().filter(|line| line["line_type"] == "redaction").count();
    assert_eq!(redactions, 1, "what was acknowledged is there");
}

/// The older one's stream, and its lines, outlive the successor too.
#[test]
fn the_successor_may_be_killed_while_the_older_one_finishes() {
    let (upstream, go) = slow();
    let mut gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    client.send_post("/up/x", secret(1));
    client.head().unwrap();
    let mut older = gateway.upgrade();
    gateway.signal("KILL");
    gateway.wait();
    go.send(()).unwrap();
    assert_eq!(client.chunk().unwrap().unwrap(), b"first");
    assert_eq!(client.chunk().unwrap().unwrap(), secret(1).as_bytes());
    drop(client);
    assert_eq!(wait(&mut older.0).code(), Some(0));
    gateway.restart();
    ends_with_a_sound_log(&mut gateway);
}

#[test]
fn while_one_still_finishes_the_next_has_to_wait() {
    let (upstream, go) = slow();
    let mut gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    client.send_post("/up/x", "{}");
    client.head().unwrap();
    let mut older = gateway.upgrade();
    let mut heir = gateway.setup.spawn_heir(&gateway.setup.path("waterwall.yaml"));
    assert_eq!(wait(&mut heir).code(), Some(1));
    let said = std::fs::read_to_string(gateway.setup.path("stderr.heir")).unwrap();
    assert!(said.contains("still finishing"), "{said}");
    assert_eq!(gateway.client().get("/up/x", "").status, 200);
    go.send(()).unwrap();
    client.chunk().unwrap();
    drop(client);
    assert_eq!(wait(&mut older.0).code(), Some(0));
    let lock = gateway.setup.path("state/audit/proxy.jsonl.lock");
    wait_until(|| std::fs::read_to_string(&lock).unwrap() == gateway.id().to_string());
    let mut older = gateway.upgrade();
    assert_eq!(wait(&mut older.0).code(), Some(0));
    ends_with_a_sound_log(&mut gateway);
}

/// The manager accepts words of the main process only: so the older one says who that is, first.
#[test]
fn the_service_manager_is_told_who_is_the_main_process() {
    let upstream = Scripted::answering(OK);
    let setup = Setup::new([UpstreamConfig::generic(upstream.url())]);
    let path = setup.path("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let hear = || {
        let mut message = [0; 4096];
        let length = manager.recv(&mut message).expect("the manager is told");
        String::from_utf8(message[..length].to_vec()).unwrap()
    };
    let mut gateway = setup.env("NOTIFY_SOCKET", path.clone()).start();
    assert!(hear().starts_with("READY=1\n"));
    let mut older = gateway.upgrade();
    assert_eq!(hear(), format!("MAINPID={}\n", gateway.id()));
    assert!(hear().starts_with("READY=1\n"));
    assert_eq!(wait(&mut older.0).code(), Some(0));
    gateway.signal("TERM");
    assert!(hear().starts_with("STOPPING=1\n"), "the older one has said nothing more");
    assert_eq!(gateway.wait().code(), Some(0));
}

/// From within, by a signal: what a service manager's sandbox allows.
#[test]
fn it_starts_its_successor_itself_when_told_to() {
    struct Killed(String);
    impl Drop for Killed {
        fn drop(&mut self) {
            // Gone already as a rule.
            let _ = Command::new("kill").args(["-KILL", &self.0]).stderr(Stdio::null()).status();
        }
    }
    let upstream = echo(&Arc::default());
    let mut gateway = Gateway::before(upstream.url());
    let lock = gateway.setup.path("state/audit/proxy.jsonl.lock");
    gateway.signal("USR2");
    assert_eq!(gateway.wait().code(), Some(0));
    let holder = || std::fs::read_to_string(&lock).unwrap();
    wait_until(|| !holder().is_empty() && holder() != gateway.id().to_string());
    let heir = Killed(holder());
    assert_eq!(gateway.client().post("/up/x", secret(1)).text(), secret(1));
    assert!(Command::new("kill").args(["-TERM", &heir.0]).status().unwrap().success());
    let lock = std::fs::File::open(&lock).unwrap();
    wait_until(|| lock.try_lock().is_ok());
    drop(lock);
    gateway.restart();
    ends_with_a_sound_log(&mut gateway);
}

/// Where the directory's mode does not keep other users out, the gateway does.
#[test]
fn another_user_is_not_answered() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;
    let upstream = Scripted::answering(OK);
    let gateway = Gateway::before(upstream.url());
    if std::fs::metadata(gateway.setup.path("state")).unwrap().uid() != 0 {
        return; // Only root can become somebody else.
    }
    let socket = gateway.setup.path("state/handover.sock");
    for (path, mode) in [(".", 0o711), ("state", 0o711), ("state/handover.sock", 0o666)] {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(gateway.setup.path(path), mode).unwrap();
    }
    let script = "import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n\
                  s.settimeout(20)\nprint(len(s.recv(100)))";
    let heard = Command::new("python3").args(["-c", script]).arg(&socket).uid(12345).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&heard.stdout), "0\n", "{heard:?}");
    gateway.wait_for_log("the process at the other side belongs to user 12345");
    assert_eq!(gateway.client().get("/up/x", "").status, 200);
}
