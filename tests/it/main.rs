//! Integration tests: the built binary and real sockets on loopback.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test that fails should panic and tell

/// The verbs of the command line, their output and their exit codes.
mod cli;
/// `waterwall scan` on files, trees and in commit hooks.
mod scan;
/// What goes through the gateway unchanged.
mod pass_through;
/// What the gateway answers itself.
mod refusals;
/// Upstreams that are down, lie or go away.
mod upstream_faults;
/// Secrets out, secrets back, and the log of it.
mod redaction;
/// Answers cut, escaped and compressed in every way.
mod cuts;
/// Whose placeholder it is, and what policy lets pass.
mod sessions;
/// Starting and stopping.
mod lifecycle;

/// The gateway as a process, a scripted upstream, a client that shows bytes.
mod harness;
