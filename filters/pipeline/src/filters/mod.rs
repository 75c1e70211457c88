//! The filters, a file each; [`crate::FILTERS`] is their order.

pub(crate) mod audit_writer;
pub(crate) mod content_coding;
pub(crate) mod explainer;
mod head;
pub(crate) mod kill_switch;
pub(crate) mod restorer;
pub(crate) mod tokenizer;
