//! A paced stream: how much later than without the gateway each event arrives.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::Ways;
use crate::Bench;
use crate::client::{Way, listen};
use crate::report::Report;
use crate::statistics::{median, ms, quantile};
use crate::turn::AGENT_TURN;
use crate::upstream::{Answer, EPOCH, EVENTS, RESTORED_EVERY};

/// What one stream looked like to the agent, in ms.
#[derive(Default)]
struct Seen {
    /// From the request's first byte to the first delta.
    first: Vec<f64>,
    /// The longest pause between two deltas, one figure a stream.
    gap: Vec<f64>,
    /// From the making of a delta to its arrival, all deltas.
    transit: Vec<f64>,
}

/// Measures the paced stream.
pub(crate) async fn stream(bench: &Bench, ways: &Ways, report: &mut Report) -> Result<()> {
    let mut seen: [Seen; 3] = Default::default();
    for _ in 0..bench.rounds(15) {
        for (way, seen) in ways.iter().zip(&mut seen) {
            once(bench, way, seen).await?;
        }
    }
    for (way, seen) in ways.iter().zip(&seen) {
        let Seen { first, gap, transit } = seen;
        report.figure(
            format!("paced stream: {}", way.name),
            format!(
                "first token {:.2} ms (worst {:.2}), largest gap {:.2} ms (worst {:.2}), an event on its way {:.3} ms (p99 {:.3}, worst {:.2})",
                median(first),
                quantile(first, 1.0),
                median(gap),
                quantile(gap, 1.0),
                median(transit),
                quantile(transit, 0.99),
                quantile(transit, 1.0),
            ),
        );
    }
    let later = |of: fn(&Seen) -> &Vec<f64>| median(of(&seen[2])) - median(of(&seen[0]));
    report.at_most("paced stream: first token, waterwall - direct", later(|it| &it.first), " ms", 1.0);
    report.at_most("paced stream: largest gap, waterwall - direct", later(|it| &it.gap), " ms", 1.0);
    Ok(())
}

async fn once(bench: &Bench, way: &Way, seen: &mut Seen) -> Result<()> {
    let turn = bench.turn(AGENT_TURN);
    let mut connection = bench.client.connect(way).await?;
    // The proxy's connection to the upstream is there already, as it is in a session's later turns.
    connection.exchange(&way.request(&turn, Answer::Message)).await?;
    let request = way.request(&turn, Answer::Paced);
    let began = Instant::now();
    connection.send(&request).await?;
    let events = listen(&mut connection).await?;

    let mut arrivals = Vec::new();
    let mut restored = 0;
    for (at, event) in &events {
        let text = std::str::from_utf8(event)?;
        let Some(made) = text.split('@').nth(1).and_then(|rest| rest.split(' ').next()) else { continue };
        let made = *EPOCH + Duration::from_nanos(made.parse()?);
        seen.transit.push(ms(*at - made));
        arrivals.push(*at);
        restored += u32::from(text.contains(&bench.secret));
    }
    ensure!(arrivals.len() == EVENTS as usize, "{}: {} deltas of {EVENTS}", way.name, arrivals.len());
    if way.name == "waterwall" {
        ensure!(restored == EVENTS / RESTORED_EVERY, "{restored} placeholders were restored");
    }
    seen.first.push(ms(arrivals[0] - began));
    let gaps: Vec<f64> = arrivals.windows(2).map(|pair| ms(pair[1] - pair[0])).collect();
    seen.gap.push(quantile(&gaps, 1.0));
    Ok(())
}
