//! The built-in detectors, by the kind of service that issues the credentials.
//!
//! Order matters twice, within a file and between them: where two formats match the same bytes,
//! the first one listed names them; and the policy hash covers the order.

mod ai;
mod cloud;
mod comms;
mod dev;
mod keys;

use super::detector::Detector;

/// All built-in detectors, group by group.
pub static DETECTORS: &[&[Detector]] =
    &[ai::DETECTORS, cloud::DETECTORS, dev::DETECTORS, comms::DETECTORS, keys::DETECTORS];

/// All built-in detectors in their order.
pub(super) fn all() -> Vec<&'static Detector> {
    DETECTORS.iter().copied().flatten().collect()
}

/// What an entry needs.
mod prelude {
    pub(super) use super::super::{
        class::Class,
        detector::{Detector, Form, Trigger::*},
        jwt, pem, structure,
    };
    pub(super) use crate::secret::Kind;
}
