//! Tells the model what placeholders are, where the operator wants that.

use crate::{Exchange, Filter, Refusal, RequestHead};

pub(crate) struct Explainer;

impl Filter for Explainer {
    fn name(&self) -> &'static str {
        "explainer"
    }

    fn begin(&self, exchange: &mut Exchange, head: &RequestHead<'_>) -> Result<(), Refusal> {
        if exchange.policy.explain_placeholders {
            exchange.request.explain_at = Some(head.path.to_owned());
        }
        Ok(())
    }

    fn request(&self, exchange: &mut Exchange) -> Result<(), Refusal> {
        let request = &mut exchange.request;
        let Some(path) = request.explain_at.take().filter(|_| request.unscannable.is_none()) else {
            return Ok(());
        };
        if let Some(insertion) = exchange.dialect.explanation(&path, &request.body) {
            request.body = insertion.apply(&request.body).into();
        }
        Ok(())
    }
}
