//! The real gateway on a disk that fails: system calls of the running process made to fail by `strace`, a directory
//! that becomes read-only. What cannot be recorded does not leave; when the disk is well again, so is the gateway.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use waterwall::echo::{Echo, EchoOptions};

use crate::harness::{Gateway, Setup, UpstreamConfig, wait_until};

/// A gateway, what it sends on, and how many requests with a secret it has let through.
struct Bench {
    gateway: Gateway,
    echo: Echo,
    passed: usize,
}

impl Bench {
    fn start(yaml: &str) -> Self {
        let echo = Echo::start(EchoOptions::default()).unwrap();
        let gateway = Setup::new([UpstreamConfig::anthropic(echo.url())]).with(yaml).start();
        Self { gateway, echo, passed: 0 }
    }

    fn post(&mut self) -> (u16, String) {
        let secret = format!("AKIA{}", "FAKE".repeat(4));
        let body = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": secret}]});
        let answer = self.gateway.client().post("/anthropic/v1/messages", body.to_string());
        self.passed += usize::from(answer.status == 200);
        (answer.status, answer.code().to_owned())
    }

    #[track_caller]
    fn passes(&mut self) {
        assert_eq!(self.post().0, 200);
    }

    /// A request that is refused, and of which the provider sees nothing.
    #[track_caller]
    fn refuses(&mut self) {
        let before = self.echo.requests().len();
        assert_eq!(self.post(), (502, "waterwall-chain-append-failed".to_owned()));
        assert_eq!(self.echo.requests().len(), before, "it left all the same");
    }

    fn log(&self) -> PathBuf {
        self.gateway.setup.path("state/audit/proxy.jsonl")
    }

    /// Stops it, and looks whether the log has what left, no more and no less.
    fn holds(mut self, receipts: &Path) {
        self.gateway.signal("TERM");
        assert_eq!(self.gateway.wait().code(), Some(0));
        let verified = Command::new(env!("CARGO_BIN_EXE_waterwall"))
            .arg("verify-chain")
            .arg(self.log())
            .arg("--strict")
            .arg("--pubkey")
            .arg(self.gateway.setup.path("state/signing.pub"))
            .output()
            .unwrap();
        assert_eq!(verified.status.code(), Some(0), "{verified:?}");
        let log = fs::read_to_string(self.log()).unwrap();
        let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let recorded = lines.iter().filter(|line| line["line_type"] == "redaction").count();
        let left = self.echo.requests().len();
        assert_eq!((recorded, fs::read_dir(receipts).unwrap().count()), (left, left));
        // An answer may be cut because its restoration could not be recorded.
        assert!(self.passed <= left && self.passed > 0);
    }
}

/// `strace` on a running gateway: the calls named in `fault` fail on the log's own file until this is dropped.
struct Fault(Child);

impl Fault {
    /// `None`, with a word on it, where there is no strace or it may not trace.
    fn inject(bench: &Bench, fault: &str) -> Option<Self> {
        let calls = fault.split(':').next().unwrap();
        let started = Command::new("strace")
            .args(["-f", "-o", "/dev/null", "-P"])
            .arg(bench.log())
            .args(["-e", &format!("trace={calls}"), "-e", &format!("inject={fault}")])
            .args(["-p", &bench.gateway.id().to_string()])
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut child) = started else {
            eprintln!("skipped: there is no strace");
            return None;
        };
        // The rest of what it says is read on, so that it never waits for us.
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        if !line.contains("attached") {
            eprintln!("skipped: strace may not trace here: {line}");
            let _ = child.wait();
            return None;
        }
        std::thread::spawn(move || said.read_to_string(&mut String::new()));
        Some(Self(child))
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        // It lets go of the gateway when it is asked to end, and not when it is killed.
        let _ = Command::new("kill").arg("-INT").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

#[test]
fn failing_writes_of_the_log_refuse_and_pass() {
    let mut bench = Bench::start("");
    for fault in ["write:error=ENOSPC", "write:error=EIO", "write:error=EDQUOT:when=1+2", "write:retval=10"] {
        bench.passes();
        let Some(injected) = Fault::inject(&bench, fault) else { return };
        for _ in 0..3 {
            // One in two fails there: that of the request or that of the answer. What left is recorded as ever.
            if fault.contains("when") { drop(bench.post()) } else { bench.refuses() }
        }
        drop(injected);
        bench.passes();
    }
    // Neither is a failure: it is tried again, from where it got to.
    let Some(injected) = Fault::inject(&bench, "write:error=EINTR:when=1+2") else { return };
    for _ in 0..3 {
        bench.passes();
    }
    drop(injected);
    let receipts = bench.gateway.setup.path("state/audit/receipts");
    bench.holds(&receipts);
}

#[test]
fn failing_syncs_of_each_commit_refuse_and_pass() {
    let mut bench = Bench::start("audit: { fsync: every-commit }");
    bench.passes();
    let Some(injected) = Fault::inject(&bench, "fsync,fdatasync:error=EIO") else { return };
    for _ in 0..3 {
        bench.refuses();
    }
    drop(injected);
    for _ in 0..3 {
        bench.passes();
    }
    let receipts = bench.gateway.setup.path("state/audit/receipts");
    bench.holds(&receipts);
}

/// The line is on the log and the answer given when the sync behind a checkpoint fails: what comes next is refused until
/// the lines in question are known to be safe.
#[test]
fn a_failing_sync_of_a_checkpoint_refuses_what_comes_next() {
    let mut bench = Bench::start("audit: { checkpoint_lines: 1 }");
    bench.passes();
    let Some(injected) = Fault::inject(&bench, "fsync,fdatasync:error=EIO") else { return };
    wait_until(|| bench.post().0 == 502);
    for _ in 0..3 {
        bench.refuses();
    }
    drop(injected);
    wait_until(|| bench.post().0 == 200);
    for _ in 0..3 {
        bench.passes();
    }
    let receipts = bench.gateway.setup.path("state/audit/receipts");
    bench.holds(&receipts);
}

/// A file system of its own, taken away when dropped.
struct Mount(PathBuf);

impl Mount {
    /// `None`, with a word on it, where nothing can be mounted.
    fn tmpfs(directory: PathBuf) -> Option<Self> {
        fs::create_dir_all(&directory).unwrap();
        if !mount(&["-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs"], &directory) {
            eprintln!("skipped: a tmpfs cannot be mounted here");
            return None;
        }
        Some(Self(directory))
    }

    fn remount(&self, option: &str) -> bool {
        mount(&["-o", &format!("remount,{option}")], &self.0)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn mount(arguments: &[&str], directory: &Path) -> bool {
    let status = Command::new("mount").args(arguments).arg(directory).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The log is open for writing, so its file system cannot become read-only under it; the receipts' can.
#[test]
fn a_read_only_remount_while_running_refuses_and_passes() {
    let place = tempfile::tempdir().unwrap();
    let Some(receipts) = Mount::tmpfs(place.path().join("receipts")) else { return };
    let Some(logs) = Mount::tmpfs(place.path().join("logs")) else { return };
    let chain = logs.0.join("proxy.jsonl");
    let mut bench = Bench::start(&format!(
        "audit: {{ chain: {}, receipts_dir: {} }}",
        chain.display(),
        receipts.0.display()
    ));
    bench.passes();
    assert!(!logs.remount("ro"), "a file in it is open for writing");
    assert!(receipts.remount("ro"));
    for _ in 0..3 {
        bench.refuses();
    }
    let log = fs::read_to_string(&chain).unwrap();
    assert_eq!(log.matches("\"line_type\":\"redaction\"").count(), 1);
    assert!(receipts.remount("rw"));
    for _ in 0..3 {
        bench.passes();
    }
    bench.gateway.signal("TERM");
    assert_eq!(bench.gateway.wait().code(), Some(0));
    // And now that nothing holds it open, a start is refused.
    assert!(logs.remount("ro"));
    let config = bench.gateway.setup.path("waterwall.yaml");
    let refused =
        Command::new(env!("CARGO_BIN_EXE_waterwall")).args(["run", "--config"]).arg(config).output().unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("Read-only file system"), "{refused:?}");
    assert!(logs.remount("rw"));
    let verified = Command::new(env!("CARGO_BIN_EXE_waterwall"))
        .arg("verify-chain")
        .arg(&chain)
        .arg("--strict")
        .arg("--pubkey")
        .arg(bench.gateway.setup.path("state/signing.pub"))
        .status();
    assert_eq!(verified.unwrap().code(), Some(0));
    assert_eq!(fs::read_dir(&receipts.0).unwrap().count(), 4);
}
