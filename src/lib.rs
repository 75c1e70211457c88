//! Waterwall: a local gateway that keeps secrets out of what coding agents send to AI providers.
//!
//! The binary is a thin shell around this library; the filters that do the work are the crates
//! under `filters/`.

pub mod admin;
pub mod ca;
pub mod cli;
pub mod config;
mod dashboard;
pub mod demo;
mod door;
pub mod echo;
mod evidence;
pub mod failure;
mod forward;
pub mod gateway;
mod handover;
pub mod import;
pub mod install;
mod kill_switch;
pub mod known_values;
mod live;
mod metrics;
mod plain_http;
mod proxy;
mod requests;
mod sockets;
pub mod state;
mod streams;
mod upstream;
