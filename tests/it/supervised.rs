//! What a service manager hears: ready, signs of life, stopping. The manager is a datagram socket.

use std::os::unix::net::UnixDatagram;

use crate::harness::{Gateway, PATIENCE, Scripted, Setup, UpstreamConfig, signal, wait};

/// A gateway told of a manager that wants a sign of life each `period_us` microseconds.
fn supervised(period_us: &str) -> (UnixDatagram, Gateway) {
    let upstream = Scripted::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let setup = Setup::new([UpstreamConfig::generic(upstream.url())]);
    let path = setup.path("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let gateway = setup.env("NOTIFY_SOCKET", path).env("WATCHDOG_USEC", period_us).start();
    (manager, gateway)
}

fn hear(manager: &UnixDatagram) -> String {
    let mut message = [0; 4096];
    let length = manager.recv(&mut message).expect("the manager is told");
    String::from_utf8(message[..length].to_vec()).unwrap()
}

#[test]
fn it_is_told_when_both_ports_answer_and_when_they_stop() {
    let (manager, mut gateway) = supervised("3600000000");
    let ready = hear(&manager);
    assert_eq!(
        ready,
        format!("READY=1\nSTATUS=serving agents on {}, admin on {}\n", gateway.agents, gateway.admin)
    );
    assert_eq!(gateway.client().get("/up/x", "").status, 200);
    gateway.signal("TERM");
    assert_eq!(hear(&manager), "STOPPING=1\nSTATUS=finishing what is in flight\n");
    assert_eq!(gateway.wait().code(), Some(0));
}

/// `waterwall | head -1` leaves a gateway that goes on, and ends well when it is told to.
#[test]
fn nobody_has_to_read_its_announcement() {
    let setup = Setup::new([UpstreamConfig::generic("http://127.0.0.1:9")]);
    let path = setup.path("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let setup = setup.env("NOTIFY_SOCKET", path);
    let mut child = setup.spawn("127.0.0.1:0", "127.0.0.1:0");
    drop(child.stdout.take());
    // It announces itself, then says that it is ready.
    assert!(hear(&manager).starts_with("READY=1\n"));
    signal(&child, "TERM");
    assert_eq!(wait(&mut child).code(), Some(0), "{}", setup.stderr());
}

/// Also while the kill switch is armed and refuses everything: nothing of it is on the log.
#[test]
fn it_gets_signs_of_life_while_the_gateway_answers() {
    let (manager, mut gateway) = supervised("90000");
    assert!(hear(&manager).starts_with("READY=1\n"));
    gateway.setup.file("kill", "");
    for _ in 0..3 {
        assert_eq!(hear(&manager), "WATCHDOG=1\n");
    }
    let chain = std::fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    assert!(!chain.contains("killswitch"), "{chain}");
    gateway.signal("TERM");
    assert_eq!(gateway.wait().code(), Some(0));
}
