//! What the tests run against: the built gateway, a scripted upstream, a client that shows bytes.

mod client;
mod gateway;
mod trailers;
mod upstream;

pub(crate) use client::{Client, Response};
pub(crate) use gateway::{Gateway, Setup, UpstreamConfig, signal, wait};
pub(crate) use trailers::Trailers;
pub(crate) use upstream::Scripted;

use std::time::Duration;

/// No step of a test takes longer than this; a hang fails instead.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
