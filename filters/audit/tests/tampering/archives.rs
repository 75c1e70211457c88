//! The table for the archive itself: what readers of `tar` files could see otherwise than the verifier.

use std::io::Read as _;

use tar::{EntryType, Header};

use crate::bundles::{Bundle, Member, bundle, gzip, verify};
use crate::forge::Sample;

/// A header that says nothing unusual.
fn header(name: &str, kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_cksum();
    header
}

/// A member as it stands in the archive.
fn raw(header: &Header, content: &[u8]) -> Vec<u8> {
    let padding = content.len().next_multiple_of(512) - content.len();
    [header.as_bytes().as_slice(), content, &vec![0; padding]].concat()
}

fn member(name: &str, kind: EntryType, content: &[u8]) -> Vec<u8> {
    raw(&header(name, kind, content.len() as u64), content)
}

/// One record of a `pax` header.
fn record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let fits = |length: &usize| length.to_string().len() + rest.len() == *length;
    format!("{}{rest}", (rest.len()..rest.len() + 20).find(fits).unwrap())
}

fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let text: String = records.iter().map(|(key, value)| record(key, value)).collect();
    member("pax", EntryType::XHeader, text.as_bytes())
}

/// The bundle's archive, uncompressed, without its end.
fn unended(bundle: &Bundle) -> Vec<u8> {
    let mut tar = Vec::new();
    for Member(name, content, kind) in &bundle.members {
        tar.extend(member(name, *kind, content));
    }
    tar
}

fn ended(tar: &[u8]) -> Vec<u8> {
    gzip(&[tar, &[0; 1024]].concat())
}

/// A name that is as long as the one that it stands for, so that it is listed under it.
fn first_receipt(bundle: &Bundle) -> (String, Vec<u8>) {
    let Member(name, content, _) = &bundle.members[bundle.position("receipts/")];
    (name.clone(), content.clone())
}

/// What is put at the end of a whole bundle, and the words of the refusal.
fn additions() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let hidden = member("receipts/hidden.json", EntryType::Regular, b"{}");
    let mut named = header("chain/proxy.jsonl", EntryType::Regular, 0);
    let gnu = named.as_mut_bytes();
    gnu[257..265].copy_from_slice(b"ustar  \0");
    gnu[345..348].copy_from_slice(b"x/y");
    named.set_cksum();
    let old_directory = {
        let mut header = header("receipts/", EntryType::Regular, hidden.len() as u64);
        header.as_mut_bytes()[156] = 0;
        header.set_cksum();
        raw(&header, &hidden)
    };
    vec![
        ("members inside a directory", member("receipts/", EntryType::Directory, &hidden), "has content"),
        ("members inside an old directory", old_directory, "is not a regular file"),
        (
            "a name in two headers",
            [pax(&[("path", "a")]), member("long", EntryType::GNULongName, b"b\0"), hidden.clone()].concat(),
            "two headers",
        ),
        (
            "a name twice",
            [pax(&[("path", "a"), ("path", "b")]), hidden.clone()].concat(),
            "says \"path\" twice",
        ),
        ("another size", [pax(&[("size", "0")]), hidden.clone()].concat(), "two sizes"),
        ("a size that is none", [pax(&[("size", "-1")]), hidden.clone()].concat(), "no number"),
        (
            "a sparse member",
            [pax(&[("GNU.sparse.name", "x")]), hidden.clone()].concat(),
            "no place in a bundle",
        ),
        ("a link's target", [pax(&[("linkpath", "/etc")]), hidden.clone()].concat(), "no place in a bundle"),
        (
            "records that some read and others not",
            [member("pax", EntryType::XHeader, b"\n14 path=abcde\n"), hidden.clone()].concat(),
            "malformed",
        ),
        (
            "records without an end",
            [member("pax", EntryType::XHeader, b"14 path=abcdef"), hidden.clone()].concat(),
            "malformed",
        ),
        (
            "a header for all",
            [member("pax", EntryType::XGlobalHeader, record("path", "a").as_bytes()), hidden.clone()]
                .concat(),
            "not a regular file",
        ),
        ("a header of nothing", pax(&[("path", "a")]), "without its member"),
        (
            "a header of gigantic size",
            [member("pax", EntryType::XHeader, &vec![b'1'; 70 << 10]), hidden.clone()].concat(),
            "too large",
        ),
        (
            "a name of gigantic size",
            [member("n", EntryType::GNULongName, &vec![b'x'; 70 << 10]), hidden.clone()].concat(),
            "too large",
        ),
        (
            "a long name that leads out",
            [member("n", EntryType::GNULongName, b"../../x\0"), hidden.clone()].concat(),
            "unsafe member name",
        ),
        (
            "a record that leads out",
            [pax(&[("path", "/etc/cron.d/x")]), hidden.clone()].concat(),
            "unsafe member name",
        ),
        ("a name that some read with more before it", raw(&named, b""), "unsafe member name"),
        ("a device", member("dev", EntryType::Char, b""), "not a regular file"),
        ("a pipe", member("pipe", EntryType::Fifo, b""), "not a regular file"),
        (
            "a file where a directory is",
            [member("x", EntryType::Directory, b""), member("x", EntryType::Regular, b"")].concat(),
            "there twice",
        ),
        ("another spelling", member("Chain/proxy.jsonl", EntryType::Regular, b""), "not in MANIFEST.json"),
        ("a second list", member("manifest.json", EntryType::Regular, b"{}"), "not in MANIFEST.json"),
    ]
}

#[test]
fn what_readers_could_disagree_on_is_refused() {
    let sample = Sample::new(3, true);
    let tar = unended(&bundle(&sample));
    assert_eq!(verify(&ended(&tar), &sample).failure, None, "the control");
    for (name, addition, words) in additions() {
        let bytes = ended(&[&tar[..], &addition].concat());
        let failure = verify(&bytes, &sample).failure.unwrap_or_default();
        assert!(failure.contains(words), "{name}: {failure:?}");
    }
}

/// What Python's `tarfile` writes before a member: times with fractions, owners, a long name.
#[test]
fn harmless_headers_are_read_past() {
    let sample = Sample::new(3, true);
    let bundle = bundle(&sample);
    let mut tar = Vec::new();
    for (n, Member(name, content, kind)) in bundle.members.iter().enumerate() {
        let size = content.len().to_string();
        let (short, extension) = match n % 3 {
            0 => (
                "short",
                pax(&[("mtime", "1778311773.086"), ("path", name), ("uname", "o\u{e9}"), ("size", &size)]),
            ),
            1 => ("short", member("././@LongLink", EntryType::GNULongName, format!("{name}\0").as_bytes())),
            _ => (name.as_str(), pax(&[("mtime", "1778311773.086")])),
        };
        tar.extend(extension);
        tar.extend(member(short, *kind, content));
    }
    tar.extend(member("receipts/", EntryType::Directory, b""));
    let verdict = verify(&ended(&tar), &sample);
    assert_eq!((verdict.failure, verdict.receipts), (None, 3));
}

/// The members of an archive, as the library reads them; `None` where it cannot.
fn members(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut archive = tar::Archive::new(flate2::read::MultiGzDecoder::new(bytes));
    let mut members = Vec::new();
    for entry in archive.entries().ok()? {
        let mut entry = entry.ok()?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content).ok()?;
        if entry.header().entry_type() != EntryType::Directory {
            members.push((entry.path().ok()?.to_str()?.to_owned(), content));
        }
    }
    members.sort();
    Some(members)
}

/// Whatever is accepted says what the original says, word for word.
#[test]
fn no_flipped_bit_of_a_bundle_says_something_else() {
    let sample = Sample::new(1, true);
    let tar = [unended(&bundle(&sample)), vec![0; 1024]].concat();
    let original = members(&gzip(&tar));
    assert!(original.is_some());
    let (mut refused, mut same) = (0, 0);
    for at in 0..tar.len() {
        let mut flipped = tar.clone();
        flipped[at] ^= 1 << (at % 8);
        let bytes = gzip(&flipped);
        if verify(&bytes, &sample).failure.is_some() {
            refused += 1;
        } else {
            assert_eq!(members(&bytes), original, "byte {at}");
            same += 1;
        }
    }
    // What is left are the fill behind contents and the checksums' own ends.
    assert!(refused > same, "{refused} {same}");
}

#[test]
fn no_flipped_or_lost_byte_of_the_compressed_bundle_says_something_else() {
    let sample = Sample::new(1, true);
    let whole = ended(&unended(&bundle(&sample)));
    let original = members(&whole);
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        for bytes in [&flipped[..], &whole[..at]] {
            let verdict = verify(bytes, &sample);
            assert!(verdict.failure.is_some() || members(bytes) == original, "byte {at}");
        }
    }
}

/// Each member left out, doubled, emptied, and put in another's place.
#[test]
fn no_member_can_go_or_change_places() {
    let sample = Sample::new(2, true);
    let whole = bundle(&sample);
    let refused = |bundle: &Bundle, what: &str, n: usize| {
        let failure = verify(&ended(&unended(bundle)), &sample).failure;
        assert!(failure.is_some(), "{what}: {}", whole.members[n].0);
    };
    for n in 0..whole.members.len() {
        let mut gone = whole.clone();
        gone.members.remove(n);
        refused(&gone, "left out", n);
        let mut twice = whole.clone();
        twice.members.push(whole.members[n].clone());
        refused(&twice, "twice", n);
        let mut empty = whole.clone();
        empty.members[n].1.clear();
        refused(&empty, "emptied", n);
        for other in (0..whole.members.len()).filter(|other| *other != n) {
            let mut moved = whole.clone();
            moved.members[n].1.clone_from(&whole.members[other].1);
            refused(&moved, "replaced", n);
        }
        // The order is free.
        let mut turned = whole.clone();
        turned.members.rotate_left(n);
        assert_eq!(verify(&ended(&unended(&turned)), &sample).failure, None);
    }
    let (name, content) = first_receipt(&whole);
    let mut cased = whole.clone();
    cased.members.push(Member(name.to_uppercase(), content, EntryType::Regular));
    refused(&cased, "another case", 2);
}
