//! What the keys mean.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::state::Popup;

/// How far a page scrolls.
const PAGE: isize = 10;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Quit,
    Help,
    /// Close what lies over the panes.
    Close,
    Reload,
    /// Ask whether to arm or disarm.
    Switch,
    /// Yes.
    Confirm,
    Verify,
    Export,
    /// Pause the list of live activity, or let it go on.
    Tail,
    /// Back by so many activities, or forth.
    Scroll(isize),
}

/// What a key asks for while `popup` is shown.
pub(super) fn command(key: KeyEvent, popup: Option<&Popup>) -> Option<Command> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return (key.code == KeyCode::Char('c')).then_some(Command::Quit);
    }
    match (key.code, popup) {
        (KeyCode::Char('q'), _) => Some(Command::Quit),
        (KeyCode::Char('y' | 'Y'), Some(Popup::Confirm { .. })) => Some(Command::Confirm),
        (KeyCode::Char('n' | 'N') | KeyCode::Esc, Some(Popup::Confirm { .. })) => Some(Command::Close),
        // Anything else is no answer to that question.
        (_, Some(Popup::Confirm { .. })) => None,
        (KeyCode::Esc | KeyCode::Enter | KeyCode::Char(' ' | '?'), Some(_)) => Some(Command::Close),
        (_, Some(_)) => None,
        (code, None) => over_the_panes(code),
    }
}

fn over_the_panes(code: KeyCode) -> Option<Command> {
    Some(match code {
        KeyCode::Char('r') => Command::Reload,
        KeyCode::Char('k') => Command::Switch,
        KeyCode::Char('v') => Command::Verify,
        KeyCode::Char('e') => Command::Export,
        KeyCode::Char('t') => Command::Tail,
        KeyCode::Char('?' | 'h') => Command::Help,
        KeyCode::Up => Command::Scroll(1),
        KeyCode::Down => Command::Scroll(-1),
        KeyCode::PageUp => Command::Scroll(PAGE),
        KeyCode::PageDown => Command::Scroll(-PAGE),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(code: KeyCode, popup: Option<&Popup>) -> Option<Command> {
        command(KeyEvent::new(code, KeyModifiers::NONE), popup)
    }

    #[test]
    fn only_y_says_yes() {
        let asked = Popup::Confirm { arm: true };
        for code in [KeyCode::Char('k'), KeyCode::Enter, KeyCode::Char(' '), KeyCode::Char('r')] {
            assert_eq!(press(code, Some(&asked)), None, "{code}");
        }
        assert_eq!(press(KeyCode::Char('y'), Some(&asked)), Some(Command::Confirm));
        assert_eq!(press(KeyCode::Char('y'), None), None);
        for code in [KeyCode::Char('n'), KeyCode::Esc] {
            assert_eq!(press(code, Some(&asked)), Some(Command::Close));
        }
    }

    #[test]
    fn popups_are_closed_and_take_no_other_key() {
        for code in [KeyCode::Esc, KeyCode::Enter] {
            assert_eq!(press(code, Some(&Popup::Help)), Some(Command::Close));
        }
        assert_eq!(press(KeyCode::Char('e'), Some(&Popup::Help)), None);
        assert_eq!(press(KeyCode::Esc, None), None);
    }

    #[test]
    fn one_can_always_leave() {
        for popup in [None, Some(&Popup::Help), Some(&Popup::Confirm { arm: false })] {
            assert_eq!(press(KeyCode::Char('q'), popup), Some(Command::Quit));
            let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
            assert_eq!(command(interrupt, popup), Some(Command::Quit));
        }
        let other = KeyEvent::new(KeyCode::Char('r'), KeyModifiers::CONTROL);
        assert_eq!(command(other, None), None);
    }
}
