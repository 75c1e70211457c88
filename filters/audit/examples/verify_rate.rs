//! `verify_rate LOG PUB [RUNS]`: verifies a log and prints how fast, and what its parts cost on one
//! core: reading lines, hashing them.

#![allow(clippy::print_stdout, reason = "its purpose")]
#![allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::{
    error::Error,
    fs::{self, File},
    hint::black_box,
    time::Instant,
};

use waterwall_audit::{Hash, PublicKey, canonical, verify_chain};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(log), Some(key)) = (arguments.next(), arguments.next()) else {
        return Err("usage: verify_rate LOG PUB [RUNS]".into());
    };
    let runs: u32 = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let key = PublicKey::from_pem(&fs::read_to_string(key)?)?;
    let text = fs::read_to_string(&log)?;
    let gigabytes = text.len() as f64 / 1e9;
    let best = |what: &dyn Fn() -> Result<(), Box<dyn Error>>| -> Result<f64, Box<dyn Error>> {
        let mut best = f64::INFINITY;
        for _ in 0..runs {
            let start = Instant::now();
            what()?;
            best = best.min(start.elapsed().as_secs_f64());
        }
        Ok(best)
    };
    let parse = best(&|| {
        let canonical = text.lines().filter(|line| canonical::is_canonical(line)).count();
        black_box(canonical);
        Ok(())
    })?;
    let hash = best(&|| {
        text.lines().for_each(|line| {
            black_box(Hash::of(line));
        });
        Ok(())
    })?;
    let whole = best(&|| match verify_chain(File::open(&log)?, &key)? {
        verdict if verdict.is_ok() => Ok(()),
        verdict => Err(verdict.to_string().into()),
    })?;
    println!("one core, reading canonical lines: {:.2} GB/s", gigabytes / parse);
    println!("one core, SHA-256 of each line: {:.2} GB/s", gigabytes / hash);
    println!("verify-chain: {:.2} GB/s, {:.0} ms", gigabytes / whole, whole * 1e3);
    Ok(())
}
