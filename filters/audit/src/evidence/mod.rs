//! Evidence: what is handed to an auditor, and how it is checked.
//!
//! A *receipt* covers one request, a *session manifest* one session; both are signed JSON documents
//! ([`signed`]). A *bundle* is a `.tar.gz` with the whole chain, the receipts and manifests of a
//! stretch of time, the policy file and the public key, under a signed `MANIFEST.json` that lists
//! them all: [`export()`] makes one, [`verify_evidence`] checks one. Both hold every document against
//! what the chain says (`ledger`).

mod archive;
pub mod export;
mod gather;
mod ledger;
mod listing;
pub mod signed;
mod verify;
mod window;

pub use export::{ExportError, Exported, Source, export};
pub use ledger::Ledger;
pub use signed::{Receipt, SessionManifest};
pub use verify::{EvidenceVerdict, verify_evidence};
pub use window::Window;
