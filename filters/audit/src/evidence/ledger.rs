//! [`Ledger`]: what a chain says that documents are held against.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{self, Read},
};

use super::{Receipt, SessionManifest, Window, signed::Members};
use crate::{
    Verdict,
    canonical::{Object, Value},
    chain::Hash,
    keys::PublicKey,
    receipt::of_name,
    timestamp,
    verify::{self, Facts, Kind},
};

/// What a chain says. Memory: about 150 bytes for each redaction line.
#[derive(Debug, Default)]
pub struct Ledger {
    verdict: Verdict,
    redactions: BTreeMap<u64, Redacted>,
    /// `seq` of each checkpoint by its root.
    checkpoints: HashMap<String, u64>,
    policies: BTreeSet<String>,
    last_policy: Option<String>,
    /// The time of the last line, in milliseconds since 1970.
    last_ts: Option<i64>,
}

/// One redaction line.
#[derive(Debug)]
struct Redacted {
    /// Of what was redacted, as line and receipt both say.
    content: Hash,
    /// Of the ids, as both say.
    ids: Hash,
    session_id: Option<String>,
    count: u64,
    /// The name of its receipt, if the line names one.
    receipt: Option<String>,
}

impl Ledger {
    /// Reads and verifies a chain.
    ///
    /// # Errors
    /// Only what `log` itself reports; what is wrong with the chain is in the verdict.
    pub fn read(log: impl Read, key: &PublicKey) -> io::Result<Self> {
        let mut ledger = Self::default();
        ledger.verdict = verify::walk_lines(log, key, true, |facts| ledger.note(facts))?;
        Ok(ledger)
    }

    /// The verdict on the chain itself.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    fn note(&mut self, facts: &Facts) {
        self.last_ts = facts.ts.or(self.last_ts);
        match (&facts.kind, facts.seq) {
            (Kind::Redaction(Some(line)), Some(seq)) => {
                self.policy(line);
                self.redactions.insert(seq, Redacted::of(line));
            }
            (Kind::Checkpoint(Ok(seal)), Some(seq)) => {
                self.checkpoints.insert(seal.claim.root.to_hex(), seq);
            }
            _ => {}
        }
    }

    fn policy(&mut self, line: &Object) {
        let policy = Members(line).text("policy_hash");
        if let Some(policy) = policy.filter(|policy| self.last_policy.as_deref() != Some(*policy)) {
            self.policies.insert(policy.to_owned());
            self.last_policy = Some(policy.to_owned());
        }
    }

    /// True when some redaction was made under the policy of this hash.
    #[must_use]
    pub fn used_policy(&self, hash: &str) -> bool {
        self.policies.contains(hash)
    }

    /// The policies that redactions were made under, by their hashes.
    pub fn policies(&self) -> impl Iterator<Item = &str> {
        self.policies.iter().map(String::as_str)
    }

    /// The policy of the last redaction.
    #[must_use]
    pub fn last_policy(&self) -> Option<&str> {
        self.last_policy.as_deref()
    }

    /// `seq` of the last line.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.verdict.head.as_ref().map_or(0, |head| head.seq)
    }

    /// True when the receipt's line comes after the last of these, in this log or in one that goes on from it:
    /// no line of ours is earlier than the one before it.
    #[must_use]
    pub(super) fn ends_before(&self, receipt: &Receipt) -> bool {
        match receipt.ts {
            Some(ts) => self.last_ts.is_none_or(|last| ts > last),
            None => receipt.chain_seq > self.last_seq(),
        }
    }

    /// The same, by the time in the name of one of our receipts.
    #[must_use]
    pub(super) fn ends_before_name(&self, name: &str) -> bool {
        let last = self.last_ts.map(timestamp::render_compact).unwrap_or_default();
        of_name(name).is_some_and(|(_, time)| time > last.trim_end_matches('Z'))
    }

    /// True when there is a redaction line of this number.
    #[must_use]
    pub fn has_redaction(&self, seq: u64) -> bool {
        self.redactions.contains_key(&seq)
    }

    /// True when the receipt says what its line says. The predecessor's ids are not compared: it put a
    /// word in the place of one that was missing.
    #[must_use]
    pub fn fits(&self, receipt: &Receipt) -> bool {
        let exact = self.verdict.genesis.is_some();
        self.redactions.get(&receipt.chain_seq).is_some_and(|line| line.fits(receipt, exact))
    }

    /// What does not fit between a session manifest and the chain.
    ///
    /// # Errors
    /// In a few words.
    pub fn check_session(&self, manifest: &SessionManifest) -> Result<(), &'static str> {
        let [first, last] = manifest.seq_range;
        let Some(checkpoint) = self.checkpoints.get(&manifest.root) else {
            return Err("its chain_root_hash is of no checkpoint in the chain");
        };
        // An empty session ends before it began.
        if first == 0 || last.saturating_add(1) < first || last > *checkpoint {
            return Err("its chain_seq_range does not end at its checkpoint");
        }
        // The predecessor counted by other means than the lines; after a rotation some are elsewhere.
        if self.verdict.genesis.is_none() || manifest.rotated || first > last {
            return Ok(());
        }
        let lines = self.redactions.range(first..=last);
        let of_session = lines.filter(|(_, line)| line.session_id == manifest.session_id);
        let total: u64 = of_session.map(|(_, line)| line.count).sum();
        // Agents that name no session are told apart by what is not on the lines.
        let fits = match manifest.session_id {
            Some(_) => manifest.redactions == total,
            None => manifest.redactions <= total,
        };
        if fits { Ok(()) } else { Err("its redaction_total is not the chain's") }
    }

    /// The receipts that lines name and whose time is inside the window, with the line's number.
    pub fn named_receipts(&self, window: Window) -> impl Iterator<Item = (u64, &str)> {
        self.redactions
            .iter()
            .filter_map(|(seq, line)| line.receipt.as_deref().map(|name| (*seq, name)))
            .filter(move |(_, name)| window.takes(name))
    }

    /// The receipt that the line of this number names.
    #[must_use]
    pub fn receipt_of(&self, seq: u64) -> Option<&str> {
        self.redactions.get(&seq)?.receipt.as_deref()
    }
}

/// True when a redaction line and a receipt say the same.
pub(super) fn says(line: &Object, receipt: &Receipt) -> bool {
    let members = Members(line);
    members.text("line_type") == Some("redaction")
        && members.number("seq") == Some(receipt.chain_seq)
        // Our lines name their receipt; the predecessor's ids may differ, see `fits`.
        && Redacted::of(line).fits(receipt, members.text("receipt").is_some())
}

impl Redacted {
    fn fits(&self, receipt: &Receipt, exact: bool) -> bool {
        let types = receipt.types.iter().map(String::as_str);
        let hmac8s = receipt.hmac8s.iter().map(String::as_str);
        let same_ids = || self.ids == ids(receipt.request_id.as_deref(), receipt.session_id.as_deref());
        self.content == content(types, hmac8s) && (!exact || same_ids())
    }

    fn of(line: &Object) -> Self {
        let members = Members(line);
        let redactions = members.array("redactions").unwrap_or_default();
        let ids = ids(members.text("request_id"), members.text("session_id"));
        Self {
            content: content(column(redactions, "type"), column(redactions, "hmac8")),
            ids,
            session_id: members.text("session_id").map(str::to_owned),
            count: redactions.len() as u64,
            receipt: members.text("receipt").map(str::to_owned),
        }
    }
}

fn column<'a>(redactions: &'a [Value], name: &'a str) -> impl Iterator<Item = &'a str> {
    redactions.iter().map(move |redaction| match redaction {
        Value::Object(redaction) => redaction.get(name).and_then(Value::as_str).unwrap_or_default(),
        _ => "",
    })
}

fn content<'a>(types: impl Iterator<Item = &'a str>, hmac8s: impl Iterator<Item = &'a str>) -> Hash {
    hash_of([types.map(Some).collect(), hmac8s.map(Some).collect()])
}

fn ids(request: Option<&str>, session: Option<&str>) -> Hash {
    hash_of([vec![request], vec![session]])
}

fn hash_of(columns: [Vec<Option<&str>>; 2]) -> Hash {
    let text = |text: Option<&str>| text.map_or(Value::Null, |text| Value::String(text.to_owned()));
    let columns = columns.map(|column| Value::Array(column.into_iter().map(text).collect()));
    Hash::of(&Value::Array(columns.into()).to_canonical())
}
