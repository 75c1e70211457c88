//! What the tests run against: the built gateway, a scripted upstream, a client that shows bytes.

mod client;
mod gateway;
mod network;
mod ran;
mod trailers;
mod tunnel;
mod upstream;

pub(crate) use client::{Client, Response};
pub(crate) use gateway::{Gateway, Setup, UpstreamConfig, signal, wait};
pub(crate) use network::{PUBLIC, ran_in_own_network};
pub(crate) use ran::{Ran, aws_key};
pub(crate) use trailers::Trailers;
pub(crate) use tunnel::{Tunnel, trusting};
pub(crate) use upstream::Scripted;

use std::time::Duration;

/// No step of a test takes longer than this, on a machine as busy as it likes; a hang fails instead.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until `done`, asking again and again.
pub(crate) fn wait_until(mut done: impl FnMut() -> bool) {
    let since = std::time::Instant::now();
    while !done() {
        assert!(since.elapsed() < PATIENCE, "it did not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}
