//! The measures. Ways take turns, round by round, and what is reported are medians.

mod forward;
mod latency;
mod memory;
mod stream;
mod throughput;

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::Bench;
use crate::client::Way;
use crate::process::cpu_of;
use crate::turn::AGENT_TURN;
use crate::upstream::Answer;

pub(crate) use forward::forward;
pub(crate) use latency::latency;
pub(crate) use memory::memory;
pub(crate) use stream::stream;
pub(crate) use throughput::{load, throughput};

/// Direct, nginx, gateway.
pub(crate) type Ways = [Way; 3];

/// Before anything is measured: every way answers, and the gateway does its work.
pub(crate) async fn check(bench: &Bench, ways: &Ways) -> Result<()> {
    for way in ways {
        let before = bench.upstream.leaks();
        let request = way.request(&bench.turn(AGENT_TURN), Answer::Message);
        let answer = bench.client.connect(way).await?.exchange(&request).await.with_context(|| way.name)?;
        ensure!(answer.starts_with(b"{\"id\":\"msg_01\""), "{}: not the upstream's answer", way.name);
        let leaked = bench.upstream.leaks() > before;
        ensure!(leaked == (way.name != "waterwall"), "{}: secret at the upstream: {leaked}", way.name);
    }
    Ok(())
}

/// CPU time of a way's proxy so far.
fn cpu_by(way: &Way) -> Result<Duration> {
    way.process().map_or(Ok(Duration::ZERO), cpu_of)
}
