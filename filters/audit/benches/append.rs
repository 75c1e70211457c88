//! What the audit log costs: appending a redaction with a gateway's settings, alone and with its
//! receipt; and all that one exchange with a secret writes.
//!
//! `cargo bench -p waterwall-audit`, on one core with `taskset -c 0` before it. A gateway leaves
//! syncing to its upkeep, and so does this. Nothing is deleted before the end: for five seconds ext4 gives a
//! deleted file's inode to no other, and looks at all such inodes one by one for each file that is made.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

use divan::{Bencher, counter::ItemsCount};
use waterwall_audit::{ChainWriter, Event, Redaction, SigningKey, WriterOptions};

const POLICY: &str = "b4fc4c826bc1b64a16bff14db6ede157f6c389c2c68a0a18dfe6ea4223b90bc4";

/// What goes away at the end.
static DIRECTORIES: Mutex<Vec<tempfile::TempDir>> = Mutex::new(Vec::new());

fn main() {
    divan::main();
    DIRECTORIES.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

struct Log {
    writer: ChainWriter,
    count: AtomicU64,
}

impl Log {
    fn new(receipts: bool) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let options = WriterOptions {
            sync_inline: false,
            receipts_dir: receipts.then(|| directory.path().join("receipts")),
            ..WriterOptions::new(SigningKey::generate().expect("random"))
        };
        let log = directory.path().join("proxy.jsonl");
        let (writer, _) = ChainWriter::open(&log, options, moment(0)).expect("opened");
        DIRECTORIES.lock().unwrap_or_else(PoisonError::into_inner).push(directory);
        Self { writer, count: AtomicU64::new(0) }
    }

    fn append(&self, event: Event) {
        let n = self.count.fetch_add(1, Relaxed);
        self.writer.append(event, moment(n)).expect("appended");
    }
}

fn moment(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_778_311_773_086 + millis)
}

fn redaction() -> Event {
    Event::Redaction {
        host: "api.anthropic.com".to_owned(),
        request_id: Some("req_011CSHoEeqs5C35K2UUqR7Fy".to_owned()),
        session_id: Some("b1946ac9-2b1f-4f0e-9b1e-000000000000".to_owned()),
        redactions: vec![Redaction { kind: "AWS_ACCESS_KEY".into(), hmac8: "d7d27033aabbccdd".to_owned() }],
        policy_hash: POLICY.to_owned(),
    }
}

fn restoration() -> [Event; 2] {
    let (host, request_id) =
        ("api.anthropic.com".to_owned(), Some("req_011CSHoEeqs5C35K2UUqR7Fy".to_owned()));
    let (session_id, policy_hash) =
        (Some("b1946ac9-2b1f-4f0e-9b1e-000000000000".to_owned()), POLICY.to_owned());
    [
        Event::RestorationOpened {
            host: host.clone(),
            request_id: request_id.clone(),
            session_id: session_id.clone(),
            streaming: true,
            policy_hash: policy_hash.clone(),
        },
        Event::RestorationClosed {
            host,
            request_id,
            session_id,
            streaming: true,
            detok_count: 1,
            unknown_placeholders: 0,
            types: vec!["AWS_ACCESS_KEY".into()],
            policy_hash,
        },
    ]
}

/// Lines alone, checkpoints included.
#[divan::bench(sample_count = 100, sample_size = 1_000)]
fn line(bencher: Bencher<'_, '_>) {
    let log = Log::new(false);
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| log.append(redaction()));
}

/// A line and its signed receipt, a file of its own.
#[divan::bench(sample_count = 100, sample_size = 100)]
fn line_and_receipt(bencher: Bencher<'_, '_>) {
    let log = Log::new(true);
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| log.append(redaction()));
}

/// What a turn with a secret that comes back writes: three lines and a receipt.
#[divan::bench(sample_count = 100, sample_size = 100)]
fn turn(bencher: Bencher<'_, '_>) {
    let log = Log::new(true);
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        log.append(redaction());
        restoration().into_iter().for_each(|event| log.append(event));
    });
}
