//! One agent, one request at a time: what a proxy adds, and the CPU time that it takes.

use std::time::Instant;

use anyhow::Result;

use super::{Ways, cpu_by};
use crate::Bench;
use crate::report::Report;
use crate::statistics::{median, ms};
use crate::turn::{AGENT_TURN, Turn};
use crate::upstream::Answer;

/// Measures both sizes of a turn.
pub(crate) async fn latency(bench: &Bench, ways: &Ways, report: &mut Report) -> Result<()> {
    let usual = one_at_a_time(bench, ways, &bench.turn(AGENT_TURN), bench.rounds(20), 25).await?;
    let large = one_at_a_time(bench, ways, &bench.turn(1 << 20), bench.rounds(10), 8).await?;

    usual.describe("100 KB turn", report);
    report.at_most(
        "100 KB turn: added by waterwall / added by nginx",
        usual.added(2) / usual.added(1),
        "",
        1.0,
    );
    report.at_most("100 KB turn: CPU of waterwall", usual.cpu[2], " ms", 0.5);
    large.describe("1 MB turn", report);
    report.at_most("1 MB / 100 KB: added by waterwall", large.added(2) / usual.added(2), "", 10.0);
    report.at_most("1 MB / 100 KB: CPU of waterwall", large.cpu[2] / usual.cpu[2], "", 10.0);
    Ok(())
}

/// Figures of one request size, in the order of the ways.
struct Latencies {
    /// Median over all requests, ms.
    median: [f64; 3],
    /// Median over rounds of what each round's median has over the direct way's, ms.
    added: [f64; 3],
    /// Per request, ms; nothing for the direct way.
    cpu: [f64; 3],
}

impl Latencies {
    fn added(&self, way: usize) -> f64 {
        self.added[way]
    }

    fn describe(&self, what: &str, report: &mut Report) {
        let Self { median: [direct, nginx, gateway], added, cpu } = self;
        report.figure(format!("{what}: direct"), format!("{direct:.3} ms"));
        report.figure(
            format!("{what}: through nginx"),
            format!("{nginx:.3} ms, adds {:.3} ms, {:.3} ms of CPU", added[1], cpu[1]),
        );
        report.figure(
            format!("{what}: through waterwall"),
            format!("{gateway:.3} ms, adds {:.3} ms, {:.3} ms of CPU", added[2], cpu[2]),
        );
    }
}

async fn one_at_a_time(
    bench: &Bench,
    ways: &Ways,
    turn: &Turn,
    rounds: u32,
    requests: u32,
) -> Result<Latencies> {
    let mut all: [Vec<f64>; 3] = Default::default();
    let mut added: [Vec<f64>; 3] = Default::default();
    let mut cpu = [0.0; 3];
    for _ in 0..rounds {
        let mut medians = [0.0; 3];
        for (index, way) in ways.iter().enumerate() {
            let request = way.request(turn, Answer::Message);
            let mut connection = bench.client.connect(way).await?;
            for _ in 0..5 {
                connection.exchange(&request).await?;
            }
            let before = cpu_by(way)?;
            let mut times = Vec::new();
            for _ in 0..requests {
                let began = Instant::now();
                connection.exchange(&request).await?;
                times.push(ms(began.elapsed()));
            }
            cpu[index] += ms(cpu_by(way)? - before) / f64::from(rounds * requests);
            medians[index] = median(&times);
            all[index].append(&mut times);
        }
        for (index, added) in added.iter_mut().enumerate() {
            added.push(medians[index] - medians[0]);
        }
    }
    Ok(Latencies { median: all.map(|times| median(&times)), added: added.map(|added| median(&added)), cpu })
}
