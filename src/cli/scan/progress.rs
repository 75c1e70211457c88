//! A line on the terminal that says how far a scan is, redrawn in place.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// A scan shorter than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(400);

/// Between two drawings.
const PACE: Duration = Duration::from_millis(100);

/// Cells of the bar.
const WIDTH: usize = 24;

/// Counts what is done, and shows it where a person looks: only ever on stderr, and only if that is a
/// terminal that can go back to a line's start.
pub(super) struct Progress {
    shown: bool,
    /// Whether a line stands on the terminal.
    drawn: bool,
    next: Instant,
    total: usize,
    files: usize,
    bytes: usize,
}

impl Progress {
    pub(super) fn new(total: usize, wanted: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_none_or(|name| name == "dumb");
        Self {
            shown: wanted && !dumb && io::stderr().is_terminal(),
            drawn: false,
            next: Instant::now() + PATIENCE,
            total,
            files: 0,
            bytes: 0,
        }
    }

    /// One more file is done.
    pub(super) fn advance(&mut self, bytes: usize, found: usize) {
        self.files += 1;
        self.bytes += bytes;
        if self.shown && Instant::now() >= self.next {
            self.next = Instant::now() + PACE;
            self.drawn = true;
            write(&format!("\r\x1b[K{}", line(self.files, self.total, self.bytes, found)));
        }
    }

    /// Takes the line off, before anything else is written.
    pub(super) fn clear(&mut self) {
        if self.drawn {
            self.drawn = false;
            write("\r\x1b[K");
        }
    }
}

/// No colour, so there is nothing for `NO_COLOR` to turn off.
fn line(files: usize, total: usize, bytes: usize, found: usize) -> String {
    let cells = WIDTH * files / total.max(1);
    let megabytes = bytes / 1_000_000;
    format!("[{:WIDTH$}] {files}/{total} files, {megabytes} MB, {found} found", "#".repeat(cells))
}

fn write(text: &str) {
    // There is nowhere left to report that stderr is closed.
    let _ = io::stderr().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_line_says_how_far() {
        let half = super::line(5, 10, 2_500_000, 1);
        assert_eq!(half, "[############            ] 5/10 files, 2 MB, 1 found");
    }
}
