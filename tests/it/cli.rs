//! The verbs of the command line, run as a user runs them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::SystemTime;

use serde_json::{Value, json};
use tempfile::TempDir;
use waterwall_audit::{ChainWriter, Event, Redaction, SigningKey, WriterOptions};

use crate::harness::{Ran, aws_key};

/// A home directory of its own, and the binary run inside it.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), text).expect("written");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waterwall"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().expect("started").into()
    }

    fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("started");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input).expect("read");
        drop(stdin);
        child.wait_with_output().expect("ended").into()
    }
}

#[test]
fn help_and_version_are_everywhere() {
    let home = Home::new();
    let verbs: [&[&str]; 9] = [
        &[],
        &["run"],
        &["init"],
        &["env"],
        &["launch"],
        &["scan"],
        &["verify-chain"],
        &["completions"],
        &["demo"],
    ];
    for verb in verbs {
        let help = home.run(&[verb, &["--help"]].concat());
        assert_eq!(help.code, Some(0), "{verb:?}: {help:?}");
        assert!(help.out.contains("Usage:"), "{verb:?}: {help:?}");
        let version = home.run(&[verb, &["--version"]].concat());
        assert_eq!(version.code, Some(0), "{verb:?}: {version:?}");
        assert!(version.out.contains(env!("CARGO_PKG_VERSION")), "{verb:?}: {version:?}");
    }
}

/// `waterwall cli-reference > docs/cli.md` brings it up to date.
#[test]
fn the_documented_command_line_is_the_real_one() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cli.md")).expect("there");
    let real = Home::new().run(&["cli-reference"]).out;
    assert!(page == real, "docs/cli.md is out of date: waterwall cli-reference > docs/cli.md");
}

#[test]
fn unknown_verbs_and_missing_arguments_exit_with_2() {
    let home = Home::new();
    for arguments in [&["frobnicate"][..], &["verify-chain"], &["launch"], &["run", "--port", "1"]] {
        let ran = home.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}");
        // One line what, one line what to do.
        let lines: Vec<_> = ran.err.lines().collect();
        assert!(lines.len() == 2 && lines[0].starts_with("error: "), "{arguments:?}: {ran:?}");
        assert!(lines[1].starts_with(" help: "), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn a_bad_configuration_stops_every_verb_that_needs_one() {
    let home = Home::new();
    home.write("bad.yaml", "listen: 127.0.0.1:0\nlisten_on: 1\n");
    let expected = "error: bad.yaml:2:1: unknown key \"listen_on\"\n help: Remove it, or use one of: \
                    listen, admin, state_dir, drain_seconds, upstreams, forward, redaction, vault, audit, kill_switch.\n";
    for verb in [&[][..], &["run"], &["env"]] {
        let ran = home.run(&[verb, &["--config", "bad.yaml"]].concat());
        assert_eq!((ran.code, ran.err.as_str()), (Some(1), expected), "{verb:?}");
    }
    let missing = home.run(&["run", "--config", "none.yaml"]);
    assert_eq!(missing.code, Some(1));
    assert!(missing.err.starts_with("error: none.yaml: there is no such file\n help: Create it"));
    let mut by_variable = home.command(&["env"]);
    let by_variable: Ran = by_variable.env("WATERWALL_CONFIG", "bad.yaml").output().expect("started").into();
    assert_eq!(by_variable.err, expected);
}

#[test]
fn init_makes_everything_once() {
    let home = Home::new();
    let first = home.run(&["init", "--dir", "conf"]);
    assert_eq!(first.code, Some(0), "{first:?}");
    let state = home.path().join(".local/state/waterwall");
    let mut expected = "created conf/waterwall.yaml\n".to_owned();
    for name in ["signing.key", "signing.pub", "ca.key", "ca.pem", "admin.token"] {
        expected += &format!("created {}\n", state.join(name).display());
    }
    assert_eq!(first.out, expected);
    let key = fs::read(state.join("signing.key")).expect("there");
    home.write("conf/waterwall.yaml", "# mine\n");

    let second = home.run(&["init", "--dir", "conf"]);
    let kept = |line: &str| line.starts_with("kept    ");
    assert!(second.out.lines().count() == 6 && second.out.lines().all(kept), "{second:?}");
    assert_eq!(fs::read(state.join("signing.key")).expect("there"), key);
    let config = fs::read_to_string(home.path().join("conf/waterwall.yaml")).expect("there");
    assert_eq!(config, "# mine\n");
}

#[test]
fn env_prints_what_a_shell_can_evaluate() {
    let home = Home::new();
    let ran = home.run(&["env"]);
    assert_eq!(
        ran.out,
        "# If HTTPS_PROXY is set, unset it for the agent: some send even 127.0.0.1 there.\n\
         export ANTHROPIC_BASE_URL='http://127.0.0.1:8888/anthropic'\n\
         export OPENAI_BASE_URL='http://127.0.0.1:8888/openai/v1'\n\
         export OPENAI_API_BASE='http://127.0.0.1:8888/openai/v1'\n\
         export DEEPSEEK_BASE_URL='http://127.0.0.1:8888/deepseek'\n\
         export DEEPSEEK_API_BASE='http://127.0.0.1:8888/deepseek'\n\
         export OPENROUTER_BASE_URL='http://127.0.0.1:8888/openrouter/api/v1'\n\
         export OPENROUTER_API_BASE='http://127.0.0.1:8888/openrouter/api/v1'\n\
         export GOOGLE_GEMINI_BASE_URL='http://127.0.0.1:8888/gemini'\n"
    );
    let script = format!("eval '{}' && printf %s \"$OPENAI_BASE_URL\"", ran.out.replace('\'', r"'\''"));
    let shell = Command::new("sh").args(["-c", &script]).output().expect("started");
    assert_eq!(shell.stdout, b"http://127.0.0.1:8888/openai/v1");
}

#[test]
fn env_in_proxy_mode_bundles_the_roots() {
    let home = Home::new();
    home.write("roots.pem", "# some roots");
    let mut command = home.command(&["env", "--mode", "proxy", "--shell", "fish"]);
    command.env("SSL_CERT_FILE", home.path().join("roots.pem"));
    let ran: Ran = command.output().expect("started").into();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let state = home.path().join(".local/state/waterwall");
    let bundle = state.join("ca-bundle.pem");
    for line in [
        "set -gx HTTPS_PROXY 'http://127.0.0.1:8888'".to_owned(),
        format!("set -gx NODE_EXTRA_CA_CERTS '{}'", state.join("ca.pem").display()),
        format!("set -gx SSL_CERT_FILE '{}'", bundle.display()),
    ] {
        assert!(ran.out.lines().any(|found| found == line), "{line} in {ran:?}");
    }
    let authority = fs::read_to_string(state.join("ca.pem")).expect("there");
    let text = fs::read_to_string(bundle).expect("written");
    assert_eq!(text, format!("# some roots\n{authority}"));
}

/// What is printed before the gateway has ever run names the CA that it will have.
#[test]
fn env_in_proxy_mode_makes_the_authority_where_there_is_none() {
    let home = Home::new();
    let ran = home.run(&["env", "--mode", "proxy"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let state = home.path().join(".local/state/waterwall");
    let authority = fs::read(state.join("ca.pem")).expect("made");
    assert_eq!(fs::metadata(state.join("ca.key")).expect("made").permissions().mode() & 0o777, 0o600);
    let init = home.run(&["init"]);
    assert!(init.out.contains(&format!("kept    {}", state.join("ca.pem").display())), "{init:?}");
    assert_eq!(home.run(&["env", "--mode", "proxy"]).out, ran.out);
    assert_eq!(fs::read(state.join("ca.pem")).expect("there"), authority);
}

/// The shell that evaluates it goes elsewhere.
#[test]
fn env_names_no_path_that_depends_on_the_working_directory() {
    let home = Home::new();
    home.write("own.yaml", "state_dir: state\n");
    for config in ["own.yaml", "./own.yaml"] {
        let made = home.run(&["init", "--config", config]);
        assert_eq!(made.code, Some(0), "{made:?}");
        let ran = home.run(&["env", "--mode", "proxy", "--config", config]);
        let line = format!("export NODE_EXTRA_CA_CERTS='{}'", home.path().join("state/ca.pem").display());
        assert!(ran.out.lines().any(|found| found == line), "{line} in {ran:?}");
    }
}

/// As for a user whose gateway is the machine's: its state directory is not theirs. Nobody may make a
/// file in /sys, root neither.
#[test]
fn env_in_proxy_mode_bundles_the_roots_for_a_user_who_is_not_the_gateways() {
    let home = Home::new();
    home.run(&["init"]);
    home.write("waterwall.yaml", "state_dir: /sys\nforward: { ca_dir: .local/state/waterwall }\n");
    let mut command = home.command(&["env", "--mode", "proxy"]);
    command.env("XDG_STATE_HOME", home.path().join("mine"));
    let ran: Ran = command.output().expect("started").into();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let own = home.path().join("mine/waterwall");
    let bundle = own.join("ca-bundle.pem");
    let line = format!("export SSL_CERT_FILE='{}'", bundle.display());
    assert!(ran.out.lines().any(|found| found == line), "{line} in {ran:?}");
    let authority = fs::read_to_string(home.path().join(".local/state/waterwall/ca.pem")).expect("there");
    assert!(fs::read_to_string(&bundle).expect("written").ends_with(&authority));
    assert_eq!(fs::metadata(&own).expect("made").permissions().mode() & 0o777, 0o700);

    // With its own earlier bundle named, the system's roots are taken, and not that bundle once more.
    command.env("SSL_CERT_FILE", &bundle);
    let again: Ran = command.output().expect("started").into();
    assert_eq!(again.out, ran.out);
    assert_eq!(fs::read_to_string(&bundle).expect("there").matches(&authority).count(), 1);

    // Nowhere to write at all.
    command.env("XDG_STATE_HOME", "/sys");
    let refused: Ran = command.output().expect("started").into();
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("/sys/waterwall"), "{refused:?}");
}

/// What is printed is taken by the shells themselves; those that are not installed are told.
#[test]
fn env_is_taken_by_each_shell() {
    let home = Home::new();
    let value = "http://127.0.0.1:8888/anthropic";
    for (syntax, shell, command) in [
        ("sh", "sh", "eval \"$(cat)\"; printf %s \"$ANTHROPIC_BASE_URL\""),
        ("sh", "bash", "eval \"$(cat)\"; printf %s \"$ANTHROPIC_BASE_URL\""),
        ("sh", "zsh", "eval \"$(cat)\"; printf %s \"$ANTHROPIC_BASE_URL\""),
        ("fish", "fish", "source; printf %s $ANTHROPIC_BASE_URL"),
        (
            "powershell",
            "pwsh",
            "Invoke-Expression ($input | Out-String); [Console]::Write($env:ANTHROPIC_BASE_URL)",
        ),
    ] {
        let printed = home.run(&["env", "--shell", syntax]).out;
        let mut child = match Command::new(shell)
            .args(["-c", command])
            .env("HOME", home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
        {
            Ok(child) => child,
            Err(_) => {
                eprintln!("SKIPPED: {shell} is not installed");
                continue;
            }
        };
        child.stdin.take().expect("a pipe").write_all(printed.as_bytes()).expect("read");
        let output = child.wait_with_output().expect("ended");
        assert_eq!(String::from_utf8_lossy(&output.stdout), value, "{shell}");
    }
}

/// Answers one request on a port of its own with `answer`; returns the URL.
fn health(answer: &'static str) -> (String, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/healthz", listener.local_addr().expect("bound"));
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut request = [0; 1024];
        let read = stream.read(&mut request).expect("a request");
        assert!(request[..read].starts_with(b"GET /healthz HTTP/1.1\r\n"));
        stream.write_all(answer.as_bytes()).expect("sent");
    });
    (url, server)
}

fn launch(home: &Home, url: &str, agent: &[&str]) -> Ran {
    let mut command = home.command(&[&["launch", "--"], agent].concat());
    command.env("WATERWALL_HEALTHZ_URL", url).output().expect("started").into()
}

#[test]
fn launch_becomes_the_agent_when_all_is_well() {
    let home = Home::new();
    let (url, server) = health("HTTP/1.1 200 OK\r\n\r\n{\"killswitch_active\":false}");
    let agent = ["sh", "-c", "printf '%s ' \"$ANTHROPIC_BASE_URL\" \"$@\"; exit 7", "sh", "-p", "--help"];
    let ran = launch(&home, &url, &agent);
    assert_eq!(ran.out, "http://127.0.0.1:8888/anthropic -p --help ", "{ran:?}");
    assert_eq!(ran.code, Some(7));
    server.join().expect("answered");
}

/// A base URL of before would lead the agent round the proxy, and so round the gateway.
#[test]
fn launch_by_proxy_leaves_no_way_round_it() {
    let home = Home::new();
    home.run(&["init"]);
    let (url, server) = health("HTTP/1.1 200 OK\r\n\r\n{\"killswitch_active\":false}");
    let mut command = home.command(&["launch", "--mode", "proxy", "--", "sh", "-c", "env"]);
    command.env("WATERWALL_HEALTHZ_URL", &url).env("ANTHROPIC_BASE_URL", "https://elsewhere.test");
    let ran: Ran = command.output().expect("started").into();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("HTTPS_PROXY=http://127.0.0.1:8888"), "{ran:?}");
    assert!(!ran.out.contains("BASE_URL"), "{ran:?}");
    server.join().expect("answered");
}

#[test]
fn launch_is_gated_when_anything_is_not() {
    let home = Home::new();
    let answers = [
        ("HTTP/1.1 503 no\r\n\r\n{}", "the gateway is not healthy: status 503"),
        ("HTTP/1.1 200 OK\r\n\r\nfine", "the answer from"),
        (
            "HTTP/1.1 200 OK\r\n\r\n{\"killswitch_active\":true,\"killswitch_sources\":[\"sentinel\"]}",
            "the kill switch is armed (sentinel)\n help: Disarm it",
        ),
        ("nonsense", "the gateway does not answer at"),
    ];
    for (answer, reason) in answers {
        let (url, server) = health(answer);
        let ran = launch(&home, &url, &["touch", "started"]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{answer}");
        let expected = format!("waterwall pre-launch-hook: BLOCK — {reason}");
        assert!(ran.err.starts_with(&expected), "{answer}: {ran:?}");
        server.join().expect("answered");
    }
    let unused = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound");
    let ran = launch(&home, &format!("http://{unused}/healthz"), &["touch", "started"]);
    assert_eq!(ran.code, Some(1));
    assert!(!home.path().join("started").exists());
}

#[test]
fn scan_tells_type_and_place_but_not_the_secret() {
    let home = Home::new();
    let secret = aws_key();
    home.write("a.txt", format!("one\nkey: {secret} end\n"));
    home.write("b.txt", "nothing here\n");

    let found = home.run(&["scan", "b.txt", "a.txt"]);
    assert_eq!((found.code, found.out.as_str()), (Some(1), "a.txt:2:6: AWS_ACCESS_KEY\n"), "{found:?}");
    let none = home.run(&["scan", "b.txt"]);
    assert_eq!((none.code, none.out.as_str(), none.err.as_str()), (Some(0), "", ""));

    let json = home.run_with_input(&["scan", "--json"], format!("é{secret}").as_bytes());
    assert_eq!(json.code, Some(1));
    let report: Value = serde_json::from_str(&json.out).expect("JSON");
    let finding = json!({
        "file": "-", "type": "AWS_ACCESS_KEY", "line": 1, "column": 3, "start": 2, "end": 22,
    });
    assert_eq!(report, json!({ "findings": [finding] }));
    for ran in [&found, &json] {
        assert!(!ran.out.contains(&secret) && !ran.err.contains(&secret));
    }
}

#[test]
fn scan_goes_on_after_a_file_it_cannot_read() {
    let home = Home::new();
    home.write("a.txt", aws_key());
    let ran = home.run(&["scan", "absent.txt", "a.txt"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), "a.txt:1:1: AWS_ACCESS_KEY\n"));
    assert!(ran.err.starts_with("error: cannot read absent.txt: No such file"), "{ran:?}");
}

#[test]
fn scan_finds_the_patterns_of_the_configuration() {
    let home = Home::new();
    home.write("p.yaml", "patterns: [{type: MY_TOKEN, regex: 'mytok_[a-z]{4}'}]\n");
    home.write("waterwall.yaml", "redaction: { extra_detectors: p.yaml }\n");
    let ran = home.run_with_input(&["scan"], b"x mytok_abcd");
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), "-:1:3: MY_TOKEN\n"), "{ran:?}");
}

#[test]
fn scan_jsonl_answers_each_line_at_once() {
    let home = Home::new();
    let mut command = home.command(&["scan", "--jsonl"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("started");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut stdout = child.stdout.take().expect("a pipe");
    let items = [
        (json!({"id": 1, "text": "nothing"}), json!({"id": 1, "spans": []})),
        (
            json!({"id": "b", "text": format!("é {}", aws_key()), "label": "ignored"}),
            json!({"id": "b", "spans": [[3, 23, "AWS_ACCESS_KEY"]]}),
        ),
    ];
    for (item, expected) in items {
        writeln!(stdin, "{item}").expect("sent");
        let mut answer = Vec::new();
        let mut byte = [0];
        while byte != *b"\n" {
            stdout.read_exact(&mut byte).expect("an answer while the input is still open");
            answer.extend(byte);
        }
        assert_eq!(serde_json::from_slice::<Value>(&answer).expect("JSON"), expected);
    }
    drop(stdin);
    assert_eq!(child.wait().expect("ended").code(), Some(0));
}

/// A text that is cut between the halves of a surrogate pair is scanned all the same; each half counts as
/// three bytes.
#[test]
fn scan_jsonl_takes_halves_of_surrogate_pairs() {
    let line = format!("{{\"id\":1,\"text\":\"\\ude00 {} \\ud83d\"}}\n", aws_key());
    let ran = Home::new().run_with_input(&["scan", "--jsonl"], line.as_bytes());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let answer: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(answer, json!({ "id": 1, "spans": [[4, 24, "AWS_ACCESS_KEY"]] }));
}

#[test]
fn scan_jsonl_refuses_bad_lines_without_quoting_them() {
    let home = Home::new();
    let secret = aws_key();
    let lines = [
        format!("{{\"id\":1}}{secret}"),
        format!("\"{secret}\""),
        format!("{{\"id\":1,\"txt\":\"{secret}\"}}"),
    ];
    for line in lines {
        let ran = home.run_with_input(&["scan", "--jsonl"], format!("\n{line}\n").as_bytes());
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{line}");
        assert!(ran.err.starts_with("error: -:2:") && !ran.err.contains(&secret), "{ran:?}");
    }
    let invalid = home.run_with_input(&["scan", "--jsonl"], b"{\"id\":1,\"text\":\"\xff\"}\n");
    assert_eq!(invalid.code, Some(2));
}

/// A log of `lines` redactions and one checkpoint after each two of them.
fn write_log(home: &Home, lines: usize) {
    let key = SigningKey::generate().expect("a key");
    home.write("signing.pub", key.public().to_pem().expect("PEM"));
    let mut options = WriterOptions::new(key);
    options.checkpoint_lines = 2;
    let now = SystemTime::now();
    let (writer, _) = ChainWriter::open(&home.path().join("log.jsonl"), options, now).expect("opened");
    for _ in 0..lines {
        let event = Event::Redaction {
            host: "api.anthropic.com".to_owned(),
            request_id: None,
            session_id: None,
            redactions: vec![Redaction { kind: "AWS_ACCESS_KEY".into(), hmac8: "0".repeat(16) }],
            policy_hash: "0".repeat(64),
        };
        writer.append(event, now).expect("appended");
    }
    // Dropped, not closed: closing would cover the end.
}

#[test]
fn verify_chain_gives_its_verdict() {
    let home = Home::new();
    write_log(&home, 3);
    let verify =
        |more: &[&str]| home.run(&[&["verify-chain", "log.jsonl", "--pubkey", "signing.pub"], more].concat());
    let sound = verify(&[]);
    assert_eq!((sound.code, sound.out.as_str()), (Some(0), "OK: 5 lines verified, 1 checkpoints valid\n"));
    let strict = verify(&["--strict"]);
    assert_eq!(strict.code, Some(3));
    let json: Value = serde_json::from_str(&verify(&["--json"]).out).expect("JSON");
    assert_eq!((&json["ok"], &json["lines"]), (&json!(true), &json!(5)));

    let log = fs::read_to_string(home.path().join("log.jsonl")).expect("there");
    home.write("log.jsonl", log.replacen("api.anthropic.com", "api.anthropic.org", 1));
    let broken = verify(&[]);
    let expected = "FAIL: first failure at seq 3: prev_hash mismatch at seq 3\n\
                    verified up to 2 lines, 0 checkpoints\n";
    assert_eq!((broken.code, broken.out.as_str()), (Some(1), expected));
}

#[test]
fn verify_chain_tells_unusable_input_from_a_broken_log() {
    let home = Home::new();
    write_log(&home, 1);
    home.write("not-a-key", "x");
    for arguments in [
        ["verify-chain", "absent", "--pubkey", "signing.pub"],
        ["verify-chain", "log.jsonl", "--pubkey", "absent"],
        ["verify-chain", "log.jsonl", "--pubkey", "not-a-key"],
        ["verify-chain", ".", "--pubkey", "signing.pub"],
    ] {
        let ran = home.run(&arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}: {ran:?}");
        assert_eq!(ran.err.lines().count(), 2, "{ran:?}");
    }
    home.write("empty", "");
    let empty = home.run(&["verify-chain", "empty", "--pubkey", "signing.pub"]);
    assert_eq!(empty.code, Some(1), "{empty:?}");
}

#[test]
fn secrets_are_added_listed_and_removed_but_never_shown() {
    let home = Home::new();
    home.write("waterwall.yaml", "state_dir: state\nredaction: { known_values: { env_files: [.env] } }\n");
    home.write(".env", "FROM_ENV=value-in-the-env-file\nPORT=8080\n");
    let added = home.run_with_input(&["secrets", "add", "DB"], b"blau-und-gelb-7\r\n");
    assert_eq!((added.code, &*added.out), (Some(0), "added DB (15 bytes)\n"), "{added:?}");
    let again = home.run_with_input(&["secrets", "add", "DB"], b"blau-und-gelb-8");
    assert_eq!((again.code, &*again.out), (Some(0), "replaced DB (15 bytes)\n"), "{again:?}");
    for weak in ["4711", "changeme", "http://localhost:80/", "/usr/lib"] {
        let refused = home.run_with_input(&["secrets", "add", "WEAK"], weak.as_bytes());
        assert_eq!(refused.code, Some(1), "{weak}");
        assert!(refused.err.contains("WEAK is not added") && !refused.err.contains(weak), "{}", refused.err);
    }
    let forced = home.run_with_input(&["secrets", "add", "PIN", "--force"], b"4711");
    assert_eq!(forced.code, Some(0), "{forced:?}");
    assert_eq!(home.run_with_input(&["secrets", "add", "PIN", "--force"], b"471").code, Some(1));
    assert_eq!(home.run_with_input(&["secrets", "add", "a b"], b"blau-und-gelb-7").code, Some(1));

    let list = home.run(&["secrets", "list"]);
    let rows: Vec<Vec<&str>> = list.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["NAME", "BYTES", "ADDED", "FROM"]);
    assert_eq!(rows[1][..3], ["FROM_ENV", "21", "-"]);
    assert_eq!(rows[2][..3], ["PORT", "4", "-"]);
    assert!(list.out.contains(".env:2 (not looked for: too short)"), "{}", list.out);
    assert_eq!((rows[3][0], rows[3][1], rows[3][3]), ("DB", "15", "store"));
    assert_eq!((rows[4][0], rows[4][1], rows[4][3]), ("PIN", "4", "store"));
    let json: Value = serde_json::from_str(&home.run(&["secrets", "list", "--json"]).out).expect("JSON");
    assert_eq!(json["secrets"][2]["name"], "DB");
    assert!(json["secrets"][2]["added"].as_str().expect("a date").ends_with('Z'));

    // What is scanned is what the gateway would replace.
    let scan = home.run_with_input(&["scan"], b"x blau-und-gelb-8 y 4711 value-in-the-env-file");
    assert_eq!(scan.out, "-:1:3: KNOWN_VALUE\n-:1:21: KNOWN_VALUE\n-:1:26: KNOWN_VALUE\n");
    assert!(scan.err.contains("PORT (too short)"), "{}", scan.err);

    assert_eq!(home.run(&["secrets", "remove", "DB"]).out, "removed DB\n");
    assert_eq!(home.run(&["secrets", "remove", "DB"]).code, Some(1));
    assert_eq!(home.run_with_input(&["scan"], b"x blau-und-gelb-8 y").code, Some(0));
    let hash = home.run_with_input(&["secrets", "hash"], b"abc\n");
    assert_eq!(hash.out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n");
    for ran in [&added, &again, &forced, &list, &scan] {
        assert!(!format!("{ran:?}").contains("blau") && !format!("{ran:?}").contains("value-in"), "{ran:?}");
    }
}

#[test]
fn completions_know_the_verbs() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = home.run(&["completions", shell]);
        assert_eq!(ran.code, Some(0), "{shell}");
        assert!(ran.out.contains("verify-chain"), "{shell}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let home = Home::new();
    let mut command = home.command(&["completions", "bash"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("started");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ended");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_state_directory_that_cannot_be_made_stops_the_start() {
    let home = Home::new();
    // Nobody can make a directory there, root neither.
    home.write("w.yaml", "listen: 127.0.0.1:0\nadmin: { listen: 127.0.0.1:0 }\nstate_dir: /proc/waterwall\n");
    let ran = home.run(&["--config", "w.yaml"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.starts_with("error: cannot make the directory /proc/waterwall: "), "{ran:?}");
    assert_eq!(ran.err.lines().count(), 2, "{ran:?}");
}

#[test]
fn the_demo_shows_all_four_sides() {
    let home = Home::new();
    let ran = home.run(&["demo"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let (sent, rest) = ran.out.split_once("2. The provider sees").expect("two parts");
    let (seen, back) = rest.split_once("3. The answer comes back").expect("three parts");
    assert!(sent.contains("AKIA") && !sent.contains("<pl:"), "{sent}");
    assert!(seen.contains("<pl:AWS_ACCESS_KEY:") && !seen.contains("AKIA"), "{seen}");
    assert!(back.contains("AKIA") && back.contains("\"line_type\":\"redaction\""), "{back}");
    // It leaves nothing behind.
    assert_eq!(fs::read_dir(home.path()).expect("there").count(), 0);
}
