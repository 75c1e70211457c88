//! Session manifests: one signed file for each agent's session, made when it ends.
//!
//! Named `<YYYYMMDDTHHMMSS>_<session id>.json` by the time of its end. Its members, in the file's
//! order: `v` 1, `manifest_type` "session", `session_id`, `started_ts`, `ended_ts`,
//! `redaction_total`, `types_seen`, `chain_seq_range`, `chain_root_hash`, `policy_hash`,
//! `behavioral_fingerprint`, `frameworks`, `signing_key_id`, `signature` (see
//! `crate::document`). The range goes from the first line after the session was first seen to
//! the checkpoint that covers it, whose root is `chain_root_hash`. A session that went on over
//! rotations begins with the first line of the last chain, and has a member `rotations`.

use std::{collections::BTreeMap, time::SystemTime};

use crate::{
    canonical::{Number, Object, Value},
    chain::Hash,
    document::Document,
    file_name, frameworks, timestamp,
};

/// The `manifest_type` of a session manifest.
pub const MANIFEST_TYPE: &str = "session";

/// A place on the log: where a session begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// How often the writer had rotated the log.
    pub rotations: u64,
    /// The `seq` that the next line has.
    pub next_seq: u64,
}

/// What an agent did in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The agent's own id for it.
    pub session_id: Option<String>,
    /// When it was first seen.
    pub started: SystemTime,
    /// Where the log stood then.
    pub first: Place,
    /// Requests, those without a secret too.
    pub requests: u64,
    /// Secrets replaced.
    pub redactions: u64,
    /// How many of each type.
    pub types: BTreeMap<String, u64>,
    /// Placeholders in answers that were left as they were.
    pub unknown_placeholders: u64,
    /// The detectors in force at its last request.
    pub policy_hash: String,
}

/// The checkpoint that covers a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cover {
    pub(crate) rotations: u64,
    pub(crate) seq: u64,
    pub(crate) root: Hash,
}

impl Session {
    /// The name of its manifest, if it ends now.
    pub(crate) fn file_name(&self, ended_millis: i64) -> String {
        let time = timestamp::render_compact(ended_millis);
        let id = file_name::clean(self.session_id.as_deref());
        // To the second: what comes after that is `.mmmZ`.
        format!("{}_{id}", time.get(..15).unwrap_or(&time))
    }

    /// Its manifest but for the signature.
    pub(crate) fn manifest(&self, ended_millis: i64, cover: Cover) -> Document {
        let rotations = cover.rotations.saturating_sub(self.first.rotations);
        let first = if rotations == 0 { self.first.next_seq } else { 1 };
        let types = self.types.iter().map(|(kind, count)| (kind.clone(), (*count).into()));
        let mut manifest = Document::default();
        manifest.put("v", 1_u64);
        manifest.put("manifest_type", MANIFEST_TYPE);
        manifest.put("session_id", self.session_id.clone());
        manifest.put("started_ts", timestamp::render(timestamp::millis(self.started)));
        manifest.put("ended_ts", timestamp::render(ended_millis));
        manifest.put("redaction_total", self.redactions);
        manifest.put("types_seen", Value::Object(types.collect()));
        manifest.put("chain_seq_range", Value::from_iter([first, cover.seq]));
        manifest.put("chain_root_hash", cover.root.to_hex());
        manifest.put("policy_hash", self.policy_hash.as_str());
        manifest.put("behavioral_fingerprint", self.fingerprint());
        if rotations > 0 {
            manifest.put("rotations", rotations);
        }
        manifest.put("frameworks", Value::from_iter(frameworks::SESSION));
        manifest
    }

    fn fingerprint(&self) -> Value {
        let average = self.redactions as f64 / self.requests.max(1) as f64;
        // The quotient of two finite numbers, the second at least 1, is finite.
        let average = Number::from_f64(average).map_or(Value::Null, Value::Number);
        Value::Object(Object::from([
            ("avg_redactions_per_request".to_owned(), average),
            ("unknown_placeholder_count".to_owned(), self.unknown_placeholders.into()),
            ("request_count".to_owned(), self.requests.into()),
        ]))
    }
}
