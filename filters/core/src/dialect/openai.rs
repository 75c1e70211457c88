//! OpenAI: Chat Completions, Responses, legacy completions, embeddings, moderations and batch
//! files; also OpenRouter's and DeepSeek's variants of the first.
//!
//! The shapes share no path with different meanings, so one schema serves them all and the
//! request's path does not matter. Source: the types of the `openai` SDK, OpenAI's API reference
//! ("Chat", "Responses", "Streaming events"), OpenRouter's and DeepSeek's API pages.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{Dialect, Ends, Stream, anthropic, ends_at, is_at};
use crate::explain;
use crate::json::{
    Rule::{
        self, Finish, Identity, Index, Media, Nested, Once, Opaque, OpaqueIfDataUrl, OpaqueIfOuterType,
        OpaqueIfType, Piece, PieceByType, Sequence, TokenIds, Type,
    },
    Schema,
    schema::Field,
};

pub(super) static DIALECT: Dialect = Dialect {
    name: "openai",
    request: &REQUEST,
    response: &RESPONSE,
    stream: &Stream { schema: &EVENT, pieces: RESPONSES_PIECES, ends },
    other: |path| is_at(path, "/v1/messages").then_some(&anthropic::DIALECT),
    explain: |path, body| match path {
        _ if ends_at(path, "/chat/completions") => explain::in_chat(body),
        _ if ends_at(path, "/responses") => explain::in_responses(body),
        _ => None,
    },
    error,
};

/// OpenAI's error shape, which most other providers share.
pub(super) fn error(code: &str, message: &str) -> Value {
    json!({"error": {"type": code, "code": code, "message": message}})
}

type Paths = &'static [(&'static str, Rule)];

/// A message of Chat Completions.
const MESSAGE: Paths = &[
    ("tool_call_id", Opaque),
    ("tool_calls[].id", Opaque),
    ("tool_calls[].function.name", Opaque),
    ("tool_calls[].custom.name", Opaque),
    ("function_call.name", Opaque),
    ("audio.id", Opaque),
    ("content[].image_url.url", OpaqueIfDataUrl),
    ("content[].input_audio.data", Media),
    ("content[].file.file_data", OpaqueIfDataUrl),
    ("content[].file.file_id", Opaque),
    ("reasoning_details[].signature", Opaque),
    ("reasoning_details[].data", Opaque),
    ("reasoning_details[].id", Opaque),
];

/// An item of a Responses request.
const ITEM: Paths = &[
    ("type", Type),
    ("id", Opaque),
    ("call_id", Opaque),
    ("approval_request_id", Opaque),
    ("name", OpaqueIfType(&["function_call", "custom_tool_call", "mcp_call", "mcp_approval_request"])),
    ("encrypted_content", OpaqueIfType(&["reasoning", "compaction"])),
    ("fingerprint", Opaque),
    ("result", OpaqueIfType(&["image_generation_call"])),
    ("content[].image_url", OpaqueIfDataUrl),
    ("content[].file_data", OpaqueIfDataUrl),
    ("content[].file_id", Opaque),
    ("content[].input_audio.data", Media),
    ("output[].image_url", OpaqueIfDataUrl),
    ("output[].file_data", OpaqueIfDataUrl),
    ("output[].file_id", Opaque),
    ("output.image_url", OpaqueIfDataUrl),
];

/// Requests beside messages and items. What an MCP tool carries is the agent's own credential
/// for a server that the provider calls: it passes, as the agent's API key does.
const PARAMETERS: Paths = &[
    ("tools[].name", Opaque),
    ("tools[].function.name", Opaque),
    ("tools[].custom.name", Opaque),
    ("tools[].type", Type),
    ("tools[].server_url", OpaqueIfType(&["mcp"])),
    ("tools[].authorization", OpaqueIfType(&["mcp"])),
    ("tools[].headers.**", OpaqueIfOuterType(&["mcp"])),
    ("functions[].name", Opaque),
    ("tool_choice.name", Opaque),
    ("tool_choice.function.name", Opaque),
    ("previous_response_id", Opaque),
    ("conversation.id", Opaque),
    ("prompt.id", Opaque),
    ("prompt", TokenIds),
    ("prompt[]", TokenIds),
    ("prompt[][]", TokenIds),
    ("input", TokenIds),
    ("input[]", TokenIds),
    ("input[][]", TokenIds),
    ("input[].image_url.url", OpaqueIfDataUrl),
];

static REQUEST: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&[
        ("", PARAMETERS),
        ("messages[]", MESSAGE),
        ("input[]", ITEM),
        ("items[]", ITEM),
        ("body", PARAMETERS),
        ("body.messages[]", MESSAGE),
        ("body.input[]", ITEM),
    ])
});

/// A message of an answer, and the delta of a streamed one.
const ANSWER_MESSAGE: Paths = &[
    ("tool_calls[].id", Opaque),
    ("tool_calls[].function.name", Opaque),
    ("tool_calls[].function.arguments", Nested),
    ("tool_calls[].custom.name", Opaque),
    ("function_call.name", Opaque),
    ("function_call.arguments", Nested),
];

/// An item of a Responses answer.
const ANSWER_ITEM: Paths = &[
    ("id", Opaque),
    ("call_id", Opaque),
    ("name", Opaque),
    ("arguments", Nested),
    ("encrypted_content", Opaque),
];

static RESPONSE: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&[
        ("", &[("id", Opaque), ("choices[].logprobs.**", Opaque)]),
        ("choices[].message", ANSWER_MESSAGE),
        ("output[]", ANSWER_ITEM),
        ("data[]", ANSWER_ITEM),
        ("response.body.choices[].message", ANSWER_MESSAGE),
        ("response.body.output[]", ANSWER_ITEM),
    ])
});

const fn plain(name: &'static str) -> Field {
    Field { name, fragment: false }
}

const ARGUMENTS: Field = Field { name: "arguments", fragment: true };
const CUSTOM_INPUT: Field = Field { name: "custom_input", fragment: false };
const FUNCTION_CALL: Field = Field { name: "function_call", fragment: true };

/// The Responses events whose `delta` is a piece of text. That of an event not listed here is plain.
const RESPONSES_PIECES: &[(&str, Field)] = &[
    ("response.output_text.delta", plain("output_text")),
    ("response.refusal.delta", plain("refusal")),
    ("response.reasoning_text.delta", plain("reasoning_text")),
    ("response.reasoning_summary_text.delta", plain("reasoning_summary_text")),
    ("response.function_call_arguments.delta", Field { name: "call_arguments", fragment: true }),
    ("response.mcp_call_arguments.delta", Field { name: "mcp_arguments", fragment: true }),
    ("response.custom_tool_call_input.delta", plain("custom_tool_call_input")),
    ("response.code_interpreter_call_code.delta", plain("code_interpreter_call_code")),
    ("response.audio.transcript.delta", plain("audio_transcript")),
];

static EVENT: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&[
        // Responses
        (
            "",
            &[
                ("type", Type),
                ("sequence_number", Sequence),
                ("output_index", Index(0)),
                ("content_index", Index(1)),
                ("summary_index", Index(2)),
                ("item_id", Opaque),
                ("delta", PieceByType),
                ("arguments", Nested),
            ],
        ),
        ("item", ANSWER_ITEM),
        ("response.output[]", ANSWER_ITEM),
        // Chat Completions and legacy completions
        ("", &[("error", Finish)]),
        (
            "choices[]",
            &[
                ("index", Index(0)),
                ("finish_reason", Finish),
                ("text", Piece(plain("completion"))),
                ("logprobs.**", Opaque),
                ("delta.role", Once),
                ("delta.content", Piece(plain("content"))),
                ("delta.refusal", Piece(plain("refusal"))),
                ("delta.reasoning_content", Piece(plain("reasoning_content"))),
                ("delta.reasoning", Piece(plain("reasoning"))),
                ("delta.reasoning_details[].index", Index(0)),
                ("delta.reasoning_details[].id", Once),
                ("delta.reasoning_details[].text", Piece(plain("reasoning_detail"))),
                ("delta.reasoning_details[].summary", Piece(plain("reasoning_summary"))),
                ("delta.reasoning_details[].signature", Opaque),
                ("delta.reasoning_details[].data", Opaque),
                ("delta.tool_calls[].index", Index(0)),
                ("delta.tool_calls[].id", Identity),
                ("delta.tool_calls[].function.name", Once),
                ("delta.tool_calls[].function.arguments", Piece(ARGUMENTS)),
                ("delta.tool_calls[].custom.name", Once),
                ("delta.tool_calls[].custom.input", Piece(CUSTOM_INPUT)),
                ("delta.audio.transcript", Piece(plain("transcript"))),
                ("delta.function_call.name", Once),
                ("delta.function_call.arguments", Piece(FUNCTION_CALL)),
            ],
        ),
    ])
});

fn ends(event_type: &str) -> Ends {
    match event_type {
        "response.completed" | "response.failed" | "response.incomplete" | "error" => Ends::Everything,
        _ if event_type.ends_with(".done") => Ends::Block,
        _ => Ends::Nothing,
    }
}
