//! Files made to crash the verifiers, to fill the memory, or to take over the terminal of whoever checks them.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Far below what the files would take, far above what a verifier needs with its threads.
const MEMORY: u64 = 4 << 30;

struct Desk(TempDir);

impl Desk {
    /// A directory with a public key in it.
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let key = waterwall_audit::SigningKey::generate().unwrap();
        desk.file("key.pub", key.public().to_pem().unwrap().as_bytes());
        desk
    }

    fn file(&self, name: &str, content: &[u8]) -> &Self {
        fs::write(self.0.path().join(name), content).unwrap();
        self
    }

    /// A verb on a file, with little memory where the tool for that is there.
    fn run(&self, arguments: &[&str]) -> Output {
        let program = env!("CARGO_BIN_EXE_waterwall");
        let mut command = match Path::new("/usr/bin/prlimit").exists() {
            true => {
                let mut limited = Command::new("prlimit");
                limited.arg(format!("--as={MEMORY}")).arg(program);
                limited
            }
            false => Command::new(program),
        };
        command.args(arguments).args(["--pubkey", "key.pub"]).current_dir(self.0.path()).output().unwrap()
    }

    /// It is refused in order, in few words, without a control character.
    #[track_caller]
    fn refuses(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let code = output.status.code();
        assert!(matches!(code, Some(1 | 2)), "{arguments:?}: {:?} {}", output.status, output.stderr.len());
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(said.len() < 5_000, "{arguments:?} says {} bytes", said.len());
        let control = |letter: char| letter.is_control() && letter != '\n';
        assert!(!said.contains(control), "{arguments:?}: {said:?}");
        said
    }
}

/// Twenty gigabytes that take no room on the disk, and lines of every gigantic kind.
#[test]
fn gigantic_files_are_refused_in_little_memory() {
    let desk = Desk::new();
    File::create(desk.0.path().join("hole")).unwrap().set_len(20 << 30).unwrap();
    desk.file("deep", "[".repeat(50 << 20).as_bytes());
    desk.file("wide", ["{\"a\":[", &"0,".repeat(30 << 20), "0]}\n"].concat().as_bytes());
    for file in ["hole", "deep", "wide", "/dev/zero"] {
        for verb in ["verify-chain", "verify-receipt", "verify-evidence", "verify-proof"] {
            desk.refuses(&[verb, file]);
        }
        desk.refuses(&["verify-chain", "key.pub", "--head", file]);
        desk.refuses(&["prove", file, "--line", "1", "--note", "key.pub"]);
        desk.refuses(&["prove", "key.pub", "--line", "1", "--note", file]);
    }
}

/// Two good reasons for a verifier to show what is in a file: a wrong root, an archive's name.
#[test]
fn nothing_in_a_file_reaches_the_terminal_as_it_is() {
    let desk = Desk::new();
    let escapes = "\\u001b]0;owned\\u0007\\u001b[2J\u{9b}31m\u{202e}";
    let zeros = "0".repeat(64);
    let line = format!(
        "{{\"chain_root_hash\":\"{escapes}\",\"line_type\":\"checkpoint\",\"prev_hash\":\"{zeros}\",\"seq\":1,\"signature\":\"\",\"ts\":\"2026-05-09T07:29:33.086+00:00\",\"v\":1}}\n"
    );
    desk.file("log", line.as_bytes());
    let said = desk.refuses(&["verify-chain", "log"]);
    assert!(said.contains("claimed \u{fffd}]0;owned"), "{said}");
    assert!(desk.refuses(&["verify-chain", "log", "--json"]).contains("\u{fffd}]0;owned"));

    let genesis = format!(
        "{{\"line_type\":\"genesis\",\"log_id\":\"{}\",\"prev_hash\":\"{zeros}\",\"previous_archive\":\"{escapes}\",\"previous_hash\":\"{zeros}\",\"public_key\":\"\",\"seq\":1,\"ts\":\"2026-05-09T07:29:33.086+00:00\"}}\n",
        "0".repeat(32)
    );
    desk.file("log", genesis.as_bytes());
    let said = desk.refuses(&["verify-chain", "log"]);
    assert!(said.contains("goes on from \u{fffd}]0;owned"), "{said}");
    for verb in ["verify-receipt", "verify-proof"] {
        desk.refuses(&[verb, "log"]);
    }
    // Names of files, too.
    desk.refuses(&["verify-chain", "absent\u{1b}[2J"]);
}
