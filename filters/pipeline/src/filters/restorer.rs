//! Puts secrets back into the response: the dialect's stream restorer, or that for a body.

use std::sync::Arc;

use http::StatusCode;
use waterwall_core::{
    dialect::Dialect,
    restore::{BodyRestorer, EventRestorer, Resolve, Restorations, TextRestorer},
};

use crate::{Exchange, Filter, Refusal, exchange::ResponseHead};

pub(crate) struct Restorer;

/// The state machine that fits the response's media type.
pub(crate) enum AnswerRestorer {
    Events(EventRestorer),
    Body(Box<BodyRestorer>),
    Text(Box<TextRestorer>),
    /// Nothing says what it is; its first byte that is no white space will. White space may be the beginning of a
    /// line of text.
    Undecided(&'static Dialect, Box<TextRestorer>),
}

impl AnswerRestorer {
    /// `None` for a media type that holds no text.
    fn for_media_type(media_type: &str, dialect: &'static Dialect) -> Option<Self> {
        Some(match media_type {
            "text/event-stream" => Self::Events(EventRestorer::new(dialect.stream)),
            "application/json"
            | "application/x-ndjson"
            | "application/jsonl"
            | "application/x-jsonl"
            | "application/x-jsonlines" => Self::Body(Box::new(BodyRestorer::new(dialect.response))),
            // As providers hand out the results of batches, and files that were uploaded.
            "application/octet-stream" | "application/binary" | "binary/octet-stream" => {
                Self::Undecided(dialect, Box::new(TextRestorer::in_plain_text()))
            }
            _ if media_type.ends_with("+json") => Self::Body(Box::new(BodyRestorer::new(dialect.response))),
            _ if media_type.starts_with("text/") => Self::Text(Box::new(TextRestorer::in_plain_text())),
            _ => return None,
        })
    }

    fn push(&mut self, bytes: &[u8], resolve: &mut dyn Resolve, out: &mut Vec<u8>) {
        if let Self::Undecided(dialect, text) = self
            && let Some(first) = bytes.trim_ascii_start().first()
        {
            *self = match first {
                b'{' | b'[' => {
                    text.flush(out);
                    Self::Body(Box::new(BodyRestorer::new(dialect.response)))
                }
                // It has seen the white space.
                _ => Self::Text(std::mem::replace(text, Box::new(TextRestorer::in_plain_text()))),
            };
        }
        match self {
            Self::Events(events) => events.push(bytes, resolve, out),
            Self::Body(body) => body.push(bytes, resolve, out),
            Self::Text(text) | Self::Undecided(_, text) => text.push(bytes, resolve, out),
        }
    }

    fn finish(&mut self, resolve: &mut dyn Resolve, out: &mut Vec<u8>) {
        match self {
            Self::Events(events) => events.finish(resolve, out),
            Self::Body(body) => body.finish(out),
            Self::Text(text) | Self::Undecided(_, text) => text.flush(out),
        }
    }
}

impl Filter for Restorer {
    fn name(&self) -> &'static str {
        "restorer"
    }

    fn response_head(&self, exchange: &mut Exchange, head: &ResponseHead<'_>) -> Result<(), Refusal> {
        // Without a decoder its coding is unknown: the body passes as it is.
        if exchange.response.decoder.is_none() {
            return Ok(());
        }
        exchange.response.restorer = AnswerRestorer::for_media_type(&head.media_type(), exchange.dialect);
        // A part of a file stays as long as its `content-range` says.
        if head.status == StatusCode::PARTIAL_CONTENT {
            exchange.response.restorer = None;
        }
        exchange.response.streaming = matches!(exchange.response.restorer, Some(AnswerRestorer::Events(_)));
        let services = &exchange.services;
        exchange.response.restorations =
            Some(Restorations::new(Arc::clone(&services.vault), exchange.scope, services.now()));
        Ok(())
    }

    fn response_body(&self, exchange: &mut Exchange, chunk: &mut Vec<u8>, end: bool) -> Result<(), Refusal> {
        let response = &mut exchange.response;
        let (Some(restorer), Some(restorations)) = (&mut response.restorer, &mut response.restorations)
        else {
            return Ok(());
        };
        let mut out = Vec::with_capacity(chunk.len());
        restorer.push(chunk, restorations, &mut out);
        if end {
            restorer.finish(restorations, &mut out);
        }
        *chunk = out;
        Ok(())
    }

    fn close(&self, exchange: &mut Exchange) {
        if let Some(AnswerRestorer::Events(events)) = &exchange.response.restorer {
            exchange.response.malformed = events.malformed();
        }
    }
}

#[cfg(test)]
mod tests {
    use waterwall_core::{
        detect::Detectors,
        placeholder::SessionKey,
        tokenize::Tokenizer,
        vault::{Scope, Vault},
    };

    use super::*;

    /// Law 3, for files that begin as JSON does and are none.
    #[test]
    fn an_uploaded_file_comes_back_as_it_was() {
        let media_type = "application/octet-stream";
        let vault = Arc::new(Vault::new(SessionKey::new([1; 32]), 10, 10));
        let scope = Scope(1);
        let detectors = Detectors::builtin();
        let tokenizer = Tokenizer { detectors: &detectors, vault: &vault, scope, now: 0 };
        let dialect = Dialect::by_name("openai").expect("a dialect");
        let secret = format!("AKIA{}", "FAKE".repeat(4));
        let line = "FAKEfake".repeat(8);
        let pem = format!("-----BEGIN {0} KEY-----\n{line}\n{line}\n-----END {0} KEY-----", "PRIVATE");
        for file in [
            format!("[default]\naws_access_key_id = {secret}\n[other]\nid = \"{secret}\"\n"),
            format!("\n[[bin]]\nname = \"a\"\n\n[\"env.b\"]\nKEY = \"{secret}\"\n"),
            format!("{{ echo {secret}; }}\n"),
            format!("     8\t{}", pem.replace('\n', "\n     9\t")),
            format!("[1, \"{secret}\"]\n{{\"a\": \"{secret}\"}}\n"),
        ] {
            let splices = tokenizer.body(Some(media_type), file.as_bytes(), dialect.request);
            let sent = splices.expect("scannable").apply(file.as_bytes());
            let seen = String::from_utf8_lossy(&sent);
            assert!(!seen.contains(&secret) && !seen.contains(&line));
            for size in 1..=sent.len() {
                let mut restorer =
                    AnswerRestorer::for_media_type(media_type, dialect).expect("it holds text");
                let mut restorations = Restorations::new(Arc::clone(&vault), scope, 0);
                let mut out = Vec::new();
                for chunk in sent.chunks(size) {
                    restorer.push(chunk, &mut restorations, &mut out);
                }
                restorer.finish(&mut restorations, &mut out);
                assert_eq!(String::from_utf8_lossy(&out), file, "chunks of {size}");
            }
        }
    }
}
