//! What a configuration may say, and the exact words of every refusal.

mod redaction;

use std::fs;

use tempfile::TempDir;
use waterwall_core::detect::Leaf;

use super::*;

/// A directory that plays home, working directory and system directory.
struct World {
    dir: TempDir,
    surroundings: Surroundings,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let surroundings = Surroundings {
            named_config: None,
            config_home: Some(dir.path().join("config")),
            state_home: Some(dir.path().join("state")),
            state_directory: None,
            runtime_directory: None,
            home: Some(dir.path().join("home")),
            working_dir: dir.path().join("work"),
            system_dir: dir.path().join("etc"),
            variable: |_| None,
        };
        Self { dir, surroundings }
    }

    fn write(&self, name: &str, text: &str) -> std::path::PathBuf {
        let file = self.dir.path().join(name);
        fs::create_dir_all(file.parent().expect("inside the directory")).expect("made");
        fs::write(&file, text).expect("written");
        file
    }

    fn load(&self, text: &str) -> Result<Config, Error> {
        let file = self.write("w.yaml", text);
        Config::load(Some(&file), &self.surroundings)
    }

    /// The two lines of a refusal, with the directory's name taken out.
    fn refusal(&self, text: &str) -> String {
        let error = self.load(text).expect_err("refused");
        let lines = format!("{error}\n{}", error.remedy());
        lines.replace(&format!("{}/", self.dir.path().display()), "")
    }
}

#[test]
fn the_file_that_ships_says_what_is_in_force_without_it() {
    let world = World::new();
    let mut shipped = world.load(BUILT_IN).expect("the shipped file is valid");
    for text in ["", "# nothing\n", "{}\n", "upstreams: null\nadmin: null\naudit:\n"] {
        let empty = world.load(text).expect("an empty file is valid");
        assert_eq!(empty, shipped, "{text:?}");
    }
    let built_in = Config::load(None, &world.surroundings).expect("the built-in one is valid");
    assert_eq!(built_in.source, Source::BuiltIn);
    shipped.source = Source::BuiltIn;
    assert_eq!(built_in, shipped);
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let world = World::new();
    let config = Config::load(None, &world.surroundings).expect("valid");
    assert_eq!(config.listen.to_string(), "127.0.0.1:8888");
    assert_eq!(config.admin_listen.to_string(), "127.0.0.1:8889");
    let state = world.dir.path().join("state/waterwall");
    assert_eq!(config.state_dir, state);
    assert_eq!(config.audit.chain, state.join("audit/proxy.jsonl"));
    assert_eq!(config.audit.receipts_dir, state.join("audit/receipts"));
    assert_eq!(config.audit.manifests_dir, state.join("audit/manifests"));
    assert_eq!(config.audit.signing_key, state.join("signing.key"));
    assert_eq!(
        config.kill_switch,
        KillSwitch { armed: false, sentinel: state.join("kill"), refusal_status: RefusalStatus::BadGateway }
    );
    assert_eq!(config.redaction.max_body_bytes, 67_108_864);
    assert_eq!(config.redaction.unscannable, Unscannable::Refuse);
    assert_eq!(
        config.forward,
        Forward {
            intercept: true,
            ca_dir: state.clone(),
            other_hosts: OtherHosts::Tunnel,
            tunnel_ports: Vec::new(),
        }
    );
    let providers: Vec<_> = config
        .upstreams
        .iter()
        .map(|up| format!("{} {} {} {}:{}", up.host, up.dialect.name, up.prefix, up.url.host, up.url.port))
        .collect();
    assert_eq!(
        providers,
        [
            "api.anthropic.com anthropic /anthropic api.anthropic.com:443",
            "api.openai.com openai /openai api.openai.com:443",
            "api.deepseek.com openai /deepseek api.deepseek.com:443",
            "openrouter.ai openai /openrouter openrouter.ai:443",
            "generativelanguage.googleapis.com generic /gemini generativelanguage.googleapis.com:443",
        ]
    );
}

#[test]
fn the_first_of_five_places_wins() {
    let mut world = World::new();
    let find = |world: &World, named: Option<&str>| {
        let named = named.map(Path::new);
        match Source::find(named, &world.surroundings) {
            Source::BuiltIn => "built in".to_owned(),
            Source::File(file) => match file.strip_prefix(world.dir.path()) {
                Ok(inside) => inside.display().to_string(),
                Err(_) => file.display().to_string(),
            },
        }
    };
    assert_eq!(find(&world, None), "built in");
    world.write("etc/waterwall.yaml", "");
    assert_eq!(find(&world, None), "etc/waterwall.yaml");
    world.write("config/waterwall/waterwall.yaml", "");
    assert_eq!(find(&world, None), "config/waterwall/waterwall.yaml");
    world.write("work/waterwall.yaml", "");
    assert_eq!(find(&world, None), "work/waterwall.yaml");
    world.surroundings.named_config = Some("from-variable.yaml".into());
    assert_eq!(find(&world, None), "from-variable.yaml");
    assert_eq!(find(&world, Some("from-option.yaml")), "from-option.yaml");
}

#[test]
fn a_named_file_that_is_missing_is_an_error() {
    let world = World::new();
    let error = Config::load(Some(Path::new("absent.yaml")), &world.surroundings).expect_err("refused");
    assert_eq!(error.to_string(), "absent.yaml: there is no such file");
    let remedy = "Create it (`waterwall init` writes a commented one) or name another file.";
    assert_eq!(error.remedy(), remedy);
}

#[test]
fn systemd_directories_come_first() {
    let mut world = World::new();
    world.surroundings.state_directory = Some("/var/lib/waterwall".into());
    world.surroundings.runtime_directory = Some("/run/waterwall".into());
    let config = world.load("").expect("valid");
    assert_eq!(config.state_dir, Path::new("/var/lib/waterwall"));
    assert_eq!(config.kill_switch.sentinel, Path::new("/run/waterwall/kill"));
}

#[test]
fn paths_start_at_the_file_or_at_home() {
    let world = World::new();
    let config =
        world.load("state_dir: here\naudit: { chain: ~/log.jsonl, signing_key: /k }\n").expect("valid");
    assert_eq!(config.state_dir, world.dir.path().join("here"));
    assert_eq!(config.audit.chain, world.dir.path().join("home/log.jsonl"));
    assert_eq!(config.audit.signing_key, Path::new("/k"));
}

#[test]
fn the_kill_switch_is_a_bool_or_a_map() {
    let world = World::new();
    let armed = |text| world.load(text).expect("valid").kill_switch.armed;
    assert!(armed("kill_switch: true\n"));
    assert!(!armed("kill_switch: false\n"));
    assert!(armed("kill_switch: { armed: true }\n"));
    let config = world.load("kill_switch: { sentinel: /run/x }\n").expect("valid");
    assert_eq!(
        config.kill_switch,
        KillSwitch { armed: false, sentinel: "/run/x".into(), refusal_status: RefusalStatus::BadGateway }
    );
}

#[test]
fn urls_become_endpoints() {
    let world = World::new();
    let endpoint = |url: &str| {
        let text = format!("upstreams: [{{host: a.b, dialect: openai, prefix: /a/, url: '{url}'}}]");
        let upstream = world.load(&text).expect("valid").upstreams.remove(0);
        assert_eq!(upstream.prefix, "/a");
        let Endpoint { tls, host, port, base_path } = upstream.url;
        format!("{tls} {host} {port} {base_path:?}")
    };
    assert_eq!(endpoint("http://127.0.0.1:9/"), r#"false 127.0.0.1 9 """#);
    assert_eq!(endpoint("https://Api.Example"), r#"true api.example 443 """#);
    assert_eq!(endpoint("http://[::1]"), r#"false ::1 80 """#);
    assert_eq!(endpoint("https://h.example/api/"), r#"true h.example 443 "/api""#);
}

#[test]
fn extra_patterns_lie_beside_the_file() {
    let world = World::new();
    world.write("p.yaml", "patterns: [{type: MY_TOKEN, regex: 'mytok_[a-z]{4}'}]\n");
    let config = world.load("redaction: { extra_detectors: p.yaml }\n").expect("valid");
    let leaf = Leaf { text: b"a mytok_abcd b", key: None };
    let mut spans = Vec::new();
    config.redaction.detectors.scan(leaf, &mut spans);
    let [span] = spans.as_slice() else { panic!("one span: {spans:?}") };
    assert_eq!((span.range(), span.kind.label()), (2..12, "MY_TOKEN"));
}

#[test]
fn refusals_name_the_place_and_the_remedy() {
    let upstream = |fields: &str| format!("upstreams:\n  - {{ {fields} }}\n");
    let two = |a: &str, b: &str| {
        format!(
            "upstreams:\n  - {{ host: a, dialect: generic, prefix: /a }}\n  - {{ host: {a}, dialect: generic, prefix: {b} }}\n"
        )
    };
    let cases = [
        (
            "lisen: 127.0.0.1:1\n".to_owned(),
            "w.yaml:1:1: unknown key \"lisen\"\n\
             Remove it, or use one of: listen, admin, state_dir, drain_seconds, upstreams, forward, redaction, vault, audit, kill_switch.",
        ),
        (
            "forward:\n  intercept: true\n  others: refuse\n".to_owned(),
            "w.yaml:3:3: unknown key \"others\"\nRemove it, or use one of: intercept, ca_dir, other_hosts, tunnel_ports.",
        ),
        (
            "forward: { tunnel_ports: [0] }\n".to_owned(),
            "w.yaml:1:27: 0 is not a port\nWrite a number from 1 to 65535; 443 is always allowed.",
        ),
        (
            "forward:\n  other_hosts: allow\n".to_owned(),
            "w.yaml:2:16: unknown value\nUse one of: tunnel, refuse.",
        ),
        ("redaction: { detectors: none }\n".to_owned(), "w.yaml:1:25: unknown value\nUse one of: builtin."),
        (
            "vault:\n  capacity: lots\n".to_owned(),
            "w.yaml:2:13: a whole number is expected\nWrite digits only.",
        ),
        (
            "vault: { capacity: -1 }\n".to_owned(),
            "w.yaml:1:20: a whole number is expected\nWrite digits only.",
        ),
        (
            "vault:\n  capacity: 0\n".to_owned(),
            "w.yaml:2:13: 0 is out of range\nWrite a number from 1 to 100000000; the default is 10000.",
        ),
        (
            "kill_switch: maybe\n".to_owned(),
            "w.yaml:1:1: found a string where true, false, or a map of `armed`, `sentinel` and `refusal_status` is expected\n\
             Correct the value.",
        ),
        (
            "kill_switch: { arm: true }\n".to_owned(),
            "w.yaml:1:16: unknown key \"arm\"\nRemove it, or use one of: armed, sentinel, refusal_status.",
        ),
        (
            "listen: 127.0.0.1:1\nlisten: 127.0.0.1:2\n".to_owned(),
            "w.yaml:2:1: the key \"listen\" stands here a second time\nRemove one of the two.",
        ),
        ("listen: [\n".to_owned(), "w.yaml:1:9: expected string scalar\nCorrect the YAML at this place."),
        ("- a\n".to_owned(), "w.yaml:1:1: expected mapping start\nCorrect the YAML at this place."),
        (
            "listen: a\n---\nlisten: b\n".to_owned(),
            "w.yaml:3:1: only single YAML document expected but multiple found\n\
             Correct the YAML at this place.",
        ),
        (
            "listen: localhost\n".to_owned(),
            "w.yaml:1:9: this is not an address and port\nWrite it like 127.0.0.1:8888.",
        ),
        (
            "admin:\n  listen: 0.0.0.0:8889\n".to_owned(),
            "w.yaml:2:11: the admin server may not listen on 0.0.0.0\n\
             Use a loopback address such as 127.0.0.1:8889.",
        ),
        (
            "listen: 127.0.0.1:8889\n".to_owned(),
            "w.yaml: agents and the admin server share port 8889\n\
             Give `listen` and `admin.listen` different ports.",
        ),
        (
            "state_dir: ''\n".to_owned(),
            "w.yaml:1:12: the path is empty\nWrite a path, or `null` for the default.",
        ),
        (
            "upstreams: []\n".to_owned(),
            "w.yaml:1:12: no upstream is listed\n\
             List at least one, or remove the key for the built-in list.",
        ),
        (
            upstream("host: a.b, dialect: openai"),
            "w.yaml:2:18: the key \"prefix\" is missing\nAdd a line `prefix: …` here.",
        ),
        (
            upstream("host: a.b, dialect: gopher, prefix: /a"),
            "w.yaml:2:27: this dialect is unknown\nUse one of: anthropic, openai, generic.",
        ),
        (
            upstream("host: 'https://a.b', dialect: openai, prefix: /a"),
            "w.yaml:2:13: this is not a host name\n\
             Write a DNS name, without scheme, port or path; an upstream's address goes into `url`.",
        ),
        (
            upstream("host: 127.0.0.1, dialect: openai, prefix: /a"),
            "w.yaml:2:13: this is not a host name\n\
             Write a DNS name, without scheme, port or path; an upstream's address goes into `url`.",
        ),
        (
            upstream("host: a.b, dialect: openai, prefix: a"),
            "w.yaml:2:43: this cannot be a prefix\nWrite a slash and a name, like /anthropic.",
        ),
        (
            upstream("host: a.b, dialect: openai, prefix: /"),
            "w.yaml:2:43: this cannot be a prefix\nWrite a slash and a name, like /anthropic.",
        ),
        (
            upstream("host: a.b, dialect: openai, prefix: /a/../b"),
            "w.yaml:2:43: this cannot be a prefix\nWrite a slash and a name, like /anthropic.",
        ),
        (
            upstream("host: a.b, dialect: openai, prefix: /a, url: ftp://a.b"),
            "w.yaml:2:52: this is not an upstream's URL\n\
             Write http(s)://host or http(s)://host:port.",
        ),
        (
            upstream("host: a.b, dialect: openai, prefix: /a, url: 'https://a.b:99999'"),
            "w.yaml:2:52: this is not an upstream's URL\n\
             Write http(s)://host or http(s)://host:port.",
        ),
        // This is logged, and told on the admin port.
        (
            upstream("host: a.b, dialect: openai, prefix: /a, url: 'https://me:hunter2@a.b/'"),
            "w.yaml:2:52: a user, a query or a fragment cannot be part of an upstream's URL\n\
             Write http(s)://host or http(s)://host:port.",
        ),
        (
            upstream("host: a.b, dialect: openai, prefix: /a, ca_file: none.pem"),
            "w.yaml:2:56: none.pem cannot be read: No such file or directory (os error 2)\n\
             Name a PEM file of root certificates, or set `ca_file: null`.",
        ),
        (two("A", "/b"), "w.yaml:3:13: the host \"a\" is listed twice\nRemove one of the two upstreams."),
        (
            two("b", "/a"),
            "w.yaml:3:42: the prefix \"/a\" overlaps \"/a\" of a\n\
             Give each upstream a prefix of its own, none inside another.",
        ),
        (
            two("b", "/a/b"),
            "w.yaml:3:42: the prefix \"/a/b\" overlaps \"/a\" of a\n\
             Give each upstream a prefix of its own, none inside another.",
        ),
        (
            "redaction:\n  extra_detectors: absent.yaml\n".to_owned(),
            "w.yaml:2:20: extra_detectors: there is no file absent.yaml\n\
             Create it, or set `extra_detectors: null`.",
        ),
    ];
    let world = World::new();
    for (text, expected) in cases {
        let found = world.refusal(&text);
        assert_eq!(found, expected, "for {text}");
    }
}

/// They are logged, and told on the admin port.
#[test]
fn no_refusal_quotes_what_is_written() {
    let world = World::new();
    let upstream = |fields: &str| format!("upstreams: [{{ {fields} }}]\n");
    for text in [
        "SECRET: 1\n".to_owned(),
        "SECRET: 1\nSECRET: 2\n".to_owned(),
        "SECRET\n".to_owned(),
        "'SECRET\n".to_owned(),
        "!SECRET x\n".to_owned(),
        "listen: *SECRET\n".to_owned(),
        "listen: SECRET\n".to_owned(),
        "listen: [SECRET]\n".to_owned(),
        "admin: SECRET\n".to_owned(),
        "drain_seconds: SECRET\n".to_owned(),
        "kill_switch: SECRET\n".to_owned(),
        "kill_switch: { armed: SECRET }\n".to_owned(),
        "forward: { other_hosts: SECRET }\n".to_owned(),
        "forward: { tunnel_ports: [SECRET] }\n".to_owned(),
        "redaction: { allow: [{ type: SECRET }] }\n".to_owned(),
        "redaction: { allow: [{ sha256: SECRET }] }\n".to_owned(),
        "redaction: { known_values: { env: ['NAME=SECRET'] } }\n".to_owned(),
        "redaction: { known_values: { env: ['SECRET-'] } }\n".to_owned(),
        upstream("host: '_SECRET', dialect: openai, prefix: /a"),
        upstream("host: a.b, dialect: SECRET, prefix: /a"),
        upstream("host: a.b, dialect: openai, prefix: SECRET"),
        upstream("host: a.b, dialect: openai, prefix: /a, url: SECRET"),
        upstream("host: a.b, dialect: openai, prefix: /a, url: 'https://SECRET@a.b'"),
    ] {
        let refusal = world.refusal(&text.replace("SECRET", "Tr0ub4dor"));
        assert!(!refusal.contains("Tr0ub4dor"), "{text}: {refusal}");
        assert!(refusal.starts_with("w.yaml:1:") || refusal.starts_with("w.yaml:2:"), "{text}: {refusal}");
    }
    let config = world.load("redaction: { known_values: { env: [Tr0ub4dor] } }\n").expect("valid");
    assert!(!config.warnings.is_empty() && !config.warnings.join("\n").contains("Tr0ub4dor"));
}

#[test]
fn errors_in_the_pattern_file_name_that_file() {
    let world = World::new();
    let refusal = |patterns: &str| {
        world.write("p.yaml", patterns);
        world.refusal("redaction: { extra_detectors: p.yaml }\n")
    };
    assert_eq!(
        refusal("patterns:\n  - type: my-token\n    regex: a\n"),
        "p.yaml:2:11: this cannot be a type\n\
         Use capital letters, digits and underscores, like MY_TOKEN."
    );
    assert_eq!(
        refusal("patterns:\n  - type: A\n    regexp: a\n"),
        "p.yaml:3:5: unknown key \"regexp\"\nRemove it, or use one of: type, regex."
    );
    assert_eq!(
        refusal("patterns:\n  - type: A\n    regex: ''\n"),
        "p.yaml:3:12: the regex matches the empty string\n\
         Make it match at least one character everywhere it matches."
    );
    assert_eq!(
        refusal("patterns:\n  - type: A\n    regex: 'a('\n"),
        "p.yaml:3:12: the regex cannot be used: unclosed group\n\
         Correct it; the syntax is that of Rust's regex crate (no look-around, no back-references)."
    );
}

#[test]
fn without_home_the_state_directory_must_be_named() {
    let mut world = World::new();
    world.surroundings.state_home = None;
    assert_eq!(
        world.refusal(""),
        "w.yaml: no state directory: none of state_dir, $STATE_DIRECTORY, $XDG_STATE_HOME and $HOME is set\n\
         Set `state_dir` in the configuration."
    );
    assert!(world.load("state_dir: /s\n").is_ok());
}
