//! Takes content codings off: whole for requests, as a stream for responses.

use http::header::CONTENT_ENCODING;

use super::tokenizer::refuse_or_pass;
use crate::{
    Exchange, Filter, Refusal,
    coding::{CodingError, StreamDecoder, codings},
    exchange::ResponseHead,
};

pub(crate) struct ContentCoding;

impl Filter for ContentCoding {
    fn name(&self) -> &'static str {
        "content coding"
    }

    fn request(&self, exchange: &mut Exchange) -> Result<(), Refusal> {
        if exchange.request.body.is_empty() {
            return Ok(());
        }
        let limit = exchange.policy.max_body_bytes;
        let decode = || {
            let codings = codings(&exchange.request.content_encoding)?;
            let mut decoded = None;
            for coding in codings.iter().rev() {
                decoded = Some(coding.decode(decoded.as_deref().unwrap_or(&exchange.request.body), limit)?);
            }
            Ok(decoded)
        };
        match decode() {
            Ok(None) => Ok(()),
            Ok(Some(decoded)) => {
                exchange.request.body = decoded.into();
                exchange.request.decoded = true;
                Ok(())
            }
            Err(CodingError::TooLarge) => Err(Refusal::BodyTooLarge { limit }),
            Err(CodingError::Unknown) => {
                refuse_or_pass(exchange, "its content-encoding is not gzip, deflate, br or zstd")
            }
            Err(CodingError::Malformed) => {
                refuse_or_pass(exchange, "it is not in the content-encoding that it claims")
            }
        }
    }

    /// We ask for identity; some providers compress all the same. What cannot be decoded passes
    /// as it is: it holds placeholders, not secrets.
    fn response_head(&self, exchange: &mut Exchange, head: &ResponseHead<'_>) -> Result<(), Refusal> {
        let codings = codings(head.headers.get_all(CONTENT_ENCODING)).ok();
        exchange.response.decoder = codings.and_then(|codings| StreamDecoder::new(&codings).ok());
        Ok(())
    }

    fn response_body(&self, exchange: &mut Exchange, chunk: &mut Vec<u8>, _end: bool) -> Result<(), Refusal> {
        let Some(decoder) = &mut exchange.response.decoder else { return Ok(()) };
        decoder.push(chunk).map_err(|_| Refusal::Response("it is not in the content-encoding that it claims"))
    }
}
