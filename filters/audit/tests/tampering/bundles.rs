//! The table for bundles.

use std::{fs, io::Write};

use flate2::{Compression, write::GzEncoder};
use tar::{Builder, EntryType, Header};
use waterwall_audit::{
    canonical::Value,
    evidence::{EvidenceVerdict, Receipt, Source, Window, export, signed, verify_evidence},
};

use crate::forge::{Sample, at, join, object, resign, sha256, signed as signed_by, text_of, with};

/// A member: its name, its content, and what it claims to be.
#[derive(Clone)]
pub(crate) struct Member(pub(crate) String, pub(crate) Vec<u8>, pub(crate) EntryType);

/// A bundle taken apart.
#[derive(Clone)]
pub(crate) struct Bundle {
    pub(crate) members: Vec<Member>,
    pem: String,
}

impl Bundle {
    pub(crate) fn position(&self, name: &str) -> usize {
        self.members.iter().position(|member| member.0.starts_with(name)).unwrap()
    }

    fn get(&mut self, name: &str) -> &mut Vec<u8> {
        let at = self.position(name);
        &mut self.members[at].1
    }

    fn add(&mut self, name: &str, content: &[u8], kind: EntryType) {
        self.members.push(Member(name.to_owned(), content.to_vec(), kind));
    }

    /// Lists the files anew and signs the list: what the holder of the key can do.
    fn list_anew(&mut self) {
        let manifest = object(&String::from_utf8(self.get("MANIFEST.json").clone()).unwrap());
        let listed = |member: &Member| {
            Value::Object(
                [
                    ("file".to_owned(), member.0.as_str().into()),
                    ("sha256".to_owned(), sha256(&member.1).as_str().into()),
                ]
                .into(),
            )
        };
        let folder = |name: &str| {
            Value::Array(
                self.members.iter().filter(|member| member.0.starts_with(name)).map(listed).collect(),
            )
        };
        let mut text = text_of(manifest);
        text = with(&text, "receipts", folder("receipts/"));
        text = with(&text, "manifests", folder("manifests/"));
        text = with(&text, "policy_snapshot", listed(&self.members[self.position("policy/")]));
        let log = String::from_utf8(self.get("chain/").clone()).unwrap();
        let seqs: Vec<Value> = log.lines().map(|line| object(line)["seq"].clone()).collect();
        let mut chain = object(&listed(&self.members[self.position("chain/")]).to_canonical());
        chain.insert("lines".to_owned(), (seqs.len() as u64).into());
        chain.insert("checkpoints".to_owned(), (log.matches("\"checkpoint\"").count() as u64).into());
        let range = [seqs.first().unwrap().clone(), seqs.last().unwrap().clone()];
        chain.insert("seq_range".to_owned(), Value::Array(range.into()));
        text = with(&text, "chain", Value::Object(chain));
        *self.get("MANIFEST.json") = signed_by(object(&text), &self.pem);
    }

    fn pack(&self) -> Vec<u8> {
        let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for Member(name, content, kind) in &self.members {
            let mut header = Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_mode(0o644);
            // By hand: the library refuses names that lead elsewhere.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            let link = matches!(kind, EntryType::Symlink | EntryType::Link);
            if link {
                header.set_link_name(std::str::from_utf8(content).unwrap()).unwrap();
            }
            let content: &[u8] = if link { &[] } else { content };
            header.set_size(content.len() as u64);
            header.set_cksum();
            tar.append(&header, content).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }
}

/// The bytes, compressed.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// A sample log, exported with a session manifest.
pub(crate) fn bundle(sample: &Sample) -> Bundle {
    let manifests = sample.directory.path().join("manifests");
    fs::create_dir_all(&manifests).unwrap();
    fs::write(manifests.join("20260509T073100_s-1.json"), session(sample, sample.redactions())).unwrap();
    let mut bytes = Vec::new();
    export(&source(sample), &sample.key(), at(0), &mut bytes).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&*bytes));
    let members = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        Member(name, content, EntryType::Regular)
    });
    Bundle { members: members.collect(), pem: sample.pem.clone() }
}

fn source(sample: &Sample) -> Source<'_> {
    // The paths live as long as the sample; leaking a few in a test keeps the type simple.
    let leak = |path: std::path::PathBuf| &*Box::leak(path.into_boxed_path());
    Source {
        chain: leak(sample.chain()),
        policy: b"patterns: []\n",
        policy_text: None,
        policies: None,
        pem: sample.public_pem.as_bytes(),
        receipts: Some(leak(sample.receipts())),
        manifests: Some(leak(sample.directory.path().join("manifests"))),
        window: Window::default(),
        declare_missing: false,
    }
}

/// A session manifest that claims so many redactions, up to the log's last checkpoint.
fn session(sample: &Sample, redactions: u64) -> Vec<u8> {
    let lines = sample.lines();
    let last = object(lines.iter().rfind(|line| line.contains("\"checkpoint\"")).unwrap());
    let text = format!(
        r#"{{"v":1,"manifest_type":"session","session_id":"s-1","redaction_total":{redactions},"chain_seq_range":[2,{}],"chain_root_hash":{}}}"#,
        last["seq"].to_canonical(),
        last["chain_root_hash"].to_canonical()
    );
    signed_by(object(&text), &sample.pem)
}

pub(crate) fn verify(bytes: &[u8], sample: &Sample) -> EvidenceVerdict {
    verify_evidence(bytes, &sample.public(), sample.public_pem.as_bytes())
}

type Alter = fn(&mut Bundle, &Sample);

/// One alteration a row, and what the refusal says. Those that list anew have the key.
const TABLE: &[(&str, Alter, &str)] = &[
    ("a flipped byte in the chain", |b, _| b.get("chain/")[900] ^= 1, "sha256 mismatch on chain/proxy.jsonl"),
    ("a receipt edited", |b, _| b.get("receipts/")[30] ^= 1, "sha256 mismatch on 2026"),
    ("a receipt removed", |b, _| drop(b.members.remove(2)), " missing"),
    ("the policy replaced", |b, _| b.get("policy/").push(b'x'), "sha256 mismatch on policy/patterns.py"),
    ("the key replaced", |b, _| b.get("pubkey.pem").push(b'\n'), "sha256 mismatch on pubkey.pem"),
    ("no list", |b, _| drop(b.members.remove(0)), "MANIFEST.json missing"),
    (
        "the list edited",
        |b, _| edit_list(b, "since", "2020-01-01T00:00:00+00:00"),
        "MANIFEST.json signature invalid",
    ),
    ("the list unsigned", |b, _| edit_list(b, "signature", ""), "MANIFEST.json is unsigned"),
    ("the list is no JSON", |b, _| b.get("MANIFEST.json").truncate(40), "MANIFEST.json parse error: "),
    (
        "a receipt as the list",
        |b, _| *b.get("MANIFEST.json") = b.get("receipts/").clone(),
        "MANIFEST.json parse error: ",
    ),
    (
        "an unlisted file",
        |b, _| b.add("receipts/extra.json", b"{}", EntryType::Regular),
        "is in the bundle but not in MANIFEST.json",
    ),
    (
        "a member twice, the forged one first",
        |b, _| b.members.insert(0, Member("chain/proxy.jsonl".into(), b"{}\n".to_vec(), EntryType::Regular)),
        "is there twice",
    ),
    (
        "a member twice, the forged one last",
        |b, _| b.add("pubkey.pem", b"x", EntryType::Regular),
        "is there twice",
    ),
    (
        "a symbolic link",
        |b, _| b.add("receipts/link.json", b"/etc/passwd", EntryType::Symlink),
        "not a regular file",
    ),
    ("a hard link", |b, _| b.add("receipts/link.json", b"pubkey.pem", EntryType::Link), "not a regular file"),
    (
        "a name that leads out",
        |b, _| b.add("../evil", b"x", EntryType::Regular),
        "extraction failed: unsafe member name",
    ),
    (
        "a name from the root",
        |b, _| b.add("/tmp/evil", b"x", EntryType::Regular),
        "extraction failed: unsafe member name",
    ),
    (
        "64 MiB of zeros",
        |b, _| b.add("policy/zeros", &vec![0; 65 << 20], EntryType::Regular),
        "extraction failed: ",
    ),
    (
        "a bomb",
        |b, _| b.add("chain/zeros", &vec![b' '; 300 << 20], EntryType::Regular),
        "expands to far more",
    ),
    (
        "a receipt left out before the export",
        |b, _| {
            b.members.remove(2);
            b.list_anew();
        },
        "was left out",
    ),
    (
        "all receipts left out",
        |b, _| {
            b.members.retain(|member| !member.0.starts_with("receipts/"));
            b.list_anew();
        },
        "was left out",
    ),
    (
        "a receipt twice",
        |b, _| {
            let at = b.position("receipts/");
            let mut twin = b.members[at].clone();
            twin.0 = "receipts/20260509T072933.086_twin.json".into();
            b.members.push(twin);
            b.list_anew();
        },
        "receipt",
    ),
    (
        "a receipt of another log with the same number",
        |b, s| {
            other_receipt(b, s);
            b.list_anew();
        },
        "does not say what the redaction line",
    ),
    (
        "a receipt of a line that is none",
        |b, s| {
            receipt_with(b, s, "chain_seq", 1_u64.into());
            b.list_anew();
        },
        "which is not a redaction line in the bundled chain",
    ),
    (
        "a forged receipt",
        |b, _| {
            let other = Sample::new(1, true);
            receipt_by(b, &other.pem);
            b.list_anew();
        },
        "receipt signature invalid: ",
    ),
    (
        "a session manifest as a receipt",
        |b, s| {
            *b.get("receipts/") = session(s, 12);
            b.list_anew();
        },
        "receipt signature invalid: ",
    ),
    (
        "a list as a receipt",
        |b, _| {
            *b.get("receipts/") = b.get("MANIFEST.json").clone();
            b.list_anew();
        },
        "receipt signature invalid: ",
    ),
    (
        "a receipt as a session manifest",
        |b, _| {
            *b.get("manifests/") = b.get("receipts/").clone();
            b.list_anew();
        },
        "session manifest signature invalid: ",
    ),
    (
        "a session manifest against the chain",
        |b, s| {
            *b.get("manifests/") = session(s, 99);
            b.list_anew();
        },
        "does not fit the chain",
    ),
    (
        "a session of another log",
        |b, s| {
            let other = Sample::with_key(s.pem.clone(), &"9".repeat(32), 3, true);
            *b.get("manifests/") = session(&other, 3);
            b.list_anew();
        },
        "does not fit the chain",
    ),
    (
        "a cut chain under the old list",
        |b, _| {
            cut_chain(b);
        },
        "sha256 mismatch",
    ),
    (
        "statistics that do not fit",
        |b, _| {
            let list = text(b, "MANIFEST.json");
            let mut chain = match object(&list)["chain"].clone() {
                Value::Object(chain) => chain,
                _ => return,
            };
            chain.insert("lines".into(), 3_u64.into());
            let list = with(&list, "chain", Value::Object(chain));
            *b.get("MANIFEST.json") = signed_by(object(&list), &b.pem.clone());
        },
        "MANIFEST chain stats mismatch on lines: manifest=3 observed=",
    ),
    (
        "a file that is listed as something else",
        |b, _| {
            b.add("receipts/20260509T073000.000_extra.json", b"{}", EntryType::Regular);
            extras(b, "receipts/20260509T073000.000_extra.json");
        },
        "has no place in a bundle",
    ),
    (
        "another policy hash",
        |b, _| {
            edit_list(b, "policy_hash", "0".repeat(64));
            resign_list(b);
        },
        "policy_hash is not that of the policy file",
    ),
    (
        "a stretch of time that nobody can read",
        |b, _| {
            edit_list(b, "since", "yesterday");
            resign_list(b);
        },
        "MANIFEST.json parse error: a time is malformed",
    ),
    (
        "names with what moves a terminal's cursor",
        |b, _| {
            edit_list(b, "receipts", Value::Array(vec![listed_as("receipts/\u{1b}[2J\u{9b}31m.json")]));
            resign_list(b);
        },
        "receipts/\u{fffd}[2J\u{fffd}31m.json missing",
    ),
    (
        "a policy that was never in force",
        |b, _| {
            b.add("policy/detectors.txt", b"x", EntryType::Regular);
            extras(b, "policy/detectors.txt");
        },
        "is not a policy that was in force",
    ),
];

fn text(b: &mut Bundle, name: &str) -> String {
    String::from_utf8(b.get(name).clone()).unwrap()
}

fn edit_list(b: &mut Bundle, member: &str, value: impl Into<Value>) {
    let list = with(&text(b, "MANIFEST.json"), member, value);
    *b.get("MANIFEST.json") = list.into_bytes();
}

fn cut_chain(b: &mut Bundle) {
    let lines: Vec<String> = text(b, "chain/").lines().map(str::to_owned).collect();
    *b.get("chain/") = join(&lines[..12]);
}

fn receipt_with(b: &mut Bundle, sample: &Sample, member: &str, value: Value) {
    let receipt = with(&text(b, "receipts/"), member, value);
    *b.get("receipts/") = signed_by(object(&receipt), &sample.pem);
}

fn receipt_by(b: &mut Bundle, pem: &str) {
    let receipt = text(b, "receipts/");
    *b.get("receipts/") = signed_by(object(&receipt), pem);
}

fn other_receipt(b: &mut Bundle, sample: &Sample) {
    let tags = Value::Array(vec!["ffffffffffffffff".into()]);
    receipt_with(b, sample, "hmac8s", tags);
}

fn resign_list(b: &mut Bundle) {
    let list = text(b, "MANIFEST.json");
    *b.get("MANIFEST.json") = signed_by(object(&list), &b.pem.clone());
}

fn listed_as(name: &str) -> Value {
    Value::Object([("file".to_owned(), name.into()), ("sha256".to_owned(), "00".into())].into())
}

fn extras(b: &mut Bundle, name: &str) {
    let at = b.position(name);
    let Member(name, content, _) = b.members[at].clone();
    let listed =
        [("file".to_owned(), name.as_str().into()), ("sha256".to_owned(), sha256(&content).as_str().into())];
    edit_list(b, "extras", Value::Array(vec![Value::Object(listed.into())]));
    resign_list(b);
}

#[test]
fn every_alteration_is_refused_in_words() {
    let sample = Sample::new(12, true);
    let control = verify(&bundle(&sample).pack(), &sample);
    assert_eq!((control.failure, control.receipts, control.manifests), (None, 12, 1), "the control");
    let mut listed = bundle(&sample);
    listed.list_anew();
    assert_eq!(verify(&listed.pack(), &sample).failure, None, "listing anew alone");

    for (name, alter, words) in TABLE {
        let mut altered = bundle(&sample);
        alter(&mut altered, &sample);
        let failure = verify(&altered.pack(), &sample).failure.unwrap_or_default();
        assert!(failure.contains(words), "{name}: {failure:?}");
    }
}

#[test]
fn what_only_an_outside_head_can_tell_is_told() {
    let sample = Sample::new(12, true);
    let mut cut = bundle(&sample);
    cut_chain(&mut cut);
    cut.members.retain(|member| {
        !member.0.starts_with("manifests/") && !member.0.contains("_s14") && !member.0.contains("_s13")
    });
    cut.list_anew();
    let verdict = verify(&cut.pack(), &sample);
    assert_eq!(verdict.failure, None);
    assert!(verdict.notes.iter().any(|note| note.contains("its end was cut off")), "{:?}", verdict.notes);
    assert!(
        verdict.notes.iter().any(|note| note.contains("nothing ties the policy file")),
        "{:?}",
        verdict.notes
    );
}

#[test]
fn bytes_after_the_end_are_no_part_of_it() {
    let sample = Sample::new(3, true);
    fs::create_dir_all(sample.directory.path().join("manifests")).unwrap();
    let mut bytes = Vec::new();
    export(&source(&sample), &sample.key(), at(0), &mut bytes).unwrap();
    let mut more = GzEncoder::new(Vec::new(), Compression::fast());
    more.write_all(b"something else").unwrap();
    bytes.extend(more.finish().unwrap());
    assert!(verify(&bytes, &sample).failure.unwrap().contains("after the archive's end"));
    for length in [0, 1, 20, bytes.len() / 2] {
        assert!(verify(&bytes[..length], &sample).failure.unwrap().starts_with("extraction failed: "));
    }
}

#[test]
fn only_a_receipt_is_a_receipt() {
    let sample = Sample::new(12, true);
    let mut parts = bundle(&sample);
    let open = |bytes: &[u8]| Receipt::open(bytes, &sample.public());
    assert!(open(parts.get("receipts/")).is_ok());
    assert!(open(parts.get("manifests/")).is_err());
    assert!(open(parts.get("MANIFEST.json")).is_err());
    assert!(signed::open(parts.get("MANIFEST.json"), &sample.public()).is_ok(), "though it is signed");
}

#[test]
fn what_does_not_fit_is_not_exported() {
    let refused =
        |sample: &Sample| export(&source(sample), &sample.key(), at(0), Vec::new()).unwrap_err().to_string();
    let sample = || {
        let sample = Sample::new(12, true);
        fs::create_dir_all(sample.directory.path().join("manifests")).unwrap();
        sample
    };
    let first_receipt = |sample: &Sample| {
        let mut names: Vec<_> =
            fs::read_dir(sample.receipts()).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names.remove(0)
    };

    let altered = sample();
    let mut lines = altered.lines();
    lines[4] = lines[4].replace("req_", "rec_");
    fs::write(altered.chain(), join(&lines)).unwrap();
    assert!(refused(&altered).contains("the chain does not verify: seq 6: prev_hash mismatch"));

    let missing = sample();
    fs::remove_file(first_receipt(&missing)).unwrap();
    assert!(refused(&missing).contains("of the redaction line at seq 2 is not there"));
    let mut declared = Vec::new();
    let lenient = Source { declare_missing: true, ..source(&missing) };
    export(&lenient, &missing.key(), at(0), &mut declared).unwrap();
    let verdict = verify(&declared, &missing);
    assert_eq!(verdict.failure, None);
    assert!(
        verdict.notes.iter().any(|note| note.contains("declares 1 receipts lost")),
        "{:?}",
        verdict.notes
    );

    let foreign = sample();
    let other = Sample::with_key(foreign.pem.clone(), &"9".repeat(32), 1, true);
    let mut lines = other.lines();
    lines[1] = with(&lines[1], "host", "x");
    fs::write(other.chain(), join(&resign(&lines, &other.pem))).unwrap();
    let receipt = fs::read_to_string(first_receipt(&other)).unwrap();
    let receipt = signed_by(object(&with(&receipt, "request_id", "elsewhere")), &other.pem);
    fs::write(foreign.receipts().join("20260509T072933.086_elsewhere_s2.json"), receipt).unwrap();
    assert!(refused(&foreign).contains("its redaction line is not in the chain"));

    let session_lies = sample();
    let manifests = session_lies.directory.path().join("manifests");
    fs::write(manifests.join("20260509T073100_s-1.json"), session(&session_lies, 5)).unwrap();
    assert!(refused(&session_lies).contains("its redaction_total is not the chain's"));

    let pair = sample();
    let error = export(&source(&pair), &other.key(), at(0), Vec::new()).map(|_| ());
    assert!(error.is_ok() == (other.pem == pair.pem));
}

#[test]
fn a_stretch_of_time_has_its_receipts_alone() {
    let sample = Sample::new(12, true);
    fs::create_dir_all(sample.directory.path().join("manifests")).unwrap();
    let window = Window {
        since: Window::moment("2026-05-09T07:29:35Z"),
        until: Window::moment("2026-05-09T07:29:38Z"),
    };
    let mut bytes = Vec::new();
    let exported = export(&Source { window, ..source(&sample) }, &sample.key(), at(0), &mut bytes).unwrap();
    assert_eq!((exported.lines, exported.receipts), (15, 3));
    let verdict = verify(&bytes, &sample);
    assert_eq!((verdict.failure, verdict.lines, verdict.receipts), (None, 15, 3));
}
