//! One JSON object, `{"findings": […]}`, written as the findings come.

use std::io::{self, Write};

use serde_json::json;

use super::{Finding, Report};
use crate::failure::Failure;

#[derive(Default)]
pub(super) struct Json {
    begun: bool,
}

impl Json {
    /// What stands before the next finding.
    fn separator(&mut self) -> &'static str {
        if std::mem::replace(&mut self.begun, true) { ",\n" } else { "{\"findings\":[" }
    }
}

impl Report for Json {
    fn add(&mut self, file: &str, findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
        for Finding { kind, start, end, first, .. } in findings {
            let finding = json!({
                "file": file, "type": kind.label(),
                "line": first.line, "column": first.column, "start": start, "end": end,
            });
            write!(out, "{}{finding}", self.separator())?;
        }
        Ok(())
    }

    fn fail(&mut self, _: &Failure) {}

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let opening = if self.begun { "" } else { self.separator() };
        writeln!(out, "{opening}]}}")
    }
}
