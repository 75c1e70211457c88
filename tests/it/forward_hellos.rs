//! Forward mode: what a client may ask for in TLS, and when. Most hellos are made by hand, for no library
//! says what these say.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::client::{EchConfig, EchGreaseConfig, EchMode};
use rustls::crypto::aws_lc_rs;
use rustls::crypto::aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_128 as HPKE;
use rustls::crypto::hpke::Hpke as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use serde_json::Value;

use crate::harness::{
    Gateway, PATIENCE, PUBLIC, Scripted, Setup, Tunnel, UpstreamConfig, ran_in_own_network, trusting,
    wait_until,
};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// An alert of TLS: fatal, `unrecognized_name`.
const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];
/// What clients send for middleboxes: a change of ciphers.
const CHANGE: [u8; 6] = [20, 3, 3, 0, 1, 1];
/// Early data, as far as anyone can tell.
const EARLY: [u8; 9] = [23, 3, 3, 0, 4, 1, 2, 3, 4];

/// What stands for a server's random number where it asks for another hello (RFC 8446 §4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// A field whose length stands before it, in so many bytes.
fn field(width: usize, content: &[u8]) -> Vec<u8> {
    [&u32::try_from(content.len()).unwrap().to_be_bytes()[4 - width..], content].concat()
}

/// A record with one message of a handshake.
fn record(kind: u8, message: &[u8]) -> Vec<u8> {
    [&[22, 3, 1][..], &field(2, &[&[kind], &field(3, message)[..]].concat())].concat()
}

/// A hello of TLS 1.3 that asks for `name`; without a share of a key, a server has to ask for another.
fn hello(name: &str, share: Option<[u8; 32]>) -> Vec<u8> {
    let host = [&[0][..], &field(2, name.as_bytes())].concat();
    let share = share.map(|key| [&[0, 29][..], &field(2, &key)].concat()).unwrap_or_default();
    let extensions: Vec<u8> = [
        (0_u16, field(2, &host)),
        (10, field(2, &[0, 29])),
        (13, field(2, &[4, 3])),
        (43, field(1, &[3, 4])),
        (51, field(2, &share)),
    ]
    .into_iter()
    .flat_map(|(kind, content)| [&kind.to_be_bytes()[..], &field(2, &content)].concat())
    .collect();
    let start = [&[3, 3][..], &[7; 32], &[0], &field(2, &[0x13, 1]), &[1, 0]].concat();
    record(1, &[start, field(2, &extensions)].concat())
}

/// A server's hello with this random number; it chooses X25519 and TLS 1.3.
fn answer(random: [u8; 32]) -> Vec<u8> {
    let extensions = [0, 43, 0, 2, 3, 4, 0, 51, 0, 2, 0, 29];
    record(2, &[&[3, 3][..], &random, &[0, 0x13, 1, 0], &field(2, &extensions)].concat())
}

/// Each byte of a record's content as a record of its own.
fn in_fragments(record: &[u8]) -> Vec<u8> {
    record[5..].iter().flat_map(|byte| [22, 3, 1, 0, 1, *byte]).collect()
}

/// The next record that is not for middleboxes; `None` when the connection is closed instead.
fn next_record(stream: &mut TcpStream) -> Option<Vec<u8>> {
    loop {
        let mut record = vec![0; 5];
        stream.read_exact(&mut record).ok()?;
        record.resize(5 + usize::from(u16::from_be_bytes([record[3], record[4]])), 0);
        stream.read_exact(&mut record[5..]).unwrap();
        if record[0] != CHANGE[0] {
            return Some(record);
        }
    }
}

fn is_retry(record: &[u8]) -> bool {
    record[0] == 22 && record[5] == 2 && record[11..43] == RETRY
}

fn ca(gateway: &Gateway) -> PathBuf {
    gateway.setup.path("state/ca.pem")
}

#[test]
fn an_intercepted_tunnels_second_hello_names_the_same_host() {
    let gateway = Setup::new([UpstreamConfig::generic("http://127.0.0.1:1")]).start();
    for (name, accepted) in [("up.test", true), ("other.test", false), ("sub.up.test", false)] {
        let mut stream = Tunnel::open(gateway.agents, "up.test:443").0;
        stream.write_all(&hello("up.test", None)).unwrap();
        assert!(is_retry(&next_record(&mut stream).unwrap()), "a share was not there");
        stream.write_all(&hello(name, Some([9; 32]))).unwrap();
        // The gateway's own hello, or the end.
        let said = next_record(&mut stream).map(|record| (record[0], record[5]));
        assert_eq!(said, accepted.then_some((22, 2)), "{name}");
    }
}

/// A host that is not listed, for one connection: it reads so many bytes, says `says`, and then returns all it gets.
fn host(first: usize, says: Vec<u8>) -> (u16, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind((PUBLIC, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut got = vec![0; first];
        stream.read_exact(&mut got).unwrap();
        // Byte by byte, as far as the system lets them.
        stream.set_nodelay(true).unwrap();
        says.iter().for_each(|byte| stream.write_all(&[*byte]).unwrap());
        // A gateway that breaks off is the test's business.
        let _ = stream.read_to_end(&mut got);
        got
    });
    (port, serving)
}

fn tunnelling(port: u16) -> Gateway {
    let setup = Setup::new([UpstreamConfig::generic("http://127.0.0.1:1")]);
    setup.with(&format!("forward: {{ tunnel_ports: [{port}] }}")).start()
}

fn tunnel_line(gateway: &Gateway) -> Value {
    let log = gateway.setup.path("state/audit/proxy.jsonl");
    let mut line = Value::Null;
    wait_until(|| {
        let log = std::fs::read_to_string(&log).unwrap();
        let found = log.lines().find(|line| line.contains(r#""line_type":"tunnel""#));
        line = found.map(|line| serde_json::from_str(line).unwrap()).unwrap_or_default();
        !line.is_null()
    });
    line
}

/// The first hello asks for a host that is not listed, the second for one that is.
#[test]
fn a_blind_tunnels_second_hello_is_looked_at_too() {
    if ran_in_own_network("forward_hellos::a_blind_tunnels_second_hello_is_looked_at_too") {
        return;
    }
    let first = hello("other.test", None);
    let second = hello("UP.test.", Some([9; 32]));
    let retry = answer(RETRY);
    // What is said at once, and what after the answer.
    let cases = [
        (Vec::new(), second.clone(), Vec::new()),
        (Vec::new(), [&CHANGE[..], &second].concat(), CHANGE.to_vec()),
        (Vec::new(), in_fragments(&second), Vec::new()),
        // It need not wait; nor need what may come between the two.
        (second.clone(), Vec::new(), Vec::new()),
        ([&EARLY[..], &CHANGE, &second[..9]].concat(), second[9..].to_vec(), [&EARLY[..], &CHANGE].concat()),
        (EARLY[..7].to_vec(), [&EARLY[7..], &in_fragments(&second)].concat(), EARLY.to_vec()),
    ];
    for (at_once, after, passes) in cases {
        let (port, serving) = host(first.len(), retry.clone());
        let gateway = tunnelling(port);
        let mut tunnel = Tunnel::open(gateway.agents, &format!("{PUBLIC}:{port}")).0;
        tunnel.write_all(&[&first[..], &at_once].concat()).unwrap();
        let mut said = vec![0; retry.len()];
        tunnel.read_exact(&mut said).unwrap();
        assert_eq!(said, retry);
        for piece in after.chunks(7) {
            // It may be refused just now.
            let _ = tunnel.write_all(piece);
        }
        said.clear();
        tunnel.read_to_end(&mut said).unwrap();
        assert_eq!(said, UNRECOGNIZED_NAME);
        let sent = [&first[..], &passes].concat();
        assert_eq!(serving.join().unwrap(), sent, "not a byte of the second hello has passed");
        let line = tunnel_line(&gateway);
        assert_eq!(line["bytes_sent"], sent.len());
        assert_eq!(line["refused"], "the TLS server name is a listed host, which its CONNECT has to name");
    }
}

/// What may pass does, byte for byte: a second hello that names the first one's host, and whatever is said once no
/// other hello can be read.
#[test]
fn a_blind_tunnel_goes_on_after_its_hellos() {
    if ran_in_own_network("forward_hellos::a_blind_tunnel_goes_on_after_its_hellos") {
        return;
    }
    let first = hello("other.test", None);
    let again = [&CHANGE[..], &in_fragments(&hello("other.test", Some([9; 32]))), &EARLY].concat();
    let listed = hello("up.test", None);
    for (says, after) in [
        (answer(RETRY), [&again[..], &listed].concat()),
        (answer([1; 32]), [&listed[..], &EARLY, b"anything"].concat()),
        (b"nonsense".to_vec(), listed.clone()),
    ] {
        let (port, serving) = host(first.len(), says.clone());
        let gateway = tunnelling(port);
        let mut tunnel = Tunnel::open(gateway.agents, &format!("{PUBLIC}:{port}")).0;
        tunnel.write_all(&first).unwrap();
        let mut said = vec![0; says.len()];
        tunnel.read_exact(&mut said).unwrap();
        assert_eq!(said, says);
        tunnel.write_all(&after).unwrap();
        tunnel.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(serving.join().unwrap(), [&first[..], &after].concat());
        assert!(tunnel_line(&gateway)["refused"].is_null());
    }
}

/// A TLS server for `other.test`, with these settings: it sends back what it gets, until the test ends.
fn tls_server(mut config: ServerConfig, root: &CertifiedIssuer<'static, KeyPair>) -> u16 {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["other.test".to_owned()]).unwrap().signed_by(&key, root).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let chosen = aws_lc_rs::sign::any_supported_type(&key).unwrap();
    let identity = rustls::sign::CertifiedKey::new(vec![certificate.der().clone()], chosen);
    config.cert_resolver = Arc::new(rustls::sign::SingleCertAndKey::from(identity));
    let config = Arc::new(config);
    let listener = TcpListener::bind((PUBLIC, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = rustls::StreamOwned::new(connection, stream.unwrap());
            let mut buffer = [0; 64];
            while let Ok(read @ 1..) = tls.read(&mut buffer) {
                tls.write_all(&buffer[..read]).unwrap();
            }
        }
    });
    port
}

/// Real clients and servers, with and without another hello, in new sessions and in resumed ones.
#[test]
fn real_handshakes_pass_a_blind_tunnel() {
    if ran_in_own_network("forward_hellos::real_handshakes_pass_a_blind_tunnel") {
        return;
    }
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut only_p384 = aws_lc_rs::default_provider();
    only_p384.kx_groups = vec![aws_lc_rs::kx_group::SECP384R1];
    for (provider, version) in [
        (aws_lc_rs::default_provider(), &rustls::version::TLS12),
        (aws_lc_rs::default_provider(), &rustls::version::TLS13),
        // The client's first share is of another group.
        (only_p384, &rustls::version::TLS13),
    ] {
        let retries = provider.kx_groups.len() == 1;
        let server = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(rustls::server::ResolvesServerCertUsingSni::new()));
        let port = tls_server(server, &root);
        let gateway = tunnelling(port);
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(root.pem().as_bytes()).unwrap()).unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = Arc::new(client);
        for resumed in [false, true] {
            let stream = Tunnel::open(gateway.agents, &format!("{PUBLIC}:{port}")).0;
            let connection =
                ClientConnection::new(Arc::clone(&client), "other.test".try_into().unwrap()).unwrap();
            let mut tls = rustls::StreamOwned::new(connection, stream);
            let mut back = [0; 5];
            for said in [b"hello", b"again"] {
                tls.write_all(said).unwrap();
                tls.read_exact(&mut back).unwrap();
                assert_eq!(&back, said);
            }
            use rustls::HandshakeKind as Kind;
            let expected = match (resumed, retries) {
                (false, false) => &[Kind::Full][..],
                (false, true) => &[Kind::FullWithHelloRetryRequest],
                (true, false) => &[Kind::Resumed],
                // The first connection told it the group.
                (true, true) => &[Kind::Resumed, Kind::FullWithHelloRetryRequest],
            };
            let kind = tls.conn.handshake_kind().unwrap();
            assert!(expected.contains(&kind), "{version:?}: {kind:?}");
        }
    }
}

/// A client that encrypts the name it means where the key of `front` is known.
fn encrypting(front: &str, ca: &std::path::Path) -> ClientConfig {
    let (key, _) = HPKE.generate_key_pair().unwrap();
    let keys = [&[1, 0, 0x20][..], &field(2, &key.0), &field(2, &[0, 1, 0, 1])].concat();
    let contents = [&keys[..], &[64], &field(1, front.as_bytes()), &[0, 0]].concat();
    let list = field(2, &[&[0xfe, 0x0d][..], &field(2, &contents)].concat());
    with_ech(EchMode::Enable(EchConfig::new(list.into(), &[HPKE]).unwrap()), ca)
}

/// A client that pretends to, as browsers do.
fn pretending(ca: &std::path::Path) -> ClientConfig {
    let (key, _) = HPKE.generate_key_pair().unwrap();
    with_ech(EchMode::Grease(EchGreaseConfig::new(HPKE, key)), ca)
}

fn with_ech(mode: EchMode, ca: &std::path::Path) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    config.with_ech(mode).unwrap().with_root_certificates(roots).with_no_client_auth()
}

#[test]
fn a_pretended_encrypted_hello_is_served_and_a_real_one_names_another_host() {
    let up = Scripted::answering(OK);
    let gateway = Setup::new([UpstreamConfig::generic(up.url())]).start();
    let open = || Tunnel::open(gateway.agents, "up.test:443");
    let mut client = open().try_tls(pretending(&ca(&gateway)), "up.test").unwrap();
    assert_eq!(client.get("/x", "").status, 200);
    // What is told in plain is the name of whoever has the key, which is not the CONNECT's.
    let refused = open().try_tls(encrypting("front.test", &ca(&gateway)), "up.test").err().unwrap();
    assert!(refused.to_string().contains("UnrecognisedName"), "{refused}");
    gateway.wait_for_log("the TLS server name is not the CONNECT's");
    // One without either is as good as ever.
    assert_eq!(open().try_tls(trusting(&ca(&gateway)), "up.test").unwrap().get("/x", "").status, 200);
}

/// The name in plain counts; there is no telling whether another is encrypted.
#[test]
fn an_encrypted_hello_in_a_blind_tunnel_is_judged_by_its_outer_name() {
    let test = "forward_hellos::an_encrypted_hello_in_a_blind_tunnel_is_judged_by_its_outer_name";
    if ran_in_own_network(test) {
        return;
    }
    let setup = Setup::new([UpstreamConfig::generic("http://127.0.0.1:1")]);
    let gateway = setup.start();
    let ca = ca(&gateway);
    for (config, name, passes) in [
        (pretending(&ca), "other.test", true),
        (encrypting("front.test", &ca), "other.test", true),
        (encrypting("up.test", &ca), "other.test", false),
        (pretending(&ca), "up.test", false),
    ] {
        let mut client = ClientConnection::new(Arc::new(config), name.try_into().unwrap()).unwrap();
        let mut hello = Vec::new();
        client.write_tls(&mut hello).unwrap();
        let (port, serving) = host(if passes { hello.len() } else { 0 }, Vec::new());
        let gateway = tunnelling(port);
        let mut tunnel = Tunnel::open(gateway.agents, &format!("{PUBLIC}:{port}")).0;
        tunnel.write_all(&hello).unwrap();
        if passes {
            tunnel.shutdown(std::net::Shutdown::Write).unwrap();
        } else {
            let mut said = Vec::new();
            tunnel.read_to_end(&mut said).unwrap();
            assert_eq!(said, UNRECOGNIZED_NAME);
        }
        assert_eq!(serving.join().unwrap(), if passes { hello } else { Vec::new() });
        assert_eq!(tunnel_line(&gateway)["refused"].is_null(), passes);
    }
}
