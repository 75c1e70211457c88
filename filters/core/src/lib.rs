//! Waterwall's pure core: what a secret is, where text sits, and how both are rewritten.
pub mod detect;
pub mod dialect;
pub mod json;
pub mod placeholder;
pub mod secret;
pub mod vault;
