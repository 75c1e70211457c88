//! Single lines of both sorts, by hand: `benign.txt` has what only looks like a secret, `telling.txt` what is one.

use super::{
    places::{drawn, line_of},
    *,
};

/// How often the secrets of a line are drawn.
const DRAWS: u64 = 3;

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with("# "))
}

#[test]
fn nothing_is_found_in_benign_lines() {
    let reported = |line: &str| {
        let spans = scan(line.as_bytes());
        spans.first().map(|span| format!("{}: {}", span.kind, line_of(line, &span.range())))
    };
    let wrong: Vec<_> = lines(include_str!("benign.txt")).filter_map(reported).collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_telling_line_is_found() {
    let mut missed = Vec::new();
    for template in lines(include_str!("telling.txt")) {
        let miss = (1..=DRAWS).find_map(|seed| {
            let (text, secrets) = drawn(template, &mut Noise(seed));
            let spans = scan(text.as_bytes());
            let whole = |secret: &Range<usize>| {
                spans.iter().any(|span| span.start <= secret.start && secret.end <= span.end)
            };
            secrets.iter().find(|secret| !whole(secret)).map(|secret| line_of(&text, secret))
        });
        missed.extend(miss);
    }
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
}
