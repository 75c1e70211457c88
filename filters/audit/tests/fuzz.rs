//! The fuzz corpus and mutations of it, replayed on a stable toolchain.

#[path = "../../../tests/fuzz/replay.rs"]
mod replay;

use waterwall_audit::canonical;

#[test]
fn canonical_lines() {
    replay::replay("canonical", canonical::fuzz);
}
