//! Forward mode against clients that want it down: what they hold is bounded, and everyone else
//! goes on.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::harness::{
    Client, Gateway, PATIENCE, PUBLIC, Scripted, Setup, Tunnel, UpstreamConfig, ran_in_own_network,
    wait_until,
};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A tunnel's or a request's connection, whatever becomes of it.
fn connect(gateway: &Gateway) -> TcpStream {
    let stream = TcpStream::connect(gateway.agents).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn admin_answers(gateway: &Gateway) -> bool {
    let Ok(stream) = TcpStream::connect(gateway.admin) else { return false };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut client = Client::over(stream);
    client.send("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
    client.try_response("GET").is_ok_and(|answer| answer.status == 200)
}

/// Whether an agent is served now; it tries again when it is turned away, as agents do.
fn agent_is_served(gateway: &Gateway) -> bool {
    let mut client = Client::over(connect(gateway));
    client.send("GET /up/x HTTP/1.1\r\nhost: localhost\r\n\r\n");
    client.try_response("GET").is_ok_and(|answer| answer.status == 200)
}

#[test]
fn a_flood_of_connects_and_half_open_handshakes() {
    let up = Scripted::answering(OK);
    let gateway = Setup::new([UpstreamConfig::generic(up.url())]).start();
    let mut held = Vec::new();
    for round in 0..100 {
        // Half a head; a tunnel without a handshake; half a hello; not TLS at all.
        let mut head = connect(&gateway);
        head.write_all(b"CONNECT up.test:443 HTTP/1.1\r\nx: ").unwrap();
        held.push(head);
        held.push(Tunnel::open(gateway.agents, "up.test:443").0);
        let mut hello = Tunnel::open(gateway.agents, "up.test:443").0;
        hello.write_all(&[22, 3, 1, 2, 0, 1]).unwrap();
        held.push(hello);
        let mut other = Tunnel::open(gateway.agents, "up.test:443").0;
        other.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        if round % 25 == 0 {
            assert!(admin_answers(&gateway) && agent_is_served(&gateway));
            // What is not TLS is told so, and closed.
            let mut said = Vec::new();
            let _ = other.read_to_end(&mut said);
            assert!(said.is_empty() || said[0] == 21, "{said:?}");
        }
    }
    assert!(admin_answers(&gateway) && agent_is_served(&gateway));
    // A handshake that never comes ends by itself.
    let mut silent = held.swap_remove(1);
    assert_eq!(silent.read(&mut [0]).unwrap_or(0), 0);
}

#[test]
fn descriptors_run_out_and_come_back() {
    let up = Scripted::answering(OK);
    let gateway = Setup::new([UpstreamConfig::generic(up.url())]).descriptors(64).start();
    let held: Vec<_> = (0..100).map(|_| connect(&gateway)).collect();
    // The silent give way while others wait, and the admin port has its own.
    wait_until(|| admin_answers(&gateway));
    wait_until(|| agent_is_served(&gateway));
    drop(held);
    wait_until(|| agent_is_served(&gateway));
    assert!(admin_answers(&gateway));
}

#[test]
fn tunnels_take_half_of_the_places_at_most() {
    if ran_in_own_network("forward_hostile::tunnels_take_half_of_the_places_at_most") {
        return;
    }
    let listener = TcpListener::bind((PUBLIC, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            // Closes when the other side does.
            thread::spawn(move || std::io::copy(&mut stream.unwrap(), &mut std::io::sink()));
        }
    });
    let up = Scripted::answering(OK);
    let gateway = Setup::new([UpstreamConfig::generic(up.url())])
        .with(&format!("forward: {{ tunnel_ports: [{port}] }}"))
        .descriptors(100)
        .start();
    let target = format!("{PUBLIC}:{port}");
    let mut held = Vec::new();
    let refusal = loop {
        match Tunnel::try_open(gateway.agents, &target) {
            Ok(tunnel) => held.push(tunnel),
            Err(refusal) => break refusal,
        }
        assert!(held.len() < 100, "no limit");
    };
    assert_eq!((refusal.status, refusal.code()), (503, "waterwall-busy"));
    assert_eq!(held.len(), 15, "half of (100 - 40) / 2");
    // Both sides are told what there is too little of.
    assert!(
        refusal.text().contains("what the file descriptors allow (ulimit -n, LimitNOFILE)"),
        "{}",
        refusal.text()
    );
    gateway.wait_for_log("descriptors=100 connections=30 tunnels=15");
    gateway.wait_for_log("allow 40040 descriptors");
    assert!(admin_answers(&gateway) && agent_is_served(&gateway));
    let mut client =
        Tunnel::open(gateway.agents, "up.test:443").tls(&gateway.setup.path("state/ca.pem"), "up.test");
    assert_eq!(client.get("/x", "").status, 200);
    drop(held);
    wait_until(|| Tunnel::try_open(gateway.agents, &target).is_ok());
}

/// 10,000 clients open a tunnel each and say nothing. As many are let in as the gateway has descriptors
/// for (all of them where 40,040 are allowed), the others are told, and everyone else goes on. `.ci/run`
/// asks for it.
#[test]
#[ignore = "opens 10,000 tunnels"]
fn ten_thousand_idle_tunnels() {
    if ran_in_own_network("forward_hostile::ten_thousand_idle_tunnels") {
        return;
    }
    let limit = raise_descriptors();
    let fit = ((limit - 40) / 4).min(10_000);
    let listener = TcpListener::bind((PUBLIC, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().map_while(Result::ok).collect::<Vec<_>>());
    let up = Scripted::answering(OK);
    let mut gateway = Setup::new([UpstreamConfig::generic(up.url())])
        .with(&format!("forward: {{ tunnel_ports: [{port}] }}"))
        .start();
    let target = format!("{PUBLIC}:{port}");
    let (mut held, mut refused) = (Vec::new(), 0);
    for _ in 0..10_000 {
        match Tunnel::try_open(gateway.agents, &target) {
            Ok(tunnel) => held.push(tunnel),
            Err(refusal) => {
                assert_eq!((refusal.status, refusal.code()), (503, "waterwall-busy"));
                refused += 1;
            }
        }
    }
    assert_eq!((held.len(), refused), (fit, 10_000 - fit));
    assert!(admin_answers(&gateway) && agent_is_served(&gateway));
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.id())).unwrap();
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next());
    let kib: usize = kib.unwrap().parse().unwrap();
    eprintln!("{fit} idle tunnels, {refused} refused: {kib} KiB");
    assert!(kib / fit < 64, "{kib} KiB");
    // The end of the gateway ends them all, and each is on the log.
    gateway.signal("TERM");
    assert_eq!(gateway.wait().code(), Some(0));
    drop(held);
    let log = std::fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    assert_eq!(log.matches(r#""line_type":"tunnel""#).count(), fit);
}

/// As many descriptors for this process and its children as the system gives them.
fn raise_descriptors() -> usize {
    let enough = Rlimit { current: Some(100_000), maximum: Some(100_000) };
    let limit = getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|most| most < 100_000) && setrlimit(Resource::Nofile, enough).is_err() {
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    }
    getrlimit(Resource::Nofile).current.map_or(usize::MAX, |it| it.try_into().unwrap())
}
