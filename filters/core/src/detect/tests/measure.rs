//! Measurements, run by hand.

use super::*;

/// Hits per MB by kind, in real text: `FILES` names directories, separated by colons.
///
/// `FILES=/usr/share/doc cargo test --release -p waterwall-core -- --ignored --nocapture precision`
#[test]
#[ignore = "a measurement, not a test"]
#[allow(clippy::print_stdout, clippy::disallowed_methods)]
fn precision() {
    let mut directories: Vec<_> =
        std::env::var("FILES").unwrap_or_default().split(':').map(std::path::PathBuf::from).collect();
    let (mut bytes, mut kinds) = (0, std::collections::BTreeMap::<_, usize>::new());
    while let Some(path) = directories.pop() {
        let Ok(kind) = std::fs::symlink_metadata(&path) else { continue };
        if kind.is_dir() {
            let entries = std::fs::read_dir(&path).into_iter().flatten();
            directories.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
        } else if kind.is_file() && kind.len() < 20_000_000 {
            let text = std::fs::read(&path).unwrap_or_default();
            if text[..text.len().min(8000)].contains(&0) {
                continue;
            }
            bytes += text.len();
            for span in scan(&text) {
                *kinds.entry(span.kind).or_default() += 1;
                let line = text[..span.start].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
                let around = &text[line.max(span.start.saturating_sub(80))..text.len().min(span.end + 20)];
                let around = String::from_utf8_lossy(around).replace('\n', "⏎");
                let cut: String = around.chars().take(240).collect();
                println!("HIT {} {} {cut}", span.kind, path.display());
            }
        }
    }
    let megabytes = bytes as f64 / 1e6;
    for (kind, count) in &kinds {
        println!("{kind}: {count}, {:.3} per MB", *count as f64 / megabytes);
    }
    println!("{megabytes:.0} MB, {:.3} per MB", kinds.values().sum::<usize>() as f64 / megabytes);
}

/// `cargo test --release -p waterwall-core -- --ignored --nocapture throughput`
#[test]
#[ignore = "a measurement, not a test"]
#[allow(clippy::print_stdout, clippy::disallowed_methods)]
fn throughput() {
    let source = include_str!("../pem.rs").repeat(40);
    let json = source.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"");
    let prose = "The quick brown fox asks: is this higher than that? ".repeat(20_000);
    let log = "2026-11-22T12:34:56.789Z INFO gateway: exchange id=4f2a took 12ms status=200\n".repeat(15_000);
    let ids = "12:34:56 550e8400-e29b-41d4-a716-446655440000 4b825dc642cb6eb9a060e54bf8d69288fbee4904 \
               GET /api/v1/users/profile_settings-page?id=12\n"
        .repeat(10_000);
    let base64 = expand("{Z9xQ7/abk+Lm0PqRs*1000000}");
    let texts =
        [("rust", source), ("json", json), ("prose", prose), ("log", log), ("ids", ids), ("base64", base64)];
    let detectors = Detectors::builtin();
    for (name, text) in texts {
        let mut spans = Vec::new();
        let mut best = std::time::Duration::MAX;
        for _ in 0..100 {
            let began = std::time::Instant::now();
            spans.clear();
            let leaf = Leaf { text: text.as_bytes(), key: None };
            detectors.scan(leaf, &mut spans);
            best = best.min(began.elapsed());
        }
        let speed = text.len() as f64 / best.as_secs_f64() / 1e6;
        println!("{name}: {speed:.0} MB/s, {} spans", spans.len());
    }
}
