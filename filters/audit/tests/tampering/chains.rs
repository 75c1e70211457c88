//! The table for the log.

use waterwall_audit::{
    Verdict,
    canonical::Value,
    verify::{Expectation, Remembered},
    verify_logs,
};

use crate::forge::{Sample, join, object, relink, resign, text_of, with};

/// What becomes of an altered log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Refused by every run.
    Refused,
    /// Refused with `--strict`; told without.
    Strict,
    /// Sound, but `--strict` ends with 3: so many lines are not covered.
    Uncovered(u64),
    /// Nothing in it can tell, which is told; a head refuses it.
    OnlyHead,
}
use Fate::{OnlyHead, Refused, Strict, Uncovered};

/// A log of 35 redactions: a genesis line, checkpoints after 10, 20, 30 (lines 12, 23, 34), and 5
/// lines that none covers.
fn open() -> Sample {
    Sample::new(35, false)
}

type Alter = fn(&mut Vec<String>, &Sample);

/// One alteration a row: what it is, how it is made, what becomes of it. All are of a log that ends
/// with five uncovered lines.
const TABLE: &[(&str, Alter, Fate)] = &[
    // The end.
    ("cut in the uncovered end", |lines, _| lines.truncate(36), Uncovered(2)),
    ("cut at the last checkpoint", |lines, _| lines.truncate(34), OnlyHead),
    ("cut inside the covered part", |lines, _| lines.truncate(30), Uncovered(7)),
    ("cut at the first checkpoint", |lines, _| lines.truncate(12), OnlyHead),
    ("cut back to one line", |lines, _| lines.truncate(1), Strict),
    ("cut to nothing", |lines, _| lines.clear(), Refused),
    ("last line edited", |lines, _| edit_last(lines), Uncovered(5)),
    ("uncovered lines rewritten", |lines, _| rewrite_end(lines), Uncovered(5)),
    ("uncovered lines added", |lines, _| add_line(lines), Uncovered(6)),
    ("older copy put back", |lines, _| lines.truncate(23), OnlyHead),
    ("a covered line edited", |lines, _| lines[4] = lines[4].replace("req_", "rec_"), Refused),
    ("a line deleted", |lines, _| drop(lines.remove(4)), Refused),
    ("the first line deleted", |lines, _| drop(lines.remove(0)), Refused),
    ("two lines swapped", |lines, _| lines.swap(4, 5), Refused),
    ("a line twice", |lines, _| lines.insert(4, lines[4].clone()), Refused),
    ("a checkpoint replayed at the end", |lines, _| lines.push(lines[33].clone()), Refused),
    ("a checkpoint replayed and relinked", |lines, _| replay(lines), Refused),
    ("the last checkpoint's kind altered", |lines, _| edit(lines, 33, "line_type", "warn"), Refused),
    // No anchor.
    ("all checkpoints removed and relinked", |lines, _| without_checkpoints(lines), Strict),
    ("a whole log invented", |lines, _| invent(lines), Strict),
    ("the genesis line names another key", |lines, _| edit(lines, 0, "public_key", "AAAA"), Refused),
    ("a second genesis line", |lines, _| second_genesis(lines), Refused),
    // Numbers and time, in lines that nothing signs yet.
    ("a gap in seq", |lines, _| renumber(lines, 100), Refused),
    ("seq repeated", |lines, _| renumber(lines, 38), Refused),
    ("seq going back", |lines, _| renumber(lines, 2), Refused),
    (
        "seq missing",
        |lines, _| {
            let last = lines.pop().unwrap();
            lines.push(without(&last, "seq"));
        },
        Refused,
    ),
    ("time going back", |lines, _| edit_last_ts(lines, "2020-01-01T00:00:00.000+00:00"), Refused),
    ("time in another form", |lines, _| edit_last_ts(lines, "2030-01-01T00:00:00Z"), Refused),
    // Bytes.
    ("other spacing", |lines, _| lines[4] = lines[4].replace("\":", "\": "), Refused),
    ("another order of members", |lines, _| reorder(lines), Refused),
    ("another escape", |lines, _| lines[4] = lines[4].replace("req_", "re\\u0071_"), Refused),
    ("a member twice", |lines, _| lines[4] = lines[4].replacen('{', "{\"seq\":5,", 1), Refused),
    ("a blank line", |lines, _| lines.insert(4, String::new()), Refused),
    ("a blank line at the end", |lines, _| lines.push(String::new()), Refused),
    ("CR line ends", |lines, _| lines.iter_mut().for_each(|line| line.push('\r')), Refused),
    ("a byte order mark", |lines, _| lines[0].insert(0, '\u{feff}'), Refused),
    ("junk in base64", |lines, _| lines[33] = lines[33].replace("==\"", "\\n==\""), Refused),
    (
        "half a line",
        |lines, _| {
            let last = lines.pop().unwrap();
            lines.push(last[..40].to_owned());
        },
        Refused,
    ),
    // With the key.
    ("a checkpoint by another key", |lines, _| another_key(lines), Refused),
    (
        "history signed anew",
        |lines, sample| {
            edit(lines, 4, "host", "x");
            *lines = resign(lines, &sample.pem);
            lines.truncate(34);
        },
        OnlyHead,
    ),
    (
        "history signed anew, the same length",
        |lines, sample| {
            edit(lines, 4, "host", "x");
            *lines = resign(lines, &sample.pem);
        },
        Uncovered(5),
    ),
];

fn edit(lines: &mut [String], n: usize, member: &str, value: &str) {
    lines[n] = with(&lines[n], member, value);
}

fn edit_last(lines: &mut [String]) {
    let last = lines.len() - 1;
    edit(lines, last, "host", "elsewhere");
}

fn edit_last_ts(lines: &mut [String], ts: &str) {
    let last = lines.len() - 1;
    edit(lines, last, "ts", ts);
}

fn rewrite_end(lines: &mut Vec<String>) {
    for n in 34..lines.len() {
        edit(lines, n, "host", "elsewhere");
    }
    *lines = relink(lines);
}

fn add_line(lines: &mut Vec<String>) {
    let line = with(lines.last().unwrap(), "seq", lines.len() as u64 + 1);
    lines.push(line);
    *lines = relink(lines);
}

fn replay(lines: &mut Vec<String>) {
    let line = with(&lines[33], "seq", lines.len() as u64 + 1);
    lines.push(line);
    *lines = relink(lines);
}

fn without_checkpoints(lines: &mut Vec<String>) {
    lines.retain(|line| !line.contains("\"checkpoint\""));
    for (n, line) in lines.iter_mut().enumerate() {
        *line = with(line, "seq", n as u64 + 1);
    }
    *lines = relink(lines);
}

fn invent(lines: &mut Vec<String>) {
    lines.truncate(5);
    for line in &mut lines[1..] {
        *line = with(line, "host", "invented");
    }
    *lines = relink(lines);
}

fn second_genesis(lines: &mut Vec<String>) {
    let line = with(&lines[0], "seq", lines.len() as u64 + 1);
    lines.push(with(&line, "ts", "2030-01-01T00:00:00.000+00:00"));
    *lines = relink(lines);
}

fn renumber(lines: &mut [String], seq: u64) {
    let last = lines.len() - 1;
    lines[last] = with(&lines[last], "seq", seq);
}

fn without(line: &str, member: &str) -> String {
    let mut object = object(line);
    object.remove(member);
    text_of(object)
}

fn reorder(lines: &mut [String]) {
    let members: Vec<String> = object(&lines[4])
        .into_iter()
        .rev()
        .map(|(name, value): (String, Value)| format!("\"{name}\":{}", value.to_canonical()))
        .collect();
    lines[4] = format!("{{{}}}", members.join(","));
}

fn another_key(lines: &mut Vec<String>) {
    let other = waterwall_audit::SigningKey::generate().unwrap().to_pem().unwrap();
    *lines = resign(lines, &other);
}

fn judge(bytes: &[u8], sample: &Sample, strict: bool, head: Option<&Remembered>) -> Verdict {
    verify_logs([bytes], &sample.public(), Expectation { strict, remembered: head }).unwrap()
}

#[test]
fn every_alteration_is_refused_or_told() {
    let sample = open();
    let original = sample.lines();
    assert_eq!(original.len(), 39);
    let whole = judge(&join(&original), &sample, false, None);
    let head = Remembered::Head(whole.head.unwrap());
    assert!(judge(&join(&original), &sample, true, Some(&head)).is_ok(), "the control");

    for (name, alter, fate) in TABLE {
        let mut lines = original.clone();
        alter(&mut lines, &sample);
        assert_ne!(lines, original, "{name}");
        let bytes = join(&lines);
        let plain = judge(&bytes, &sample, false, None);
        let strict = judge(&bytes, &sample, true, None);
        let found = match (plain.is_ok(), strict.is_ok()) {
            (false, false) => Refused,
            (true, false) => Strict,
            (true, true) if strict.uncovered > 0 => Uncovered(strict.uncovered),
            _ => OnlyHead,
        };
        assert_eq!(found, *fate, "{name}: {plain} {strict}");
        assert!(*fate == Refused || !plain.notes.is_empty(), "{name}: nothing is told");
        // Lines that were added after it do not touch what a head remembers.
        let with_head = judge(&bytes, &sample, false, Some(&head));
        assert_eq!(with_head.is_ok(), *name == "uncovered lines added", "{name}: {with_head}");
    }
}

#[test]
fn a_lost_newline_is_told_and_strictly_refused() {
    let sample = open();
    let mut bytes = join(&sample.lines());
    bytes.pop();
    let plain = judge(&bytes, &sample, false, None);
    assert!(plain.is_ok() && plain.notes.iter().any(|note| note.contains("newline")), "{plain:?}");
    assert!(judge(&bytes, &sample, true, None).to_string().contains("no newline at the end of seq 39"));
}

#[test]
fn no_flipped_bit_of_a_covered_log_goes_unnoticed() {
    let sample = Sample::new(3, true);
    let bytes = join(&sample.lines());
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        assert!(!judge(&flipped, &sample, true, None).is_ok(), "byte {at}");
    }
}

/// Each line left out, doubled, swapped with the next; each member of each line left out, doubled, given another
/// value, once as it stands and once with every later line tied to it again: nothing passes for the log that was signed.
#[test]
fn no_line_and_no_member_can_go_or_change() {
    let sample = Sample::new(3, true);
    let original = sample.lines();
    let head = Remembered::Head(judge(&join(&original), &sample, true, None).head.unwrap());
    let refused = |lines: &[String], what: &str| {
        let verdict = judge(&join(lines), &sample, true, None);
        assert!(!verdict.is_ok() || verdict.uncovered > 0, "{what}: {verdict}");
        assert!(!judge(&join(lines), &sample, false, Some(&head)).is_ok(), "{what}, by the head");
    };
    for n in 0..original.len() {
        let mut gone = original.clone();
        gone.remove(n);
        refused(&gone, "a line gone");
        refused(&relink(&gone), "a line gone, tied again");
        let mut twice = original.clone();
        twice.insert(n, original[n].clone());
        refused(&twice, "a line twice");
        refused(&relink(&twice), "a line twice, tied again");
        if n + 1 < original.len() {
            let mut swapped = original.clone();
            swapped.swap(n, n + 1);
            refused(&swapped, "two lines swapped");
            refused(&relink(&swapped), "two lines swapped, tied again");
        }
        for (member, value) in object(&original[n]) {
            let what = |how: &str| format!("{member} of line {n} {how}");
            let put = |line: String| [&original[..n], &[line], &original[n + 1..]].concat();
            let lost = put(without(&original[n], &member));
            refused(&lost, &what("left out"));
            if member != "prev_hash" {
                refused(&relink(&lost), &what("left out, tied again"));
            }
            let text = value.to_canonical();
            let doubled = original[n].replacen('{', &format!("{{\"{member}\":{text},"), 1);
            refused(&put(doubled), &what("twice"));
            for other in [Value::Null, Value::Bool(true), "x".into(), 0_u64.into(), Value::Array(vec![])] {
                let changed = put(with(&original[n], &member, other.clone()));
                if other != value {
                    refused(&changed, &what("changed"));
                }
                if other != value && member != "prev_hash" {
                    refused(&relink(&changed), &what("changed, tied again"));
                }
            }
        }
    }
}

#[test]
fn a_note_is_a_head_too() {
    use waterwall_audit::transparency::{Follower, note_path};
    let sample = Sample::new(30, true);
    let lines = sample.lines();
    Follower::new(&sample.chain(), sample.key()).catch_up(u64::MAX).unwrap();
    let note = std::fs::read_to_string(note_path(&sample.chain())).unwrap();
    let head = Remembered::read(&note, &sample.public()).unwrap();
    assert_eq!(head.lines(), lines.len() as u64);
    assert!(judge(&join(&lines), &sample, true, Some(&head)).is_ok());
    let cut = judge(&join(&lines[..23]), &sample, true, Some(&head));
    assert!(cut.to_string().contains("ends before the remembered head of 34 lines"), "{cut}");
    let mut other = lines.clone();
    edit(&mut other, 4, "host", "x");
    let rewritten = judge(&join(&resign(&other, &sample.pem)), &sample, true, Some(&head));
    assert!(rewritten.to_string().contains("line 34 is not the one of the remembered head"), "{rewritten}");
    // The first line is the log's identity.
    let another = Sample::with_key(sample.pem.clone(), &"9".repeat(32), 30, true);
    let refused = judge(&join(&another.lines()), &another, true, Some(&head));
    assert!(refused.to_string().contains("of another log"), "{refused}");
}

/// An archive and the log after it, as a rotation leaves them.
fn rotated() -> (Sample, Vec<u8>, Vec<u8>) {
    let sample = Sample::new(12, true);
    let archive = sample.lines();
    let hash = waterwall_audit::Hash::of(archive.last().unwrap()).to_hex();
    let next = Sample::with_key(sample.pem.clone(), "00112233445566778899aabbccddeeff", 12, true);
    let mut lines = next.lines();
    edit(&mut lines, 0, "previous_archive", "proxy.jsonl.v14-archived-20260509T073000Z");
    edit(&mut lines, 0, "previous_hash", &hash);
    lines[0] = with(&lines[0], "previous_lines", archive.len() as u64);
    let lines = resign(&lines, &sample.pem);
    (sample, join(&archive), join(&lines))
}

#[test]
fn archives_are_followed_by_their_links() {
    let (sample, archive, log) = rotated();
    let both = |logs: &[&[u8]]| {
        verify_logs(logs.to_vec(), &sample.public(), Expectation { strict: true, remembered: None }).unwrap()
    };
    let verdict = both(&[&archive, &log]);
    assert_eq!(verdict.to_string(), "OK: 30 lines verified, 4 checkpoints valid");
    // An archive that is gone is told of; one that was cut, or another one, is refused.
    let alone = both(&[&log]);
    assert!(alone.is_ok() && alone.notes.iter().any(|note| note.contains("-archived-")), "{:?}", alone.notes);
    let cut = archive.iter().rposition(|byte| *byte == b'{').unwrap();
    let cut = archive[..cut].iter().rposition(|byte| *byte == b'\n').map_or(cut, |at| at + 1);
    assert!(both(&[&archive[..cut], &log]).to_string().contains("not the continuation"));
    assert!(both(&[&log, &archive]).to_string().contains("not the continuation"));
    assert!(both(&[&log, &log]).to_string().contains("not the continuation"));
    // A head from before the rotation needs the archive.
    let old = both(&[&archive]).head.unwrap();
    let with_head = |logs: &[&[u8]]| {
        let head = Remembered::Head(old.clone());
        verify_logs(logs.to_vec(), &sample.public(), Expectation { strict: true, remembered: Some(&head) })
    };
    assert!(with_head(&[&archive, &log]).unwrap().is_ok());
    assert!(with_head(&[&log]).unwrap().to_string().contains("give its archives too"));
}
