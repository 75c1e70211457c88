//! What a value looks like: random, a password, an example, a name.
//!
//! Everything here looks at the bytes of one value, which is short.

use super::class::Class;

/// Upper and lower case and a digit, as random text has and names seldom do.
pub(super) fn is_mixed(body: &[u8]) -> bool {
    let has = |test: fn(&u8) -> bool| body.iter().any(test);
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)
}

/// Whether a token's body is made of words in lower case, as names are and random text is not:
/// each of letters, with at most two digits at its end, or of few digits.
pub(super) fn is_identifier(body: &[u8]) -> bool {
    let is_word = |word: &[u8]| {
        let letters = word.iter().take_while(|b| b.is_ascii_lowercase()).count();
        let digits = &word[letters..];
        digits.iter().all(u8::is_ascii_digit) && digits.len() <= if letters == 0 { 4 } else { 2 }
    };
    let separated = body.iter().any(|byte| matches!(byte, b'_' | b'-' | b'.'));
    let hex = body.iter().all(u8::is_ascii_hexdigit);
    let words = body.split(|byte| matches!(byte, b'_' | b'-' | b'.'));
    let longest = body.split(|byte| matches!(byte, b'_' | b'-' | b'.')).map(<[u8]>::len).max();
    !hex && (separated || body.iter().all(u8::is_ascii_lowercase))
        && longest.is_some_and(|longest| longest <= 20)
        && words.into_iter().all(is_word)
}

/// What a value is made of.
#[derive(Clone, Copy, Default)]
pub(super) struct Makeup {
    pub(super) length: usize,
    pub(super) lower: usize,
    pub(super) upper: usize,
    pub(super) digits: usize,
    /// Bytes that are no letter, digit, `_`, `-`, `.`, `/` or `:`.
    pub(super) special: usize,
    /// How often the kind of character changes within a word.
    pub(super) changes: usize,
    /// How many small letters stand in runs of five and more.
    pub(super) in_words: usize,
    /// How many different bytes there are.
    pub(super) distinct: u32,
}

impl Makeup {
    pub(super) fn of(value: &[u8]) -> Self {
        let mut makeup = Self { length: value.len(), ..Self::default() };
        let (mut before, mut seen) = (b' ', [0u64; 4]);
        for &byte in value {
            let kind = match byte {
                b'a'..=b'z' => b'a',
                b'A'..=b'Z' => b'A',
                b'0'..=b'9' => b'0',
                _ => b' ',
            };
            match kind {
                b'a' => makeup.lower += 1,
                b'A' => makeup.upper += 1,
                b'0' => makeup.digits += 1,
                _ => makeup.special += usize::from(!matches!(byte, b'_' | b'-' | b'.' | b'/' | b':')),
            }
            makeup.changes += usize::from(kind != before && kind != b' ' && before != b' ');
            before = kind;
            seen[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
        makeup.in_words = value
            .split(|byte| !byte.is_ascii_lowercase())
            .map(<[u8]>::len)
            .filter(|&length| length >= 5)
            .sum();
        makeup.distinct = seen.iter().map(|word| word.count_ones()).sum();
        makeup
    }

    pub(super) fn letters(&self) -> usize {
        self.lower + self.upper
    }

    /// At least 16 bytes that nobody could remember: letters and digits that alternate, or
    /// letters whose case does.
    pub(super) fn is_random(&self) -> bool {
        let alternating = self.changes * 5 >= self.length;
        let letters = self.digits <= 1 && self.length >= 20 && self.changes * 5 >= self.length * 2;
        self.length >= 16
            && self.distinct >= 8
            && self.letters() >= 2
            && !self.is_wordy()
            && (self.digits >= 2 && alternating || letters)
    }

    /// Mostly words in camel case: long runs of small letters among capitals.
    pub(super) fn is_wordy(&self) -> bool {
        self.upper > 0 && self.in_words * 3 >= self.length
    }

    /// Shorter, and plainly made up: several digits between letters, or signs.
    pub(super) fn is_made_up(&self) -> bool {
        self.length >= 8
            && self.distinct >= 5
            && self.letters() >= 2
            && (self.digits >= 2 && self.changes >= 3 || self.digits >= 1 && self.special >= 1)
    }

    /// Words and a few digits at their end, as people make up secrets: `mysupersecretjwtkey123`.
    pub(super) fn is_phrase(&self) -> bool {
        self.length >= 12 && self.digits >= 2 && self.lower >= 8 && self.distinct >= 8 && self.special == 0
    }

    /// A word and a number: `Sommer2024`.
    pub(super) fn is_memorable(&self) -> bool {
        self.length >= 8
            && self.lower >= 3
            && self.digits >= 2
            && self.letters() + self.digits == self.length
            && self.distinct >= 6
    }

    /// What a person may have chosen: two of letters, digits, signs; or letters in mixed case.
    pub(super) fn is_password(&self) -> bool {
        let kinds = [self.letters(), self.digits, self.special].iter().filter(|&&n| n > 0).count();
        self.length >= 6
            && self.distinct >= 4
            && (kinds >= 2 && self.letters() > 0 || self.digits == 0 && self.changes * 5 >= self.length * 2)
    }
}

/// Whether a value is no value: a variable, a template, a mask, an example, markup.
pub(super) fn is_reference(value: &[u8]) -> bool {
    const INSIDE: [&[u8]; 19] = [
        b"${",
        b"{{",
        b"$(",
        b"#{",
        b"%(",
        b"<%",
        b"%s",
        b"{}",
        b"...",
        b"***",
        b"<pl",
        b"://",
        b"((",
        b"()",
        b"[[",
        b"\xe2\x80\xa6",
        b"::",
        b"getenv",
        b"environ",
    ];
    let Some(&first) = value.first() else {
        return true;
    };
    let second = value.get(1).copied().unwrap_or(b' ');
    let last = value[value.len() - 1];
    let opening = match first {
        b'$' => second.is_ascii_alphabetic() || second == b'_',
        b'%' => last == b'%',
        b'<' => last == b'>',
        b'{' => last == b'}',
        b'[' => last == b']',
        b'(' => last == b')',
        b'&' | b'*' | b'!' | b'@' => value[1..].iter().all(|b| b.is_ascii_alphabetic() || b"_-:".contains(b)),
        // A flag, or the boundary of a form.
        b'-' if second == b'-' => value.get(2) == Some(&b'-') || !Makeup::of(value).is_random(),
        _ => ELSEWHERE.iter().any(|prefix| value.starts_with(prefix)),
    };
    opening
        || INSIDE.iter().any(|mark| memchr::memmem::find(value, mark).is_some())
        || has_repeat(value, 4)
        || has_hole(value)
        || value.iter().all(|byte| b"xX*.-_#? ".contains(byte))
}

/// A name between braces, as in `{user}-1`: the hole of a template.
fn has_hole(value: &[u8]) -> bool {
    memchr::memchr_iter(b'{', value).any(|open| {
        let name =
            value[open + 1..].iter().take_while(|&&byte| Class::WORD.has(byte) || byte == b'.').count();
        let first = value.get(open + 1).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
        first && name >= 2 && value.get(open + 1 + name) == Some(&b'}')
    })
}

/// What begins a reference to a secret that is kept elsewhere.
const ELSEWHERE: [&[u8]; 15] = [
    b"this.",
    b"self.",
    b"env:",
    b"env.",
    b"ENV[",
    b"file:",
    b"vault:",
    b"op:",
    b"arn:",
    b"urn:",
    b"ref+",
    b"secret:",
    b"secretref:",
    b"keyring:",
    b"process.",
];

/// A number or a constant of code: `0x8055000D`, `@DB_PASSWORD`, `!!ownPass`, `KRB5_PASSWORD`.
pub(super) fn is_constant(value: &[u8]) -> bool {
    let hex = value.strip_prefix(b"0x").or_else(|| value.strip_prefix(b"0X"));
    let number = hex.is_some_and(|digits| digits.len() <= 8 && digits.iter().all(u8::is_ascii_hexdigit));
    let signs = value.iter().take_while(|byte| b"!@&*-+~".contains(byte)).count();
    let name = &value[signs..];
    let plain = name.iter().all(|&byte| Class::WORD.has(byte));
    let upper = name.contains(&b'_') && !name.iter().any(u8::is_ascii_lowercase);
    let negated = value.starts_with(b"!!") && !name.iter().any(u8::is_ascii_digit);
    const TELLING: [&[u8]; 4] = [b"PASS", b"SECRET", b"TOKEN", b"KEY"];
    let telling = || TELLING.iter().any(|word| memchr::memmem::find(name, word).is_some());
    number || plain && (upper && (signs > 0 || telling()) || negated)
}

/// The name of a type: `XmlStringMaxLen256`, two humps and more, digits only at its end.
pub(super) fn is_type_name(value: &[u8]) -> bool {
    let digits = value.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let letters = &value[..value.len() - digits];
    let humps =
        letters.windows(2).filter(|pair| pair[0].is_ascii_uppercase() && pair[1].is_ascii_lowercase());
    letters.first().is_some_and(u8::is_ascii_uppercase)
        && digits <= 3
        && letters.iter().all(u8::is_ascii_alphabetic)
        && humps.count() >= 2
}

/// Whether text in another script is spelt in a value: `\u5bc6\u7801`. Labels are translated, passwords are not.
pub(super) fn is_translated(value: &[u8]) -> bool {
    memchr::memmem::find_iter(value, b"\\u").any(|at| {
        let code = value.get(at + 2..at + 6).and_then(|code| std::str::from_utf8(code).ok());
        code.and_then(|code| u32::from_str_radix(code, 16).ok()).is_some_and(|code| code >= 0x80)
    })
}

/// Whether some letter, digit or sign stands `count` times in a row.
fn has_repeat(value: &[u8], count: usize) -> bool {
    value.windows(count).any(|window| {
        window.iter().all(|byte| *byte == window[0]) && matches!(window[0], b'x' | b'X' | b'*' | b'.' | b'0')
    })
}

/// `a.b.c`, `a::b`, `a->b`: a reference to a member; `x.pem`: the name of a file.
pub(super) fn is_member(value: &[u8]) -> bool {
    let name = |part: &[u8]| {
        part.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
            && part.iter().all(|&byte| Class::WORD.has(byte) || byte == b'$')
            && !Makeup::of(part).is_random()
            && !(part.len() >= 3 && Makeup::of(part).changes * 2 > part.len())
    };
    let mut parts = value.split(|byte| *byte == b'.');
    value.contains(&b'.') && parts.all(name)
}

/// A path or a route, or the name of a file: slashes between words.
pub(super) fn is_path(value: &[u8]) -> bool {
    let rooted = value.starts_with(b"./") || value.starts_with(b"../") || value.starts_with(b"~/");
    let windows = value.len() > 2 && value[1] == b':' && value[2] == b'\\';
    let words =
        || value.split(|byte| *byte == b'/').all(|part| !Makeup::of(part).is_random() && part.len() < 32);
    rooted
        || windows
        || value.contains(&b'/') && (value[0] == b'/' || value.contains(&b'.')) && words()
        || value.contains(&b'/') && words() && Makeup::of(value).changes * 8 < value.len()
}

/// `xxxx-xxxx`, as documentation shows how long a token is: all of a body or most of it, at its end.
pub(super) fn is_mask(body: &[u8]) -> bool {
    let masked =
        body.iter().rev().take_while(|byte| matches!(byte, b'x' | b'X' | b'-' | b'_' | b'.')).count();
    masked == body.len() && masked > 0 || masked >= 12 && masked * 3 >= body.len() * 2
}

/// A call: `str(self.password())`.
pub(super) fn is_call(value: &[u8]) -> bool {
    let name = value.iter().take_while(|&&byte| Class::DOTTED.has(byte) || byte == b':').count();
    name > 0 && value.get(name) == Some(&b'(') && value.ends_with(b")")
}

/// A UUID in any case.
pub(super) fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
