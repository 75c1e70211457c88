//! Real text in the bodies that agents send, with secrets and marks of secrets strewn in: the fast way to
//! scan a body finds what the plain way finds ([`waterwall_core::fuzz::body`] compares them).

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use waterwall_core::fuzz;

/// Beginnings, marks and surroundings of secrets.
const MARKS: [&str; 33] = [
    "sk-ant-api03-",
    "AKIA",
    "ghp_",
    "xoxb-",
    "T3BlbkFJ",
    "eyJ",
    "-----BEGIN ",
    "://u:",
    "://\u{fc}:x7Qz2mX9@h",
    "contrase\u{f1}a: ",
    "\u{43f}\u{430}\u{440}\u{43e}\u{43b}\u{44c}: ",
    "net use \\\\h\\s x7Qz2mX9 /user:b",
    "\u{1f511}",
    "password: ",
    "token=",
    "secret",
    "api_key",
    "Bearer ",
    "Authorization: Basic ",
    "%3D",
    "@",
    ",",
    ": ",
    "{",
    "}",
    "\"",
    "'",
    "\n",
    "\u{e9}",
    "\\n",
    "\\\\",
    "\\u0041",
    "\\\"",
];

const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/+=";

/// Texts in which secrets stand as people keep them.
const PLACES: &str = include_str!("../src/detect/tests/places.txt");

/// A small generator: the same bodies every time for a seed and a set of files.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    fn run(&mut self) -> String {
        (0..self.below(60)).map(|_| char::from(ALPHABET[self.below(ALPHABET.len())])).collect()
    }
}

fn files_under(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files_under(&entry.path(), files),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
}

/// Directories to read, from `WATERWALL_TEXTS`, separated by colons; by default the sources of the crates
/// that this one is built with.
fn directories() -> Vec<PathBuf> {
    if let Some(named) = env::var_os("WATERWALL_TEXTS") {
        return env::split_paths(&named).collect();
    }
    let cargo = env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo = cargo.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    vec![cargo.expect("a home directory").join("registry/src")]
}

fn setting(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

/// Some lines of a file, with something strewn in.
fn excerpt(random: &mut Random, file: &str) -> String {
    let lines: Vec<&str> = file.split_inclusive('\n').collect();
    let from = random.below(lines.len());
    let to = (from + 1 + random.below(3_000)).min(lines.len());
    let mut text = lines[from..to].concat();
    let places: Vec<&str> = PLACES.lines().collect();
    for _ in 0..random.below(12) {
        let at = text.floor_char_boundary(random.below(text.len() + 1));
        match random.below(4) {
            0 => text.insert_str(at, random.of(&places)),
            1 => text.insert_str(at, random.of(&MARKS)),
            2 => text.insert_str(at, &(random.of(&MARKS).to_owned() + &random.run())),
            _ => text.truncate(at),
        }
    }
    text
}

/// A request with the text in it: whole, in pieces, as a tool's input, as JSON in a string.
fn request(random: &mut Random, text: &str) -> Value {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let pieces: Vec<String> = lines.chunks(1 + random.below(60)).map(<[&str]>::concat).collect();
    let nested = json!({"file_path": "/a/b", "content": text, "password": pieces.first(), "items": pieces});
    let nested = nested.to_string();
    match random.below(4) {
        0 => json!({"model": "m", "messages": [{"role": "user", "content": text}]}),
        1 => {
            let parts: Vec<Value> = pieces.iter().map(|text| json!({"type": "text", "text": text})).collect();
            json!({"model": "m", "messages": [{"role": "user", "content": parts}]})
        }
        2 => json!({"model": "m", "messages": [{"role": "assistant", "content": [
            {"type": "tool_use", "id": "t", "name": "Write", "input": {"file_path": "/x", "content": text, "parts": pieces}},
        ]}]}),
        _ => json!({
            "model": "m",
            "input": [{"type": "function_call", "arguments": nested}],
            "messages": [
                {"role": "assistant", "tool_calls": [{"function": {"name": "write", "arguments": nested}}]},
                {"role": "tool", "content": nested},
            ],
        }),
    }
}

#[test]
#[ignore = "reads the sources of all crates; .ci/run runs it, in release mode"]
fn the_fast_way_finds_what_the_plain_way_finds() {
    let mut files = Vec::new();
    directories().iter().for_each(|directory| files_under(directory, &mut files));
    assert!(!files.is_empty(), "no text to read");
    files.sort();
    let mut random = Random(setting("WATERWALL_SEED", 1));
    for _ in 0..setting("WATERWALL_BODIES", 30_000) {
        let file = &files[random.below(files.len())];
        let Some(text) = fs::read_to_string(file).ok().filter(|text| text.len() < 4_000_000) else {
            continue;
        };
        let text = excerpt(&mut random, &text);
        let request = request(&mut random, &text);
        let body = if random.below(3) == 0 {
            serde_json::to_vec_pretty(&request)
        } else {
            serde_json::to_vec(&request)
        };
        // The first byte chooses the dialect, and that answers come in one piece.
        let mut data = vec![28 + random.below(4) as u8];
        data.extend(body.expect("JSON"));
        fuzz::body(&data);
    }
}
