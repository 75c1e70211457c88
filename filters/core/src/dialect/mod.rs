//! A dialect is one provider's wire format: where text sits in its requests, answers and streams,
//! and the shape of its errors.
//!
//! To add one, write a file beside this one and list it in [`DIALECTS`].

mod anthropic;
mod generic;
mod openai;

use std::sync::LazyLock;

use crate::{
    explain::Insertion,
    json::{Schema, schema::Field},
};

/// One wire format. Chosen per upstream, by name, in the configuration.
pub struct Dialect {
    /// The name used in the configuration.
    pub name: &'static str,
    /// What is special in request bodies.
    pub request: &'static LazyLock<Schema>,
    /// What is special in JSON answers.
    pub response: &'static LazyLock<Schema>,
    /// How streamed answers work.
    pub stream: &'static Stream,
    /// Another dialect for some paths of the same upstream, e.g. Anthropic's shape at OpenRouter.
    other: fn(path: &str) -> Option<&'static Self>,
    /// Where a request at a path explains placeholders to the model.
    explain: fn(path: &str, body: &[u8]) -> Option<Insertion>,
    /// Writes an error as the provider would.
    error: fn(code: &str, message: &str) -> serde_json::Value,
}

/// How a dialect's event streams work.
pub struct Stream {
    /// What is special in an event's data.
    pub schema: &'static LazyLock<Schema>,
    /// For `Rule::PieceByType`: the field that a type of event carries.
    pub pieces: &'static [(&'static str, Field)],
    /// Which streamed texts a type of event ends.
    pub ends: fn(event_type: &str) -> Ends,
}

/// Which streamed texts an event ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ends {
    /// None of them.
    Nothing,
    /// Those with the event's own index.
    Block,
    /// All of them.
    Everything,
}

/// Every dialect, in the order in which the documentation lists them.
pub static DIALECTS: [&Dialect; 3] = [&anthropic::DIALECT, &openai::DIALECT, &generic::DIALECT];

impl Dialect {
    /// Looks a dialect up by its configuration name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Self> {
        DIALECTS.iter().find(|dialect| dialect.name == name).copied()
    }

    /// The dialect of a request whose upstream is not known: `anthropic-version` is Anthropic's header.
    #[must_use]
    pub fn of_stray(has_anthropic_version: bool) -> &'static Self {
        if has_anthropic_version { &anthropic::DIALECT } else { &generic::DIALECT }
    }

    /// The dialect spoken at a path of an upstream of this dialect.
    #[must_use]
    pub fn at_path(&'static self, path: &str) -> &'static Self {
        (self.other)(path).unwrap_or(self)
    }

    /// The sentence that tells the model what placeholders are, put into a request for an answer of a
    /// model; `None` for any other request, and for a body of another shape.
    #[must_use]
    pub fn explanation(&self, path: &str, body: &[u8]) -> Option<Insertion> {
        (self.explain)(path, body)
    }

    /// The body of an error answer in this dialect's shape, so that SDKs show the message.
    #[must_use]
    pub fn error_body(&self, code: &str, message: &str) -> String {
        (self.error)(code, message).to_string()
    }
}

/// Whether a path ends in these segments.
fn ends_at(path: &str, endpoint: &str) -> bool {
    path.strip_suffix('/').unwrap_or(path).ends_with(endpoint)
}

/// Whether a path ends in these segments, or goes on below them.
fn is_at(path: &str, endpoint: &str) -> bool {
    ends_at(path, endpoint) || path.contains(&format!("{endpoint}/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_compile_and_paths_choose_the_shape() {
        for dialect in DIALECTS {
            LazyLock::force(dialect.request);
            LazyLock::force(dialect.response);
            LazyLock::force(dialect.stream.schema);
            assert!(dialect.error_body("code", "a \"message\"").contains(r#""message":"a \"message\"""#));
        }
        assert_eq!(openai::DIALECT.at_path("/api/v1/messages").name, "anthropic");
        assert_eq!(openai::DIALECT.at_path("/anthropic/v1/messages/count_tokens").name, "anthropic");
        assert_eq!(openai::DIALECT.at_path("/v1/threads/x/messages").name, "openai");
        assert_eq!(openai::DIALECT.at_path("/v1/chat/completions").name, "openai");
        assert_eq!(anthropic::DIALECT.at_path("/v1/chat/completions").name, "openai");
        assert_eq!(anthropic::DIALECT.at_path("/v1/messages").name, "anthropic");
    }
}
