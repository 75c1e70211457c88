//! Waterwall: a local gateway that keeps secrets out of what coding agents send to AI providers.
//!
//! The binary is a thin shell around this library; the filters that do the work are the crates
//! under `filters/`.

pub mod ca;
pub mod config;
pub mod echo;
pub mod failure;
pub mod state;
