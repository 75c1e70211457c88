//! The fuzz corpus and mutations of it, replayed on a stable toolchain.

#[path = "../../../tests/fuzz/replay.rs"]
mod replay;

use waterwall_core::fuzz;

#[test]
fn detect() {
    replay::replay("detect", fuzz::detect);
}

#[test]
fn body() {
    replay::replay("body", fuzz::body);
}

#[test]
fn stream() {
    replay::replay("stream", fuzz::stream);
}
