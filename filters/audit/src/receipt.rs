//! Receipts: one signed file for each request in which secrets were replaced.
//!
//! Named `<YYYYMMDDTHHMMSS.mmm>_<request id>_s<chain_seq>.json` by its line's time; the number
//! keeps two requests of one millisecond apart. Its members, in the file's order: `v` 1,
//! `receipt_type` "redaction", `ts` and `chain_seq` of its redaction line, `request_id` and
//! `session_id` (or null), `redaction_count`, `types` and `hmac8s` in body order, `policy_hash`,
//! `frameworks`, `signing_key_id`, `signature` (see `crate::document`).

use crate::{Redaction, SigningKey, canonical::Value, document::Document, file_name, frameworks, timestamp};

/// The `receipt_type` of a receipt.
pub const RECEIPT_TYPE: &str = "redaction";

/// A receipt but for its place on the chain.
pub(crate) struct Draft {
    pub(crate) request_id: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) redactions: Vec<Redaction>,
    pub(crate) policy_hash: String,
}

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedFile {
    pub(crate) name: String,
    pub(crate) content: String,
}

impl Draft {
    /// The name of the file.
    pub(crate) fn name(&self, seq: u64, ts_millis: i64) -> String {
        let time = timestamp::render_compact(ts_millis);
        let id = file_name::clean(self.request_id.as_deref());
        format!("{}_{id}_s{seq}.json", time.trim_end_matches('Z'))
    }

    /// The file for the redaction line with this number and time.
    pub(crate) fn seal(self, seq: u64, ts_millis: i64, key: &SigningKey, key_id: &str) -> NamedFile {
        let name = self.name(seq, ts_millis);
        let texts = |text: fn(&Redaction) -> &str| {
            Value::Array(self.redactions.iter().map(|redaction| text(redaction).into()).collect())
        };
        let mut receipt = Document::default();
        receipt.put("v", 1_u64);
        receipt.put("receipt_type", RECEIPT_TYPE);
        receipt.put("ts", timestamp::render(ts_millis));
        receipt.put("request_id", self.request_id);
        receipt.put("session_id", self.session_id);
        receipt.put("redaction_count", self.redactions.len() as u64);
        receipt.put("types", texts(|redaction| &redaction.kind));
        receipt.put("hmac8s", texts(|redaction| &redaction.hmac8));
        receipt.put("policy_hash", self.policy_hash);
        receipt.put("chain_seq", seq);
        receipt.put("frameworks", Value::from_iter(frameworks::REDACTION));
        NamedFile { name, content: receipt.sign(key, key_id) }
    }
}

/// The chain number and the time (`YYYYMMDDTHHMMSS.mmm`) in the name of one of our receipts; the
/// predecessor's have no number.
pub(crate) fn of_name(name: &str) -> Option<(u64, &str)> {
    let (rest, seq) = name.strip_suffix(".json")?.rsplit_once("_s")?;
    Some((seq.parse().ok()?, rest.get(..19)?))
}
