//! The `waterwall` binary: a shell around the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    waterwall::cli::main()
}
