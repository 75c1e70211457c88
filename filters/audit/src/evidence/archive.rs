//! Reads a bundle's bytes, trusting nothing: bounded in size, no links, no names that lead out of the
//! bundle or come twice, nothing after its end.
//!
//! Readers of tar archives disagree in corners: which of two names counts, whether a directory has
//! content, which of two sizes holds. A bundle must not be one thing here and another where an auditor
//! unpacks it, so whatever they could disagree on is refused.

use std::{
    cell::Cell,
    collections::HashSet,
    io::{self, BufReader, Read},
    rc::Rc,
};

use flate2::bufread::MultiGzDecoder;
use tar::{Archive, EntryType, Header, PaxExtensions};

/// So much may come out of the decompressor in any case.
const FREE: u64 = 64 << 20;
/// Beyond that, so many times what went in. A chain, all hashes, does not reach 10.
const RATIO: u64 = 100;
/// More than any name and the times, owner and group beside it.
const MAX_EXTENSION: u64 = 64 << 10;
/// What a header before a member may say of it, besides its name and size: what Python's `tarfile` writes, and
/// nothing that changes what the member is.
const HARMLESS: [&str; 7] = ["mtime", "atime", "ctime", "uid", "gid", "uname", "gname"];
/// Where a header of the `ustar` kind has the beginning of a long name, and others have nothing.
const PREFIX: std::ops::Range<usize> = 345..500;

/// Calls `each` with the name and the content of every member. Its error, or a string that says what
/// is wrong with the archive.
pub(super) fn for_each_member(
    bundle: impl Read,
    mut each: impl FnMut(&str, &mut dyn Read) -> io::Result<()>,
) -> Result<(), String> {
    let taken = Rc::new(Cell::new(0));
    let counted = Counted { inner: bundle, taken: Rc::clone(&taken) };
    let decoder = MultiGzDecoder::new(BufReader::with_capacity(1 << 16, counted));
    let mut archive = Archive::new(Bounded { inner: decoder, given: 0, taken });
    let mut names = HashSet::new();
    let mut extension: Option<Extension> = None;
    for entry in archive.entries().map_err(text)?.raw(true) {
        let mut entry = entry.map_err(text)?;
        let header = entry.header().clone();
        let kind = header.entry_type();
        if matches!(kind, EntryType::GNULongName | EntryType::XHeader) {
            if extension.is_some() {
                return Err("two headers before one member".to_owned());
            }
            extension = Some(Extension::read(kind, &mut entry)?);
            continue;
        }
        let name = member_name(&header, entry.size(), extension.take())?;
        match kind {
            EntryType::Regular if !name.ends_with('/') => {}
            EntryType::Directory if entry.size() == 0 => {}
            EntryType::Directory => return Err(format!("directory {name:?} has content")),
            // Only regular files have a place in a bundle.
            _ => return Err(format!("member {name:?} is not a regular file")),
        }
        let name = name.strip_suffix('/').unwrap_or(&name);
        if !names.insert(name.to_owned()) {
            return Err(format!("member {name:?} is there twice"));
        }
        if kind == EntryType::Regular {
            each(name, &mut entry).map_err(text)?;
        }
    }
    if extension.is_some() {
        return Err("a header without its member".to_owned());
    }
    expect_end(archive.into_inner())
}

/// What a header before a member says of it.
#[derive(Default)]
struct Extension {
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Extension {
    fn read(kind: EntryType, content: &mut impl Read) -> Result<Self, String> {
        let mut bytes = Vec::new();
        content.take(MAX_EXTENSION + 1).read_to_end(&mut bytes).map_err(text)?;
        if bytes.len() as u64 > MAX_EXTENSION {
            return Err("a header before a member is too large".to_owned());
        }
        if kind == EntryType::GNULongName {
            let name = bytes.strip_suffix(b"\0").unwrap_or(&bytes).to_vec();
            return Ok(Self { name: Some(name), size: None });
        }
        Self::of_records(&bytes)
    }

    fn of_records(bytes: &[u8]) -> Result<Self, String> {
        // Each record is a line; some readers stop where another's would go on.
        let lines = bytes.strip_suffix(b"\n").ok_or("a header is malformed")?;
        if !lines.split(|byte| *byte == b'\n').all(|line| matches!(line.first(), Some(b'1'..=b'9'))) {
            return Err("a header is malformed".to_owned());
        }
        let mut extension = Self::default();
        let mut seen = HashSet::new();
        for record in PaxExtensions::new(bytes) {
            let record = record.map_err(text)?;
            let key = record.key().map_err(|error| error.to_string())?;
            if !seen.insert(key) {
                return Err(format!("a header says {key:?} twice"));
            }
            match key {
                "path" => extension.name = Some(record.value_bytes().to_vec()),
                "size" => extension.size = Some(number(record.value_bytes())?),
                _ if HARMLESS.contains(&key) => {}
                _ => return Err(format!("a header says {key:?}, which has no place in a bundle")),
            }
        }
        Ok(extension)
    }
}

fn number(digits: &[u8]) -> Result<u64, String> {
    let digits =
        std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|text| text.parse().ok()).ok_or_else(|| "a header's size is no number".to_owned())
}

/// The one name that every reader finds, with the `/` at its end if it has one.
fn member_name(header: &Header, size: u64, extension: Option<Extension>) -> Result<String, String> {
    let Extension { name: long, size: said } = extension.unwrap_or_default();
    let name = long.unwrap_or_else(|| header.path_bytes().into_owned());
    let shown = String::from_utf8_lossy(&name);
    if said.is_some_and(|said| said != size) {
        return Err(format!("member {shown:?} has two sizes"));
    }
    let ambiguous = header.as_ustar().is_none() && header.as_bytes()[PREFIX].iter().any(|byte| *byte != 0);
    match safe_name(&name) {
        Some(name) if !ambiguous => Ok(name),
        _ => Err(format!("unsafe member name {shown:?}")),
    }
}

/// An archive ends with zeros; what another reader might find after them is not part of it.
fn expect_end(rest: impl Read) -> Result<(), String> {
    let mut rest = BufReader::new(rest);
    let mut block = [0; 4096];
    loop {
        match rest.read(&mut block).map_err(text)? {
            0 => return Ok(()),
            read if block[..read].iter().all(|byte| *byte == 0) => {}
            _ => return Err("there is something after the archive's end".to_owned()),
        }
    }
}

/// Relative, forward only, in plain characters; a `/` at its end is kept.
fn safe_name(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    let parts = name.strip_suffix('/').unwrap_or(name);
    let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':']);
    let safe = parts.split('/').all(plain) && !name.chars().any(char::is_control);
    safe.then(|| name.to_owned())
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn text(error: io::Error) -> String {
    error.to_string()
}

/// Counts what is read from the file.
struct Counted<R> {
    inner: R,
    taken: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.taken.set(self.taken.get() + read as u64);
        Ok(read)
    }
}

/// Ends with an error when much more comes out than went in.
struct Bounded<R> {
    inner: R,
    given: u64,
    taken: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.given += read as u64;
        if self.given > FREE + RATIO * self.taken.get() {
            return Err(io::Error::other("it expands to far more than a bundle does"));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside() {
        for name in ["MANIFEST.json", "receipts/20260509T072933.086_r_s1.json", "a/b/", "\u{e9}"] {
            assert!(safe_name(name.as_bytes()).is_some(), "{name}");
        }
        for name in ["", "/etc/passwd", "../x", "a/../b", "./a", "a//b", "a\nb", "C:/x", "a\\b", ".."] {
            assert!(safe_name(name.as_bytes()).is_none(), "{name}");
        }
        assert!(safe_name(b"\xff").is_none());
    }

    #[test]
    fn noise_is_not_an_archive() {
        assert!(for_each_member(&b"not gzip at all"[..], |_, _| Ok(())).is_err());
        assert!(for_each_member(&b""[..], |_, _| Ok(())).is_err());
    }
}
