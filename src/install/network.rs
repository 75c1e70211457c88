//! Ports and upstreams.

use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::config::{Config, Endpoint};

/// How long all upstreams together may take to answer.
const LIMIT: Duration = Duration::from_secs(5);

/// Whether upstreams are tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// A connection to each is opened and closed again.
    Try,
    /// There is no network, or it is not to be used.
    Skip,
}

/// The port is free.
pub(super) fn bindable(address: SocketAddr) -> Result<String, String> {
    if address.port() == 0 {
        return Ok("skipped: any free port will do".to_owned());
    }
    match TcpListener::bind(address) {
        Ok(_) => Ok(format!("{address} is free")),
        Err(error) => Err(format!("{address}: {error}; a gateway that runs is checked with --runtime")),
    }
}

/// Every upstream accepts a connection.
pub(super) fn upstreams(config: &Config, reach: Reach) -> Result<String, String> {
    if reach == Reach::Skip {
        return Ok("skipped".to_owned());
    }
    let (sender, answers) = mpsc::channel();
    for (index, upstream) in config.upstreams.iter().enumerate() {
        let (endpoint, sender) = (upstream.url.clone(), sender.clone());
        // A name server that hangs cannot be hurried: the thread is left behind.
        let tried = thread::Builder::new().spawn(move || {
            let _ = sender.send((index, connect(&endpoint)));
        });
        tried.map_err(|error| format!("cannot start a thread: {error}"))?;
    }
    drop(sender);
    let mut outcomes = vec![Err("no answer in time".to_owned()); config.upstreams.len()];
    let deadline = Instant::now() + LIMIT;
    while let Ok((index, outcome)) = answers.recv_timeout(deadline.saturating_duration_since(Instant::now()))
    {
        outcomes[index] = outcome;
    }
    let failed = |(upstream, outcome): (&crate::config::Upstream, Result<(), String>)| {
        outcome.err().map(|error| format!("{}: {error}", upstream.host))
    };
    let failures: Vec<_> = config.upstreams.iter().zip(outcomes).filter_map(failed).collect();
    if failures.is_empty() {
        return Ok(format!("{} of {0} answer", config.upstreams.len()));
    }
    Err(format!("{}; the gateway starts without", failures.join("; ")))
}

fn connect(endpoint: &Endpoint) -> Result<(), String> {
    let deadline = Instant::now() + LIMIT;
    let addresses = (endpoint.host.as_str(), endpoint.port).to_socket_addrs();
    let mut last = "the name has no address".to_owned();
    for address in addresses.map_err(|error| error.to_string())? {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(_) => return Ok(()),
            Err(error) => last = error.to_string(),
        }
    }
    Err(last)
}
