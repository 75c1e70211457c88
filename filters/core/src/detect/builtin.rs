//! The built-in detectors, by the kind of service that issues the credentials.
//!
//! Order matters twice, within a file and between them: where two formats match the same bytes,
//! the first one listed names them, so specific ones stand before general ones; and the policy
//! hash covers the order.

mod agents;
mod ai;
mod azure;
mod cloud;
mod comms;
mod context;
mod dev;
mod hosting;
mod infra;
mod keys;
mod messaging;
mod models;
mod observability;
mod payments;
mod registry;
mod saas;
mod scm;
mod services;

use super::detector::Detector;

/// All built-in detectors, group by group.
pub static DETECTORS: &[&[Detector]] = &[
    agents::DETECTORS,
    models::DETECTORS,
    hosting::DETECTORS,
    azure::DETECTORS,
    scm::DETECTORS,
    infra::DETECTORS,
    registry::DETECTORS,
    messaging::DETECTORS,
    payments::DETECTORS,
    observability::DETECTORS,
    saas::DETECTORS,
    ai::DETECTORS,
    cloud::DETECTORS,
    dev::DETECTORS,
    comms::DETECTORS,
    services::DETECTORS,
    keys::DETECTORS,
    context::DETECTORS,
];

/// All built-in detectors in their order.
pub(super) fn all() -> Vec<&'static Detector> {
    DETECTORS.iter().copied().flatten().collect()
}

/// What an entry needs.
#[allow(unused_imports, reason = "not every group needs all of it")]
mod prelude {
    pub(super) use super::super::{
        class::Class,
        detector::{Beside, Detector, Form, Part::*, Trigger::*, UUID},
        jwt, pem, structure, vendor,
    };
    pub(super) use crate::secret::Kind;
}
