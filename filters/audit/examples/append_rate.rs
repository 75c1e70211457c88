//! `append_rate DIR [THREADS] [LINES] [receipts]`: appends redactions from many threads to a new log
//! in DIR, with receipts in DIR/receipts if asked for, prints lines per second and how many lines one write took, reads the log through once more as
//! a start does, and verifies it. The settings are a gateway's: its upkeep syncs every second, in a thread
//! of its own. Leaves DIR/proxy.jsonl and DIR/signing.{pub,key}, for other
//! verifiers.

#![allow(clippy::print_stdout, reason = "its purpose")]
#![allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::{
    error::Error,
    fs::{self, File},
    io::BufReader,
    path::PathBuf,
    sync::mpsc::{self, RecvTimeoutError},
    time::{Duration, Instant, SystemTime},
};

use waterwall_audit::{ChainWriter, Event, Redaction, SigningKey, WriterOptions, verify_chain};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory: PathBuf =
        arguments.next().ok_or("usage: append_rate DIR [THREADS] [LINES] [receipts]")?.into();
    let threads: u64 = arguments.next().map_or(Ok(8), |text| text.parse())?;
    let lines: u64 = arguments.next().map_or(Ok(100_000), |text| text.parse())?;

    let receipts_dir = arguments.next().map(|_| directory.join("receipts"));

    let (log, key) = (directory.join("proxy.jsonl"), SigningKey::generate()?);
    let public = key.public();
    let pem = key.to_pem()?;
    let options = WriterOptions { receipts_dir, sync_inline: false, ..WriterOptions::new(key) };
    let (writer, _) = ChainWriter::open(&log, options, SystemTime::now())?;
    fs::write(directory.join("signing.pub"), public.to_pem()?)?;
    fs::write(directory.join("signing.key"), pem.as_bytes())?;

    let start = Instant::now();
    append(&writer, threads, lines / threads);
    let elapsed = start.elapsed().as_secs_f64();
    writer.close(SystemTime::now())?;
    let status = writer.status();
    let written = status.lines as f64;
    println!("{threads} threads: {:.0} lines/s, {:.1} us each", written / elapsed, 1e6 * elapsed / written);
    println!("{:.2} lines a write, {} checkpoints", written / status.writes as f64, status.checkpoints);
    drop(writer);

    let megabytes = fs::metadata(&log)?.len() as f64 / 1e6;
    let start = Instant::now();
    let options = WriterOptions::new(SigningKey::from_pem(&pem)?);
    drop(ChainWriter::open(&log, options, SystemTime::now())?);
    println!("opened again: {:.0} MB/s", megabytes / start.elapsed().as_secs_f64());
    let start = Instant::now();
    let verdict = verify_chain(BufReader::with_capacity(1 << 18, File::open(&log)?), &public)?;
    println!("verified: {:.0} MB/s", megabytes / start.elapsed().as_secs_f64());
    println!("{verdict}");
    Ok(())
}

fn append(writer: &ChainWriter, threads: u64, each: u64) {
    std::thread::scope(|scope| {
        let (appending, ended) = mpsc::channel::<()>();
        for thread in 0..threads {
            let appending = appending.clone();
            scope.spawn(move || {
                for n in 0..each {
                    let outcome = writer.append(redaction(thread * each + n), SystemTime::now());
                    assert!(outcome.is_ok(), "{outcome:?}");
                }
                drop(appending);
            });
        }
        drop(appending);
        while ended.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
            let upkeep = writer.checkpoint_if_due(SystemTime::now());
            assert!(upkeep.is_ok(), "{upkeep:?}");
        }
    });
}

fn redaction(n: u64) -> Event {
    Event::Redaction {
        host: "api.anthropic.com".to_owned(),
        request_id: Some(format!("req_{n}")),
        session_id: Some("b1946ac9-2b1f-4f0e-9b1e-000000000000".to_owned()),
        redactions: vec![Redaction { kind: "AWS_ACCESS_KEY".into(), hmac8: format!("{n:016x}") }],
        policy_hash: "b4fc4c826bc1b64a16bff14db6ede157f6c389c2c68a0a18dfe6ea4223b90bc4".to_owned(),
    }
}
