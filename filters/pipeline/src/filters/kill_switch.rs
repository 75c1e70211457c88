//! Refuses everything while the kill switch is armed.

use std::time::SystemTime;

use waterwall_audit::event::Event;

use crate::{Exchange, Filter, Refusal, RequestHead};

pub(crate) struct KillSwitch;

impl Filter for KillSwitch {
    fn name(&self) -> &'static str {
        "kill switch"
    }

    fn begin(&self, exchange: &mut Exchange, _head: &RequestHead<'_>) -> Result<(), Refusal> {
        let sources = (exchange.services.kill_switch)();
        if sources.is_empty() {
            return Ok(());
        }
        let event = Event::Killswitch {
            request_id: Some(exchange.request_id.clone()),
            sources_active: sources.iter().map(|&source| source.into()).collect(),
        };
        // The request is refused in any case; a log that fails shows in the next one's health.
        let _ = exchange.services.chain.append(event, SystemTime::now());
        Err(Refusal::KillSwitch(sources))
    }
}
