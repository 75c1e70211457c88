//! Colours, or where `NO_COLOR` declines them, what a terminal has besides.

use std::env;

use ratatui::style::{Color, Modifier, Style};

/// How things are set apart.
#[derive(Clone, Copy, Debug)]
pub(in crate::dashboard) struct Theme {
    colour: bool,
}

impl Theme {
    /// In colour, unless `NO_COLOR` is set.
    pub(in crate::dashboard) fn of_process() -> Self {
        Self::new(env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()))
    }

    pub(super) fn new(colour: bool) -> Self {
        Self { colour }
    }

    /// As it should be.
    pub(super) fn good(self) -> Style {
        self.coloured(Color::Green, Modifier::empty())
    }

    /// To be looked at.
    pub(super) fn warn(self) -> Style {
        self.coloured(Color::Yellow, Modifier::BOLD)
    }

    /// Not as it should be.
    pub(super) fn bad(self) -> Style {
        self.coloured(Color::Red, Modifier::BOLD)
    }

    /// Across the whole width, not to be overlooked.
    pub(super) fn alarm(self) -> Style {
        self.coloured(Color::Red, Modifier::BOLD | Modifier::REVERSED)
    }

    /// Names of values.
    pub(super) fn label(self) -> Style {
        self.coloured(Color::Cyan, Modifier::empty())
    }

    /// Laid over everything that is not the present.
    pub(super) fn old() -> Style {
        // No grey: some themes have it the same as the background.
        let faint = Style::new().fg(Color::Reset).add_modifier(Modifier::DIM);
        faint.remove_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    fn coloured(self, colour: Color, modifier: Modifier) -> Style {
        let style = Style::new().add_modifier(modifier);
        if self.colour { style.fg(colour) } else { style }
    }
}
