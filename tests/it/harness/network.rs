//! A network of a test's own, in which a public address is this machine: the gateway tunnels to no other.

use std::process::Command;

/// An address of the internet; in a test's own network it is loopback's.
pub(crate) const PUBLIC: &str = "1.2.3.4";

/// Set in such a network.
const INSIDE: &str = "WATERWALL_TEST_NETWORK";

/// Runs `test` (its full name) once more in a network of its own, and returns true when that is done;
/// false inside it, where the test is to go on. Where no such network can be made it says so, and the
/// test is left out.
pub(crate) fn ran_in_own_network(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return false;
    }
    if !own_network("true", &[]).output().is_ok_and(|made| made.status.success()) {
        eprintln!("left out: {test} needs a network namespace of its own");
        return true;
    }
    let program = std::env::current_exe().unwrap();
    let arguments = [test, "--exact", "--include-ignored", "--nocapture"];
    let done = own_network(program.to_str().unwrap(), &arguments).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    eprintln!("{said}");
    assert!(done.status.success() && said.contains("1 passed"), "see above");
    true
}

fn own_network(program: &str, arguments: &[&str]) -> Command {
    let script = format!("ip link set lo up && ip address add {PUBLIC}/32 dev lo && exec \"$0\" \"$@\"");
    let mut command = Command::new("unshare");
    // Whoever may make no network may where they are root, be it of a namespace.
    command.args(if rustix::process::geteuid().is_root() { &["-n"][..] } else { &["-rn"] });
    command.args(["sh", "-c", &script, program]).args(arguments).env(INSIDE, "1");
    command
}
