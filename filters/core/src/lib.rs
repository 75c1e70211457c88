//! Waterwall's pure core: what a secret is, where text sits, and how both are rewritten.
pub mod detect;
pub mod dialect;
pub mod explain;
#[doc(hidden)]
pub mod fuzz;
pub mod json;
pub mod numbering;
pub mod placeholder;
pub mod restore;
pub mod secret;
mod simd;
pub mod sse;
pub mod tokenize;
pub mod vault;
