//! `waterwall demo`: one exchange, seen from all sides.

use std::io::{self, Write};

use super::{ExitStatus, Stop};
use crate::demo;
use crate::failure::Failure;

pub(super) fn run(out: &mut dyn Write) -> Result<ExitStatus, Stop> {
    match demo::run(out) {
        Ok(()) => Ok(ExitStatus::Success),
        Err(error) if output_closed(&error) => Err(Stop::OutputClosed),
        Err(error) => Err(Failure::from(error).into()),
    }
}

fn output_closed(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
