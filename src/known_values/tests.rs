//! What is taken from where, and what is said of the rest.

use std::fs;

use super::*;

fn variable(name: &str) -> Option<OsString> {
    (name == "API_TOKEN").then(|| "value-of-a-variable-7".into())
}

fn text(gathered: &Gathered) -> String {
    format!("{:?} {:?} {:?}", gathered.values, gathered.listed, gathered.warnings)
}

#[test]
fn all_sources_are_gathered_and_no_value_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = |name: &str| dir.path().join(name);
    let env = "A=first-value-in-env\nPORT=8080\nMODE=development\nPIN=4711\nSILENT=production\nEMPTY=\nwhat\n\
               DATABASE_URL=postgres://app:tr0ub4dor-db@localhost/app\n";
    fs::write(path(".env"), env).expect("written");
    fs::write(path("token"), "content-of-a-file-3\r\n\n").expect("written");
    let store = Store::of(dir.path());
    store.add("STORED", b"value-in-the-store-5", false).expect("added");
    store.add("TINY", b"1234", true).expect("added");
    let sources = Sources {
        env_files: vec![path(".env"), path("absent.env")],
        files: vec![path("token")],
        variables: vec!["API_TOKEN".into(), "UNSET".into()],
        force: ["PIN".to_owned()].into(),
        ignore: ["SILENT".to_owned()].into(),
        min_length: 8,
    };
    let gathered = gather(&sources, &store, variable).ok().expect("usable");
    let listed: Vec<_> = gathered.listed.iter().map(|it| (&*it.name, it.length, it.left_out)).collect();
    assert_eq!(
        listed,
        [
            ("A", 18, None),
            ("PORT", 4, Some("too short")),
            ("MODE", 11, Some("a common word or password")),
            ("PIN", 4, None),
            ("DATABASE_URL", 41, None),
            ("token", 19, None),
            ("API_TOKEN", 21, None),
            ("STORED", 20, None),
            ("TINY", 4, None),
        ]
    );
    // The password of the URL is one more.
    assert_eq!(gathered.values.len(), 8);
    assert_eq!(gathered.read, [path(".env"), path("absent.env"), path("token"), path("known-values")]);
    let warnings = gathered.warnings.join("\n").replace(&format!("{}/", dir.path().display()), "");
    assert_eq!(
        warnings,
        "known_values: .env: not looked for: PORT (too short), MODE (a common word or password); list a name under force or ignore\n\
         known_values: .env: no assignment in line 7\n\
         known_values: there is no file absent.env; it counts as soon as it appears\n\
         known_values: env, entry 2: the environment has no such variable"
    );
    for value in [
        "first-value",
        "tr0ub4dor",
        "content-of",
        "value-of",
        "value-in",
        "8080",
        "4711",
        "development",
        "what",
    ] {
        assert!(!text(&gathered).contains(value), "{value}");
    }
}

#[test]
fn what_is_there_and_cannot_be_read_is_an_error() {
    let dir = tempfile::tempdir().expect("a directory");
    let refused = |sources: Sources| {
        let unusable = gather(&sources, &Store::of(dir.path()), variable).err().expect("refused");
        unusable.what
    };
    let directory = refused(Sources { env_files: vec![dir.path().to_owned()], ..Sources::default() });
    assert!(directory.starts_with("known_values: the file cannot be read: "), "{directory}");
    fs::write(dir.path().join("big"), vec![b'x'; (1 << 20) + 1]).expect("written");
    let big = refused(Sources { files: vec![dir.path().join("big")], ..Sources::default() });
    assert_eq!(big, "known_values: the file is larger than 1 MiB");
    fs::write(dir.path().join("known-values"), "{").expect("written");
    assert!(refused(Sources::default()).ends_with("known-values is damaged"));
}

#[test]
fn the_password_of_a_url_is_found() {
    assert_eq!(password(b"postgres://u:p@ss@h:5/x"), Some(b"p@ss".as_slice()));
    for url in ["postgres://h/x", "https://user@h", "u:p@h", "http://h/a:b@c"] {
        assert_eq!(password(url.as_bytes()), None, "{url}");
    }
}
