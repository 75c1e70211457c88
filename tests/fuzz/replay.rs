//! Replays a fuzz corpus, and mutations of it, on a stable toolchain: a module of the crates' `tests/fuzz.rs`.

use std::{fs, path::Path};

/// The files of a target, in the order of their names.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus").join(target);
    let mut files: Vec<_> =
        fs::read_dir(directory).expect("a corpus").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{target} has no corpus");
    files.into_iter().map(|file| fs::read(file).expect("a file")).collect()
}

/// A small generator: the same mutations every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

/// Changes, cuts, doubles and joins.
fn mutate(random: &mut Random, inputs: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = inputs[random.below(inputs.len())].clone();
    for _ in 0..=random.below(4) {
        let (at, to) = (random.below(bytes.len() + 1), random.below(bytes.len() + 1));
        match random.below(6) {
            0 if at < bytes.len() => bytes[at] = b"\0\\\"\n%=:@x-\xc3\xff<{"[random.below(14)],
            1 => drop(bytes.drain(at.min(to)..at.max(to))),
            2 => {
                let piece = bytes[at.min(to)..at.max(to)].to_vec();
                bytes.splice(at..at, piece);
            }
            3 => {
                let other = &inputs[random.below(inputs.len())];
                let from = random.below(other.len() + 1);
                bytes.splice(at..at, other[from..].iter().copied());
            }
            4 => bytes.insert(at, random.below(256) as u8),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

/// Runs a target over its corpus and 2,000 mutations of it, the same in every run.
pub(crate) fn replay(target: &str, run: fn(&[u8])) {
    let inputs = corpus(target);
    inputs.iter().for_each(|input| run(input));
    let mut random = Random(1);
    for _ in 0..2000 {
        run(&mutate(&mut random, &inputs));
    }
}
