//! [`Program`]: what this process was started as, to start its successor from within. Under a service
//! manager that is the way: a child is in the same sandbox, and has the same right to be the main process.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::{io, thread};

/// The program's file and its arguments.
pub(crate) struct Program {
    /// As it was at the start: once the file is replaced, the system calls it deleted.
    file: PathBuf,
    arguments: Vec<OsString>,
}

impl Program {
    /// This process's.
    ///
    /// # Errors
    /// When the system does not tell.
    pub(crate) fn of_process() -> io::Result<Self> {
        Ok(Self { file: env::current_exe()?, arguments: env::args_os().skip(1).collect() })
    }

    /// Starts what is installed under that name now, as heir. How it ends is its own affair; here it is
    /// only noted.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start_heir(&self) -> io::Result<()> {
        let mut command = Command::new(&self.file);
        command.args(&self.arguments);
        if !self.arguments.iter().any(|argument| argument == "--upgrade") {
            command.arg("--upgrade");
        }
        // It says to whom the manager's watchdog belongs, which is about to change.
        let heir = command.env_remove("WATCHDOG_PID").stdin(Stdio::null()).spawn()?;
        thread::Builder::new().name("heir".to_owned()).spawn(move || wait_for(heir)).map(drop)
    }
}

fn wait_for(mut heir: Child) {
    match heir.wait() {
        Ok(status) if status.success() => {}
        Ok(status) => tracing::error!(%status, "the successor has ended"),
        Err(error) => tracing::error!(%error, "the successor cannot be waited for"),
    }
}
