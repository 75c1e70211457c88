//! From Python's regular expressions to Rust's, which have no look-around and escape less.
//!
//! Looking behind at the beginning and ahead at the end can be said otherwise: what is looked at is
//! matched too, and the group `secret` says which part counts.

use super::python::Regex;

/// The same expression in Rust's syntax.
///
/// # Errors
/// Why there is none.
pub(super) fn translate(regex: &Regex) -> Result<String, String> {
    let pattern = regex.pattern.as_str();
    let verbose = regex.flags.0.contains('x') || pattern.starts_with("(?x");
    let (inline, pattern) = inline_flags(pattern);
    let (behind, pattern) = take_behind(pattern)?;
    let (pattern, ahead) = take_ahead(pattern)?;
    if (behind.is_some() || ahead.is_some()) && has_alternatives(pattern) {
        return Err("it looks around beside one of several alternatives".to_owned());
    }
    let body = rewrite(pattern, verbose)?;
    let letters: String = inline.chars().chain(regex.flags.0.chars()).collect();
    let flags = ["i", "m", "s", "x"].into_iter().filter(|flag| letters.contains(flag)).collect::<String>();
    let flags = if flags.is_empty() { flags } else { format!("(?{flags})") };
    if behind.is_none() && ahead.is_none() {
        return Ok(flags + &body);
    }
    let side =
        |side: Option<Look>, edge: &str| side.map_or(Ok(String::new()), |look| look.rust(edge, verbose));
    Ok(format!("{flags}{}(?P<secret>{body}){}", side(behind, r"\A")?, side(ahead, r"\z")?))
}

/// `(?i)` and the like at the very beginning: the letters, and the rest.
fn inline_flags(pattern: &str) -> (&str, &str) {
    let known = |letters: &&str| !letters.is_empty() && letters.chars().all(|c| "aimsux".contains(c));
    let split = pattern.strip_prefix("(?").and_then(|rest| rest.split_once(')'));
    match split {
        Some((letters, rest)) if known(&letters) => (letters, rest),
        _ => ("", pattern),
    }
}

/// A look-around.
struct Look<'a> {
    negative: bool,
    at: &'a str,
}

impl Look<'_> {
    /// What to match in its place; `edge` is where the text ends on that side.
    fn rust(&self, edge: &str, verbose: bool) -> Result<String, String> {
        let at = rewrite(self.at, verbose)?;
        if !self.negative {
            return Ok(format!("(?:{at})"));
        }
        if is_one_character(self.at) {
            return Ok(format!("(?:{edge}|[^{at}])"));
        }
        Err("it looks that something longer than one character is not there".to_owned())
    }
}

/// Whether it is a character, an escape such as `\w`, or one class.
fn is_one_character(pattern: &str) -> bool {
    let mut chars = pattern.chars();
    match chars.next() {
        Some('\\') => chars.clone().count() == 1 && !chars.as_str().starts_with(['b', 'B', 'A', 'Z']),
        Some('[') => class_end(pattern) == Some(pattern.len()),
        Some(c) => chars.as_str().is_empty() && !".^$*+?{}()|".contains(c),
        None => false,
    }
}

fn take_behind(pattern: &str) -> Result<(Option<Look<'_>>, &str), String> {
    for (opening, negative) in [("(?<!", true), ("(?<=", false)] {
        if let Some(rest) = pattern.strip_prefix(opening) {
            let end = group_end(rest).ok_or("a parenthesis is not closed")?;
            return Ok((Some(Look { negative, at: &rest[..end] }), &rest[end + 1..]));
        }
    }
    Ok((None, pattern))
}

fn take_ahead(pattern: &str) -> Result<(&str, Option<Look<'_>>), String> {
    let openings = pattern.match_indices("(?!").map(|(at, _)| (at, true));
    let openings = openings.chain(pattern.match_indices("(?=").map(|(at, _)| (at, false)));
    for (at, negative) in openings {
        let rest = &pattern[at + 3..];
        if group_end(rest).is_some_and(|end| end + 1 == rest.len()) && !escaped(pattern, at) {
            // Inside a group it would not hold for the whole.
            let before = &pattern[..at];
            if group_end(&format!("{before})")) == Some(before.len()) {
                return Ok((before, Some(Look { negative, at: &rest[..rest.len() - 1] })));
            }
        }
    }
    Ok((pattern, None))
}

/// Whether there is a `|` outside of all groups and classes.
fn has_alternatives(pattern: &str) -> bool {
    // A group that is closed at the bar must be one that was opened at the beginning.
    let bars = pattern.match_indices('|').filter(|&(at, _)| !escaped(pattern, at));
    bars.into_iter().any(|(at, _)| group_end(&format!("{})", &pattern[..at])) == Some(at))
}

fn escaped(pattern: &str, at: usize) -> bool {
    pattern[..at].bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// Where the group ends that `rest` is inside of: the place of its `)`.
fn group_end(rest: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(c) = rest[at..].chars().next() {
        match c {
            '\\' => at += 1 + rest[at + 1..].chars().next()?.len_utf8() - c.len_utf8(),
            '[' => at += class_end(&rest[at..])? - c.len_utf8(),
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
        at += c.len_utf8();
    }
    None
}

/// The length of the class that `pattern` begins with.
fn class_end(pattern: &str) -> Option<usize> {
    let mut chars = pattern.char_indices().skip(1).peekable();
    chars.next_if(|&(_, c)| c == '^');
    chars.next_if(|&(_, c)| c == ']');
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            ']' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Replaces what the two syntaxes say differently.
fn rewrite(pattern: &str, verbose: bool) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '\\' => escape(rest, &mut out)?,
            '[' => {
                let length = class_end(rest).ok_or("a class is not closed")?;
                class(&rest[..length], verbose, &mut out)?;
                length
            }
            '(' => group(rest, &mut out)?,
            '{' => brace(rest, &mut out),
            c => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    Ok(out)
}

/// `rest` begins with a backslash; returns how much was read.
fn escape(rest: &str, out: &mut String) -> Result<usize, String> {
    let c = rest[1..].chars().next().ok_or("it ends in a backslash")?;
    match c {
        'Z' => out.push_str(r"\z"),
        '0' => out.push_str(r"\x00"),
        '1'..='9' => return Err("it refers back to a group".to_owned()),
        // Escaped, these mean the edges of a word.
        '<' | '>' => out.push(c),
        // Punctuation may be escaped, letters beyond ASCII may not.
        c if !c.is_ascii() => out.push(c),
        c => out.extend(['\\', c]),
    }
    Ok(1 + c.len_utf8())
}

/// `rest` begins with a parenthesis.
fn group(rest: &str, out: &mut String) -> Result<usize, String> {
    let refused = [
        ("(?=", "it looks ahead elsewhere than at its end"),
        ("(?!", "it looks ahead elsewhere than at its end"),
        ("(?<=", "it looks behind elsewhere than at its beginning"),
        ("(?<!", "it looks behind elsewhere than at its beginning"),
        ("(?P=", "it refers back to a group"),
        ("(?(", "it has a condition"),
        ("(?>", "it has an atomic group"),
    ];
    if let Some((_, why)) = refused.iter().find(|(opening, _)| rest.starts_with(opening)) {
        return Err((*why).to_owned());
    }
    if rest.starts_with("(?#") {
        return rest.find(')').map(|end| end + 1).ok_or("a comment is not closed".to_owned());
    }
    out.push('(');
    Ok(1)
}

/// `rest` begins with a brace: a repetition, or a brace.
fn brace(rest: &str, out: &mut String) -> usize {
    let inside = rest[1..].split_once('}').map(|(inside, _)| inside).unwrap_or_default();
    let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if inside.is_empty() || !digits(least) || !digits(most) {
        out.push_str(r"\{");
        return 1;
    }
    if least.is_empty() {
        out.push_str("{0");
        return 1;
    }
    out.push('{');
    1
}

/// Inside a class Rust knows more symbols: nested classes and set operations.
fn class(class: &str, verbose: bool, out: &mut String) -> Result<(), String> {
    out.push('[');
    let mut rest = &class[1..class.len() - 1];
    if let Some(after) = rest.strip_prefix('^') {
        out.push('^');
        rest = after;
    }
    while let Some(c) = rest.chars().next() {
        let length = match c {
            // A backspace, not the edge of a word.
            '\\' if rest[1..].starts_with('b') => {
                out.push_str(r"\x08");
                2
            }
            '\\' => escape(rest, out)?,
            '[' | ']' | '&' | '~' => {
                out.extend(['\\', c]);
                1
            }
            ' ' | '#' if verbose => {
                out.extend(['\\', c]);
                1
            }
            c => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    out.push(']');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::python::Flags;
    use super::*;

    fn translated(pattern: &str, flags: &str) -> Result<String, String> {
        translate(&Regex { pattern: pattern.to_owned(), flags: Flags(flags.to_owned()) })
    }

    #[test]
    fn what_both_syntaxes_share_stays() {
        for pattern in [r"\bsk-[A-Za-z0-9]{20,}\b", r"a(?:b|c)+?", r"(?P<x>a)\.\-\/", "é{2}", "}"] {
            assert_eq!(translated(pattern, "").as_deref(), Ok(pattern));
        }
    }

    #[test]
    fn differences_are_bridged() {
        for (python, rust) in [
            (r"a\Z", r"a\z"),
            (r"\<a\>", "<a>"),
            (r"a{,3}", "a{0,3}"),
            (r"{a}{", r"\{a}\{"),
            (r"[[&~\b]", r"[\[\&\~\x08]"),
            (r"[]a]", r"[\]a]"),
            (r"a(?#why)b", "ab"),
            ("(?i)a", "(?i)a"),
        ] {
            assert_eq!(translated(python, "").as_deref(), Ok(rust));
        }
        assert_eq!(translated("a", "im").as_deref(), Ok("(?im)a"));
        assert_eq!(translated("(?i)[ #]", "x").as_deref(), Ok(r"(?ix)[\ \#]"));
    }

    #[test]
    fn look_around_at_the_edges_becomes_a_group() {
        let expected = r"(?:\A|[^[A-Z]])(?P<secret>AKIA[A-Z]{16})(?:\z|[^\w])";
        assert_eq!(translated(r"(?<![A-Z])AKIA[A-Z]{16}(?!\w)", "").as_deref(), Ok(expected));
        assert_eq!(translated(r"(?<=key=)\w+(?=;|$)", "").as_deref(), Ok(r"(?:key=)(?P<secret>\w+)(?:;|$)"));
        assert_eq!(translated(r"a(?!b)", "i").as_deref(), Ok(r"(?i)(?P<secret>a)(?:\z|[^b])"));
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        for pattern in
            [r"a(?=b)c", r"(a)\1", r"(?<!foo)a", r"(?:a(?!b))", r"(?<!a)b|c", "[a", "a(?P=x)", "\\"]
        {
            assert!(translated(pattern, "").is_err(), "{pattern}");
        }
    }
}
