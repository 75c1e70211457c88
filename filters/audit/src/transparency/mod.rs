//! The transparency log: what lets others follow a chain without having all of it.
//!
//! The chain's lines are the leaves of a Merkle tree as RFC 6962 has it ([`merkle`]). Its root and
//! size, signed with the chain's own key, are a *note* ([`Note`], the C2SP `tlog-checkpoint` format)
//! that lies beside the chain. [`Follower`] keeps that note up to date while the chain grows, and
//! [`proof`] shows that a line is in the tree of a note, or that one tree goes on from another.

mod beside;
mod follower;
pub mod merkle;
mod note;
pub mod proof;

pub use beside::{note_path, witnessed_path};
pub use follower::{FollowError, Follower};
pub use note::{Note, NoteError, origin_of};
