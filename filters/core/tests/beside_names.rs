//! Values beside the names of keys and tokens, in every spelling that a quick look at raw bytes has to judge
//! ([`waterwall_core::fuzz::body`] compares it with the plain way): quotation marks and line breaks at any depth of
//! JSON, tables, sentences, calls, members before and behind their names.

use proptest::prelude::*;
use serde_json::json;
use waterwall_core::fuzz;

/// What names are made of, and what leads to their values.
const PIECES: &[&str] = &[
    "token",
    "api_key",
    "clientSecret",
    "SECRET_KEY",
    "key",
    "secret",
    "auth_token",
    "--token",
    "name",
    "value",
    "Value",
    "variable",
    "default",
    "ENV",
    "export",
    "#define ",
    "ParameterKey",
    "ParameterValue",
    "contrase\u{f1}a",
    "senha",
    "VALUES",
    "id",
    "user",
    "string",
    "get",
    "n",
    "is",
    "was",
    "lautet",
    "ago",
    " ",
    " ",
    " ",
    "  ",
    "\n",
    "\t",
    "\r\n",
    "\"",
    "\"",
    "\"",
    "'",
    "`",
    "\\",
    "\\\"",
    "\\n",
    ":",
    ":",
    "=",
    "=>",
    "==",
    ",",
    ";",
    "|",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    "/",
    "?",
    "!",
    "*",
    "-",
    "+",
    "&",
    "&quot;",
    "$",
    ".",
    "?=",
    "||=",
    "\u{2192}",
];

/// Values that could be secrets, and others.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9]{24,40}",
        "[a-zA-Z0-9!%&*+/=?^_~.-]{32,48}",
        "[0-9a-f]{32}",
        "[a-z]{3,9}",
        "[0-9]{1,5}",
    ]
}

/// A text that has such things in it in any order, or in an order in which a value is found.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => prop::sample::select(PIECES).prop_map(str::to_owned),
        1 => value(),
    ];
    let any = proptest::collection::vec(piece.clone(), 0..24).prop_map(|pieces| pieces.concat());
    let beside = (
        proptest::collection::vec(piece.clone(), 0..5),
        name(),
        proptest::collection::vec(piece, 0..3),
        value(),
    );
    let beside = beside.prop_map(|(before, name, between, value)| {
        format!("{}{name}{}{value}", before.concat(), between.concat())
    });
    let named = (
        name(),
        value(),
        prop::sample::select(&["\"", "'", ""][..]),
        prop::sample::select(&[", ", ",", ",\n  ", "\n"][..]),
    );
    let named = named.prop_map(|(name, value, mark, between)| {
        format!("{{{mark}value{mark}: {mark}{value}{mark}{between}{mark}name{mark}: {mark}{name}{mark}}}")
    });
    let table = (name(), value(), prop::sample::select(&[",", ";", "\t", " | "][..]))
        .prop_map(|(name, value, by)| format!("id{by}{name}{by}\"{name}\"\n1{by}{value}{by}{value}\n"));
    let column = (name(), value())
        .prop_map(|(name, value)| format!("INSERT INTO t (id, {name}) VALUES (1, '{value}');"));
    let member =
        (name(), value()).prop_map(|(name, value)| json!({(name): value, "other": [name]}).to_string());
    // What says a value's name: the string before it.
    let label = (sayer(), name(), addition(), value());
    let label = label.prop_map(|((key, other), name, addition, value)| {
        json!([{(key): format!("{name}{addition}"), (other): value}]).to_string()
    });
    let flag = (name(), addition(), value())
        .prop_map(|(name, addition, value)| json!(["run", format!("--{name}{addition}"), value]).to_string());
    let define = (name(), prop::sample::select(&["\"", "'", ""][..]), value())
        .prop_map(|(name, mark, value)| format!("#define {name} {mark}{value}{mark}\n"));
    prop_oneof![
        3 => any, 3 => beside, 1 => named, 1 => table, 1 => column, 1 => member, 1 => label, 1 => flag, 1 => define
    ]
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&PIECES[..7])
}

/// The members of an object of which one says what the other is called.
fn sayer() -> impl Strategy<Value = (&'static str, &'static str)> {
    let pairs = &[("name", "value"), ("key", "value"), ("Name", "Value"), ("ParameterKey", "ParameterValue")];
    prop::sample::select(&pairs[..])
}

/// What a name may have behind it.
fn addition() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["", "", " (prod)", " for prod", ":", "/1", "]", " ", "\u{200b}", "#"][..])
}

/// The text in a request, in so many levels of JSON, after something or not.
fn request(text: &str, depth: usize, lead: &str) -> Vec<u8> {
    let nested =
        (0..depth).fold(text.to_owned(), |text, _| json!({"content": text, "z": [1, text]}).to_string());
    json!({"model": "m", "messages": [{"role": "user", "content": format!("{lead}{nested}")}]})
        .to_string()
        .into_bytes()
}

proptest! {
    #[test]
    fn the_quick_look_misses_no_value_beside_a_name(
        texts in proptest::collection::vec(text(), 1..4),
        depth in 0_usize..4,
        lead in prop::sample::select(&["", "", "   14\t", "it says: ", "{\"a\": 1} "][..]),
    ) {
        let mut data = vec![28];
        data.extend(request(&texts.concat(), depth, lead));
        fuzz::body(&data);
    }
}
