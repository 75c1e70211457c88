//! Known values, what is allowed, and rules of gitleaks.

use super::*;

fn finds(config: &Config, text: &str) -> bool {
    let mut spans = Vec::new();
    config.redaction.detectors.scan(Leaf { text: text.as_bytes(), key: None }, &mut spans);
    !spans.is_empty()
}

#[test]
fn known_values_come_from_beside_the_file() {
    let mut world = World::new();
    world.surroundings.variable = |name| (name == "TOKEN_7").then(|| "value-of-a-variable".into());
    world.write(".env", "A=value-of-the-env-file\nMODE=production\n");
    world.write("token", "value-of-a-file\n");
    let text =
        "redaction:\n  known_values: { env_files: [.env, later.env], files: [token], env: [TOKEN_7] }\n";
    let config = world.load(text).expect("valid");
    for value in ["value-of-the-env-file", "value-of-a-file", "value-of-a-variable"] {
        assert!(finds(&config, &format!("x{value}y")), "{value}");
    }
    assert!(!finds(&config, "value-of-a-later-file production"));
    let warnings = config.warnings.join("\n").replace(&format!("{}/", world.dir.path().display()), "");
    assert_eq!(
        warnings,
        "known_values: .env: not looked for: MODE (a common word or password); list a name under force or ignore\n\
         known_values: there is no file later.env; it counts as soon as it appears"
    );
    let again = world.load(text).expect("valid");
    assert_eq!(config, again);
    world.write("later.env", "B=value-of-a-later-file\n");
    let later = world.load(text).expect("valid");
    assert!(finds(&later, "value-of-a-later-file"));
    assert_ne!(config, later);
    assert!(!format!("{later:?}").contains("value-of"), "{later:?}");
}

#[test]
fn known_values_may_be_forced_or_ignored() {
    let world = World::new();
    world.write(".env", "PIN=4711\nMODE=production\n");
    let load = |keys: &str| {
        world
            .load(&format!("redaction: {{ known_values: {{ env_files: [.env], {keys} }} }}\n"))
            .expect("valid")
    };
    let forced = load("force: [PIN, MODE]");
    assert!(finds(&forced, "4711") && finds(&forced, "production") && forced.warnings.is_empty());
    let ignored = load("ignore: [PIN, MODE]");
    assert!(!finds(&ignored, "4711 production") && ignored.warnings.is_empty());
    world.write(".env", "WORDS=xq7-z\n");
    assert!(!finds(&load("force: []"), "xq7-z") && finds(&load("min_length: 5"), "xq7-z"));
}

#[test]
fn known_values_that_cannot_be_read_are_refused() {
    let world = World::new();
    world.write("d/x", "");
    let refusal = world.refusal("redaction:\n  known_values: { files: [d] }\n");
    assert!(refusal.starts_with("d: known_values: the file cannot be read: "), "{refusal}");
    let refusal = world.refusal("redaction:\n  known_values: { min_length: 0 }\n");
    assert!(refusal.starts_with("w.yaml:2:31: 0 is out of range"), "{refusal}");
}

/// The text that is found in it, as part of a file.
fn found<'t>(config: &Config, file: Option<&Path>, text: &'t str) -> Vec<(&'static str, &'t str)> {
    let detectors = match file {
        Some(file) => config.redaction.detectors_in(file),
        None => config.redaction.detectors.clone(),
    };
    let mut spans = Vec::new();
    detectors.scan(Leaf { text: text.as_bytes(), key: None }, &mut spans);
    spans.iter().map(|span| (span.kind.label(), &text[span.range()])).collect()
}

fn aws_key() -> String {
    format!("AKIA{}", "FAKE".repeat(4))
}

#[test]
fn what_is_allowed_is_left_alone() {
    let world = World::new();
    let key = aws_key();
    let sha256: String = {
        use sha2::Digest as _;
        sha2::Sha256::digest(&key).iter().map(|byte| format!("{byte:02X}")).collect()
    };
    let load = |list: &str| world.load(&format!("redaction: {{ allow: [{list}] }}\n")).expect("valid");
    let is_found = |config: &Config, file: Option<&str>| {
        !found(config, file.map(Path::new), &format!("key {key}.")).is_empty()
    };
    for list in [
        &format!("{{sha256: {sha256}}}"),
        "{type: AWS_ACCESS_KEY}",
        &format!("{{sha256: {sha256}, type: AWS_ACCESS_KEY}}"),
    ] {
        let config = load(list);
        assert!(!is_found(&config, None) && !is_found(&config, Some("x")), "{list}");
    }
    let other =
        load(&format!("{{sha256: {sha256}, type: GENERIC_PASSWORD}}, {{sha256: {}}}", "0".repeat(64)));
    assert!(is_found(&other, None));
    // A path counts for files alone, seen from the configuration.
    for list in ["{path: 'test/fixtures/**'}", "{path: './test/**/*.txt', type: AWS_ACCESS_KEY}"] {
        let config = load(list);
        let file = world.write("test/fixtures/deep/a.txt", "");
        assert!(is_found(&config, None), "{list}");
        assert!(
            !is_found(&config, Some("test/fixtures/a.txt")) && is_found(&config, Some("other/a.txt")),
            "{list}"
        );
        assert!(!is_found(&config, file.to_str()), "{list}");
    }
    // Known values are not asked.
    world.write("known", &key);
    let config = world
        .load("redaction: { allow: [{type: AWS_ACCESS_KEY}, {path: '**'}], known_values: { files: [known] } }\n")
        .expect("valid");
    assert!(is_found(&config, None) && is_found(&config, Some("x")));
}

#[test]
fn entries_that_can_mean_nothing_are_refused() {
    let world = World::new();
    let refusal = |entry: &str| world.refusal(&format!("redaction:\n  allow: [{{{entry}}}]\n"));
    assert_eq!(
        refusal("sha256: abc"),
        "w.yaml:2:20: this is not a SHA-256\nWrite 64 hex digits; `waterwall secrets hash` makes them from a value."
    );
    assert_eq!(
        refusal("type: AWS_KEY"),
        "w.yaml:2:18: no detector has this type\nWrite the type as `waterwall scan` shows it."
    );
    assert!(refusal("type: KNOWN_VALUE").contains("known values cannot be allowed"));
    assert!(refusal("path: 'a[b'").contains("this is not a glob: "));
    assert!(refusal("value: x").contains("unknown key"));
}

#[test]
fn a_gitleaks_file_is_taken_as_it_is() {
    let world = World::new();
    let rules = r#"
title = "rules of our own"
[extend]
useDefault = true
path = "more/base.toml"
disabledRules = ["off"]

[[rules]]
id = "our-token"
description = "as documented"
regex = """(?i)our[_-]?tok(?:en)?\\s*=\\s*([a-z0-9]{10})\\b"""
entropy = 2.0
keywords = ["our"]
tags = ["ours"]
[[rules.allowlists]]
regexTarget = "line"
regexes = ["ignore-this"]

[[rules]]
id = "only-a-path"
path = "\\.p12$"

[allowlist]
paths = ["^vendor/"]
stopwords = ["00000"]
commits = ["abcdef"]
"#;
    world.write("rules.toml", rules);
    let base = "[[rules]]\nid='base'\nregex='base:\\w{4}'\n[[rules]]\nid='off'\nregex='off:\\w{4}'\n";
    world.write("more/base.toml", base);
    let config = world.load("redaction: { extra_detectors: rules.toml }\n").expect("valid");
    let text = "OUR_TOK = q7w3e9r1t5 our-token=aaaaaaaaaa base:abcd off:abcd\nourtok=z1x2c3v4b5 ignore-this";
    assert_eq!(found(&config, None, text), [("OUR_TOKEN", "q7w3e9r1t5"), ("BASE", "base:abcd")]);
    assert_eq!(found(&config, Some(Path::new("src/x")), text).len(), 2);
    assert!(found(&config, Some(Path::new("vendor/x")), text).is_empty());
    let warnings = config.warnings.join("\n").replace(&format!("{}/", world.dir.path().display()), "");
    assert_eq!(
        warnings,
        "extra_detectors: rules.toml: `useDefault` brings nothing, as the built-in detectors are always on\n\
         extra_detectors: rules.toml: rules without a regex are passed over: only-a-path"
    );
    let watched: Vec<_> = config.watched_files();
    assert!(watched.iter().any(|file| file.ends_with("more/base.toml")), "{watched:?}");
}

#[test]
fn errors_in_a_gitleaks_file_name_the_rule() {
    let world = World::new();
    let refusal = |rules: &str| {
        world.write("rules.toml", rules);
        world.refusal("redaction: { extra_detectors: rules.toml }\n")
    };
    assert_eq!(
        refusal("\n[[rules]]\nid = 'bad'\nregex = 'x(?=y)'\n"),
        "rules.toml:3:1: rule \"bad\": look-around, including look-ahead and look-behind, is not supported in the \
         expression \"x(?=y)\"\nCorrect the rule, or disable it. The syntax is Go's: no look-around, no back-references."
    );
    assert!(refusal("[[rules]]\nid = 'bad'\nregex = 'x'\nsecretGroup = 1\n").contains("has no group 1"));
    assert!(refusal("[[rules]]\nid = 'bad'\nregex = ''\n").contains("matches the empty string"));
    assert!(refusal("[[rules]]\nregex = 'x'\n").starts_with("rules.toml:1:1: missing field `id`"));
    assert!(refusal("[[rules]\n").starts_with("rules.toml:1:1: "));
    assert!(refusal("[extend]\npath = 'rules.toml'\n").contains("too many files extend each other"));
}
