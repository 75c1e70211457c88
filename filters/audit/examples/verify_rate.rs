//! `verify_rate LOG PUB [RUNS]`: verifies a log and prints how fast, and what its parts cost on one
//! core: reading lines, hashing them. The best of so many runs; what one core does is in CPU time, so that
//! other work on the machine does not count.

#![allow(clippy::print_stdout, reason = "its purpose")]
#![allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::{
    error::Error,
    fs::{self, File},
    hint::black_box,
    time::Instant,
};

use rustix::time::{ClockId, clock_gettime};
use waterwall_audit::{Hash, PublicKey, canonical, verify_chain};

/// About as many lines as a verifier hashes together.
const BLOCK: usize = 400;

fn cpu_seconds() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(log), Some(key)) = (arguments.next(), arguments.next()) else {
        return Err("usage: verify_rate LOG PUB [RUNS]".into());
    };
    let runs: u32 = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let key = PublicKey::from_pem(&fs::read_to_string(key)?)?;
    let text = fs::read_to_string(&log)?;
    let gigabytes = text.len() as f64 / 1e9;
    // Seconds of CPU time, and by the clock.
    let times = |what: &dyn Fn() -> Result<(), Box<dyn Error>>| -> Result<(f64, f64), Box<dyn Error>> {
        let mut best = (f64::INFINITY, f64::INFINITY);
        for _ in 0..runs {
            let (cpu, start) = (cpu_seconds(), Instant::now());
            what()?;
            best = (best.0.min(cpu_seconds() - cpu), best.1.min(start.elapsed().as_secs_f64()));
        }
        Ok(best)
    };
    let best = |what: &dyn Fn() -> Result<(), Box<dyn Error>>| times(what).map(|(cpu, _)| cpu);
    let lines: Vec<&str> = text.lines().collect();
    let bytes: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    let each = best(&|| {
        black_box(lines.iter().filter(|line| canonical::is_canonical(line)).count());
        Ok(())
    })?;
    let alike = best(&|| {
        black_box(canonical::count_canonical(lines.iter().copied()));
        Ok(())
    })?;
    let hash = best(&|| {
        lines.iter().for_each(|line| {
            black_box(Hash::of(line));
        });
        Ok(())
    })?;
    let hashes = best(&|| {
        bytes.chunks(BLOCK).for_each(|lines| {
            black_box(Hash::of_all(lines));
        });
        Ok(())
    })?;
    let (cpu, whole) = times(&|| match verify_chain(File::open(&log)?, &key)? {
        verdict if verdict.is_ok() => Ok(()),
        verdict => Err(verdict.to_string().into()),
    })?;
    println!("one core, reading each canonical line by itself: {:.2} GB/s", gigabytes / each);
    println!("one core, reading it by those before: {:.2} GB/s", gigabytes / alike);
    println!("one core, SHA-256 of each line by itself: {:.2} GB/s", gigabytes / hash);
    println!("one core, SHA-256 of many lines: {:.2} GB/s", gigabytes / hashes);
    println!("verify-chain, CPU time of all threads: {:.0} ms", cpu * 1e3);
    println!("verify-chain: {:.2} GB/s, {:.0} ms", gigabytes / whole, whole * 1e3);
    Ok(())
}
