//! What the messages that hold no secret say, as JSON.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use waterwall_audit::{Place, Session};

use crate::metrics::Counts;

/// What the giver has.
#[derive(Serialize, Deserialize)]
pub(super) struct Offer {
    pub(super) protocol: u32,
    pub(super) agents: SocketAddr,
    pub(super) admin: SocketAddr,
    pub(super) chain: PathBuf,
    /// How often the giver has rotated the log: places on it are counted so.
    pub(super) rotations: u64,
}

/// The sources of the kill switch that live in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) sigusr1: bool,
    pub(crate) http: bool,
}

/// What changes while a giver finishes.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct State {
    /// The kill switch as the other side last said it was.
    pub(super) known: Held,
    /// The kill switch as it is here.
    pub(super) held: Held,
    pub(super) sessions: Vec<Counted>,
    /// What was counted since the last time; absent from a sender that does not tell.
    #[serde(default)]
    pub(super) counts: Option<Counts>,
}

/// What happened in a session.
#[derive(Serialize, Deserialize)]
pub(super) struct Counted {
    session_id: Option<String>,
    /// Milliseconds since 1970.
    started: u64,
    rotations: u64,
    next_seq: u64,
    requests: u64,
    redactions: u64,
    types: BTreeMap<String, u64>,
    unknown_placeholders: u64,
    policy_hash: String,
}

impl From<Session> for Counted {
    fn from(session: Session) -> Self {
        let started = session.started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self {
            session_id: session.session_id,
            started: u64::try_from(started.as_millis()).unwrap_or_default(),
            rotations: session.first.rotations,
            next_seq: session.first.next_seq,
            requests: session.requests,
            redactions: session.redactions,
            types: session.types,
            unknown_placeholders: session.unknown_placeholders,
            policy_hash: session.policy_hash,
        }
    }
}

impl From<Counted> for Session {
    fn from(counted: Counted) -> Self {
        Self {
            session_id: counted.session_id,
            started: SystemTime::UNIX_EPOCH + Duration::from_millis(counted.started),
            first: Place { rotations: counted.rotations, next_seq: counted.next_seq },
            requests: counted.requests,
            redactions: counted.redactions,
            types: counted.types,
            unknown_placeholders: counted.unknown_placeholders,
            policy_hash: counted.policy_hash,
        }
    }
}

pub(super) fn write<T: Serialize>(message: &T) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(message)?)
}

pub(super) fn read<'a, T: Deserialize<'a>>(content: &'a [u8]) -> io::Result<T> {
    Ok(serde_json::from_slice(content)?)
}
