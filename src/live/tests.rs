use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use proptest::prelude::*;
use waterwall_audit::{ChainWriter, SigningKey, WriterOptions};
use waterwall_core::placeholder::SessionKey;
use waterwall_core::vault::Vault;
use waterwall_pipeline::Services;

use super::*;
use crate::config::Surroundings;

const GOOD: &str = "\
state_dir: state
redaction: { extra_detectors: patterns.yaml, max_body_bytes: 1000 }
kill_switch: { armed: false, sentinel: kill }
upstreams:
  - { host: a.test, dialect: generic, prefix: /a, url: 'http://127.0.0.1:9' }
";
const PATTERNS: &str = "patterns: [{type: ONE, regex: 'one_[0-9]{8}'}]\n";

/// A configuration in a directory of its own, in force, with a log.
struct World {
    dir: tempfile::TempDir,
    live: Arc<Live>,
    reloader: Reloader,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("w.yaml"), GOOD).unwrap();
        fs::write(at("patterns.yaml"), PATTERNS).unwrap();
        let config = Config::load(Some(&at("w.yaml")), &Surroundings::of_process()).unwrap();
        let options = WriterOptions::new(SigningKey::generate().unwrap());
        let (chain, _) = ChainWriter::open(&at("log"), options, SystemTime::now()).unwrap();
        let vault = Vault::new(SessionKey::new([7; 32]), 10, 10);
        let services = Arc::new(Services::new(Arc::new(vault), chain, || None));
        let live = Arc::new(Live::new(Running::prepare(config.clone(), None).unwrap()));
        let reloader = Reloader::new(config, Arc::clone(&live), services);
        Self { dir, live, reloader }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn reload(&self, config: &[u8]) -> Result<(), String> {
        fs::write(self.at("w.yaml"), config).unwrap();
        self.reloader.reload(Cause::Request)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.at("log")).unwrap()
    }
}

#[test]
fn a_good_configuration_comes_into_force_whole() {
    let world = World::new();
    let before = world.live.now();
    world.reload(GOOD.replace("1000", "2000").replace("/a,", "/b,").as_bytes()).unwrap();
    let after = world.live.now();
    assert_eq!(after.policy.max_body_bytes, 2000);
    assert_eq!(after.config.upstreams[0].prefix, "/b");
    assert!(Arc::ptr_eq(&before.targets[0], &after.targets[0]), "its connections stay");
    // What began before ends on the old set.
    assert_eq!((before.policy.max_body_bytes, before.config.upstreams[0].prefix.as_str()), (1000, "/a"));
    assert!(!world.log().contains("policy_change"));
    assert_eq!(world.reloader.report().accepted, 1);
}

#[test]
fn another_set_of_detectors_is_recorded() {
    let world = World::new();
    let old = world.live.now().policy.detectors.policy_hash().to_owned();
    fs::write(world.at("patterns.yaml"), PATTERNS.replace("one_", "two_")).unwrap();
    world.reload(GOOD.as_bytes()).unwrap();
    let new = world.live.now().policy.detectors.policy_hash().to_owned();
    assert_ne!(old, new);
    let log = world.log();
    assert_eq!(log.matches("policy_change").count(), 1);
    for part in ["policy_change", &old, &new] {
        assert!(log.contains(part), "{part} in {log}");
    }
}

#[test]
fn what_cannot_change_while_running_is_named() {
    let world = World::new();
    let changed =
        GOOD.replace("state_dir: state", "state_dir: state\nlisten: 127.0.0.1:0\nvault: { capacity: 3 }");
    let reason = world.reload(changed.as_bytes()).unwrap_err();
    assert!(reason.starts_with("listen, vault cannot change while the gateway runs."), "{reason}");
}

#[test]
fn a_refusal_is_recorded_once_and_gone_when_mended() {
    let world = World::new();
    let before = world.live.now();
    for _ in 0..3 {
        let reason = world.reload(b"listen: nowhere\n").unwrap_err();
        assert!(reason.contains("w.yaml:1:9: this is not an address and port"), "{reason}");
        assert_eq!(world.reloader.report().refusal, Some(reason));
    }
    assert!(Arc::ptr_eq(&before, &world.live.now()));
    assert_eq!(world.log().matches("reload_refused").count(), 1);
    assert_eq!(world.reloader.report().refused, 3);
    world.reload(GOOD.as_bytes()).unwrap();
    assert_eq!(world.reloader.report().refusal, None);
}

#[test]
fn a_reason_never_quotes_a_secret() {
    let world = World::new();
    let secret = format!("AKIA{}", "FAKE".repeat(4));
    let reason =
        world.reload(format!("redaction: {{ extra_detectors: {secret} }}\n").as_bytes()).unwrap_err();
    assert!(reason.contains("withheld"), "{reason}");
    assert!(!world.log().contains(&secret));
}

#[test]
fn a_policy_that_cannot_be_recorded_does_not_come_into_force() {
    let world = World::new();
    let before = world.live.now();
    fs::write(world.at("patterns.yaml"), PATTERNS.replace("one_", "two_")).unwrap();
    world.reloader.services.chain.close(SystemTime::now()).unwrap();
    let reason = world.reload(GOOD.as_bytes()).unwrap_err();
    assert!(reason.contains("the audit log could not be written"), "{reason}");
    assert!(Arc::ptr_eq(&before, &world.live.now()));
}

/// A file as it may be found: the good one with some of its bytes changed, cut, or doubled.
fn spoilt() -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    prop::collection::vec(edit, 1..6).prop_map(|edits| {
        let mut bytes = GOOD.as_bytes().to_vec();
        for (at, byte, how) in edits {
            let at = at.index(bytes.len().max(1)).min(bytes.len());
            match how {
                0 => bytes.insert(at, byte),
                1 => bytes.truncate(at),
                2 => drop(bytes.drain(at..(at + 3).min(bytes.len()))),
                _ => bytes.extend_from_within(at..),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the file holds: it is in force whole and usable, or it is refused with a reason and
    /// what was in force stays.
    #[test]
    fn a_broken_configuration_never_replaces_the_running_one(files in prop::collection::vec(spoilt(), 1..8)) {
        let world = World::new();
        for file in files {
            let before = world.live.now();
            let outcome = world.reload(&file);
            let after = world.live.now();
            let read = Config::load(Some(&world.at("w.yaml")), &Surroundings::of_process());
            match (outcome, read) {
                (Ok(()), Ok(read)) => prop_assert_eq!(&after.config, &read),
                (Err(reason), read) => {
                    prop_assert!(Arc::ptr_eq(&before, &after));
                    prop_assert!(!reason.is_empty());
                    prop_assert_eq!(world.reloader.report().refusal, Some(reason));
                    // Good by itself, but not for this gateway.
                    prop_assert!(read.map_or(true, |read| !world.reloader.first.fixed_differences(&read).is_empty()));
                }
                (Ok(()), Err(error)) => prop_assert!(false, "in force although {}", error),
            }
        }
    }
}
