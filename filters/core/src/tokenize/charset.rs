//! What a declared character set makes of a body.
//!
//! A body is scanned as UTF-8. A server that believes `charset=utf-7` reads something else in the same bytes,
//! so only what reads alike in both is scanned: with a set that agrees on ASCII, an ASCII body; with any other,
//! none.

/// Whether a body is what it seems, whatever the content type says of its character set.
pub(super) fn is_read_alike(content_type: &str, body: &[u8]) -> bool {
    named(content_type).all(|name| match Charset::of(name) {
        Charset::Utf8 => true,
        Charset::Ascii => body.is_ascii(),
        Charset::Other => false,
    })
}

enum Charset {
    Utf8,
    /// ASCII with something above it: every byte below 0x80 is the same character.
    Ascii,
    Other,
}

impl Charset {
    fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let numbered = |prefix: &str| {
            let rest = name.strip_prefix(prefix)?;
            Some(!rest.is_empty() && rest.len() <= 2 && rest.bytes().all(|byte| byte.is_ascii_digit()))
        };
        match name.as_str() {
            "utf-8" | "utf8" => Self::Utf8,
            "us-ascii" | "ascii" | "latin1" | "latin-1" => Self::Ascii,
            _ if numbered("iso-8859-") == Some(true) || numbered("windows-12") == Some(true) => Self::Ascii,
            _ => Self::Other,
        }
    }
}

/// What every `charset` of a content type says: of several, any could be believed. The extended form of RFC 8187
/// (`charset*=`) has no name that is known.
fn named(content_type: &str) -> impl Iterator<Item = &str> {
    let parameters = content_type.split([';', ',']).skip(1);
    parameters.filter_map(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let name = name.trim().to_ascii_lowercase();
        let value = value.trim().trim_matches(['"', '\'']).trim();
        name.starts_with("charset").then_some(if name == "charset" { value } else { "" })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_reads_alike_is_scanned() {
        for known in [
            "application/json",
            "application/json; charset=utf-8",
            "text/plain;charset=UTF8",
            "text/plain; charset=\"utf-8\"; boundary=x",
            "text/plain; format=flowed",
        ] {
            assert!(is_read_alike(known, "é".as_bytes()), "{known}");
        }
        for ascii in ["us-ascii", "ISO-8859-1", "iso-8859-15", "windows-1252", "latin1"] {
            let content_type = format!("text/plain; charset={ascii}");
            assert!(is_read_alike(&content_type, b"e") && !is_read_alike(&content_type, "é".as_bytes()));
        }
        for other in [
            "charset=utf-7",
            "charset = \"UTF-7\"",
            "charset='utf-16le'",
            "charset=utf-16",
            "charset=utf-32",
            "charset=shift_jis",
            "charset=iso-2022-jp",
            "charset=gbk",
            "charset=ibm037",
            "charset=iso-8859-",
            "charset=",
            "charset",
            "charset*=us-ascii''utf-7",
            "charset=utf-8; charset=utf-7",
            "charset=utf-8, text/plain; charset=utf-7",
            "CHARSET=utf-7",
        ] {
            assert!(!is_read_alike(&format!("application/json; {other}"), b"{}"), "{other}");
        }
    }
}
