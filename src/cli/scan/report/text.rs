//! `FILE:LINE:COLUMN: TYPE`, a line each, as compilers do and editors understand.

use std::io::{self, Write};

use super::{Finding, Report};
use crate::failure::Failure;

pub(super) struct Text;

impl Report for Text {
    fn add(&mut self, file: &str, findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
        for Finding { kind, first, .. } in findings {
            writeln!(out, "{file}:{}:{}: {kind}", first.line, first.column)?;
        }
        Ok(())
    }

    fn fail(&mut self, _: &Failure) {}

    fn end(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}
