//! Anthropic Messages: `/v1/messages`, `count_tokens`, batches, and the streams of the first.
//!
//! Source: the types of `@anthropic-ai/sdk` and Anthropic's API reference, "Messages",
//! "Streaming Messages" and "Message Batches".

use std::sync::LazyLock;

use serde_json::json;

use super::{Dialect, Ends, Stream, ends_at, is_at, openai};
use crate::explain;
use crate::json::{
    Rule::{self, Index, MediaIfType, Opaque, OpaqueIfSigned, OpaqueIfType, Piece, Signature, Type},
    Schema,
    schema::Field,
};

pub(super) static DIALECT: Dialect = Dialect {
    name: "anthropic",
    request: &REQUEST,
    response: &RESPONSE,
    stream: &Stream { schema: &EVENT, pieces: &[], ends },
    other: |path| (is_at(path, "/chat/completions") || is_at(path, "/responses")).then_some(&openai::DIALECT),
    explain: |path, body| {
        let asks = ends_at(path, "/messages") || ends_at(path, "/messages/count_tokens");
        asks.then(|| explain::in_messages(body)).flatten()
    },
    error: |code, message| json!({"type": "error", "error": {"type": code, "message": message}}),
};

type Paths = &'static [(&'static str, Rule)];

/// A content block of a request. What the provider signed or encrypted comes back as it was;
/// thinking that carries no signature is the client's own text.
const BLOCK: Paths = &[
    ("type", Type),
    ("id", Opaque),
    ("name", OpaqueIfType(&["tool_use", "server_tool_use", "mcp_tool_use"])),
    ("tool_use_id", Opaque),
    ("toolset_name", Opaque),
    ("thinking", OpaqueIfSigned),
    ("signature", Signature),
    ("data", OpaqueIfType(&["redacted_thinking"])),
    ("encrypted_content", OpaqueIfType(&["compaction", "web_search_result"])),
    ("file_id", Opaque),
    ("source.type", Type),
    ("source.media_type", Opaque),
    ("source.file_id", Opaque),
    ("source.data", MediaIfType("base64")),
    ("citations[].encrypted_index", Opaque),
    ("content[].type", Type),
    ("content[].encrypted_content", OpaqueIfType(&["compaction", "web_search_result"])),
    ("content.encrypted_stdout", Opaque),
    ("content.content.source.type", Type),
    ("content.content.source.data", MediaIfType("base64")),
];

/// A Messages request beside its content. `mcp_servers` holds the agent's own credentials for
/// servers that the provider calls: they pass, as the agent's API key does.
const REQUEST_PARAMETERS: Paths = &[
    ("tools[].name", Opaque),
    ("tool_choice.name", Opaque),
    ("mcp_servers[].name", Opaque),
    ("mcp_servers[].url", Opaque),
    ("mcp_servers[].authorization_token", Opaque),
];

static REQUEST: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&[
        ("", REQUEST_PARAMETERS),
        ("system[]", BLOCK),
        ("messages[].content[]", BLOCK),
        ("messages[].content[].content[]", BLOCK),
        ("requests[].params", REQUEST_PARAMETERS),
        ("requests[].params.system[]", BLOCK),
        ("requests[].params.messages[].content[]", BLOCK),
        ("requests[].params.messages[].content[].content[]", BLOCK),
    ])
});

/// A content block of an answer. Thinking stays as the model signed it.
const ANSWER_BLOCK: Paths = &[
    ("id", Opaque),
    ("name", Opaque),
    ("tool_use_id", Opaque),
    ("thinking", Opaque),
    ("signature", Opaque),
    ("data", Opaque),
    ("encrypted_content", Opaque),
];

static RESPONSE: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&[
        ("", &[("id", Opaque)]),
        ("content[]", ANSWER_BLOCK),
        ("result.message.content[]", ANSWER_BLOCK),
    ])
});

const TEXT: Field = Field { name: "text", fragment: false };
const PARTIAL_JSON: Field = Field { name: "partial_json", fragment: true };
const COMPACTION: Field = Field { name: "compaction", fragment: false };

static EVENT: LazyLock<Schema> = LazyLock::new(|| {
    Schema::new(&[
        (
            "",
            &[
                ("type", Type),
                ("index", Index(0)),
                ("delta.text", Piece(TEXT)),
                ("delta.partial_json", Piece(PARTIAL_JSON)),
                ("delta.content", Piece(COMPACTION)),
                ("delta.thinking", Opaque),
                ("delta.signature", Opaque),
                ("delta.encrypted_content", Opaque),
                ("message.id", Opaque),
            ],
        ),
        ("content_block", ANSWER_BLOCK),
        ("message.content[]", ANSWER_BLOCK),
    ])
});

fn ends(event_type: &str) -> Ends {
    match event_type {
        "content_block_stop" => Ends::Block,
        "message_delta" | "message_stop" | "error" => Ends::Everything,
        _ => Ends::Nothing,
    }
}
