//! What a test can ask of an answer: how it is cut, coded, escaped and paced.
//!
//! Each knob has a default (set with the provider) and a request header that overrides it for one
//! exchange: `x-echo-mode`, `x-echo-delta`, `x-echo-chunk`, `x-echo-delay-ms`, `x-echo-encoding`,
//! `x-echo-escape`, `x-echo-newline`, `x-echo-pings`, `x-echo-status`, `x-echo-abort-after`.

use std::str::FromStr;
use std::time::Duration;

use http::HeaderMap;

use super::coding::Encoding;

/// How one answer is made. `Default` is a plain, well-behaved provider.
#[derive(Clone, Copy, Debug, Default)]
pub struct Knobs {
    /// What the answer says.
    pub mode: Mode,
    /// How a streamed text is cut into deltas.
    pub delta: Delta,
    /// Bytes per TCP write, each flushed by itself; `None` writes one event (or the whole body) at once.
    pub chunk: Option<usize>,
    /// Pause before each event of a stream.
    pub delay: Duration,
    /// Content coding of the answer.
    pub encoding: Encoding,
    /// How the answer's JSON is escaped beyond what JSON demands.
    pub escape: Escape,
    /// Ends SSE lines with CRLF instead of LF.
    pub crlf: bool,
    /// Sends pings (Anthropic) and SSE comments between the deltas.
    pub pings: bool,
    /// Answers with this status and an error in the dialect's shape.
    pub status: Option<u16>,
    /// Aborts the connection after so many events (or chunks) of the body.
    pub abort_after: Option<usize>,
}

/// What the answer says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The last user text, as the provider received it.
    #[default]
    Echo,
    /// A call of the first offered tool, with the last user text as an argument.
    Tool,
    /// The file loop for coding agents: read the file, write what was read to another, finish.
    Agent,
}

/// How a streamed text is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delta {
    /// One delta with everything.
    #[default]
    All,
    /// So many characters (Unicode scalar values) a delta, wherever that cuts.
    Chars(usize),
}

/// How the answer's JSON is escaped beyond what JSON demands. All of them are in use by real servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Escape {
    /// Only what JSON demands.
    #[default]
    None,
    /// `<`, `>` and `&` as `\u003c`, `\u003e`, `\u0026`, as Go's `encoding/json` does.
    Html,
    /// Everything outside ASCII as `\uXXXX`, as Python's `json.dumps` does.
    Ascii,
}

impl Knobs {
    /// These knobs with what the request's `x-echo-…` headers override. The error names the header.
    pub(super) fn overridden(mut self, headers: &HeaderMap) -> Result<Knobs, String> {
        let knobs = &mut self;
        set(headers, "x-echo-mode", &mut knobs.mode)?;
        set(headers, "x-echo-delta", &mut knobs.delta)?;
        set(headers, "x-echo-encoding", &mut knobs.encoding)?;
        set(headers, "x-echo-escape", &mut knobs.escape)?;
        if let Some(bytes) = read::<usize>(headers, "x-echo-chunk")? {
            knobs.chunk = (bytes > 0).then_some(bytes);
        }
        if let Some(millis) = read(headers, "x-echo-delay-ms")? {
            knobs.delay = Duration::from_millis(millis);
        }
        if let Some(newline) = read::<String>(headers, "x-echo-newline")? {
            knobs.crlf = newline == "crlf";
        }
        if let Some(pings) = read::<String>(headers, "x-echo-pings")? {
            knobs.pings = pings == "on";
        }
        knobs.status = read(headers, "x-echo-status")?.or(knobs.status);
        knobs.abort_after = read(headers, "x-echo-abort-after")?.or(knobs.abort_after);
        Ok(self)
    }
}

fn set<T: FromStr>(headers: &HeaderMap, name: &str, knob: &mut T) -> Result<(), String> {
    if let Some(value) = read(headers, name)? {
        *knob = value;
    }
    Ok(())
}

fn read<T: FromStr>(headers: &HeaderMap, name: &str) -> Result<Option<T>, String> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let parsed = value.to_str().ok().and_then(|text| text.parse().ok());
    parsed.map(Some).ok_or_else(|| format!("cannot read header {name}"))
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Mode, String> {
        match text {
            "echo" => Ok(Mode::Echo),
            "tool" => Ok(Mode::Tool),
            "agent" => Ok(Mode::Agent),
            other => Err(format!("unknown mode {other}: echo, tool or agent")),
        }
    }
}

impl FromStr for Delta {
    type Err = String;

    fn from_str(text: &str) -> Result<Delta, String> {
        match text.parse() {
            _ if text == "all" => Ok(Delta::All),
            Ok(chars @ 1..) => Ok(Delta::Chars(chars)),
            _ => Err(format!("unknown delta {text}: a number of characters, or all")),
        }
    }
}

impl FromStr for Escape {
    type Err = String;

    fn from_str(text: &str) -> Result<Escape, String> {
        match text {
            "none" => Ok(Escape::None),
            "html" => Ok(Escape::Html),
            "ascii" => Ok(Escape::Ascii),
            other => Err(format!("unknown escape {other}: none, html or ascii")),
        }
    }
}

impl Delta {
    /// The pieces of `text`, in order. An empty text has none.
    pub(super) fn cut(self, text: &str) -> Vec<&str> {
        let Delta::Chars(size) = self else {
            return if text.is_empty() { Vec::new() } else { vec![text] };
        };
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.char_indices().nth(size).map_or(rest.len(), |(at, _)| at);
            let (piece, tail) = rest.split_at(end);
            pieces.push(piece);
            rest = tail;
        }
        pieces
    }
}
