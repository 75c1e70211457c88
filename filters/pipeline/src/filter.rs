//! What a filter is, and the one list of them.

use crate::{
    Exchange, Refusal, RequestHead,
    exchange::ResponseHead,
    filters::{
        audit_writer::AuditWriter, content_coding::ContentCoding, explainer::Explainer,
        kill_switch::KillSwitch, restorer::Restorer, tokenizer::Tokenizer,
    },
};

/// The filters, in the order in which they see a request, and then its response.
pub static FILTERS: [&dyn Filter; 6] = [
    &KillSwitch,    // refuses everything while it is armed
    &ContentCoding, // takes gzip, deflate, br and zstd off bodies
    &Tokenizer,     // replaces secrets in the request
    &Explainer,     // adds one sentence on placeholders to the system prompt, if asked to
    &Restorer,      // puts them back into the response, by the dialect's rules
    &AuditWriter,   // records both before they leave
];

/// One step of an exchange. Filters keep no state of their own: it lives in the [`Exchange`].
pub trait Filter: Sync {
    /// Its name in diagnostics.
    fn name(&self) -> &'static str;

    /// Sees the request before its body.
    ///
    /// # Errors
    /// To refuse it.
    fn begin(&self, _exchange: &mut Exchange, _head: &RequestHead<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Sees the whole request body.
    ///
    /// # Errors
    /// To refuse it: nothing goes upstream.
    fn request(&self, _exchange: &mut Exchange) -> Result<(), Refusal> {
        Ok(())
    }

    /// Sees the response before its body.
    ///
    /// # Errors
    /// To abort it.
    fn response_head(&self, _exchange: &mut Exchange, _head: &ResponseHead<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Changes a chunk of the response in place; `end` with the last one.
    ///
    /// # Errors
    /// To abort the response before this chunk.
    fn response_body(
        &self,
        _exchange: &mut Exchange,
        _chunk: &mut Vec<u8>,
        _end: bool,
    ) -> Result<(), Refusal> {
        Ok(())
    }

    /// Sees the end of the exchange, however it came about.
    fn close(&self, _exchange: &mut Exchange) {}
}
