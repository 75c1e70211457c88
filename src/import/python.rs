//! Reads the literals that a Python file assigns, without running it.
//!
//! Understood: strings (put side by side or added), `re.compile(…)` with flags, tuples and lists of
//! these, and names that were assigned one of these before. Everything else is a [`Value::Other`]
//! that says why; its neighbours are read all the same.

use std::collections::HashMap;

use super::lexer::{Token, Word, tokens};

/// A value, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Regex(Regex),
    Flags(Flags),
    /// A tuple or list, each element with its line.
    List(Vec<(usize, Value)>),
    /// Why it is not known.
    Other(String),
}

/// What `re.compile` was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Regex {
    pub(super) pattern: String,
    pub(super) flags: Flags,
}

/// The flags of `re`, by the letters that stand for them inside an expression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(pub(super) String);

/// The elements of the list `name`, with their lines, and what could not be followed.
pub(super) struct Found {
    pub(super) elements: Vec<(usize, Value)>,
    pub(super) assigned: bool,
    pub(super) missed: Vec<(usize, String)>,
}

/// Reads all that is assigned to, appended to or added to the list `name`.
pub(super) fn list(source: &str, name: &str) -> Found {
    let tokens = tokens(source);
    let mut parser = Parser { tokens: &tokens, at: 0, known: HashMap::new() };
    let mut found = Found { elements: Vec::new(), assigned: false, missed: Vec::new() };
    while let Some(token) = parser.tokens.get(parser.at) {
        let line = token.line;
        let names_list = token.word == Word::Name(name.to_owned());
        let begins = token.begins_statement;
        parser.at += 1;
        match &token.word {
            Word::Name(_) if names_list && !begins && parser.changes_it() => {
                found.missed.push((line, format!("{name} is changed inside a block or an expression")));
            }
            Word::Name(target) if begins => parser.statement(target, line, names_list, &mut found),
            _ => {}
        }
    }
    found
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    known: HashMap<String, Value>,
}

impl Parser<'_> {
    fn word(&self, ahead: usize) -> Option<&Word> {
        self.tokens.get(self.at + ahead).map(|token| &token.word)
    }

    fn symbol(&self, ahead: usize) -> Option<char> {
        match self.word(ahead)? {
            Word::Symbol(c) => Some(*c),
            _ => None,
        }
    }

    fn take(&mut self, symbol: char) -> bool {
        let there = self.symbol(0) == Some(symbol);
        self.at += usize::from(there);
        there
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(1, |token| token.line)
    }

    /// After the list's name: whether something is done to it, and it is not only read.
    fn changes_it(&self) -> bool {
        let assigned = self.symbol(0) == Some('=') && self.symbol(1) != Some('=');
        let method = |name: &str| ["append", "extend", "insert", "remove", "pop", "clear"].contains(&name);
        let called = matches!(self.word(1), Some(Word::Name(name)) if method(name));
        assigned
            || (self.symbol(0) == Some('+') && self.symbol(1) == Some('='))
            || (self.symbol(0) == Some('.') && called)
    }

    /// A statement that begins with `target`.
    fn statement(&mut self, target: &str, line: usize, names_list: bool, found: &mut Found) {
        self.pass_annotation();
        let value = match (self.symbol(0), self.symbol(1)) {
            (Some('='), Some('=')) => return,
            (Some('='), _) => {
                self.at += 1;
                if names_list {
                    found.elements.clear();
                }
                self.value()
            }
            (Some('+'), Some('=')) => {
                self.at += 2;
                self.value()
            }
            (Some('.'), _) if names_list && self.changes_it() => self.method(),
            _ => return,
        };
        if !names_list {
            self.known.insert(target.to_owned(), value);
            return;
        }
        found.assigned = true;
        match value {
            Value::List(elements) => found.elements.extend(elements),
            Value::Other(why) => found.missed.push((line, why)),
            _ => found.missed.push((line, "not a list".to_owned())),
        }
    }

    /// `: list[tuple[str, str]]` before the `=`.
    fn pass_annotation(&mut self) {
        if self.symbol(0) != Some(':') {
            return;
        }
        while let Some(token) = self.tokens.get(self.at) {
            if token.begins_statement || token.word == Word::Symbol('=') {
                return;
            }
            self.at += 1;
        }
    }

    /// `.append(x)` and `.extend([…])`; the others are told.
    fn method(&mut self) -> Value {
        let Some(Word::Name(name)) = self.word(1).cloned() else { return other("not understood") };
        self.at += 2;
        if !self.take('(') {
            return other("not understood");
        }
        let line = self.line();
        let mut arguments = self.elements(')');
        match (name.as_str(), arguments.pop()) {
            ("append", Some((_, value))) => Value::List(vec![(line, value)]),
            ("extend", Some((_, value))) => value,
            _ => other(&format!("`.{name}` is not followed")),
        }
    }

    /// An expression: values joined by `+` or `|`.
    fn value(&mut self) -> Value {
        let mut value = self.operand();
        loop {
            value = match self.symbol(0) {
                Some(operator @ ('+' | '|')) => {
                    self.at += 1;
                    join(value, self.operand(), operator)
                }
                // The end of the statement, or of the element.
                None if self.at >= self.tokens.len() => return value,
                Some(',' | ')' | ']' | '}') => return value,
                _ if self.tokens[self.at].begins_statement => return value,
                _ => {
                    self.pass();
                    return other("an expression that only Python can work out");
                }
            };
        }
    }

    fn operand(&mut self) -> Value {
        let word = self.word(0).cloned();
        let begins = self.tokens.get(self.at).is_some_and(|token| token.begins_statement);
        match word {
            Some(Word::Text(_) | Word::Opaque(_)) => self.strings(),
            Some(Word::Symbol('[')) => {
                self.at += 1;
                Value::List(self.elements(']'))
            }
            Some(Word::Symbol('(')) => {
                self.at += 1;
                self.parenthesis()
            }
            Some(Word::Name(name)) if !begins => {
                self.at += 1;
                self.named(name)
            }
            _ => {
                self.pass();
                other("an expression that only Python can work out")
            }
        }
    }

    /// Strings that stand side by side are one.
    fn strings(&mut self) -> Value {
        let mut all = String::new();
        let mut opaque = None;
        while let Some(token) = self.tokens.get(self.at).filter(|token| !token.begins_statement) {
            match &token.word {
                Word::Text(text) => all.push_str(text),
                Word::Opaque(why) => opaque = Some(*why),
                _ => break,
            }
            self.at += 1;
        }
        opaque.map_or(Value::Text(all), other)
    }

    /// A tuple, or a value in parentheses.
    fn parenthesis(&mut self) -> Value {
        let mut elements = self.elements(')');
        let comma = self.at >= 2 && self.tokens[self.at - 2].word == Word::Symbol(',');
        match elements.pop() {
            Some((_, only)) if elements.is_empty() && !comma => only,
            Some(last) => {
                elements.push(last);
                Value::List(elements)
            }
            None => Value::List(elements),
        }
    }

    /// Elements up to and including the closing bracket. Keyword arguments count as their values.
    fn elements(&mut self, close: char) -> Vec<(usize, Value)> {
        let mut elements = Vec::new();
        while self.at < self.tokens.len() && !self.take(close) {
            if self.take(',') {
                continue;
            }
            // A bracket that closes nothing would never be passed otherwise.
            if matches!(self.symbol(0), Some(')' | ']' | '}')) {
                self.at += 1;
                continue;
            }
            if matches!(self.word(0), Some(Word::Name(_)))
                && self.symbol(1) == Some('=')
                && self.symbol(2) != Some('=')
            {
                self.at += 2;
            }
            elements.push((self.line(), self.value()));
        }
        elements
    }

    /// A name that stands for a value, a flag of `re`, or a call of `re.compile`.
    fn named(&mut self, mut name: String) -> Value {
        while self.symbol(0) == Some('.')
            && let Some(Word::Name(part)) = self.word(1).cloned()
        {
            self.at += 2;
            name = format!("{name}.{part}");
        }
        if self.take('(') {
            let arguments = self.elements(')');
            return match name.as_str() {
                "re.compile" | "compile" | "regex.compile" => compile(arguments),
                _ => other(&format!("a call of {name}")),
            };
        }
        if let Some(value) = self.known.get(&name) {
            return value.clone();
        }
        match name.rsplit('.').next().unwrap_or_default() {
            "I" | "IGNORECASE" => flags("i"),
            "M" | "MULTILINE" => flags("m"),
            "S" | "DOTALL" => flags("s"),
            "X" | "VERBOSE" => flags("x"),
            // What Rust does anyway for text, and for what credentials are made of.
            "U" | "UNICODE" | "A" | "ASCII" | "NOFLAG" => flags(""),
            _ => other(&format!("{name} is not a literal in this file")),
        }
    }

    /// Passes over the rest of an element.
    fn pass(&mut self) {
        let mut depth = 0_usize;
        let from = self.at;
        while let Some(token) = self.tokens.get(self.at) {
            match token.word {
                _ if token.begins_statement && self.at > from => return,
                Word::Symbol('(' | '[' | '{') => depth += 1,
                Word::Symbol(')' | ']' | '}') if depth == 0 => return,
                Word::Symbol(')' | ']' | '}') => depth -= 1,
                Word::Symbol(',') if depth == 0 => return,
                _ => {}
            }
            self.at += 1;
        }
    }
}

fn other(why: &str) -> Value {
    Value::Other(why.to_owned())
}

fn flags(letters: &str) -> Value {
    Value::Flags(Flags(letters.to_owned()))
}

fn join(left: Value, right: Value, operator: char) -> Value {
    match (left, right, operator) {
        (Value::Text(left), Value::Text(right), '+') => Value::Text(left + &right),
        (Value::Flags(left), Value::Flags(right), _) => flags(&(left.0 + &right.0)),
        (Value::List(mut left), Value::List(right), '+') => {
            left.extend(right);
            Value::List(left)
        }
        (Value::Other(why), ..) | (_, Value::Other(why), _) => Value::Other(why),
        _ => other("an expression that only Python can work out"),
    }
}

fn compile(arguments: Vec<(usize, Value)>) -> Value {
    let mut arguments = arguments.into_iter().map(|(_, value)| value);
    match (arguments.next(), arguments.next()) {
        (Some(Value::Text(pattern)), None) => Value::Regex(Regex { pattern, flags: Flags::default() }),
        (Some(Value::Text(pattern)), Some(Value::Flags(flags))) => Value::Regex(Regex { pattern, flags }),
        (Some(Value::Other(why)), _) | (_, Some(Value::Other(why))) => Value::Other(why),
        _ => other("a call of re.compile that is not understood"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn lists_are_read_in_all_their_forms() {
        let source = r#"
import re
HEX = r"[0-9a-f]"
PATTERNS: list[tuple[str, str]] = [
    ("A", r"a{3}"),  # one
    ["B", r"b" "c"
          + HEX],
    ("C", re.compile(r"c", re.I | re.MULTILINE)),
]
PATTERNS += [("D", re.compile(pattern="d", flags=re.S))]
PATTERNS.append(("E", 'e'))
PATTERNS.extend([("F", "f",), ("G", ("g"))])
"#;
        let found = list(source, "PATTERNS");
        assert_eq!(found.missed, []);
        let compiled = |pattern: &str, flags: &str| {
            Value::Regex(Regex { pattern: pattern.to_owned(), flags: Flags(flags.to_owned()) })
        };
        let expected = [
            (5, "A", text("a{3}")),
            (6, "B", text("bc[0-9a-f]")),
            (8, "C", compiled("c", "im")),
            (10, "D", compiled("d", "s")),
            (11, "E", text("e")),
            (12, "F", text("f")),
            (12, "G", text("g")),
        ];
        for ((line, value), (expected_line, label, regex)) in found.elements.iter().zip(expected) {
            let Value::List(pair) = value else { panic!("{value:?}") };
            assert_eq!(*line, expected_line, "{label}");
            assert_eq!((&pair[0].1, &pair[1].1), (&text(label), &regex));
        }
        assert_eq!(found.elements.len(), 7);
    }

    #[test]
    fn what_cannot_be_read_is_told_and_its_neighbours_stay() {
        let source = "PATTERNS = [\n ('A', make('x', [1, 2])),\n ('B', 'b'),\n ('C', f'{x}'),\n ('D', UNKNOWN),\n \
                      ('E', 'a' if x else 'b'),\n *MORE,\n ('F', 'f')]\nif x:\n    PATTERNS.append(('G', 'g'))\n";
        let found = list(source, "PATTERNS");
        let read: Vec<_> = found
            .elements
            .iter()
            .map(|(line, value)| match value {
                Value::List(pair) => (*line, !matches!(pair[1].1, Value::Other(_))),
                _ => (*line, false),
            })
            .collect();
        assert_eq!(read, [(2, false), (3, true), (4, false), (5, false), (6, false), (7, false), (8, true)]);
        assert_eq!(found.missed, [(10, "PATTERNS is changed inside a block or an expression".to_owned())]);
    }

    #[test]
    fn a_list_made_by_a_program_is_told() {
        let found = list("PATTERNS = [p for p in ALL]\n", "PATTERNS");
        assert!(found.assigned && found.elements.iter().all(|(_, value)| matches!(value, Value::Other(_))));
        let found = list("PATTERNS = load()\nX = 1\n", "PATTERNS");
        assert_eq!(found.missed, [(1, "a call of load".to_owned())]);
        assert!(!list("PATTERN = []\n", "PATTERNS").assigned);
    }

    #[test]
    fn no_text_makes_it_fail_or_go_on_for_ever() {
        for source in
            ["PATTERNS = [", "PATTERNS = [)", "PATTERNS = ((((", "PATTERNS.append(", "PATTERNS = [('A', ]}]"]
        {
            list(source, "PATTERNS");
        }
    }
}
