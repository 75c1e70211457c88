//! Many threads append to one chain.

use std::{collections::HashSet, sync::Mutex};

use crate::support::{Log, at, redaction};

const THREADS: u64 = 8;
const EACH: u64 = 1_000;

#[test]
fn every_thread_gets_its_own_lines_in_one_chain() {
    let log = Log::new();
    let (writer, _) = log.open();
    let numbers = Mutex::new(HashSet::new());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (writer, numbers) = (&writer, &numbers);
            scope.spawn(move || {
                for n in 0..EACH {
                    let appended = writer.append(redaction(thread * EACH + n), at(n)).unwrap();
                    assert!(numbers.lock().unwrap().insert(appended.seq), "a number given twice");
                }
            });
        }
    });
    writer.close(at(EACH)).unwrap();

    let text = String::from_utf8(log.bytes()).unwrap();
    assert_eq!(ids(&text).len() as u64, THREADS * EACH);
    assert_eq!(ids(&text).into_iter().collect::<HashSet<_>>().len() as u64, THREADS * EACH);
    // Each acknowledged number is the number of a redaction line.
    let lines: Vec<&str> = text.lines().collect();
    for seq in numbers.into_inner().unwrap() {
        let line = lines[usize::try_from(seq).unwrap() - 1];
        assert!(line.contains(&format!("\"seq\":{seq},")) && line.contains("\"redaction\""));
    }
    let (verdict, status) = (log.verify(), writer.status());
    assert_eq!((verdict.failure, verdict.uncovered), (None, 0));
    assert_eq!(verdict.lines, 1 + THREADS * EACH + verdict.checkpoints, "with the genesis line");
    assert!((75..=81).contains(&verdict.checkpoints), "{}", verdict.checkpoints);
    assert!(status.writes < verdict.lines, "{} writes", status.writes);
}

#[test]
fn lines_of_one_call_stay_together() {
    let log = Log::new();
    let (writer, _) = log.open();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let writer = &writer;
            scope.spawn(move || {
                for n in 0..100 {
                    let events = (0..3).map(|part| redaction(thread * 1_000_000 + n * 10 + part)).collect();
                    writer.append_all(events, at(n)).unwrap();
                }
            });
        }
    });
    let text = String::from_utf8(log.bytes()).unwrap();
    let ids = ids(&text);
    assert_eq!(ids.len(), 1_200);
    for group in ids.chunks(3) {
        assert_eq!((group[1], group[2]), (group[0] + 1, group[0] + 2));
    }
    assert!(log.verify().is_ok());
}

/// The numbers in the request ids, in the order of the lines.
fn ids(text: &str) -> Vec<u64> {
    let ids = text.split("\"req_").skip(1).map(|rest| rest.split('"').next().unwrap());
    ids.map(|id| id.parse().unwrap()).collect()
}
