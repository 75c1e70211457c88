//! The pipeline: the ordered [`FILTERS`] and the [`Exchange`], the state of one request that they
//! work on. The gateway hands bytes in and takes bytes out; nothing here knows of sockets.

mod coding;
mod exchange;
mod filter;
mod filters;
mod refusal;
mod services;
mod session;
mod sessions;

pub use exchange::{Answer, Exchange, Forward, RequestHead};
pub use filter::{FILTERS, Filter};
pub use refusal::Refusal;
pub use services::{Armed, Policy, Services, Unscannable};
pub use sessions::{SessionView, Sessions};
