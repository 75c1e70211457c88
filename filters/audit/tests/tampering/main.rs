//! The table of tampering: what someone could do to a log or a bundle, and that it is refused, or,
//! where nothing inside can tell, that it is told, and refused by a head that was kept elsewhere.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod archives; // the bundle's archive, byte by byte
mod bundles; // what is handed to an auditor
mod chains; // the log itself
#[path = "../common/mod.rs"]
mod common; // what is shared with the other suite
mod forge; // what a forger can do, with and without the key
mod live; // an export while the log grows
