//! JSON as bytes: a lexer that finds string tokens and knows where it is, the schema that names
//! places, and the string escapes.
//!
//! Nothing here builds a document: a body is walked once, and what is rewritten is spliced into
//! the original bytes (law 2).

pub mod escape;
pub mod lexer;
pub mod schema;
mod special;

pub use lexer::{JsonError, Lexer, StringPiece, Visitor};
pub use schema::{NodeId, Rule, Schema};
