//! The private certificate authority: what agents trust so that TLS to a listed host can be
//! terminated here.
//!
//! `authority` makes one, `check` says what is wrong with one, `minter` signs a leaf for each host,
//! and `store` holds the one in force and notices when its files change.

mod authority;
mod check;
mod minter;
mod store;

pub use authority::{Authority, Blueprint, COMMON_NAME, DAYS};
pub use check::{Finding, check};
pub(crate) use minter::Minter;
pub use store::Unusable;
pub(crate) use store::{Store, load};
