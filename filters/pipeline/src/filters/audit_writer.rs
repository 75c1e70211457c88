//! Records what was replaced before it goes upstream, and what is restored before it goes
//! downstream (law 8: no record, no traffic).

use std::{sync::Arc, time::SystemTime};

use waterwall_audit::event::{Event, Redaction};

use crate::{Exchange, Filter, Refusal};

pub(crate) struct AuditWriter;

impl Filter for AuditWriter {
    fn name(&self) -> &'static str {
        "audit writer"
    }

    fn request(&self, exchange: &mut Exchange) -> Result<(), Refusal> {
        let services = Arc::clone(&exchange.services);
        let Line { session_id, policy_hash, .. } = line(exchange);
        services.sessions.request(session_id.as_deref(), &policy_hash, &services.chain);
        if let Some(reason) = exchange.request.unscannable.clone() {
            let Line { host, request_id, session_id, .. } = line(exchange);
            append(exchange, Event::UnscannablePassed { host, request_id, session_id, reason })?;
        }
        if exchange.request.secrets.is_empty() {
            return Ok(());
        }
        let secrets = exchange.request.secrets.iter();
        let redactions = secrets.map(|entry| Redaction {
            kind: entry.secret().kind().label().into(),
            hmac8: entry.short_tag().to_owned(),
        });
        let redactions = redactions.collect();
        let Line { host, request_id, session_id, policy_hash } = line(exchange);
        append(exchange, Event::Redaction { host, request_id, session_id, redactions, policy_hash })?;
        let kinds = exchange.request.secrets.iter().map(|entry| entry.secret().kind().label());
        services.sessions.redacted(exchange.session_id.as_deref(), kinds);
        Ok(())
    }

    fn response_body(
        &self,
        exchange: &mut Exchange,
        _chunk: &mut Vec<u8>,
        _end: bool,
    ) -> Result<(), Refusal> {
        if exchange.response.opened || exchange.restored() == 0 {
            return Ok(());
        }
        let Line { host, request_id, session_id, policy_hash } = line(exchange);
        let streaming = exchange.response.streaming;
        append(exchange, Event::RestorationOpened { host, request_id, session_id, streaming, policy_hash })?;
        exchange.response.opened = true;
        Ok(())
    }

    /// The closing line carries the counts. The answer is over: a failure can be told to nobody
    /// here, and shows in the log's health.
    fn close(&self, exchange: &mut Exchange) {
        let response = &mut exchange.response;
        // An exchange is closed more than once; its counts stay for whoever asks.
        if response.restorer.take().is_none() {
            return;
        }
        if let Some(restorations) = response.restorations.take() {
            let streaming = response.streaming;
            let Line { host, request_id, session_id, policy_hash } = line(exchange);
            let closed = Event::RestorationClosed {
                host,
                request_id,
                session_id,
                streaming,
                detok_count: restorations.restored(),
                unknown_placeholders: restorations.unknown(),
                types: restorations.kinds().map(|kind| kind.label().into()).collect(),
                policy_hash,
            };
            let _ = append(exchange, closed);
            let unknown = restorations.unknown();
            exchange.services.sessions.answered(exchange.session_id.as_deref(), unknown);
            exchange.response.restorations = Some(restorations);
        }
    }
}

/// What every line about an exchange says.
struct Line {
    host: String,
    request_id: Option<String>,
    session_id: Option<String>,
    policy_hash: String,
}

fn line(exchange: &Exchange) -> Line {
    Line {
        host: exchange.host.clone(),
        request_id: Some(exchange.request_id.clone()),
        session_id: exchange.session_id.clone(),
        policy_hash: exchange.policy.detectors.policy_hash().to_owned(),
    }
}

fn append(exchange: &Exchange, event: Event) -> Result<(), Refusal> {
    match exchange.services.chain.append(event, SystemTime::now()) {
        Ok(_) => Ok(()),
        Err(error) => Err(Refusal::ChainAppend(error.to_string())),
    }
}
