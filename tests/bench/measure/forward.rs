//! Forward mode beside base-URL mode: what CONNECT and TLS add to a turn on a connection that is kept,
//! and what the first leaf for a host costs.

use std::time::Instant;

use anyhow::Result;

use crate::Bench;
use crate::client::{Client, Way};
use crate::process::{COLD_HOSTS, Gateway, cold_host};
use crate::report::Report;
use crate::statistics::{median, ms};
use crate::turn::AGENT_TURN;
use crate::upstream::Answer;

/// Measures both.
pub(crate) async fn forward(bench: &Bench, gateway: &Gateway, report: &mut Report) -> Result<()> {
    let trusting = Client::trusting(gateway, &bench.upstream)?;
    kept_connections(bench, gateway, &trusting, report).await?;
    cold_connects(gateway, &trusting, report).await
}

async fn kept_connections(
    bench: &Bench,
    gateway: &Gateway,
    trusting: &Client,
    report: &mut Report,
) -> Result<()> {
    let turn = bench.turn(AGENT_TURN);
    let ways = [
        (Way::direct(), &bench.client),
        (Way::gateway(gateway), &bench.client),
        (Way::forward(gateway), trusting),
    ];
    let mut added: [Vec<f64>; 2] = Default::default();
    for _ in 0..bench.rounds(20) {
        let mut medians = [0.0; 3];
        for ((way, client), median_of_way) in ways.iter().zip(&mut medians) {
            let request = way.request(&turn, Answer::Message);
            let mut connection = client.connect(way).await?;
            for _ in 0..5 {
                connection.exchange(&request).await?;
            }
            let mut times = Vec::new();
            for _ in 0..25 {
                let began = Instant::now();
                connection.exchange(&request).await?;
                times.push(ms(began.elapsed()));
            }
            *median_of_way = median(&times);
        }
        added[0].push(medians[1] - medians[0]);
        added[1].push(medians[2] - medians[0]);
    }
    let [base, forward] = added.map(|added| median(&added));
    report.figure("100 KB turn: added in base-URL mode", format!("{base:.3} ms"));
    report.figure("100 KB turn: added in forward mode", format!("{forward:.3} ms"));
    report.at_most("100 KB turn: added in forward mode / in base-URL mode", forward / base, "", 1.5);
    Ok(())
}

async fn cold_connects(gateway: &Gateway, trusting: &Client, report: &mut Report) -> Result<()> {
    let (mut minted, mut cached) = (Vec::new(), Vec::new());
    for index in 0..COLD_HOSTS {
        let host = cold_host(index);
        for times in [&mut minted, &mut cached] {
            let began = Instant::now();
            trusting.connect_cold(gateway, &host).await?;
            times.push(ms(began.elapsed()));
        }
    }
    let (minted, cached) = (median(&minted), median(&cached));
    report.figure("cold CONNECT: leaf cached", format!("{cached:.3} ms"));
    report.figure("cold CONNECT: leaf minted", format!("{minted:.3} ms"));
    report.at_most("cold CONNECT: minted - cached", minted - cached, " ms", 5.0);
    Ok(())
}
