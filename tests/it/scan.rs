//! `waterwall scan` on real trees: what is walked, in which order it is told, and in which form.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Ran, aws_key};

/// A directory to scan, and the binary run inside it.
struct Tree(TempDir);

impl Tree {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("inside the tree")).expect("made");
        fs::write(path, text).expect("written");
    }

    /// Files that hold one key each, on their only line.
    fn plant(&self, names: &[&str]) {
        for name in names {
            self.write(name, format!("{}\n", aws_key()));
        }
    }

    fn scan(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waterwall"));
        command.arg("scan").args(arguments).stdin(Stdio::null());
        self.run(&mut command)
    }

    fn run(&self, command: &mut Command) -> Ran {
        let environment = [("HOME", self.path().as_os_str()), ("PATH", "/usr/bin:/bin".as_ref())];
        command.current_dir(self.path()).env_clear().envs(environment);
        command.output().expect("started").into()
    }

    fn git(&self, arguments: &[&str]) -> Ran {
        let who = ["-c", "user.name=n", "-c", "user.email=e@localhost"];
        self.run(Command::new("git").args(who).args(arguments))
    }
}

impl Ran {
    /// The files in which something was found, as printed.
    fn files(&self) -> Vec<&str> {
        self.out.lines().map(|line| line.split(':').next().expect("a name")).collect()
    }
}

#[test]
fn a_directory_is_walked_as_git_would() {
    let tree = Tree::new();
    tree.plant(&["kept.txt", "sub/kept.txt", "sub/dropped.log", "target/out.txt", ".env", ".git/config"]);
    tree.plant(&["sub/.hidden/kept", "sub/important.log"]);
    tree.write(".gitignore", "target/\n*.log\n");
    tree.write("sub/.gitignore", "!important.log\n");
    tree.write("picture.png", format!("PNG\0{}", aws_key()));

    let walked = tree.scan(&["."]);
    assert_eq!(walked.code, Some(1), "{walked:?}");
    assert_eq!(
        walked.files(),
        ["./.env", "./kept.txt", "./sub/.hidden/kept", "./sub/important.log", "./sub/kept.txt"]
    );
    let without_hidden = tree.scan(&[".", "--no-hidden"]);
    assert_eq!(without_hidden.files(), ["./kept.txt", "./sub/important.log", "./sub/kept.txt"]);
    assert_eq!(tree.scan(&[".", "--no-hidden", "--hidden"]).out, walked.out);
    let everything = tree.scan(&[".", "--no-ignore"]);
    assert_eq!(
        everything.files(),
        [
            "./.env",
            "./kept.txt",
            "./sub/.hidden/kept",
            "./sub/dropped.log",
            "./sub/important.log",
            "./sub/kept.txt",
            "./target/out.txt"
        ]
    );
}

#[test]
fn what_is_named_is_scanned_whatever_it_is() {
    let tree = Tree::new();
    tree.plant(&["a.log", "build/b.txt"]);
    tree.write(".gitignore", "*.log\nbuild/\n");
    tree.write("c.bin", format!("\0{}", aws_key()));
    let ran = tree.scan(&["a.log", "c.bin", "build"]);
    assert_eq!(ran.files(), ["a.log", "c.bin", "build/b.txt"], "{ran:?}");
}

#[test]
fn a_file_named_twice_is_told_once() {
    let tree = Tree::new();
    tree.plant(&["d/a", "d/b"]);
    assert_eq!(tree.scan(&["d/b", "d", "./d/a"]).files(), ["d/b", "d/a"]);
}

#[test]
fn the_output_does_not_depend_on_the_threads() {
    let tree = Tree::new();
    for number in 0..300 {
        let lines = "filler\n".repeat(number * 37 % 1000);
        tree.write(&format!("{}/{number}.txt", number % 7), format!("{lines}{}\n", aws_key()));
    }
    let one = tree.scan(&["--json", "-j", "1", "."]);
    assert_eq!(one.out.matches("AWS_ACCESS_KEY").count(), 300);
    for threads in ["2", "5", "16"] {
        assert_eq!(tree.scan(&["--json", "-j", threads, "."]).out, one.out, "{threads} threads");
    }
}

#[test]
fn links_are_followed_only_on_request_and_never_in_circles() {
    let tree = Tree::new();
    let outside = Tree::new();
    outside.plant(&["far.txt"]);
    tree.plant(&["near.txt"]);
    fs::create_dir(tree.path().join("sub")).expect("made");
    symlink("..", tree.path().join("sub/up")).expect("linked");
    symlink("nowhere", tree.path().join("dangling")).expect("linked");
    symlink(outside.path(), tree.path().join("sub/out")).expect("linked");

    let plain = tree.scan(&["."]);
    assert_eq!((plain.code, plain.files(), plain.err.as_str()), (Some(1), vec!["./near.txt"], ""));
    let following = tree.scan(&["-L", "."]);
    assert_eq!(following.files(), ["./near.txt", "./sub/out/far.txt"], "{following:?}");
    assert!(following.err.contains("cannot read ./dangling"), "{following:?}");
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_scanned() {
    let tree = Tree::new();
    tree.plant(&["a.txt", "locked.txt"]);
    // Nobody can read the start of this, root neither.
    let ran = tree.scan(&["/proc/self/mem", "a.txt"]);
    assert_eq!((ran.code, ran.files()), (Some(2), vec!["a.txt"]), "{ran:?}");
    assert!(ran.err.starts_with("error: cannot read /proc/self/mem: "), "{ran:?}");
    assert_eq!(ran.err.lines().count(), 2, "{ran:?}");

    let locked = tree.path().join("locked.txt");
    fs::set_permissions(&locked, std::os::unix::fs::PermissionsExt::from_mode(0o000)).expect("set");
    let ran = tree.scan(&["."]);
    if fs::read(&locked).is_ok() {
        return; // Nothing is locked for root.
    }
    assert_eq!((ran.code, ran.files()), (Some(2), vec!["./a.txt"]), "{ran:?}");
    assert!(ran.err.starts_with("error: cannot read ./locked.txt: "), "{ran:?}");
}

#[test]
fn a_large_file_is_scanned_to_its_end() {
    let tree = Tree::new();
    let line = "nothing to see in this line of an ordinary log\n";
    let filler = line.repeat((20 << 20) / line.len());
    let mut text = filler.clone();
    text += &format!("é {}\n{filler}{}", aws_key(), aws_key());
    tree.write("big.log", &text);
    let lines = filler.lines().count();
    let expected =
        format!("big.log:{}:4: AWS_ACCESS_KEY\nbig.log:{}:1: AWS_ACCESS_KEY\n", lines + 1, 2 * lines + 2);
    assert_eq!(tree.scan(&["big.log"]).out, expected);
}

#[test]
fn sarif_names_rules_and_regions_but_no_secret() {
    let tree = Tree::new();
    tree.write("with space.txt", format!("one\né {}\n", aws_key()));
    let ran = tree.scan(&["--sarif", ".", "absent"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(!ran.out.contains(&aws_key()));
    let log: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "waterwall");
    let result = &run["results"][0];
    let rule = result["ruleIndex"].as_u64().expect("a number") as usize;
    assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
    assert_eq!(result["ruleId"], "AWS_ACCESS_KEY");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "with%20space.txt");
    let region = serde_json::json!({"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 23});
    assert_eq!(place["region"], region);
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let empty: Value = serde_json::from_str(&tree.scan(&["--sarif", "-"]).out).expect("JSON");
    assert_eq!(empty["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn forms_of_output_exclude_each_other() {
    let tree = Tree::new();
    for pair in [["--json", "--sarif"], ["--json", "--jsonl"], ["--sarif", "--jsonl"]] {
        let ran = tree.scan(&pair);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{pair:?}");
    }
}

/// The hook as docs/detection.md gives it.
const HOOK: &str = "#!/bin/sh\ngit diff --cached --name-only --diff-filter=d -z | xargs -0r waterwall scan\n";

#[test]
fn a_commit_hook_keeps_secrets_out() {
    let tree = Tree::new();
    if Command::new("git").arg("--version").output().is_err() {
        return;
    }
    assert_eq!(tree.git(&["init", "-q"]).code, Some(0));
    let binary = env!("CARGO_BIN_EXE_waterwall");
    tree.write(".git/hooks/pre-commit", HOOK.replace("waterwall", binary));
    let hook = tree.path().join(".git/hooks/pre-commit");
    fs::set_permissions(hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("set");

    tree.plant(&["a key.txt"]);
    tree.git(&["add", "a key.txt"]);
    let refused = tree.git(&["commit", "-qm", "one"]);
    assert_ne!(refused.code, Some(0), "{refused:?}");
    tree.write("a key.txt", "nothing\n");
    tree.git(&["add", "a key.txt"]);
    let accepted = tree.git(&["commit", "-qm", "two"]);
    assert_eq!(accepted.code, Some(0), "{accepted:?}");
}

#[test]
fn what_the_configuration_allows_is_not_told() {
    let tree = Tree::new();
    tree.plant(&["src/a", "test/fixtures/b", "test/fixtures/deep/c", "sub/test/fixtures/d"]);
    tree.write("waterwall.yaml", "redaction: { allow: [{path: 'test/fixtures/**'}] }\n");
    assert_eq!(tree.scan(&["."]).files(), ["./src/a", "./sub/test/fixtures/d"]);
    assert_eq!(tree.scan(&["test"]).code, Some(0));
    // Globs are seen from the configuration, wherever the scan begins.
    assert_eq!(
        tree.scan(&["--config", "waterwall.yaml", tree.path().join("test").to_str().expect("UTF-8")]).code,
        Some(0)
    );
    tree.write("waterwall.yaml", "redaction: { allow: [{type: AWS_ACCESS_KEY}] }\n");
    assert_eq!(tree.scan(&["."]).code, Some(0));
}

#[test]
fn rules_of_gitleaks_are_used() {
    let tree = Tree::new();
    tree.write("waterwall.yaml", "redaction: { extra_detectors: rules.toml }\n");
    let rules = "[[rules]]\nid = 'own-key'\nregex = 'own:(\\w{6})'\npath = '[.]cfg$'\n[allowlist]\npaths = ['^ok/']\n";
    tree.write("rules.toml", rules);
    for name in ["a.cfg", "a.txt", "ok/a.cfg"] {
        tree.write(name, "x own:q1w2e3 y\n");
    }
    let scan = tree.scan(&["a.cfg", "a.txt", "ok", "--json"]);
    let found: Value = serde_json::from_str(&scan.out).expect("JSON");
    assert_eq!(found["findings"].as_array().expect("a list").len(), 1, "{scan:?}");
    assert_eq!(
        (&found["findings"][0]["type"], &found["findings"][0]["start"]),
        (&"OWN_KEY".into(), &6.into())
    );
}
