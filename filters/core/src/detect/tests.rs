//! The list of detectors checked against its own examples, and the properties of a scan.

use super::*;

fn scan(text: &[u8]) -> Vec<Span> {
    let mut spans = Vec::new();
    Detectors::builtin().scan(Leaf { text, key: None }, &mut spans);
    spans
}

/// Kind and text of every span.
fn found(text: &str) -> Vec<(&'static str, &str)> {
    scan(text.as_bytes())
        .iter()
        .map(|span| (span.kind.label(), &text[span.range()]))
        .collect()
}

#[test]
fn every_detector_finds_its_examples_and_nothing_else() {
    for detector in builtin::all() {
        for template in detector.finds {
            let text = expand(template);
            assert_eq!(
                found(&text),
                [(detector.kind.label(), &*text)],
                "{template}"
            );
        }
        for template in detector.ignores {
            let text = expand(template);
            let hit = found(&text)
                .into_iter()
                .find(|(kind, _)| *kind == detector.kind.label());
            assert_eq!(hit, None, "{} in {template}", detector.kind);
        }
    }
}
