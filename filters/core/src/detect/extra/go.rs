//! From the syntax of Go's `regexp` package (RE2) to that of the `regex` crate.
//!
//! They share nearly everything. What differs: braces that are no repetition are literal in Go; a bracket, `&&`,
//! `--` and `~~` in a class have no meaning there; `\<` and `\>` are no word boundaries; `\Q…\E` quotes.

/// Rewrites what the `regex` crate would read otherwise.
pub(super) fn translate(regex: &str) -> String {
    let mut out = String::with_capacity(regex.len() + 8);
    let mut rest = regex;
    let mut class = Class::Outside;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\\' => escape(rest, &mut out),
            _ if class == Class::Outside => outside(rest, &mut class, &mut out),
            _ => inside(rest, &mut class, &mut out),
        };
        if class == Class::Begun && first == '\\' {
            class = Class::Inside;
        }
        rest = &rest[length..];
    }
    out
}

/// Where in an expression we are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Outside,
    /// Right behind `[` or `[^`, where `]` is literal.
    Begun,
    Inside,
}

/// Copies an escape; gives its length.
fn escape(rest: &str, out: &mut String) -> usize {
    if let Some(quoted) = rest.strip_prefix("\\Q") {
        let length = quoted.find("\\E").unwrap_or(quoted.len());
        quoted[..length].chars().for_each(|c| literal(c, out));
        return (2 + length + 2).min(rest.len());
    }
    let Some(escaped) = rest[1..].chars().next() else {
        out.push('\\');
        return 1;
    };
    match escaped {
        '<' | '>' => out.push(escaped),
        _ => {
            out.push('\\');
            out.push(escaped);
        }
    }
    1 + escaped.len_utf8()
}

fn outside(rest: &str, class: &mut Class, out: &mut String) -> usize {
    match rest.as_bytes()[0] {
        b'[' => {
            *class = Class::Begun;
            let opening = if rest.starts_with("[^") { "[^" } else { "[" };
            out.push_str(opening);
            opening.len()
        }
        b'{' if !is_repetition(rest) => {
            out.push_str("\\{");
            1
        }
        b'{' => {
            let length = rest.find('}').map_or(rest.len(), |end| end + 1);
            out.push_str(&rest[..length]);
            length
        }
        b'}' => {
            out.push_str("\\}");
            1
        }
        _ => copy(rest, out),
    }
}

fn inside(rest: &str, class: &mut Class, out: &mut String) -> usize {
    let begun = std::mem::replace(class, Class::Inside) == Class::Begun;
    match rest.as_bytes()[0] {
        b']' if begun => {
            out.push_str("\\]");
            1
        }
        b']' => {
            *class = Class::Outside;
            out.push(']');
            1
        }
        b'[' if rest.starts_with("[:") && rest.contains(":]") => {
            let length = rest.find(":]").map_or(rest.len(), |end| end + 2);
            out.push_str(&rest[..length]);
            length
        }
        byte @ (b'[' | b'&' | b'~') => {
            out.push('\\');
            out.push(char::from(byte));
            1
        }
        // A range that begins or ends with `-`: never a difference of classes.
        b'-' if begun && rest.starts_with("--") => {
            out.push_str("\\-");
            1
        }
        b'-' if rest.starts_with("--") => {
            out.push_str("-\\-");
            2
        }
        _ => copy(rest, out),
    }
}

fn copy(rest: &str, out: &mut String) -> usize {
    let first = rest.chars().next().unwrap_or_default();
    out.push(first);
    first.len_utf8()
}

fn literal(c: char, out: &mut String) {
    if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
        out.push('\\');
    }
    out.push(c);
}

/// `{2}`, `{2,}` or `{2,5}`.
fn is_repetition(rest: &str) -> bool {
    let Some((counts, _)) = rest[1..].split_once('}') else { return false };
    let (least, most) = counts.split_once(',').unwrap_or((counts, ""));
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !least.is_empty() && number(least) && number(most)
}

#[cfg(test)]
mod tests {
    use regex::bytes::Regex;

    use super::translate;

    #[test]
    fn what_is_the_same_stays() {
        for regex in
            ["(?i)a{2,}[^a-z]\\bx(?P<n>\\d+)\\z", "[[:alpha:]_]+", "a|b", "\\x60\\{", "[^\\]]", "é{2}"]
        {
            assert_eq!(translate(regex), regex);
        }
    }

    #[test]
    fn what_differs_means_the_same() {
        for (regex, matched, unmatched) in [
            ("^\\${x}$", "${x}", "$x"),
            ("^a{,2}$", "a{,2}", "aa"),
            ("^[a[]$", "[", "]"),
            ("^[]a]+$", "]a", "["),
            ("^[^]a]$", "b", "]"),
            ("^[a&&b]+$", "a&b", "c"),
            ("^[+--]+$", "+,-", "."),
            ("^[--0]+$", "-./0", "1"),
            ("^[a~~b]$", "~", "c"),
            ("^\\<a\\>$", "<a>", "a"),
            ("^\\Qa.b{\\E+$", "a.b{{", "axb{"),
            ("^x\\Q[1]", "x[1]", "x1"),
            ("^{{a}}$", "{{a}}", "a"),
            ("^[\\w][[]$", "a[", "a]"),
        ] {
            let compiled = Regex::new(&translate(regex)).expect(regex);
            assert!(compiled.is_match(matched.as_bytes()), "{regex}: {matched}");
            assert!(!compiled.is_match(unmatched.as_bytes()), "{regex}: {unmatched}");
        }
    }
}
