//! Reads a bundle's bytes, trusting nothing: bounded in size, no links, no names that lead out of the
//! bundle or come twice, nothing after its end.

use std::{
    cell::Cell,
    collections::HashSet,
    io::{self, BufReader, Read},
    rc::Rc,
};

use flate2::bufread::MultiGzDecoder;
use tar::{Archive, EntryType};

/// So much may come out of the decompressor in any case.
const FREE: u64 = 64 << 20;
/// Beyond that, so many times what went in. A chain, all hashes, does not reach 10.
const RATIO: u64 = 100;

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
    for entry in archive.entries().map_err(text)? {
        let mut entry = entry.map_err(text)?;
        let kind = entry.header().entry_type();
        let name = entry.path_bytes().into_owned();
        let name = safe_name(&name)
            .ok_or_else(|| format!("unsafe member name {:?}", String::from_utf8_lossy(&name)))?;
        match kind {
            EntryType::Regular => {}
            EntryType::Directory => continue,
            // Only regular files have a place in a bundle.
            _ => return Err(format!("member {name:?} is not a regular file")),
        }
        if !names.insert(name.clone()) {
            return Err(format!("member {name:?} is there twice"));
        }
        each(&name, &mut entry).map_err(text)?;
    }
    expect_end(archive.into_inner())
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

/// Relative, forward only, in plain characters.
fn safe_name(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    let name = name.strip_suffix('/').unwrap_or(name);
    let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':']);
    let safe = name.split('/').all(plain) && !name.chars().any(char::is_control);
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
