//! The pipeline: the ordered filters, and the state of one exchange that they work on.

mod exchange;
mod refusal;

pub use exchange::{Answer, Exchange, Forward, RequestHead};
pub use refusal::Refusal;
