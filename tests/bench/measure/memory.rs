//! Memory: of a gateway that has just started, and with many streams open.

use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinSet;

use crate::Bench;
use crate::client::{Connection, Way};
use crate::process::Gateway;
use crate::report::Report;
use crate::upstream::Answer;

/// Streams at once.
const STREAMS: usize = 1000;
/// How many of them are being opened at a time.
const OPENING: usize = 16;

/// Measures a gateway that nothing has been sent to yet.
pub(crate) async fn memory(bench: &Bench, gateway: &Gateway, report: &mut Report) -> Result<()> {
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (idle, _) = gateway.memory()?;
    report.at_most("memory: idle", idle, " MiB", 30.0);

    let way = Way::gateway(gateway);
    let request = way.request(&bench.turn(bench.arguments.bytes), Answer::Held);
    let mut streams = Vec::with_capacity(STREAMS);
    let mut opening = JoinSet::new();
    for _ in 0..STREAMS {
        if opening.len() == OPENING {
            keep(&mut streams, &mut opening).await?;
        }
        let mut connection = bench.client.connect(&way).await?;
        let request = request.clone();
        opening.spawn(async move {
            connection.send(&request).await?;
            connection.begin_stream().await?;
            let mut events = Vec::new();
            while !String::from_utf8_lossy(&events).contains("thinking") {
                connection.chunk(&mut events).await?;
            }
            anyhow::Ok(connection)
        });
    }
    while !opening.is_empty() {
        keep(&mut streams, &mut opening).await?;
    }
    let (open, peak) = gateway.memory()?;
    report.at_most(format!("memory: {STREAMS} open streams"), open, " MiB", 150.0);
    report.figure(format!("memory: {STREAMS} open streams, peak"), format!("{peak:.0} MiB"));
    drop(streams);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (after, _) = gateway.memory()?;
    report.figure("memory: after they ended", format!("{after:.0} MiB"));
    Ok(())
}

async fn keep(streams: &mut Vec<Connection>, opening: &mut JoinSet<Result<Connection>>) -> Result<()> {
    if let Some(stream) = opening.join_next().await {
        streams.push(stream??);
    }
    Ok(())
}
