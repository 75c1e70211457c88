//! The log as a user has it: real files, processes and signals.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

mod concurrency; // many threads, one chain
mod crash; // SIGKILL, and a disk that is full
mod faults; // full and read-only file systems, injected errors
mod golden; // byte for byte what Python makes
mod opening; // restart, torn tails, locks, permissions
mod receipts; // a file beside the log for each redaction
mod rotation; // archives, linked chains
mod support;
mod tampering; // what the verifier must notice
