//! The private certificate authority: what agents trust so that TLS to a listed host can be
//! terminated here.
//!
//! `authority` makes one, `check` says what is wrong with one, `minter` signs a leaf for each host,
//! `store` holds the one in force and notices when its files change,
//! and `swap` puts a new one in an old one's place.

mod authority;
mod check;
mod minter;
mod store;
mod swap;

pub use authority::{Authority, Blueprint, COMMON_NAME, DAYS};
pub use check::{Finding, check};
pub(crate) use minter::Minter;
pub use store::Unusable;
pub(crate) use store::{Store, load};
pub use swap::{Swapped, swap};
