//! A command line that cannot be understood: told like every other failure, in two lines.

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::failure::Failure;

/// What clap says in a page, in two lines; `None` for what was asked for: help, or the version.
pub(super) fn failure(error: &Error) -> Option<Failure> {
    let what = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => return None,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "a command is missing".to_owned(),
        // It may be the value itself, and is not for a terminal's history to keep twice.
        kind if kind != ErrorKind::MissingRequiredArgument && is_of_secrets(error) => {
            "there is an argument that does not belong there; values are read from stdin, never from the \
             command line"
                .to_owned()
        }
        _ => first_paragraph(&error.render().to_string()),
    };
    Some(Failure::new(what, remedy(error)))
}

/// The message without its label, its list of arguments in the same line.
fn first_paragraph(page: &str) -> String {
    let page = page.strip_prefix("error: ").unwrap_or(page);
    let mut lines = page.lines().map(str::trim).take_while(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    // Allowed values are the remedy.
    let more: Vec<_> = lines.filter(|line| !line.starts_with('[')).collect();
    if more.is_empty() { first.to_owned() } else { format!("{first} {}", more.join(", ")) }
}

/// The names that may stand there, else how the verb is written.
fn remedy(error: &Error) -> String {
    let kinds = [ContextKind::ValidValue, ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg];
    for kind in kinds {
        let names: Vec<_> = match error.get(kind) {
            Some(ContextValue::Strings(names)) => names.iter().map(String::as_str).collect(),
            Some(ContextValue::String(name)) => vec![name],
            _ => continue,
        };
        match names.as_slice() {
            [] => {}
            [name] => return format!("Did you mean {name}?"),
            names => return format!("Use one of: {}.", names.join(", ")),
        }
    }
    let usage = usage(error);
    match usage.as_deref() {
        // Of no more help than the name of the page.
        Some([only]) if !only.ends_with("[OPTIONS]") => format!("Write it like `{only}`; --help tells more."),
        _ => "See the same command with --help.".to_owned(),
    }
}

/// The lines of the usage, without its label.
fn usage(error: &Error) -> Option<Vec<String>> {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else { return None };
    let text = usage.to_string();
    let lines = text.trim().trim_start_matches("Usage:").lines();
    Some(lines.map(|line| line.trim().to_owned()).collect())
}

fn is_of_secrets(error: &Error) -> bool {
    usage(error).is_some_and(|lines| lines.iter().any(|line| line.contains(" secrets ")))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    fn told(arguments: &[&str]) -> (String, String) {
        let error = Cli::try_parse_from([&["waterwall"], arguments].concat()).err().expect("an error");
        let failure = failure(&error).expect("no help");
        (failure.to_string(), failure.remedy().to_owned())
    }

    #[test]
    fn two_lines_tell_what_is_wrong() {
        for (arguments, what, remedy) in [
            (
                &["frobnicate"][..],
                "unrecognized subcommand 'frobnicate'",
                "See the same command with --help.",
            ),
            (&["scann"], "unrecognized subcommand 'scann'", "Did you mean scan?"),
            (&["run", "--bogus"], "unexpected argument '--bogus' found", "See the same command with --help."),
            (
                &["verify-chain"],
                "the following required arguments were not provided: --pubkey <PUB>, <LOG>...",
                "Write it like `waterwall verify-chain --pubkey <PUB> <LOG>...`; --help tells more.",
            ),
            (
                &["env", "--mode", "x"],
                "invalid value 'x' for '--mode <MODE>'",
                "Use one of: base-url, proxy.",
            ),
            (&["secrets"], "a command is missing", "See the same command with --help."),
        ] {
            assert_eq!(told(arguments), (what.to_owned(), remedy.to_owned()), "{arguments:?}");
        }
    }

    #[test]
    fn a_value_on_the_command_line_is_not_repeated() {
        for arguments in [
            &["add", "NAME", "not-to-be-told"][..],
            &["not-to-be-told"],
            &["add", "NAME", "--force=not-to-be-told"],
            &["add", "NAME", "--not-to-be-told"],
            &["list", "--json=not-to-be-told"],
            &["remove", "NAME", "not-to-be-told"],
        ] {
            let (what, remedy) = told(&[&["secrets"], arguments].concat());
            assert!(!what.contains("not-to") && !remedy.contains("not-to"), "{what} {remedy}");
            assert!(what.contains("stdin"), "{what}");
        }
    }

    #[test]
    fn help_is_no_failure() {
        for asked in ["--help", "--version"] {
            let error = Cli::try_parse_from(["waterwall", asked]).err().expect("a page");
            assert_eq!(failure(&error), None, "{asked}");
        }
    }
}
