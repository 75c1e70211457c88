//! The log as a user has it: real files, processes and signals.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "the other suite needs more of it")]
mod common; // what is shared with the other suite
mod concurrency; // many threads, one chain
mod crash; // SIGKILL, and a disk that is full
mod faults; // full and read-only file systems, injected errors
mod golden; // byte for byte what Python makes
mod opening; // restart, torn tails, locks, permissions
mod receipts; // a file beside the log for each redaction
mod rotation; // archives, linked chains
mod support;
mod tampering; // what the verifier must notice
