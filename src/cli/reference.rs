//! `waterwall cli-reference`, hidden: every verb's help as one page of Markdown, for docs/cli.md.

use std::io::{self, Write};

use clap::Command;

/// Columns, whatever the terminal has: the page must not depend on who makes it.
const WIDTH: usize = 100;

/// Writes the page.
pub(super) fn write(command: Command, out: &mut dyn Write) -> io::Result<()> {
    let mut command = command.term_width(WIDTH);
    command.build();
    writeln!(out, "# Command line\n")?;
    writeln!(
        out,
        "Made by `waterwall cli-reference`; a test holds it to the binary. Exit codes: 0 is yes, 1 no or failed,"
    )?;
    writeln!(
        out,
        "2 a mistake in the arguments or input that cannot be used; what is more stands with the verb."
    )?;
    section(&mut command, out)?;
    let verbs = command.get_subcommands_mut().filter(|verb| !verb.is_hide_set());
    for verb in verbs {
        section(verb, out)?;
    }
    Ok(())
}

fn section(command: &mut Command, out: &mut dyn Write) -> io::Result<()> {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let help = command.render_long_help().to_string();
    let lines: Vec<_> = help.trim_end().lines().map(str::trim_end).collect();
    writeln!(out, "\n## `{name}`\n\n```text\n{}\n```", lines.join("\n"))
}
