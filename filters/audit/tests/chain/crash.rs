//! The writer dies, or its disk is full, in a process of its own: this test binary run again.

use std::{
    collections::HashSet,
    env,
    io::{BufRead, BufReader, Write},
    ops::Range,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use waterwall_audit::Fsync;

use crate::{
    receipts,
    support::{Log, at, open, redaction},
};

/// Where the child finds its log.
const LOG: &str = "WATERWALL_TEST_LOG";

/// This binary, to run one ignored test of it. `setup` is shell that comes before.
pub(crate) fn child(test: &str, log: &Log, setup: &str) -> Command {
    let mut command = Command::new("sh");
    // A setup that itself starts the program ends the line.
    let exec = if setup.starts_with("exec ") { "" } else { "exec" };
    let script = format!(r#"{setup} {exec} "$0" --exact {test} --ignored --nocapture"#);
    command.arg("-c").arg(script).arg(env::current_exe().unwrap()).env(LOG, &log.path);
    command
}

pub(crate) fn log_of_child() -> PathBuf {
    env::var_os(LOG).expect("run by its parent").into()
}

/// How many processes are killed: 30, or what this variable says (1,000 in `.ci/run`).
const ROUNDS: &str = "WATERWALL_KILL_ROUNDS";

/// As many on one log: reading it at each start is most of the time.
const ROUNDS_A_LOG: u64 = 50;

#[test]
fn what_was_acknowledged_survives_sigkill() {
    let rounds: u64 = env::var(ROUNDS).map_or(30, |rounds| rounds.parse().unwrap());
    let mut lines = 0;
    for first in (0..rounds).step_by(usize::try_from(ROUNDS_A_LOG).unwrap()) {
        lines += kill_writers_of_one_log(first..rounds.min(first + ROUNDS_A_LOG));
    }
    assert!(lines > rounds);
    eprintln!("{rounds} rounds: {lines} acknowledged lines, all there");
}

/// Returns how many lines were acknowledged, all of which are there.
fn kill_writers_of_one_log(rounds: Range<u64>) -> u64 {
    let log = Log::new();
    let mut acknowledged = Vec::new();
    for round in rounds {
        let mut child = child("crash::child_appends_until_killed", &log, "")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        while !first.starts_with("ack ") {
            first.clear();
            assert!(output.read_line(&mut first).unwrap() > 0, "the child failed");
        }
        // Every round dies at another moment.
        std::thread::sleep(Duration::from_micros(round * 613 % 7_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let rest = output.lines().map_while(Result::ok);
        let acks = std::iter::once(first.trim().to_owned()).chain(rest);
        acknowledged.extend(acks.filter_map(|line| line.strip_prefix("ack ").map(str::to_owned)));
    }
    let (writer, _) = receipts::open(&log.path, Fsync::Checkpoint);
    writer.close(at(0)).unwrap();
    let verdict = log.verify();
    assert_eq!((verdict.failure, verdict.uncovered), (None, 0));
    let text = String::from_utf8(log.bytes()).unwrap();
    let ids: HashSet<&str> =
        text.split("\"request_id\":\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    for id in &acknowledged {
        // An unfinished last number of the pipe is a prefix of a longer one, and not in here.
        assert!(ids.contains(id.as_str()), "{id} was acknowledged and is lost");
    }
    receipts::assert_paired(&log.path);
    acknowledged.len() as u64
}

#[test]
#[ignore = "a part of what_was_acknowledged_survives_sigkill"]
fn child_appends_until_killed() {
    let (writer, report) = receipts::open(&log_of_child(), Fsync::Checkpoint);
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let writer = &writer;
            // The log is longer in every round, so no id comes twice.
            let first = (report.lines * 3 + thread) * 1_000_000;
            scope.spawn(move || {
                for n in 0..1_000_000 {
                    writer.append(redaction(first + n), at(n)).unwrap();
                    let line = format!("ack req_{}\n", first + n);
                    std::io::stdout().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
}

#[test]
fn a_full_disk_refuses_lines_and_heals() {
    let log = Log::new();
    // Without this the system ends a process whose file grows beyond the limit.
    let output = child("crash::child_fills_its_disk", &log, "trap '' XFSZ;").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(log.verify().to_string(), "OK: 23 lines verified, 1 checkpoints valid");
}

#[test]
#[ignore = "a part of a_full_disk_refuses_lines_and_heals"]
fn child_fills_its_disk() {
    let path = log_of_child();
    let (writer, _) = open(&path, at(0));
    for n in 0..20 {
        writer.append(redaction(n), at(n)).unwrap();
    }
    let before = std::fs::read(&path).unwrap();
    let unlimited = getrlimit(Resource::Fsize);
    // Room for a part of a line, then for none at all.
    for room in [100, 0] {
        let limit = Rlimit { current: Some(before.len() as u64 + room), ..unlimited };
        setrlimit(Resource::Fsize, limit).unwrap();
        for n in 0..3 {
            let error = writer.append(redaction(n), at(n)).unwrap_err().to_string();
            assert!(error.contains("File too large"), "{error}");
            assert_eq!(std::fs::read(&path).unwrap(), before, "nothing changed");
            assert!(!writer.status().healthy);
        }
    }
    setrlimit(Resource::Fsize, unlimited).unwrap();
    assert_eq!(writer.append(redaction(20), at(20)).unwrap().seq, 22);
    assert!(writer.status().healthy);
    writer.close(at(21)).unwrap();
}
