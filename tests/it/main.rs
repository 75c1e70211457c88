//! Integration tests: the built binary and real sockets on loopback.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test that fails should panic and tell

/// The admin server: what it tells, whom it obeys.
mod admin;
/// A disk that fails under a running gateway.
mod audit_faults;
/// Receipts and session manifests.
mod audit_files;
/// The verbs of the command line, their output and their exit codes.
mod cli;
/// Answers cut, escaped and compressed in every way.
mod cuts;
/// What an auditor gets, checked by tools that are not ours.
mod evidence;
/// Forward mode: requests through tunnels whose TLS is terminated.
mod forward;
/// Forward mode: what a client may ask for in TLS, and when.
mod forward_hellos;
/// Forward mode against clients that want it down.
mod forward_hostile;
/// Forward mode: what goes another way over HTTP/2.
mod forward_http2;
/// Forward mode: what is tunnelled unseen, and what is refused.
mod forward_tunnels;
/// Files made to harm whoever verifies them.
mod hostile_evidence;
/// Moving over from a predecessor.
mod import;
/// The health checks and the pre-launch gate.
mod install;
/// The kill switch and its four sources.
mod kill_switch;
/// Values that are secret wherever they stand.
mod known_values;
/// Starting and stopping.
mod lifecycle;
/// What goes through the gateway unchanged.
mod pass_through;
/// Which detectors were in force, and what proves it.
mod policies;
/// Secrets out, secrets back, and the log of it.
mod redaction;
/// What the gateway answers itself.
mod refusals;
/// A new private CA: its making, its swap, its pickup.
mod regen_ca;
/// Changing the configuration while it runs.
mod reload;
/// Archiving the audit log.
mod rotation;
/// `waterwall scan` on files, trees and in commit hooks.
mod scan;
/// Whose placeholder it is, and what policy lets pass.
mod sessions;
/// What a service manager hears.
mod supervised;
/// Lines that nobody had signed when the log was opened.
mod uncovered;
/// Handing over to a successor.
mod upgrade;
/// Upstreams that are down, lie or go away.
mod upstream_faults;

/// The gateway as a process, a scripted upstream, a client that shows bytes.
mod harness;
