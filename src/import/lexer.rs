//! The words of a Python file, as far as a list of literals needs them.
//!
//! Nothing is run, and nothing is an error: what is no word is a symbol, and the parser says which
//! statements it could not read.

use std::iter::Peekable;
use std::str::CharIndices;

/// A word and the line it begins on, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) word: Word,
    pub(super) line: usize,
    /// It is the first word of a line without indentation, outside of all brackets.
    pub(super) begins_statement: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A name, a keyword or a number.
    Name(String),
    /// A string literal's value.
    Text(String),
    /// A string literal whose value only Python knows (an f-string, `\N{…}`, one without an end).
    Opaque(&'static str),
    /// Any other character.
    Symbol(char),
}

/// Splits `source`; comments and line ends are left out.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer {
        source,
        chars: source.char_indices().peekable(),
        line: 1,
        depth: 0,
        fresh: true,
        out: Vec::new(),
    };
    while lexer.step() {}
    lexer.out
}

struct Lexer<'a> {
    source: &'a str,
    chars: Peekable<CharIndices<'a>>,
    line: usize,
    /// Open brackets.
    depth: usize,
    /// Nothing but the line's beginning was seen since the last line end.
    fresh: bool,
    out: Vec<Token>,
}

impl Lexer<'_> {
    fn step(&mut self) -> bool {
        let Some(&(at, c)) = self.chars.peek() else { return false };
        match c {
            '\n' => {
                self.next();
                self.fresh = true;
            }
            '#' => while self.chars.next_if(|&(_, c)| c != '\n').is_some() {},
            // A continued line does not begin a statement.
            '\\' => {
                self.next();
                if self.chars.peek().is_some_and(|&(_, c)| c == '\n') {
                    self.next();
                }
            }
            c if c.is_whitespace() || c == '\u{feff}' => {
                self.next();
                self.fresh &= c == '\u{feff}';
            }
            '"' | '\'' => self.string(""),
            c if c.is_alphanumeric() || c == '_' => self.name(at),
            c => {
                let line = self.line;
                self.next();
                self.emit(Word::Symbol(c), line);
                match c {
                    '(' | '[' | '{' => self.depth += 1,
                    ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
            }
        }
        true
    }

    fn next(&mut self) -> Option<char> {
        let (_, c) = self.chars.next()?;
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn emit(&mut self, word: Word, line: usize) {
        let begins_statement = self.fresh && self.depth == 0;
        self.fresh = false;
        self.out.push(Token { word, line, begins_statement });
    }

    fn name(&mut self, from: usize) {
        while self.chars.next_if(|&(_, c)| c.is_alphanumeric() || c == '_').is_some() {}
        let to = self.chars.peek().map_or(self.source.len(), |&(at, _)| at);
        let name = &self.source[from..to];
        let is_prefix = name.len() <= 2 && name.bytes().all(|byte| b"rRbBuUfF".contains(&byte));
        match self.chars.peek() {
            Some((_, '"' | '\'')) if is_prefix => self.string(name),
            _ => self.emit(Word::Name(name.to_owned()), self.line),
        }
    }

    /// A string literal after its prefix.
    fn string(&mut self, prefix: &str) {
        let line = self.line;
        let has = |letter: char| prefix.chars().any(|c| c.eq_ignore_ascii_case(&letter));
        let Some(quote) = self.next() else { return };
        let word = match self.until(quote) {
            None => Word::Opaque("a string without an end"),
            Some(_) if has('f') => Word::Opaque("an f-string"),
            Some(text) if has('r') => Word::Text(text),
            Some(text) => unescape(&text, has('b')).map_or(Word::Opaque("a character by name"), Word::Text),
        };
        self.emit(word, line);
    }

    /// What stands before the closing quotes, backslashes included; `None` when they are missing.
    fn until(&mut self, quote: char) -> Option<String> {
        let same = |lexer: &mut Self| lexer.chars.next_if(|&(_, c)| c == quote).is_some();
        let triple = if same(self) {
            if !same(self) {
                return Some(String::new());
            }
            true
        } else {
            false
        };
        let mut text = String::new();
        let mut closing = 0;
        while let Some(c) = self.next() {
            text.push(c);
            closing = if c == quote { closing + 1 } else { 0 };
            if c == '\\' {
                text.extend(self.next());
            } else if c == '\n' && !triple {
                return None;
            } else if closing == if triple { 3 } else { 1 } {
                text.truncate(text.len() - closing * quote.len_utf8());
                return Some(text);
            }
        }
        None
    }
}

/// The value of a literal that is not raw. An unknown escape stands for itself, as in Python.
fn unescape(text: &str, bytes: bool) -> Option<String> {
    let mut value = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            value.push(c);
            continue;
        }
        match rest.next() {
            None | Some('\n') => {}
            Some('n') => value.push('\n'),
            Some('t') => value.push('\t'),
            Some('r') => value.push('\r'),
            Some('a') => value.push('\u{7}'),
            Some('b') => value.push('\u{8}'),
            Some('f') => value.push('\u{c}'),
            Some('v') => value.push('\u{b}'),
            Some(c @ ('\\' | '\'' | '"')) => value.push(c),
            Some('x') => value.push(code(&mut rest, 2, 16)?),
            Some('u') if !bytes => value.push(code(&mut rest, 4, 16)?),
            Some('U') if !bytes => value.push(code(&mut rest, 8, 16)?),
            Some('N') if !bytes => return None,
            Some(digit @ '0'..='7') => {
                let mut octal = digit.to_string();
                while octal.len() < 3 && rest.as_str().starts_with(|c: char| c.is_digit(8)) {
                    octal.extend(rest.next());
                }
                value.push(char::from_u32(u32::from_str_radix(&octal, 8).ok()?)?);
            }
            Some(c) => value.extend(['\\', c]),
        }
    }
    Some(value)
}

fn code(rest: &mut std::str::Chars<'_>, digits: usize, radix: u32) -> Option<char> {
    let text: String = rest.by_ref().take(digits).collect();
    char::from_u32(u32::from_str_radix(&text, radix).ok().filter(|_| text.len() == digits)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<String> {
        let text = |token: Token| match token.word {
            Word::Text(text) => Some(text),
            _ => None,
        };
        tokens(source).into_iter().filter_map(text).collect()
    }

    #[test]
    fn every_kind_of_string_is_read() {
        assert_eq!(
            texts(r#"'a' "b" '' """c"d""" r'\d\'' R"\\" b'\x41' u'é'"#),
            ["a", "b", "", "c\"d", r"\d\'", r"\\", "A", "é"]
        );
        assert_eq!(texts("'\\n\\t\\\\\\'\\x41\\u00e9\\U0001f600\\101\\d\\\nz'"), ["\n\t\\'Aé😀A\\dz"]);
        assert_eq!(texts("# 'no'\n'yes' # 'no'\n'''two\nlines'''"), ["yes", "two\nlines"]);
    }

    #[test]
    fn what_only_python_knows_is_opaque() {
        let words: Vec<_> =
            tokens("f'{x}' '\\N{DASH}' 'open\n").into_iter().map(|token| token.word).collect();
        assert!(words.iter().all(|word| matches!(word, Word::Opaque(_))), "{words:?}");
    }

    #[test]
    fn lines_and_statements_are_known() {
        let found: Vec<_> = tokens("a = [\nb,\n]\n  c\nd = '''\n''' \\\n e\n")
            .into_iter()
            .filter_map(|token| match token.word {
                Word::Name(name) => Some((name, token.line, token.begins_statement)),
                _ => None,
            })
            .collect();
        let expected = [("a", 1, true), ("b", 2, false), ("c", 4, false), ("d", 5, true), ("e", 7, false)];
        assert_eq!(found, expected.map(|(name, line, begins)| (name.to_owned(), line, begins)));
    }

    #[test]
    fn no_text_makes_it_fail() {
        for source in ["'", "\"\"\"", "r'", "\\", "'\\", "'\\x", "b'\\777'", "é'\u{feff}", ")]}(["] {
            tokens(source);
        }
    }
}
