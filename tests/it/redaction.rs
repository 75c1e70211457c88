//! The main job over sockets: the upstream never sees a secret, the agent always does, and the log
//! says so without saying it.

use std::process::Command;

use serde_json::json;
use waterwall::echo::{Echo, EchoOptions, Encoding, Knobs};

use crate::harness::{Gateway, Scripted, Setup, Trailers, UpstreamConfig};

/// Looks like an AWS access key, made of pieces so that it is none.
fn secret() -> String {
    format!("AKIA{}", "FAKE7".repeat(4)[..16].to_owned())
}

fn message(text: &str, stream: bool) -> String {
    let messages = [json!({"role": "user", "content": text})];
    json!({"model": "m", "max_tokens": 10, "stream": stream, "messages": messages}).to_string()
}

/// A gateway before an echo provider that knows two dialects.
fn pair(knobs: Knobs) -> (Gateway, Echo) {
    let echo = Echo::start(EchoOptions { knobs, ..Default::default() }).unwrap();
    let setup = Setup::new([
        UpstreamConfig::anthropic(echo.url()),
        UpstreamConfig {
            host: "openai.test".into(),
            dialect: "openai",
            prefix: "/openai",
            url: echo.url(),
            ca_file: None,
        },
    ]);
    (setup.start(), echo)
}

fn contains(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[track_caller]
fn chain_verifies(gateway: &Gateway) {
    let state = gateway.setup.path("state");
    let output = Command::new(env!("CARGO_BIN_EXE_waterwall"))
        .arg("verify-chain")
        .arg(state.join("audit/proxy.jsonl"))
        .arg("--pubkey")
        .arg(state.join("signing.pub"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn secrets_leave_as_placeholders_and_come_back() {
    let (mut gateway, echo) = pair(Knobs { chunk: Some(1), ..Knobs::default() });
    let secret = secret();
    let text = format!("the key is {secret}, keep it");
    for (path, stream) in [
        ("/anthropic/v1/messages", false),
        ("/anthropic/v1/messages", true),
        ("/openai/v1/chat/completions", false),
        ("/openai/v1/chat/completions", true),
    ] {
        let answer = gateway.client().post(path, message(&text, stream));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(contains(&answer.body, &secret), "{path} {stream}: {}", answer.text());
        assert!(!contains(&answer.body, "<pl:"), "{path} {stream}");
    }
    let requests = echo.requests();
    assert_eq!(requests.len(), 4);
    for request in &requests {
        assert!(!contains(&request.body, &secret));
        assert!(contains(&request.body, "<pl:AWS_ACCESS_KEY:"));
    }
    // Logs at TRACE, and every file, are free of it.
    gateway.signal("TERM");
    assert_eq!(gateway.wait().code(), Some(0));
    chain_verifies(&gateway);
    let log = std::fs::read(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    assert!(contains(&log, "AWS_ACCESS_KEY"));
    assert!(!contains(&log, &secret));
    assert!(!gateway.setup.stderr().contains(&secret));
}

#[test]
fn the_agents_credentials_pass_and_are_logged_nowhere() {
    let (gateway, echo) = pair(Knobs::default());
    let credential = format!("sk-ant-api03-{}", "Zz9".repeat(31));
    let body = message("hello", false);
    let mut client = gateway.client();
    client.send(format!(
        "POST /anthropic/v1/messages?key={credential} HTTP/1.1\r\nhost: localhost\r\nx-api-key: {credential}\r\n\
         authorization: Bearer {credential}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ));
    assert_eq!(client.response().status, 200);
    let request = &echo.requests()[0];
    assert_eq!(request.header("x-api-key"), Some(credential.as_str()));
    assert_eq!(request.header("authorization"), Some(format!("Bearer {credential}").as_str()));
    assert_eq!(request.path, format!("/v1/messages?key={credential}"));
    // Refused ones must not be quoted either.
    gateway.client().get(&format!("/nowhere?key={credential}"), "");
    gateway.client().send(format!("GET / nonsense {credential}\r\n\r\n")).head().unwrap();
    gateway
        .client()
        .send(format!("{credential} /nowhere HTTP/1.1\r\nhost: localhost\r\n\r\n"))
        .head()
        .unwrap();
    assert!(!gateway.setup.stderr().contains(&credential));
}

#[test]
fn a_compressed_body_goes_on_uncompressed() {
    let (gateway, echo) = pair(Knobs::default());
    let body = message(&format!("key {}", secret()), false);
    let packed = zstd::bulk::compress(body.as_bytes(), 3).unwrap();
    let mut client = gateway.client();
    client.send(format!(
        "POST /openai/v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-encoding: zstd\r\ncontent-md5: x\r\ndigest: y\r\ncontent-digest: z\r\nrepr-digest: w\r\n\
         content-length: {}\r\n\r\n",
        packed.len()
    ));
    let answer = client.send(&packed).response();
    assert!(contains(&answer.body, &secret()));
    let request = &echo.requests()[0];
    for name in ["content-encoding", "content-md5", "digest", "content-digest", "repr-digest"] {
        assert_eq!(request.header(name), None, "{name}");
    }
    assert_eq!(request.header("content-length"), Some(request.body.len().to_string().as_str()));
    assert!(contains(&request.body, "<pl:AWS_ACCESS_KEY:"));
}

/// Two headers of a name are one list: whoever reads the first alone sees bytes that are no text.
#[test]
fn of_two_coding_or_type_headers_none_hides_a_secret() {
    let (gateway, echo) = pair(Knobs::default());
    let body = message(&format!("key {}", secret()), false);
    let packed = zstd::bulk::compress(body.as_bytes(), 3).unwrap();
    let post = |headers: &str, body: &[u8]| {
        let mut client = gateway.client();
        client.send(format!(
            "POST /openai/v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        ));
        client.send(body).response()
    };
    let picture = "content-type: image/png\r\n";
    let codings = "content-encoding: identity\r\ncontent-encoding: zstd\r\n";
    assert_eq!(post(&format!("{picture}{codings}"), &packed).status, 200);
    assert!(contains(&echo.requests()[0].body, "<pl:AWS_ACCESS_KEY:"));
    assert_eq!(echo.requests()[0].header("content-encoding"), None);

    let wide: Vec<u8> = body.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let answer = post(&format!("{picture}content-type: application/json\r\n"), &wide);
    assert_eq!((answer.status, answer.code()), (502, "waterwall-unscannable-body"));
    assert_eq!(echo.requests().len(), 1);
}

/// A message may come in several texts, and a secret in two of them.
#[test]
fn secrets_that_go_on_in_the_next_part() {
    let (gateway, echo) = pair(Knobs::default());
    let line = "FAKEfake".repeat(8);
    let (begin, end) =
        (format!("-----BEGIN {} KEY-----", "PRIVATE"), format!("-----END {} KEY-----", "PRIVATE"));
    let key = secret();
    let (before, after) = key.split_at(7);
    let texts = [
        format!("see {begin}\n{line}\n{}", &line[..9]),
        format!("{}\n{end} and {before}", &line[9..]),
        format!("{after}!"),
    ];
    let parts: Vec<_> = texts.iter().map(|text| json!({"type": "text", "text": text})).collect();
    let messages = [json!({"role": "user", "content": parts})];
    let body = json!({"model": "m", "max_tokens": 10, "messages": messages}).to_string();
    let answer = gateway.client().post("/anthropic/v1/messages", body);
    let seen = &echo.requests()[0].body;
    assert!(
        !contains(seen, "FAKEfake") && !contains(seen, &secret()[7..]),
        "{}",
        String::from_utf8_lossy(seen)
    );
    // The provider repeats the last text.
    assert!(contains(&answer.body, &texts[2]), "{}", answer.text());
    chain_verifies(&gateway);
}

/// A media type is a header, and may be anything: no message and no line quotes one that is not known.
#[test]
fn what_is_said_of_a_body_quotes_no_header() {
    let echo = Echo::start(EchoOptions::default()).unwrap();
    let anthropic = || UpstreamConfig::anthropic(echo.url());
    let pass = Setup::new([anthropic()]).with("redaction: { unscannable: pass }").start();
    let refuse = Setup::new([anthropic()]).start();
    let post = |gateway: &Gateway, media_type: &str| {
        let mut client = gateway.client();
        client.send(format!(
            "POST /anthropic/v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: {media_type}\r\ncontent-length: 2\r\n\r\n"
        ));
        client.send(b"\xFF\0").response()
    };
    let secret = "Tr0ub4dor-and-3";
    for media_type in [format!("application/{secret}"), format!("{secret}; charset={secret}")] {
        let answer = post(&refuse, &media_type);
        assert_eq!(answer.code(), "waterwall-unscannable-body");
        assert!(answer.text().contains("a body of type unknown"), "{}", answer.text());
        assert_eq!(post(&pass, &media_type).code(), "");
        for gateway in [&pass, &refuse] {
            let log = std::fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
            for text in [&log, &gateway.setup.stderr(), &answer.text()] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }
    assert!(post(&refuse, "Application/PDF; x=y").text().contains("a body of type application/pdf"));
}

#[test]
fn a_compressed_answer_is_restored() {
    for encoding in [Encoding::Gzip, Encoding::Br, Encoding::Zstd] {
        let (gateway, _echo) = pair(Knobs { encoding, ..Knobs::default() });
        for stream in [false, true] {
            let body = message(&format!("key {}", secret()), stream);
            let answer = gateway.client().post("/anthropic/v1/messages", body);
            assert_eq!(answer.header("content-encoding"), None);
            assert!(contains(&answer.body, &secret()), "{encoding:?} {stream}");
        }
    }
}

#[test]
fn bodies_that_cannot_be_scanned_are_refused() {
    let (gateway, echo) = pair(Knobs::default());
    let not_packed = "content-encoding: gzip\r\n";
    let unknown = "content-encoding: rot13\r\n";
    // A second media type that differs: the upstream may believe either.
    let charset = "content-type: application/json; charset=utf-7\r\n";
    for (headers, body) in [("", "{\"broken\": "), (not_packed, "{}"), (unknown, "{}"), (charset, "{}")] {
        let mut client = gateway.client();
        client.send(format!(
            "POST /anthropic/v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
            body.len()
        ));
        let answer = client.response();
        assert_eq!((answer.status, answer.code()), (502, "waterwall-unscannable-body"), "{headers}{body}");
        assert_eq!(answer.json()["type"], "error");
        // The body was read, so the connection is still good.
        assert_eq!(client.post("/anthropic/v1/messages", message("hi", false)).status, 200);
    }
    assert_eq!(echo.requests().len(), 4);
    chain_verifies(&gateway);
}

#[test]
fn a_secret_in_the_query_is_tokenized() {
    let (gateway, echo) = pair(Knobs::default());
    let path = format!("/anthropic/v1/messages?beta=true&note={}", secret());
    assert_eq!(gateway.client().post(&path, message("hi", false)).status, 200);
    let path = &echo.requests()[0].path;
    assert!(path.starts_with("/v1/messages?beta=true&note=%3Cpl%3AAWS_ACCESS_KEY%3A"), "{path}");
}

#[test]
fn a_large_body_is_scanned_too() {
    let (gateway, echo) = pair(Knobs::default());
    let text = format!("{}{}", "lorem ipsum ".repeat(1 << 16), secret());
    let answer = gateway.client().post("/anthropic/v1/messages", message(&text, true));
    assert!(contains(&answer.body, &secret()));
    assert!(!contains(&echo.requests()[0].body, &secret()));
}

/// The last bytes could still become a placeholder and are held back; no data frame says that it
/// is the last.
#[test]
fn trailers_end_an_answer() {
    let upstream = Trailers::answering(vec!["the key is ", "<pl:AWS_AC"]);
    let setup = Setup::new([]);
    let ca_file = Some(setup.file("root.pem", &upstream.root_pem));
    let gateway =
        setup.upstreams([UpstreamConfig { ca_file, ..UpstreamConfig::generic(upstream.url()) }]).start();
    let mut client = gateway.client();
    for _ in 0..2 {
        assert_eq!(client.post("/up/x", "{}").text(), "the key is <pl:AWS_AC");
        assert_eq!(client.get("/up/x", "").text(), "the key is <pl:AWS_AC");
    }
}

/// Results of batches and uploaded files come as types that say nothing; a part of a file must keep its length.
#[test]
fn answers_of_no_telling_type_are_restored() {
    let upstream = Scripted::start(|connection| {
        while let Some(request) = connection.request() {
            let (text, path) = (String::from_utf8(request.body.clone()).unwrap(), request.head.clone());
            let value = |head: &str| path.contains(head);
            let (status, kind) = match () {
                () if value("/part") => ("206 Partial Content", "application/octet-stream"),
                () if value("/binary") => ("200 OK", "application/binary"),
                () => ("200 OK", "application/octet-stream"),
            };
            connection.send(format!(
                "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\netag: \"a\"\r\naccept-ranges: bytes\r\n\
                 content-length: {}\r\n\r\n{text}",
                text.len()
            ));
        }
    });
    let gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    let (lines, text) = (
        format!("{{\"custom_id\":\"{0}\"}}\n{{\"b\":\"{0}\"}}\n", secret()),
        format!("[default]\nKEY={}\n", secret()),
    );
    let mut post = |path: &str, body: &str| {
        client.send(format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ));
        client.response()
    };
    for body in [&lines, &text] {
        for path in ["/up/v1/files/x/content", "/up/v1/binary"] {
            let whole = post(path, body);
            assert_eq!(whole.text(), *body, "{path}");
            // Places in what is restored are other places at the provider.
            assert_eq!((whole.header("accept-ranges"), whole.header("etag")), (None, None), "{path}");
        }
        let part = post("/up/part", body);
        assert!(part.text().contains("<pl:AWS_ACCESS_KEY:") && part.header("content-length").is_some());
    }
    assert!(upstream.requests().iter().all(|request| !contains(&request.body, &secret())));
}

/// The same over HTTP/1.1, where the end comes without bytes.
#[test]
fn held_back_bytes_leave_at_the_end() {
    let upstream = Scripted::start(|connection| {
        while connection.request().is_some() {
            connection
                .send("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n");
            connection.chunk("ends in <pl:AWS");
            std::thread::sleep(std::time::Duration::from_millis(20));
            connection.send("0\r\n\r\n");
        }
    });
    let gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    for _ in 0..2 {
        assert_eq!(client.post("/up/x", "{}").text(), "ends in <pl:AWS");
    }
}

#[test]
fn the_armed_switch_is_on_the_log() {
    let (gateway, echo) = pair(Knobs::default());
    std::fs::write(gateway.setup.path("kill"), "").unwrap();
    let answer = gateway.client().post("/anthropic/v1/messages", message("hi", false));
    assert_eq!(answer.code(), "waterwall-killswitch-engaged");
    assert!(echo.requests().is_empty());
    let log = std::fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    assert!(log.contains("\"killswitch\"") && log.contains("sentinel"), "{log}");
}

/// Law 8: what cannot be recorded is not forwarded; it heals when the log does.
#[test]
fn no_record_no_traffic() {
    let (gateway, echo) = pair(Knobs::default());
    let log = gateway.setup.path("state/audit/proxy.jsonl");
    let with_secret = message(&format!("key {}", secret()), false);
    assert_eq!(gateway.client().post("/anthropic/v1/messages", &with_secret).status, 200);
    let sound = std::fs::read(&log).unwrap();
    // Someone else's bytes at the end: the writer must not build on them.
    std::fs::write(&log, [sound.as_slice(), b"{\"forged\":true}\n"].concat()).unwrap();
    let answer = gateway.client().post("/anthropic/v1/messages", &with_secret);
    assert_eq!((answer.status, answer.code()), (502, "waterwall-chain-append-failed"), "{}", answer.text());
    let health = crate::harness::Client::connect(gateway.admin).get("/healthz", "");
    assert_eq!((health.status, health.json()["chain_intact"].as_bool()), (503, Some(false)));
    assert_eq!(echo.requests().len(), 1);
}

/// A log that may not grow any more refuses requests, changes nothing, and heals when it may.
#[test]
fn a_full_log_refuses_and_heals() {
    let (gateway, echo) = pair(Knobs::default());
    let log = gateway.setup.path("state/audit/proxy.jsonl");
    let with_secret = message(&format!("key {}", secret()), false);
    assert_eq!(gateway.client().post("/anthropic/v1/messages", &with_secret).status, 200);
    let limit = |bytes: &str| {
        let process = gateway.id().to_string();
        Command::new("prlimit")
            .args(["--pid", &process, &format!("--fsize={bytes}:")])
            .status()
            .unwrap()
            .success()
    };
    let size = std::fs::metadata(&log).unwrap().len();
    if !limit(&size.to_string()) {
        eprintln!("skipped: this user may not limit a process that keeps its memory to itself");
        return;
    }
    for _ in 0..3 {
        let answer = gateway.client().post("/anthropic/v1/messages", &with_secret);
        assert_eq!(
            (answer.status, answer.code()),
            (502, "waterwall-chain-append-failed"),
            "{}",
            answer.text()
        );
    }
    assert_eq!(echo.requests().len(), 1);
    assert!(limit("unlimited"));
    assert_eq!(gateway.client().post("/anthropic/v1/messages", &with_secret).status, 200);
    chain_verifies(&gateway);
}

/// Law 8 in mid-stream: the line that says restoring has begun cannot be written, so no restored
/// byte leaves, and the agent sees that the answer is not complete.
#[test]
fn a_restoration_that_cannot_be_recorded_aborts_the_stream() {
    let (forged, go_on) = std::sync::mpsc::channel::<()>();
    let go_on = std::sync::Mutex::new(go_on);
    let upstream = Scripted::start(move |connection| {
        let request = connection.request().unwrap();
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        connection.send("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n");
        connection.chunk("so far so good. ");
        go_on.lock().unwrap().recv().unwrap();
        connection.chunk(body["text"].as_str().unwrap());
        connection.send("0\r\n\r\n");
    });
    let gateway = Gateway::before(upstream.url());
    let mut client = gateway.client();
    client.send_post("/up/x", json!({ "text": secret() }).to_string());
    assert_eq!(client.head().unwrap().0, 200);
    assert_eq!(client.chunk().unwrap().unwrap(), b"so far so good. ");
    let log = gateway.setup.path("state/audit/proxy.jsonl");
    let sound = std::fs::read(&log).unwrap();
    std::fs::write(&log, [sound.as_slice(), b"{\"forged\":true}\n"].concat()).unwrap();
    forged.send(()).unwrap();
    assert!(client.chunk().is_err());
    gateway.wait_for_log("waterwall-chain-append-failed");
}

#[test]
fn the_model_is_told_of_placeholders_only_when_asked_for_and_always_alike() {
    let echo = Echo::start(EchoOptions::default()).unwrap();
    let setup = Setup::new([UpstreamConfig::anthropic(echo.url())]);
    let gateway = setup.with("redaction: { explain_placeholders: true }").start();
    for text in ["nothing to hide".to_owned(), format!("the key is {}", secret())] {
        let answer = gateway.client().post("/anthropic/v1/messages", message(&text, false));
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(contains(&answer.body, &text), "{}", answer.text());
    }
    let sent: Vec<serde_json::Value> =
        echo.requests().iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect();
    assert_eq!(sent[0]["system"], waterwall_core::explain::SENTENCE);
    assert_eq!(sent[0]["system"], sent[1]["system"]);
}

#[test]
fn a_secret_in_a_header_is_replaced_and_one_in_the_path_refused() {
    let upstream = Scripted::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    let gateway = Setup::new([UpstreamConfig::generic(upstream.url())]).start();
    let secret = secret();
    let headers =
        format!("x-turn: {{\"remote\":\"{secret}\"}}\r\nx-turn: plain\r\nauthorization: Bearer {secret}\r\n");
    let answer = gateway.client().get("/up/v1/things", &headers);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = upstream.requests().remove(0);
    let turns: Vec<_> = sent
        .head
        .lines()
        .filter(|line| line.to_ascii_lowercase().starts_with("x-turn: "))
        .map(|line| &line[8..])
        .collect();
    assert_eq!(turns.len(), 2, "{turns:?}");
    assert!(turns[0].starts_with("{\"remote\":\"<pl:AWS_ACCESS_KEY:"), "{turns:?}");
    assert_eq!(turns[1], "plain");
    assert_eq!(sent.header("authorization"), Some(format!("Bearer {secret}").as_str()));

    let refused = gateway.client().get(&format!("/up/v1/files/{secret}"), "");
    assert_eq!((refused.status, refused.code()), (502, "waterwall-unscannable-body"), "{}", refused.text());
    assert_eq!(upstream.requests().len(), 1);
    let log = std::fs::read_to_string(gateway.setup.path("state/audit/proxy.jsonl")).unwrap();
    assert_eq!(log.matches("\"line_type\":\"redaction\"").count(), 1, "{log}");
    assert!(!log.contains(&secret));
}
