//! Setting variables in the languages of shells.

use clap::ValueEnum;

/// The shells whose syntax we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    /// Every POSIX shell: bash, zsh, dash
    Sh,
    /// fish
    Fish,
    /// PowerShell
    Powershell,
}

impl Shell {
    /// One line that sets and exports a variable. The value is quoted whatever it holds: it may
    /// come from a configuration file in a directory that somebody else filled.
    pub(super) fn export(self, name: &str, value: &str) -> String {
        match self {
            Self::Sh => format!("export {name}='{}'", value.replace('\'', r"'\''")),
            Self::Fish => {
                let value = value.replace('\\', r"\\").replace('\'', r"\'");
                format!("set -gx {name} '{value}'")
            }
            Self::Powershell => format!("$env:{name} = '{}'", value.replace('\'', "''")),
        }
    }

    /// One line that the shell ignores; `text` is a single line.
    pub(super) fn comment(self, text: &str) -> String {
        format!("# {text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_for_each_shell() {
        let value = r"it's \ $HOME";
        assert_eq!(Shell::Sh.export("A", value), r"export A='it'\''s \ $HOME'");
        assert_eq!(Shell::Fish.export("A", value), r"set -gx A 'it\'s \\ $HOME'");
        assert_eq!(Shell::Powershell.export("A", value), r"$env:A = 'it''s \ $HOME'");
    }
}
