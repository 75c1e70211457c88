//! The control frameworks that each kind of record is evidence for: its `frameworks` member, in
//! this order.

/// Redaction lines and receipts.
pub const REDACTION: [&str; 8] = [
    "SOC2-CC7.2",
    "SOC2-CC9.2",
    "OWASP-LLM-02",
    "OWASP-LLM-06",
    "EU-AI-Act-Art-12",
    "EU-AI-Act-Art-13",
    "MITRE-ATLAS-T0048",
    "NIST-800-53-AC-4",
];

/// Lines about restoring. The predecessor defined these tags and did not write them.
pub const DETOKENIZATION: [&str; 2] = ["SOC2-CC7.2", "OWASP-LLM-02"];

/// Kill switch lines.
pub const KILLSWITCH: [&str; 2] = ["SOC2-CC7.3", "EU-AI-Act-Art-15"];

/// Lines about another set of detectors; not written by the predecessor.
pub const POLICY_CHANGE: [&str; 1] = ["SOC2-CC8.1"];

/// Tunnel lines: what crossed the boundary unseen, or was kept from it. Not written by the predecessor.
pub const TUNNEL: [&str; 2] = ["SOC2-CC6.6", "NIST-800-53-SC-7"];

/// Session manifests.
pub const SESSION: [&str; 2] = ["SOC2-CC4.1", "EU-AI-Act-Art-12"];

/// Lines about the installation's checks; not written by the predecessor.
pub const VERIFY_INSTALL: [&str; 1] = ["SOC2-CC4.2"];
