//! The echo provider: a stand-in for an AI provider, for `waterwall demo` and for tests.
//!
//! It speaks the Anthropic, OpenAI and Gemini dialects over real sockets (HTTP/1.1, and HTTP/2 by ALPN when it
//! has a certificate), keeps every request it received, byte for byte, and answers with the text it
//! was sent. So a test sees both sides of the gateway: what left the machine, and what comes back when
//! a provider repeats it, cut as unkindly as wanted ([`Knobs`]).
//!
//! ```text
//! connection -> serve.rs -> ask.rs (what is asked) -> plan.rs (what to answer)
//!                        -> anthropic.rs | chat.rs | responses.rs | gemini.rs | other.rs (in whose shape)
//!                        -> reply.rs (coding, TCP chunks, delays)
//! ```
//!
//! It is driven by HTTP too: `GET /__requests` lists what was recorded, `POST /__reset` forgets it.

mod anthropic;
mod ask;
mod chat;
mod coding;
mod gemini;
mod json;
mod knobs;
mod other;
mod plan;
mod record;
mod reply;
mod responses;
mod serve;
mod shape;
mod tls;

#[cfg(test)]
mod tests;

pub use coding::Encoding;
pub use knobs::{Delta, Escape, Knobs, Mode};
pub use record::Recorded;
pub use reply::Canned;
pub use serve::{Echo, EchoOptions};
