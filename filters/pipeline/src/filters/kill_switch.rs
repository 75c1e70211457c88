//! Refuses everything while the kill switch is armed.

use crate::{Exchange, Filter, Refusal, RequestHead};

pub(crate) struct KillSwitch;

impl Filter for KillSwitch {
    fn name(&self) -> &'static str {
        "kill switch"
    }

    fn begin(&self, exchange: &mut Exchange, _head: &RequestHead<'_>) -> Result<(), Refusal> {
        refuse_armed(exchange)
    }

    /// Once more: the body may have taken minutes to arrive.
    fn request(&self, exchange: &mut Exchange) -> Result<(), Refusal> {
        refuse_armed(exchange)
    }
}

fn refuse_armed(exchange: &Exchange) -> Result<(), Refusal> {
    exchange.services.refuse_armed(|| Some(exchange.request_id.clone()))
}
