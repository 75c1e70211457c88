//! Tokens at every edge: what stands before and behind them, how they end, how large the leaf is, how they are
//! encoded.

use super::*;
use crate::detect::{detector::Confidence, encoded::percent_byte};

/// What may stand right before a token.
const LEFT: [&str; 62] = [
    "",
    " ",
    "\n",
    "\t",
    "\r\n",
    "\"",
    "'",
    "`",
    "(",
    "[",
    "{",
    "<",
    ">",
    ",",
    ";",
    ":",
    "=",
    "@",
    "&",
    "?",
    "|",
    "#",
    "!",
    "^",
    "*",
    "~ ",
    "\\n",
    "\\\\n",
    "\\r\\n",
    "\\t",
    "\\\\t",
    "\\\"",
    "\\\\\\\"",
    "%3D",
    "%22",
    "%20",
    "%26",
    "%2F",
    "%253D",
    "\\u0022",
    "\\u003e",
    "\\u0026",
    "\\x22",
    "&quot;",
    "&amp;",
    "&#34;",
    "<b>",
    "**",
    "``",
    "\u{1b}[32m",
    "é",
    "→",
    "密",
    "key=",
    "a=1&k=",
    "Bearer ",
    "token: ",
    "KEY='",
    "https://h/?k=",
    "/* ",
    "- ",
    "1. ",
];

/// What may stand right behind one.
const RIGHT: [&str; 40] = [
    "",
    " ",
    "\n",
    "\r\n",
    "\t",
    "\"",
    "'",
    "`",
    ")",
    "]",
    "}",
    "<",
    ">",
    ",",
    ";",
    "&",
    "?",
    "|",
    "#",
    "!",
    "\\n",
    "\\\\n",
    "\\r\\n",
    "\\t",
    "\\\"",
    "\\\\\\\"",
    "%22",
    "%26",
    "%0A",
    "\\u0022",
    "\\u0026",
    "&quot;",
    "</b>",
    "**",
    "\u{1b}[0m",
    "é",
    "密",
    " and more",
    "@host",
    "\0",
];

#[test]
fn every_example_between_every_pair_of_edges_around_it() {
    let mut wrong = Vec::new();
    let mut check = |kind: &'static str, before: &str, secret: &str, after: &str| {
        let text = format!("{before}{secret}{after}");
        if found(&text) != [(kind, secret)] {
            wrong.push(format!("{text:?}: {:?}", found(&text)));
        }
    };
    for (kind, secret) in examples() {
        for before in LEFT {
            check(kind, before, &secret, "\"");
        }
        for after in RIGHT {
            check(kind, "\"", &secret, after);
        }
    }
    assert_eq!(wrong, [""; 0], "{} wrong, such as {:#?}", wrong.len(), &wrong[..wrong.len().min(20)]);
}

/// One example for each way in which candidates are found.
fn representatives() -> Vec<String> {
    [
        "sk-ant-api03-{FAKE*93}AA",
        "AKIA{FAKE*16}",
        "hvs.{FAKE*24}",
        "{FAKE*14}.atlasv1.{Fake1x*67}",
        "abc8Q~{Fake1x*34}",
        "{0123456789abcdef*32}-us12",
        "{Fake1x*76}+ASt{Fake1x*8}",
        "123456789:AA{Fake1x*33}",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIx{FAKE*30}.{FAKE*43}",
        "ghp_{Fake1x*36}",
        "sk-proj-{Fake-_*74}T3BlbkFJ{Fake-_*73}-",
        "glpat-{Fake1x*19}_",
    ]
    .map(expand)
    .into()
}

#[test]
fn at_every_offset_of_a_block() {
    for secret in representatives() {
        for filler in [" ", "a ", "\n"] {
            for offset in 0..140 {
                let before = filler.repeat(offset);
                for tail in [0, 1, 15, 31, 70] {
                    let text = format!("{before} {secret}{}", " ".repeat(tail));
                    let places: Vec<_> = found(&text).into_iter().map(|(_, secret)| secret).collect();
                    assert_eq!(places, [&*secret], "offset {offset}, tail {tail}");
                }
            }
        }
    }
}

#[test]
fn in_a_leaf_of_some_megabytes() {
    let quiet = "the quick brown fox jumps over the lazy dog. ".repeat(100_000);
    for (index, secret) in representatives().into_iter().enumerate() {
        let at = [1, 65_535, 1 << 20, quiet.len()][index % 4];
        let text = format!("{} {secret} {}", &quiet[..at], &quiet[at..]);
        let spans = scan(text.as_bytes());
        assert_eq!(spans.len(), 1, "at {at}");
        assert_eq!(&text[spans[0].range()], secret, "at {at}");
    }
}

/// Alone in a leaf, which is then as small as it can be.
#[test]
fn a_leaf_of_nothing_else() {
    for (kind, secret) in examples() {
        assert_eq!(found(&secret), [(kind, &*secret)]);
    }
}

fn base64(data: &str, padded: bool) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in data.as_bytes().chunks(3) {
        let bits =
            chunk.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            text.push(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize] as char);
        }
        if padded {
            text.extend(std::iter::repeat_n('=', 3 - chunk.len()));
        }
    }
    text
}

fn hex(data: &str) -> String {
    data.bytes().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn percent(data: &str, all: bool) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' if !all => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    data.bytes().map(encode).collect()
}

/// Whatever carries it: the run that encodes the secret is covered as a whole.
#[test]
fn encoded_runs_are_covered_whole() {
    let anchored = builtin::all().into_iter().filter(|detector| detector.confidence == Confidence::Certain);
    let secrets = anchored
        .flat_map(|detector| detector.finds)
        .filter(|text| !text.contains(['«', '\n']))
        .map(|t| expand(t));
    let (mut missed, mut all) = (Vec::new(), 0);
    for secret in secrets {
        let runs = [
            base64(&secret, true),
            base64(&secret, false),
            base64(&format!("user:{secret}"), true),
            base64(&format!("{{\"token\":\"{secret}\"}}"), true),
            base64(&format!("KEY={secret}\nPORT=1\n"), true),
            hex(&secret),
            hex(&format!("TOKEN={secret}\n")).to_uppercase(),
            percent(&secret, true),
        ];
        for (index, run) in runs.into_iter().enumerate() {
            for text in [
                format!("value: {run}\n"),
                format!("{{\"data\":{{\"x\":\"{run}\"}}}}"),
                format!("a={run}&b=1"),
            ] {
                all += 1;
                let start = text.find(&run).unwrap();
                let whole = start..start + run.len();
                if !scan(text.as_bytes())
                    .iter()
                    .any(|span| span.start <= whole.start && whole.end <= span.end)
                {
                    missed.push((index, secret.clone()));
                }
            }
        }
    }
    assert!(
        missed.len() * 100 <= all,
        "{} of {all} missed: {:?}",
        missed.len(),
        &missed[..missed.len().min(20)]
    );
}

#[test]
fn what_percent_encoding_stands_for() {
    assert_eq!(percent_byte(b"%3D"), Some(b'='));
    assert_eq!(percent_byte(b"%3d1"), Some(b'='));
    for none in [&b""[..], b"%", b"%3", b"%zz", b"3D"] {
        assert_eq!(percent_byte(none), None);
    }
}
