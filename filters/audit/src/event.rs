//! [`Event`]: what happened, one variant per line type, and the members it puts on its line.
//!
//! Adding an event: a variant here, its members in [`Event::fields`], a golden vector in
//! `tests/vectors`. Genesis, rotation and checkpoint lines are not events; the writer makes them.

use std::{borrow::Cow, collections::BTreeSet};

use crate::{
    canonical::{Fields, write_string},
    frameworks,
    receipt::Draft,
};

/// Ids and other texts from outside are cut to this many characters.
const MAX_TEXT: usize = 256;

/// One secret replaced by a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redaction {
    /// The credential format's label, the placeholder's second part.
    pub kind: Cow<'static, str>,
    /// The placeholder's third part: lower-case hex of the first 8 bytes of the HMAC-SHA256 of the
    /// plaintext under the session key, more of them after a clash.
    pub hmac8: String,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Secrets were replaced in a request, which has not gone upstream yet.
    Redaction {
        /// The upstream's name.
        host: String,
        /// The agent's request id.
        request_id: Option<String>,
        /// The agent's session id.
        session_id: Option<String>,
        /// In body order.
        redactions: Vec<Redaction>,
        /// Which detectors were in force, see the policy hash in the audit format.
        policy_hash: String,
    },
    /// Placeholders are about to be restored in a reply; nothing restored has gone downstream yet.
    RestorationOpened {
        /// The upstream's name.
        host: String,
        /// The agent's request id.
        request_id: Option<String>,
        /// The agent's session id.
        session_id: Option<String>,
        /// The reply is a stream.
        streaming: bool,
        /// Which detectors were in force.
        policy_hash: String,
    },
    /// A reply in which placeholders were found has ended.
    RestorationClosed {
        /// The upstream's name.
        host: String,
        /// The agent's request id.
        request_id: Option<String>,
        /// The agent's session id.
        session_id: Option<String>,
        /// The reply was a stream.
        streaming: bool,
        /// How many placeholders were restored.
        detok_count: u64,
        /// How many placeholders were left as they were.
        unknown_placeholders: u64,
        /// Labels of the restored ones; written as a sorted set.
        types: Vec<Cow<'static, str>>,
        /// Which detectors were in force.
        policy_hash: String,
    },
    /// A request was refused because the kill switch is armed.
    Killswitch {
        /// The agent's request id.
        request_id: Option<String>,
        /// Names of the sources that hold the switch: config, sigusr1, sentinel, http.
        sources_active: Vec<Cow<'static, str>>,
    },
    /// Another set of detectors came into force.
    PolicyChange {
        /// Hash of the set before.
        old_policy_hash: String,
        /// Hash of the set now in force.
        new_policy_hash: String,
        /// How many patterns it has.
        pattern_count: u64,
    },
    /// The installation was checked.
    VerifyInstall {
        /// How many checks passed.
        checks_passed: u64,
        /// Of how many.
        checks_total: u64,
        /// Names of those that failed.
        failed: Vec<Cow<'static, str>>,
    },
    /// A body that could not be scanned was let through, as the configuration allows.
    UnscannablePassed {
        /// The upstream's name.
        host: String,
        /// The agent's request id.
        request_id: Option<String>,
        /// The agent's session id.
        session_id: Option<String>,
        /// Why it could not be scanned; never any of its bytes.
        reason: String,
    },
    /// A changed configuration cannot be used; the one before stays in force.
    ReloadRefused {
        /// What is wrong with it.
        reason: String,
    },
    /// A tunnel to a host whose traffic is not seen has ended, or was refused.
    Tunnel {
        /// The host that the CONNECT named.
        host: String,
        /// The port that it named.
        port: u16,
        /// Bytes from the agent.
        bytes_sent: u64,
        /// Bytes to the agent.
        bytes_received: u64,
        /// From the CONNECT to the end, in milliseconds.
        duration_ms: u64,
        /// Why it was refused; `None` for a tunnel that was open.
        refused: Option<Cow<'static, str>>,
    },
    /// At a start no checkpoint covered the last lines. A crash leaves such lines; whoever can write to the
    /// log can add some too, and the next checkpoint covers them as they were found.
    UncoveredAtStart {
        /// How many.
        lines: u64,
        /// `seq` of the last of them.
        last_seq: u64,
    },
    /// The writer moved a torn last line out of the log at start.
    Recovered {
        /// Name of the file beside the log that now has the torn bytes.
        moved_to: String,
        /// How many bytes.
        bytes: u64,
    },
}

impl Event {
    /// The `line_type` of the event's line.
    #[must_use]
    pub fn line_type(&self) -> &'static str {
        match self {
            Self::Redaction { .. } => "redaction",
            Self::RestorationOpened { .. } | Self::RestorationClosed { .. } => "detokenization",
            Self::Killswitch { .. } => "killswitch",
            Self::PolicyChange { .. } => "policy_change",
            Self::VerifyInstall { .. } => "verify_install",
            Self::UnscannablePassed { .. } | Self::ReloadRefused { .. } | Self::UncoveredAtStart { .. } => {
                "warn"
            }
            Self::Tunnel { .. } => "tunnel",
            Self::Recovered { .. } => "recovered",
        }
    }

    /// The members of the event's line, without those of the chain.
    #[must_use]
    pub fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        fields.text("line_type", self.line_type());
        match self {
            Self::Redaction { host, request_id, session_id, redactions, policy_hash } => {
                fields.text("direction", "out");
                exchange(&mut fields, host, request_id.as_deref(), session_id.as_deref());
                fields.set("redactions", |out| render_redactions(redactions, out));
                fields.integer("redaction_count", redactions.len() as u64);
                // The writer knows its name, where receipts are kept.
                fields.text_or_null("receipt", None);
                fields.texts("path_hashes", []);
                fields.text("policy_hash", &clean(policy_hash));
                fields.texts("frameworks", frameworks::REDACTION);
            }
            Self::RestorationOpened { host, request_id, session_id, streaming, policy_hash } => {
                exchange(&mut fields, host, request_id.as_deref(), session_id.as_deref());
                restoration(&mut fields, "open", *streaming, policy_hash);
            }
            Self::RestorationClosed {
                host,
                request_id,
                session_id,
                streaming,
                detok_count,
                unknown_placeholders,
                types,
                policy_hash,
            } => {
                exchange(&mut fields, host, request_id.as_deref(), session_id.as_deref());
                restoration(&mut fields, "close", *streaming, policy_hash);
                fields.integer("detok_count", *detok_count);
                fields.integer("unknown_placeholders", *unknown_placeholders);
                let types: BTreeSet<&str> = types.iter().map(AsRef::as_ref).collect();
                fields.texts("types", types);
            }
            Self::Killswitch { request_id, sources_active } => {
                fields.text_or_null("request_id", request_id.as_deref().map(clean).as_deref());
                fields.texts("sources_active", sources_active.iter().map(AsRef::as_ref));
                fields.texts("frameworks", frameworks::KILLSWITCH);
            }
            Self::PolicyChange { old_policy_hash, new_policy_hash, pattern_count } => {
                fields.text("old_policy_hash", &clean(old_policy_hash));
                fields.text("new_policy_hash", &clean(new_policy_hash));
                fields.integer("pattern_count", *pattern_count);
                fields.texts("frameworks", frameworks::POLICY_CHANGE);
            }
            Self::VerifyInstall { checks_passed, checks_total, failed } => {
                fields.integer("checks_passed", *checks_passed);
                fields.integer("checks_total", *checks_total);
                fields.texts("failed", failed.iter().map(AsRef::as_ref));
                fields.texts("frameworks", frameworks::VERIFY_INSTALL);
            }
            Self::UnscannablePassed { host, request_id, session_id, reason } => {
                exchange(&mut fields, host, request_id.as_deref(), session_id.as_deref());
                fields.text("warn", "unscannable_passed");
                fields.text("reason", &clean(reason));
            }
            Self::ReloadRefused { reason } => {
                fields.text("warn", "reload_refused");
                fields.text("reason", &clean(reason));
            }
            Self::Tunnel { host, port, bytes_sent, bytes_received, duration_ms, refused } => {
                exchange(&mut fields, host, None, None);
                fields.integer("port", u64::from(*port));
                fields.integer("bytes_sent", *bytes_sent);
                fields.integer("bytes_received", *bytes_received);
                fields.integer("duration_ms", *duration_ms);
                fields.text_or_null("refused", refused.as_deref().map(clean).as_deref());
                fields.texts("frameworks", frameworks::TUNNEL);
            }
            Self::UncoveredAtStart { lines, last_seq } => {
                fields.text("warn", "uncovered_at_start");
                fields.integer("lines", *lines);
                fields.integer("last_seq", *last_seq);
            }
            Self::Recovered { moved_to, bytes } => {
                fields.text("moved_to", &clean(moved_to));
                fields.integer("bytes", *bytes);
            }
        }
        fields
    }

    /// The receipt that belongs to the event's line, if one does.
    pub(crate) fn receipt(self) -> Option<Draft> {
        let Self::Redaction { request_id, session_id, redactions, policy_hash, .. } = self else {
            return None;
        };
        // As they stand on the line.
        let cleaned = |id: Option<String>| id.map(|id| clean(&id).into_owned());
        Some(Draft {
            request_id: cleaned(request_id),
            session_id: cleaned(session_id),
            redactions,
            policy_hash: clean(&policy_hash).into_owned(),
        })
    }

    /// True for the lines that `checkpoint_lines` counts.
    pub(crate) fn counts_towards_checkpoint(&self) -> bool {
        matches!(self, Self::Redaction { .. })
    }
}

/// The members of every line about one exchange.
fn exchange(fields: &mut Fields, host: &str, request_id: Option<&str>, session_id: Option<&str>) {
    fields.text("host", &clean(host));
    fields.text_or_null("request_id", request_id.map(clean).as_deref());
    fields.text_or_null("session_id", session_id.map(clean).as_deref());
}

/// The members that both lines of a restoration share. `streaming` is written only when it is
/// true, as the predecessor did.
fn restoration(fields: &mut Fields, phase: &str, streaming: bool, policy_hash: &str) {
    fields.text("direction", "in");
    fields.text("phase", phase);
    if streaming {
        fields.rendered("streaming", "true");
    }
    fields.text("policy_hash", &clean(policy_hash));
    fields.texts("frameworks", frameworks::DETOKENIZATION);
}

fn render_redactions(redactions: &[Redaction], out: &mut String) {
    out.push('[');
    for (index, redaction) in redactions.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str("{\"hmac8\":");
        write_string(&redaction.hmac8, out);
        out.push_str(",\"type\":");
        write_string(&redaction.kind, out);
        out.push('}');
    }
    out.push(']');
}

/// An id as it may stand on a line, from header bytes: what is not UTF-8 and control characters
/// become U+FFFD, and it is cut to 256 characters.
#[must_use]
pub fn clean_id(bytes: &[u8]) -> String {
    // A character has at most four bytes; an id of megabytes is not decoded whole.
    let bytes = &bytes[..bytes.len().min(MAX_TEXT * 4)];
    clean(&String::from_utf8_lossy(bytes)).into_owned()
}

/// Without control characters a line has no `\u00xx` escapes, so that its text is the only
/// spelling of what it says.
fn clean(text: &str) -> Cow<'_, str> {
    let fits = text.len() <= MAX_TEXT;
    // Without stopping at the first: that goes many bytes at a time.
    if fits && text.bytes().fold(true, |plain, byte| plain & (0x20..0x7f).contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let replace = |letter: char| {
        if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter }
    };
    Cow::Owned(text.chars().take(MAX_TEXT).map(replace).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_cleaned_of_what_cannot_be_encoded() {
        assert_eq!(clean_id(b"req_01"), "req_01");
        assert_eq!(clean_id("r\u{e9}q/\u{1f600}".as_bytes()), "r\u{e9}q/\u{1f600}");
        assert_eq!(clean_id(b"a\xff\xedb\n\x7f"), "a\u{fffd}\u{fffd}b\u{fffd}\u{fffd}");
        assert_eq!(clean_id(&[b'x'; 10_000]).len(), MAX_TEXT);
        assert_eq!(clean_id(&"\u{1f600}".repeat(1_000).into_bytes()).chars().count(), MAX_TEXT);
        assert_eq!(clean_id(b""), "");
    }

    #[test]
    fn absent_ids_are_null() {
        let event = Event::Killswitch { request_id: None, sources_active: vec!["sentinel".into()] };
        assert_eq!(
            event.fields().to_canonical(),
            r#"{"frameworks":["SOC2-CC7.3","EU-AI-Act-Art-15"],"line_type":"killswitch","request_id":null,"sources_active":["sentinel"]}"#
        );
    }
}
