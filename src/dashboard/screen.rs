//! The terminal: taken over, and given back however the dashboard ends.

use std::io::{self, BufWriter, IsTerminal as _, Stdout};
use std::net::SocketAddr;
use std::panic;
use std::thread;

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::{Frame, Terminal};

use crate::failure::Failure;

/// Refuses to draw into a pipe, or to wait for keys that cannot come.
///
/// # Errors
/// When standard input or output is no terminal.
pub(super) fn check(admin: SocketAddr) -> Result<(), Failure> {
    for (name, is_terminal) in
        [("standard output", io::stdout().is_terminal()), ("standard input", io::stdin().is_terminal())]
    {
        if !is_terminal {
            return Err(Failure::new(
                format!("the dashboard needs a terminal, and {name} is not one"),
                format!("Run it in a terminal; scripts read http://{admin}/admin/state."),
            ));
        }
    }
    Ok(())
}

/// A whole screen's bytes are sent at once, so that half of one is not seen.
const FRAME: usize = 64 << 10;

/// The whole screen. Dropping it gives the terminal back.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When it cannot be; it is as it was then.
    pub(super) fn enter() -> io::Result<Self> {
        give_back_on_panic();
        enable_raw_mode()?;
        let entered = execute!(io::stdout(), EnterAlternateScreen).and_then(|()| {
            Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(FRAME, io::stdout())))
        });
        match entered {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// Draws all of it; only what has changed is sent.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(draw).map(drop)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.terminal.show_cursor();
        give_back();
    }
}

/// What cannot be undone has no remedy here, and the terminal may be gone.
fn give_back() {
    let _ = disable_raw_mode();
    let _ = execute!(io::stdout(), LeaveAlternateScreen);
}

/// So that the message of a panic can be read. Only for a panic of this thread: those of others come
/// back as errors when they are joined.
fn give_back_on_panic() {
    let shown_by = thread::current().id();
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if thread::current().id() == shown_by {
            give_back();
            usual(panic);
        }
    }));
}
