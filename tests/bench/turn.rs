//! A made-up turn of a coding agent: what an Anthropic Messages request looks like half an hour
//! into a session. The same bytes in every run.

use serde_json::{Value, json};

/// Bytes of the turn that most measures use.
pub(crate) const AGENT_TURN: usize = 100 << 10;
/// Less than this is too little for a turn.
pub(crate) const LEAST: usize = 16 << 10;
/// Bytes of the small request.
pub(crate) const SMALL: usize = 1 << 10;

/// One request body.
pub(crate) struct Turn {
    pub(crate) body: Vec<u8>,
}

impl Turn {
    /// A turn of exactly `bytes` bytes with `secret` once in a tool's output, half-way.
    pub(crate) fn of(bytes: usize, secret: &str) -> Self {
        let mut writer = Writer(0x2545_F491_4F6C_DD1D);
        let mut messages = vec![user("The build fails since yesterday. Find out why and fix it.")];
        let mut length = body(&messages).len();
        let mut told = false;
        let mut step = 0;
        while length < bytes.saturating_sub(6 << 10) {
            let with_secret = !told && length > bytes / 2;
            told |= with_secret;
            let exchange = writer.step(step, with_secret.then_some(secret));
            // Lengths add up: each message is written the same wherever it stands.
            length += exchange.iter().map(|it| it.to_string().len() + 1).sum::<usize>();
            messages.extend(exchange);
            step += 1;
        }
        Self::padded(messages, bytes, &mut writer)
    }

    /// A request of exactly `bytes` bytes that asks one question and holds no secret.
    pub(crate) fn small(bytes: usize) -> Self {
        let body =
            |text: String| json!({"model": MODEL, "max_tokens": 1024, "messages": [user(&text)]}).to_string();
        let mut writer = Writer(1);
        let text = writer.prose(bytes - body(String::new()).len());
        Self { body: body(text).into_bytes() }
    }

    /// Fills up with one last message.
    fn padded(mut messages: Vec<Value>, bytes: usize, writer: &mut Writer) -> Self {
        messages.push(user(""));
        let missing = bytes.saturating_sub(body(&messages).len());
        messages.pop();
        messages.push(user(&writer.prose(missing)));
        Self { body: body(&messages).into_bytes() }
    }
}

const MODEL: &str = "claude-sonnet-4-5";

fn user(text: &str) -> Value {
    json!({"role": "user", "content": [{"type": "text", "text": text}]})
}

fn body(messages: &[Value]) -> String {
    let tools = ["Read", "Write", "Edit", "Bash", "Grep", "Glob"].map(|name| {
        json!({
            "name": name,
            "description": format!("The {name} tool.\n\nUsage:\n- Paths are absolute.\n- Prefer it to shell commands that do the same.\n- \"Quoted\" text is taken literally."),
            "input_schema": {
                "type": "object",
                "properties": {
                    "file_path": {"type": "string", "description": "The absolute path"},
                    "command": {"type": "string", "description": "What to run"},
                    "limit": {"type": "number", "description": "How many lines"}
                },
                "required": ["file_path"],
                "additionalProperties": false
            }
        })
    });
    json!({
        "model": MODEL,
        "max_tokens": 32000,
        "stream": true,
        "system": [{"type": "text", "text": "You are a coding agent. Be brief; read before you write.\n# Environment\nPlatform: linux\n", "cache_control": {"type": "ephemeral"}}],
        "metadata": {"user_id": "{\"device_id\":\"d41d8cd98f00b204\",\"session_id\":\"7f9c24e8-3b12-4fef-91f3-2d0e9f6bb1a0\"}"},
        "tools": tools,
        "messages": messages,
    })
    .to_string()
}

/// A source of numbers (xorshift), and of text made from them.
struct Writer(u64);

impl Writer {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }

    fn word(&mut self) -> &'static str {
        const WORDS: [&str; 32] = [
            "session", "upstream", "buffer", "parse", "config", "error", "token", "stream", "chunk",
            "header", "value", "index", "handler", "request", "response", "cache", "retry", "state",
            "worker", "queue", "render", "module", "build", "target", "result", "socket", "limit", "entry",
            "cursor", "message", "schema", "field",
        ];
        WORDS[self.below(WORDS.len())]
    }

    /// Words and full stops, exactly `length` bytes.
    fn prose(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length + 16);
        while text.len() < length {
            text.push_str(self.word());
            text.push_str(if self.below(9) == 0 { ". " } else { " " });
        }
        text.truncate(length);
        text
    }

    /// One call of a tool and its output.
    fn step(&mut self, number: usize, secret: Option<&str>) -> [Value; 2] {
        let id = format!("toolu_01{number:022}");
        let (name, input, output) = match (secret, number % 4) {
            (Some(secret), _) => ("Bash", json!({"command": "cat .env"}), self.environment(secret)),
            (None, 0) => {
                ("Read", json!({"file_path": format!("/repo/src/{}.ts", self.word())}), self.listing())
            }
            (None, 1) => ("Bash", json!({"command": "npm test -- --json"}), self.results()),
            (None, 2) => (
                "Edit",
                json!({"file_path": format!("/repo/src/{}.ts", self.word()), "old_string": self.code(6), "new_string": self.code(9)}),
                "The file has been updated.".to_owned(),
            ),
            (None, _) => ("Grep", json!({"pattern": "TODO|FIXME", "limit": 40}), self.matches()),
        };
        let text = self.prose(120);
        [
            json!({"role": "assistant", "content": [{"type": "text", "text": text}, {"type": "tool_use", "id": id, "name": name, "input": input}]}),
            json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": [{"type": "text", "text": output}]}]}),
        ]
    }

    fn line(&mut self) -> String {
        let (a, b, c, n) = (self.word(), self.word(), self.word(), self.below(500));
        match self.below(8) {
            0 => format!("export async function {a}_{b}({c}: string): Promise<void> {{"),
            1 => format!("\tconst {a} = await this.{b}.get(\"{c}/{n}\");"),
            2 => format!("\tif ({a}.{b} === undefined || {a}.length > {n}) {{"),
            3 => format!("\t\tthrow new Error(`{a} \"${{{b}}}\" is not a {c}`);"),
            4 => format!("\t// The {a} of a {b} may be gone by the time its {c} arrives."),
            5 => "}".to_owned(),
            6 => String::new(),
            _ => format!("\treturn {a}.map(({b}) => ({{ {c}: {b}.{c} ?? '{n}', at: 0x{n:04x} }}));"),
        }
    }

    fn code(&mut self, lines: usize) -> String {
        (0..lines).map(|_| self.line() + "\n").collect()
    }

    /// A file as an agent's read tool prints it.
    fn listing(&mut self) -> String {
        (1..90).map(|number| format!("{number:6}\t{}\n", self.line())).collect()
    }

    /// JSON inside the string.
    fn results(&mut self) -> String {
        let results: Vec<_> = (0..24)
            .map(|_| json!({"name": format!("{} {}", self.word(), self.word()), "file": format!("/repo/test/{}.test.ts", self.word()), "duration": self.below(900), "failureMessages": [format!("expected \"{}\"\n    at {}:{}", self.word(), self.word(), self.below(200))]}))
            .collect();
        json!({"numTotalTests": 24, "testResults": results}).to_string()
    }

    fn matches(&mut self) -> String {
        (0..40).map(|_| format!("src/{}.ts:{}:{}\n", self.word(), self.below(900), self.line())).collect()
    }

    fn environment(&mut self, secret: &str) -> String {
        format!(
            "NODE_ENV=development\nAWS_REGION=eu-central-1\nAWS_ACCESS_KEY_ID={secret}\nLOG_LEVEL=info\nCACHE_DIR=/tmp/{}\n",
            self.word()
        )
    }
}
