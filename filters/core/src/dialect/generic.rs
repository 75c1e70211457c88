//! Any JSON API: every string is scanned; placeholders are restored within each string or event,
//! not joined across them.

use std::sync::LazyLock;

use super::{Dialect, Ends, Stream, openai};
use crate::json::Schema;

pub(super) static DIALECT: Dialect = Dialect {
    name: "generic",
    request: &NOTHING_SPECIAL,
    response: &NOTHING_SPECIAL,
    stream: &Stream { schema: &NOTHING_SPECIAL, pieces: &[], ends: |_| Ends::Nothing },
    other: |_| None,
    explain: |_, _| None,
    error: openai::error,
};

static NOTHING_SPECIAL: LazyLock<Schema> = LazyLock::new(|| Schema::new(&[]));
