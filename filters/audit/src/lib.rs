//! Waterwall's audit log.
//!
//! What the gateway does to traffic is an [`Event`]; its canonical form is a *line*; every line
//! carries the hash of the line before it, which makes the file a *chain*; a *checkpoint* line
//! signs the chain so far. [`ChainWriter`] is the only part that touches a disk, [`verify_chain`]
//! reads a log from anywhere and tells whether it holds together. Beside the chain lie signed
//! *receipts*, one for each request with redactions, and *manifests*, one for each session.
//!
//! The byte formats are those of the predecessor: its verifiers accept what is written here, and
//! [`verify_chain`] accepts what it wrote.
//!
//! Invariants: this crate never sees plaintext (it does not depend on the crate that has
//! `Secret`), and it never reads the clock (time is an argument everywhere).

pub mod canonical;
pub mod chain;
pub mod checkpoint;
mod document;
pub mod event;
pub mod evidence;
mod file_name;
pub mod frameworks;
pub mod genesis;
pub mod keys;
mod line;
pub mod manifest;
pub mod receipt;
mod sha256;
mod shown;
mod timestamp;
pub mod transparency;
pub mod verify;
pub mod writer;

pub use chain::Hash;
pub use event::{Event, Redaction, clean_id};
pub use genesis::LogId;
pub use keys::{KeyError, PublicKey, SigningKey};
pub use manifest::{Place, Session};
pub use shown::shown;
pub use verify::{Verdict, verify_chain, verify_logs};
pub use writer::{
    AppendError, Appended, Archived, ChainWriter, Fsync, OpenError, OpenReport, Status, WriterOptions,
};
