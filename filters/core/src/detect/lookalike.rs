//! Values that stand where a secret would, and are made of what no secret is: identifiers, pieces of code, hashes,
//! text in base64.

use super::{context::decode64, example, value::Makeup};

/// How many of ten bytes words have to be for a value to be a name in camel case.
const MOSTLY: usize = 6;

/// The name of a type or a constant that says itself what it names: `dxToolbarItemDataKey`, `&EcdsaP384SigningKey`.
pub(super) fn is_name_of_secret(value: &[u8]) -> bool {
    const LAST: [&[u8]; 6] = [b"Key", b"Keys", b"Token", b"Tokens", b"Secret", b"Secrets"];
    let name = value.strip_prefix(b"&").or_else(|| value.strip_prefix(b"*")).unwrap_or(value);
    let before = LAST.iter().find_map(|word| name.strip_suffix(*word)).and_then(|head| head.last());
    before.is_some_and(u8::is_ascii_alphanumeric) && in_words(name) * 10 >= name.len() * MOSTLY
}

/// Camel case of three words and more, with no more than a few digits: `someLongIdentifierName2`.
pub(super) fn is_camel_case(value: &[u8]) -> bool {
    let humps = value.windows(2).filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    value.iter().all(u8::is_ascii_alphanumeric)
        && humps.count() >= 2
        && in_words(value) * 10 >= value.len() * (MOSTLY + 3)
}

/// How many letters belong to words of a name in camel case: a capital and small letters, or two small letters.
fn in_words(name: &[u8]) -> usize {
    let mut count = 0;
    let mut at = 0;
    while at < name.len() {
        let small = at + usize::from(name[at].is_ascii_uppercase());
        let length = name[small..].iter().take_while(|byte| byte.is_ascii_lowercase()).count();
        if small + length - at >= 2 && length > 0 {
            count += small + length - at;
        }
        at = (small + length).max(at + 1);
    }
    count
}

/// A piece of code where no quotation marks are: `!0:this.error=t`, `a&&!b`, an element.
pub(super) fn is_expression(value: &[u8]) -> bool {
    // Base64 ends in such signs.
    let value = &value[..value.len() - value.iter().rev().take_while(|byte| **byte == b'=').count()];
    const SIGNS: [&[u8]; 5] = [b"&&", b"||", b"==", b"=>", b"?."];
    value.starts_with(b"!0")
        || value.starts_with(b"!1")
        || is_statement(value)
        || SIGNS.iter().any(|sign| memchr::memmem::find(value, sign).is_some())
}

/// What nobody would draw: a name with a place behind it, `arguments[4]`, `password$1`; a member of `this`.
pub(super) fn is_statement(value: &[u8]) -> bool {
    const THIS: [&[u8]; 2] = [b":this.", b"=this."];
    let name = value.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let behind = &value[name..];
    let digits = |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
    let indexed = behind.first() == Some(&b'[') && behind.ends_with(b"]");
    let numbered =
        behind.first() == Some(&b'$') && digits(&behind[1..]) && example::is_example(&value[..name]);
    value.first().is_some_and(u8::is_ascii_alphabetic) && (indexed || numbered)
        || THIS.iter().any(|sign| memchr::memmem::find(value, sign).is_some())
}

/// A hash in hex, as long as one of the usual functions makes it; a sign or a salt of one may stand before it.
pub(super) fn is_hash(value: &[u8]) -> bool {
    const LENGTHS: [usize; 8] = [16, 32, 40, 48, 56, 64, 96, 128];
    let hex = value.iter().rev().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (head, digits) = value.split_at(value.len() - hex);
    let has = |test: fn(&u8) -> bool| digits.iter().any(test);
    let one_case = !(has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase));
    LENGTHS.contains(&hex)
        && one_case
        && has(u8::is_ascii_digit)
        && matches!(head.last(), None | Some(b'*' | b'$'))
}

/// Words of text in base64, JSON without anything drawn in it too: a cursor, the head of a token, a label.
pub(super) fn is_encoded_text(value: &[u8]) -> bool {
    text_of(value).is_some_and(|text| !text.contains(&b':') || text.starts_with(b"{"))
}

/// Base64 of what is only an example, `not my real password`, also behind a user.
pub(super) fn is_encoded_example(value: &[u8]) -> bool {
    text_of(value).is_some_and(|text| {
        let password = &text[memchr::memchr(b':', &text).map_or(0, |colon| colon + 1)..];
        example::is_example(password) || example::is_prompt(password)
    })
}

/// What a value decodes to, if that is text in which nothing is drawn.
fn text_of(value: &[u8]) -> Option<Vec<u8>> {
    let body = value.strip_suffix(b"=").unwrap_or(value);
    let body = body.strip_suffix(b"=").unwrap_or(body);
    let encoded =
        body.len() >= 12 && body.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte));
    let text = encoded.then(|| decode64(body))?;
    let printable = text.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n'));
    let drawn = |part: &[u8]| {
        let makeup = Makeup::of(part);
        makeup.is_random() || part.len() >= 8 && makeup.digits >= 2 || part.len() > 24
    };
    let parts = || text.split(|byte| !byte.is_ascii_alphanumeric());
    (printable && !parts().any(drawn) && parts().any(|part| part.len() >= 3)).then_some(text)
}

/// Bytes that are spelt with escapes, as in `pass\x00word`: a test's, and no person's.
pub(super) fn has_spelt_bytes(value: &[u8]) -> bool {
    memchr::memchr_iter(b'\\', value).any(|slash| match value[slash + 1..] {
        [b'x', high, low, ..] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        [b'u', b'{', ..] | [b'0' | b'r', ..] => true,
        _ => false,
    })
}

/// An address of electronic mail without a digit: a user's name, also where a password stands.
pub(super) fn is_address(value: &[u8]) -> bool {
    let Some(at) = memchr::memchr(b'@', value) else { return false };
    let host = &value[at + 1..];
    let name = |part: &[u8]| {
        part.len() >= 2 && part.iter().all(|byte| byte.is_ascii_lowercase() || b".-_".contains(byte))
    };
    name(&value[..at]) && name(host) && host[1..].contains(&b'.')
}

/// Whether a password may have these letters that are not in ASCII: a few of them, among letters and digits that are.
pub(super) fn has_foreign_letters(value: &[u8]) -> bool {
    let plain = value.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    let others = value.iter().filter(|byte| !byte.is_ascii()).count();
    plain > others && value.iter().any(u8::is_ascii_digit) && std::str::from_utf8(value).is_ok()
}

/// A number that a person chose: six digits and more, not all the same.
pub(super) fn is_number(value: &[u8]) -> bool {
    (6..=20).contains(&value.len()) && value.iter().all(u8::is_ascii_digit) && Makeup::of(value).distinct >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_camel_case_are_told_from_drawn_text() {
        for name in ["dxToolbarItemDataKey", "&EcdsaP384SigningKey", "base64EncodedKey"] {
            assert!(is_name_of_secret(name.as_bytes()), "{name}");
        }
        for drawn in ["k7Qz2mX9vB4tR8Key", "sk_test_Key", "Key", "n4Wq8Zx2TokenToken9"] {
            assert!(!is_name_of_secret(drawn.as_bytes()), "{drawn}");
        }
        assert!(is_camel_case(b"someLongIdentifierName2") && !is_camel_case(b"someThing"));
        assert!(!is_camel_case(b"k7Qz2mX9vB4tR8nW"));
    }

    #[test]
    fn encoded_words_are_told_from_drawn_bytes() {
        for text in [
            "aW5uZXItbGlzdC1wYXJhbWV0ZXJz",
            "eyJzZXNzaW9uX2lkIjogImRlZmF1bHQifQ",
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
        ] {
            assert!(is_encoded_text(text.as_bytes()), "{text}");
        }
        for drawn in [
            "YWRtaW46aHVudGVyMg==",
            "NGYxYzlhMDdlMmQ4YjM2NTRmMWM5YTA3ZTJkOGIzNjU=",
            "k7Qz2mX9vB4tR8nWk7Qz2mX9",
        ] {
            assert!(!is_encoded_text(drawn.as_bytes()), "{drawn}");
        }
    }

    #[test]
    fn hashes_have_the_lengths_of_hashes() {
        assert!(
            is_hash(b"5f4dcc3b5aa765d61d8327deb882cf99")
                && is_hash(b"*2C905879F74F28F8570989947D06A8429FB943E6")
        );
        assert!(
            !is_hash(b"5f4dcc3b5aa765")
                && !is_hash(b"hunter2")
                && !is_hash(b"5f4dcc3b5aa765d61d8327deb882cfXX")
        );
    }
}
