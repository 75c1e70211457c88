//! What to answer: the provider's "model".

use serde_json::{Value, json};

use super::ask::{Ask, Tool, Turn};
use super::knobs::Mode;

/// An answer, before it takes a dialect's shape.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// Text.
    Text(String),
    /// A tool call with JSON arguments.
    Call {
        /// The tool's name.
        name: String,
        /// Its arguments, an object.
        arguments: Value,
    },
    /// A call of a free-text tool (OpenAI).
    Custom {
        /// The tool's name.
        name: String,
        /// Its input.
        input: String,
    },
}

impl Answer {
    pub(super) fn to(ask: &Ask, mode: Mode) -> Answer {
        match mode {
            Mode::Echo => Answer::Text(ask.last_text().into()),
            Mode::Tool => call_with_text(ask),
            Mode::Agent => next_step(ask),
        }
    }
}

fn call_with_text(ask: &Ask) -> Answer {
    let text = ask.last_text();
    match ask.tools.first() {
        Some(tool) if tool.custom => Answer::Custom { name: tool.name.clone(), input: text.into() },
        Some(tool) => call(tool, json!({ tool.text_argument(): text })),
        None => Answer::Call { name: "echo".into(), arguments: json!({ "text": text }) },
    }
}

/// The file loop. The prompt says `Copy the file SOURCE to TARGET`; it is answered by a call that reads
/// SOURCE, then by one that writes what stood there for the secret to TARGET, then by a closing text.
/// `using the shell` in the prompt makes it prefer the shell to the file tools.
fn next_step(ask: &Ask) -> Answer {
    let Some((job, results)) = job(&ask.turns) else {
        return Answer::Text("File copy".into());
    };
    let step = match results.as_slice() {
        [] => read(ask, &job),
        [read] => write(ask, &job, &marks(read)),
        _ => return Answer::Text("Done.".into()),
    };
    step.unwrap_or_else(|| Answer::Text("No tool here that I know.".into()))
}

struct Job<'a> {
    source: &'a str,
    target: &'a str,
    shell: bool,
}

/// The last job that the user set, and the tool results since.
fn job(turns: &[Turn]) -> Option<(Job<'_>, Vec<&str>)> {
    let at = turns.iter().rposition(|turn| matches!(turn, Turn::User(text) if parse_job(text).is_some()))?;
    let results = turns[at..].iter().filter_map(|turn| match turn {
        Turn::Result(text) => Some(text.as_str()),
        Turn::User(_) => None,
    });
    Some((parse_job(turns[at].text())?, results.collect()))
}

fn parse_job(text: &str) -> Option<Job<'_>> {
    let (_, rest) = text.split_once("Copy the file ")?;
    let mut words = rest.split_whitespace().map(|word| word.trim_matches(['"', '\'', '`', '.', ',', '\\']));
    let source = words.next()?;
    let target = words.next().filter(|word| *word == "to").and(words.next())?;
    Some(Job { source, target, shell: rest.contains("using the shell") })
}

/// The placeholders in a tool result, each on a line of its own if there are several.
fn marks(result: &str) -> String {
    let marks: Vec<_> =
        result.match_indices("<pl:").filter_map(|(at, _)| result[at..].split_inclusive('>').next()).collect();
    if marks.is_empty() { "nothing was hidden".into() } else { marks.join("\n") }
}

/// Tools of the known agents that read a file, and those that run a command, best first.
fn read(ask: &Ask, job: &Job) -> Option<Answer> {
    let by_file = || {
        offered(ask, "Read", |tool| call(tool, json!({ "file_path": job.source })))
            .or_else(|| offered(ask, "read", |tool| call(tool, json!({ "filePath": job.source }))))
            .or_else(|| offered(ask, "read_file", |tool| call(tool, json!({ "file_path": job.source }))))
    };
    let by_shell = || shell(ask, &format!("cat {}", job.source), "Show the file");
    if job.shell { by_shell().or_else(by_file) } else { by_file().or_else(by_shell) }
}

fn write(ask: &Ask, job: &Job, content: &str) -> Option<Answer> {
    let by_file = || {
        let target = job.target;
        let named = |key: &str| json!({ key: target, "content": content });
        offered(ask, "Write", |tool| call(tool, named("file_path")))
            .or_else(|| offered(ask, "write", |tool| call(tool, named("filePath"))))
            .or_else(|| offered(ask, "write_file", |tool| call(tool, named("file_path"))))
    };
    let command = format!("cat > {} <<'END_OF_COPY'\n{content}\nEND_OF_COPY", job.target);
    let by_shell = || shell(ask, &command, "Write the file");
    if job.shell { by_shell().or_else(by_file) } else { by_file().or_else(by_shell) }
}

fn shell(ask: &Ask, command: &str, description: &str) -> Option<Answer> {
    let described = json!({ "command": command, "description": description });
    offered(ask, "exec_command", |tool| call(tool, json!({ "cmd": command })))
        .or_else(|| offered(ask, "shell_command", |tool| call(tool, json!({ "command": command }))))
        .or_else(|| offered(ask, "shell", |tool| call(tool, json!({ "command": ["bash", "-lc", command] }))))
        .or_else(|| offered(ask, "Bash", |tool| call(tool, described.clone())))
        .or_else(|| offered(ask, "bash", |tool| call(tool, described.clone())))
        .or_else(|| offered(ask, "run_shell_command", |tool| call(tool, described.clone())))
}

fn offered(ask: &Ask, name: &str, use_it: impl FnOnce(&Tool) -> Answer) -> Option<Answer> {
    ask.tools.iter().find(|tool| tool.name == name).map(use_it)
}

fn call(tool: &Tool, arguments: Value) -> Answer {
    Answer::Call { name: tool.name.clone(), arguments }
}
