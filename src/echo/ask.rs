//! What a request asks: the user's texts, the tool results and the offered tools, whatever the dialect.

use serde_json::Value;

/// The part of a request that decides the answer.
#[derive(Debug, Default)]
pub(super) struct Ask {
    /// Model name, repeated in the answer.
    pub(super) model: String,
    /// Whether the answer is to be streamed.
    pub(super) stream: bool,
    /// What the user's side said, oldest first.
    pub(super) turns: Vec<Turn>,
    /// The tools on offer.
    pub(super) tools: Vec<Tool>,
}

/// One text from the user's side.
#[derive(Debug, PartialEq)]
pub(super) enum Turn {
    /// Typed by the user or put in their place by the agent.
    User(String),
    /// What a tool gave.
    Result(String),
}

/// A tool that the answer may call.
#[derive(Debug)]
pub(super) struct Tool {
    pub(super) name: String,
    /// JSON schema of its arguments; null for a free-text ("custom") tool.
    pub(super) schema: Value,
    /// Takes free text instead of JSON arguments (OpenAI).
    pub(super) custom: bool,
}

impl Ask {
    /// Reads an Anthropic Messages request.
    pub(super) fn anthropic(body: &Value) -> Ask {
        let mut ask = Ask::common(body);
        for message in user_messages(&body["messages"]) {
            ask.add(&message["content"], Turn::User);
        }
        ask.tools = list(&body["tools"]).iter().map(|tool| Tool::new(tool, "input_schema")).collect();
        ask
    }

    /// Reads a Chat Completions request.
    pub(super) fn chat(body: &Value) -> Ask {
        let mut ask = Ask::common(body);
        for message in list(&body["messages"]) {
            match message["role"].as_str() {
                Some("user") => ask.add(&message["content"], Turn::User),
                Some("tool" | "function") => ask.turns.push(Turn::Result(joined(&message["content"]))),
                _ => {}
            }
        }
        let tools = list(&body["tools"]).iter();
        ask.tools = tools
            .map(|tool| Tool::new(tool.get("function").unwrap_or(&tool["custom"]), "parameters"))
            .collect();
        ask
    }

    /// Reads a Responses request.
    pub(super) fn responses(body: &Value) -> Ask {
        let mut ask = Ask::common(body);
        if let Some(text) = body["input"].as_str() {
            ask.turns.push(Turn::User(text.into()));
        }
        for item in list(&body["input"]) {
            match item["type"].as_str() {
                None | Some("message") if item["role"] == "user" => ask.add(&item["content"], Turn::User),
                Some(kind) if kind.ends_with("_output") => {
                    ask.turns.push(Turn::Result(joined(&item["output"])))
                }
                _ => {}
            }
        }
        let tools = list(&body["tools"]).iter().filter(|tool| tool["name"].is_string());
        ask.tools = tools.map(|tool| Tool::new(tool, "parameters")).collect();
        ask
    }

    /// Reads a Gemini request, whose model and way of answering stand in the path.
    pub(super) fn gemini(path: &str, body: &Value) -> Ask {
        let (model, action) =
            path.rsplit('/').next().and_then(|end| end.split_once(':')).unwrap_or(("echo-1", ""));
        let mut ask =
            Ask { model: model.into(), stream: action == "streamGenerateContent", ..Ask::default() };
        let spoken = list(&body["contents"]).iter().filter(|content| content["role"] != "model");
        for part in spoken.flat_map(|content| list(&content["parts"])) {
            if let Some(text) = part["text"].as_str() {
                ask.turns.push(Turn::User(text.into()));
            } else if let Some(output) = part["functionResponse"]["response"]["output"].as_str() {
                ask.turns.push(Turn::Result(output.into()));
            }
        }
        let declared = list(&body["tools"]).iter().flat_map(|tool| list(&tool["functionDeclarations"]));
        ask.tools = declared.map(|tool| Tool::new(tool, "parametersJsonSchema")).collect();
        ask
    }

    /// Reads a legacy completion request: its prompt, or the last of its prompts.
    pub(super) fn completion(body: &Value) -> Ask {
        let mut ask = Ask::common(body);
        ask.add(&body["prompt"], Turn::User);
        ask
    }

    /// The last thing the user's side said, or "".
    pub(super) fn last_text(&self) -> &str {
        self.turns.last().map_or("", Turn::text)
    }

    fn common(body: &Value) -> Ask {
        Ask {
            model: body["model"].as_str().unwrap_or("echo-1").into(),
            stream: body["stream"] == true,
            ..Ask::default()
        }
    }

    /// Adds a content field: a string, or a list of strings, text parts and tool results.
    fn add(&mut self, content: &Value, turn: fn(String) -> Turn) {
        if let Some(text) = content.as_str() {
            self.turns.push(turn(text.into()));
        }
        for part in list(content) {
            if part["type"] == "tool_result" {
                self.turns.push(Turn::Result(joined(&part["content"])));
            } else if let Some(text) = part.as_str().or(part["text"].as_str()) {
                self.turns.push(turn(text.into()));
            }
        }
    }
}

impl Turn {
    pub(super) fn text(&self) -> &str {
        let (Turn::User(text) | Turn::Result(text)) = self;
        text
    }
}

impl Tool {
    fn new(tool: &Value, schema: &str) -> Tool {
        let schema = tool[schema].clone();
        Tool { name: tool["name"].as_str().unwrap_or("").into(), custom: schema.is_null(), schema }
    }

    /// The argument that takes a text: the first string property of the schema, else `text`.
    pub(super) fn text_argument(&self) -> &str {
        let properties = self.schema["properties"].as_object();
        let strings = properties.into_iter().flatten().find(|(_, property)| property["type"] == "string");
        strings.map_or("text", |(name, _)| name)
    }
}

fn user_messages(messages: &Value) -> impl Iterator<Item = &Value> {
    list(messages).iter().filter(|message| message["role"] == "user")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A string, or the texts of a list of parts, one a line.
fn joined(content: &Value) -> String {
    if let Some(text) = content.as_str() {
        return text.into();
    }
    let texts: Vec<_> = list(content).iter().filter_map(|part| part["text"].as_str()).collect();
    texts.join("\n")
}
