//! A log is exported while its gateway goes on: the bundle ends where the copy of the log does.

use std::{fs, path::Path};

use waterwall_audit::{
    ChainWriter, Session, WriterOptions,
    evidence::{Exported, Source, Window, export},
};

use crate::bundles::verify;
use crate::forge::{Sample, at, redaction};

struct Live {
    sample: Sample,
    writer: ChainWriter,
}

impl Live {
    /// A log with three redactions and a session that has ended, and its writer.
    fn new() -> Self {
        let sample = Sample::new(0, false);
        let options = WriterOptions {
            receipts_dir: Some(sample.receipts()),
            manifests_dir: Some(sample.manifests()),
            ..WriterOptions::new(sample.key())
        };
        let (writer, _) = ChainWriter::open(&sample.chain(), options, at(0)).unwrap();
        let live = Self { sample, writer };
        live.go_on(1);
        live
    }

    /// Three more redactions, a session, and, as everything, a checkpoint.
    fn go_on(&self, from: u64) {
        let first = self.writer.place();
        for n in from..from + 3 {
            self.writer.append(redaction(n), at(n * 1_000)).unwrap();
        }
        let session = Session {
            session_id: Some("s-1".to_owned()),
            started: at(from * 1_000),
            first,
            requests: 3,
            redactions: 3,
            types: [("AWS_ACCESS_KEY".to_owned(), 3)].into(),
            unknown_placeholders: 0,
            policy_hash: String::new(),
        };
        self.writer.end_session(&session, at(from * 1_000 + 3_000)).unwrap().unwrap();
    }

    fn export(&self, chain: &Path) -> Result<Exported, String> {
        let source = Source {
            chain,
            policy: b"patterns: []\n",
            policy_text: None,
            policies: None,
            pem: self.sample.public_pem.as_bytes(),
            receipts: Some(&self.sample.receipts()),
            manifests: Some(&self.sample.manifests()),
            window: Window::default(),
            declare_missing: false,
        };
        let mut bytes = Vec::new();
        let exported = export(&source, &self.sample.key(), at(0), &mut bytes);
        let exported = exported.map_err(|error| error.to_string())?;
        let verdict = verify(&bytes, &self.sample);
        assert_eq!(verdict.failure, None);
        assert_eq!((verdict.lines, verdict.receipts as usize), (exported.lines, exported.receipts));
        assert_eq!(verdict.manifests as usize, exported.manifests);
        Ok(exported)
    }
}

#[test]
fn a_rotated_log_leaves_to_its_archive_what_is_the_archives() {
    let live = Live::new();
    live.go_on(10);
    let before = live.export(&live.sample.chain()).unwrap();
    assert_eq!((before.receipts, before.manifests), (6, 2));
    live.writer.rotate("by hand", at(20_000)).unwrap();
    live.go_on(30);
    let now = live.export(&live.sample.chain()).unwrap();
    assert_eq!((now.receipts, now.manifests), (3, 1));
    assert!(!now.notes.iter().any(|note| note.contains("newer")), "{:?}", now.notes);
}

/// A receipt that is older than the copy's end and of no line in it is no late one.
#[test]
fn what_is_not_newer_has_to_fit() {
    let live = Live::new();
    let receipts = live.sample.receipts();
    let first = fs::read_dir(&receipts).unwrap().map(|entry| entry.unwrap().path()).min().unwrap();
    let text = fs::read_to_string(first).unwrap().replace("req_1", "req_9");
    let forged = crate::forge::signed(crate::forge::object(&text), &live.sample.pem);
    fs::write(receipts.join("20260509T072934.086_req_9_s2.json"), forged).unwrap();
    let refused = live.export(&live.sample.chain()).unwrap_err();
    assert!(refused.contains("its redaction line is not in the chain"), "{refused}");
}

/// Threads append and rotate all the while; whatever is exported verifies.
#[test]
fn a_log_under_load_is_exported_whole() {
    let live = Live::new();
    let (stop, done) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let writer = &live.writer;
        scope.spawn(move || {
            // Each export reads all receipts: no more of them than that takes a moment for.
            for n in 101..1_500 {
                if done.try_recv() != Err(std::sync::mpsc::TryRecvError::Empty) {
                    break;
                }
                writer.append(redaction(n), at(n * 1_000)).unwrap();
                if n.is_multiple_of(300) {
                    writer.rotate("by hand", at(n * 1_000)).unwrap();
                }
            }
        });
        let exported: Vec<_> = (0..6).map(|_| live.export(&live.sample.chain())).collect();
        drop(stop);
        for exported in exported {
            exported.unwrap();
        }
    });
}
