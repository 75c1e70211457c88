//! Refuses everything while the kill switch is armed.

use crate::{Exchange, Filter, Refusal, RequestHead};

pub(crate) struct KillSwitch;

impl Filter for KillSwitch {
    fn name(&self) -> &'static str {
        "kill switch"
    }

    fn begin(&self, exchange: &mut Exchange, _head: &RequestHead<'_>) -> Result<(), Refusal> {
        exchange.services.refuse_armed(|| Some(exchange.request_id.clone()))
    }
}
