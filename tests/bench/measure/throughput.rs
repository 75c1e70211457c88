//! Many agents at once, each sending its next request when it has its answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use super::{Ways, cpu_by};
use crate::Bench;
use crate::client::Way;
use crate::report::Report;
use crate::statistics::{median, ms};
use crate::turn::{AGENT_TURN, SMALL, Turn};
use crate::upstream::Answer;

/// Agents at once.
const AGENTS: usize = 16;
/// How long each way has its turn.
const WINDOW: Duration = Duration::from_millis(1500);

/// Measures the small request and the usual turn.
pub(crate) async fn throughput(bench: &Bench, ways: &Ways, report: &mut Report) -> Result<()> {
    for (what, turn) in [("1 KB request", Turn::small(SMALL)), ("100 KB turn", bench.turn(AGENT_TURN))] {
        let mut rates: [Vec<f64>; 3] = Default::default();
        let mut cpu: [Vec<f64>; 3] = Default::default();
        for _ in 0..bench.rounds(7) {
            for (index, way) in ways.iter().enumerate() {
                let before = cpu_by(way)?;
                let answered = load(bench, way, &turn, AGENTS, WINDOW).await? as f64;
                rates[index].push(answered / WINDOW.as_secs_f64());
                cpu[index].push(ms(cpu_by(way)? - before) / answered);
            }
        }
        for (index, way) in ways.iter().enumerate() {
            let rate = median(&rates[index]);
            let figure = match way.process() {
                Some(_) => format!("{rate:.0} requests/s, {:.3} ms of CPU each", median(&cpu[index])),
                None => format!("{rate:.0} requests/s"),
            };
            report.figure(format!("{AGENTS} agents, {what}: {}", way.name), figure);
        }
        let quotients: Vec<f64> = rates[2].iter().zip(&rates[1]).map(|(ours, nginx)| ours / nginx).collect();
        report.at_least(format!("{AGENTS} agents, {what}: waterwall / nginx"), median(&quotients), 0.5);
    }
    Ok(())
}

/// Sends for as long as `window`; the number of requests answered.
pub(crate) async fn load(
    bench: &Bench,
    way: &Way,
    turn: &Turn,
    agents: usize,
    window: Duration,
) -> Result<u64> {
    let request: Arc<[u8]> = way.request(turn, Answer::Message).into();
    let mut connections = Vec::new();
    for _ in 0..agents {
        let mut connection = bench.client.connect(way).await?;
        connection.exchange(&request).await?;
        connections.push(connection);
    }
    let end = Instant::now() + window;
    let mut sending = JoinSet::new();
    for mut connection in connections {
        let request = Arc::clone(&request);
        sending.spawn(async move {
            let mut answered = 0_u64;
            while Instant::now() < end {
                connection.exchange(&request).await?;
                answered += 1;
            }
            anyhow::Ok(answered)
        });
    }
    let mut answered = 0;
    while let Some(agent) = sending.join_next().await {
        answered += agent??;
    }
    Ok(answered)
}
