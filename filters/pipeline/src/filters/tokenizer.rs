//! Replaces secrets in the request's body, query and headers.

use waterwall_core::tokenize::{Splices, Tokenizer as Scanner};

use super::head;
use crate::{Exchange, Filter, Refusal, RequestHead, Unscannable};

pub(crate) struct Tokenizer;

impl Filter for Tokenizer {
    fn name(&self) -> &'static str {
        "tokenizer"
    }

    fn begin(&self, exchange: &mut Exchange, head: &RequestHead<'_>) -> Result<(), Refusal> {
        head::scan(exchange, head)
    }

    fn request(&self, exchange: &mut Exchange) -> Result<(), Refusal> {
        query(exchange)?;
        if exchange.request.unscannable.is_none() { body(exchange) } else { Ok(()) }
    }
}

/// Says that the body cannot be scanned: policy refuses it, or lets it pass unscanned.
pub(super) fn refuse_or_pass(exchange: &mut Exchange, reason: &str) -> Result<(), Refusal> {
    match exchange.policy.unscannable {
        Unscannable::Refuse => Err(Refusal::Unscannable(reason.to_owned())),
        Unscannable::Pass => {
            exchange.request.unscannable = Some(reason.to_owned());
            Ok(())
        }
    }
}

fn query(exchange: &mut Exchange) -> Result<(), Refusal> {
    let Some(query) = exchange.request.query.take() else { return Ok(()) };
    let splices = scanner(exchange, |scanner| scanner.query(&query))
        .map_err(|error| Refusal::Unscannable(error.to_string()))?;
    exchange.request.query_changed = !splices.is_empty();
    // A URI is ASCII, and so is what replaces parts of it.
    let rewritten = String::from_utf8(splices.apply(query.as_bytes()));
    let rewritten =
        rewritten.map_err(|_| Refusal::Unscannable("the query string is not ASCII".to_owned()))?;
    exchange.request.query = Some(rewritten);
    keep(exchange, &splices);
    Ok(())
}

fn body(exchange: &mut Exchange) -> Result<(), Refusal> {
    let request = &exchange.request;
    let schema = exchange.dialect.request;
    match scanner(exchange, |scanner| scanner.body(request.content_type.as_deref(), &request.body, schema)) {
        Ok(splices) if splices.is_empty() => Ok(()),
        Ok(splices) => {
            exchange.request.body = splices.apply(&exchange.request.body).into();
            keep(exchange, &splices);
            Ok(())
        }
        Err(error) => refuse_or_pass(exchange, &error.to_string()),
    }
}

pub(super) fn scanner<T>(exchange: &Exchange, scan: impl FnOnce(Scanner<'_>) -> T) -> T {
    let services = &exchange.services;
    scan(Scanner {
        detectors: &exchange.policy.detectors,
        vault: &services.vault,
        scope: exchange.scope,
        now: services.now(),
    })
}

pub(super) fn keep(exchange: &mut Exchange, splices: &Splices) {
    exchange.request.secrets.extend(splices.entries().cloned());
}
