//! The host that a TLS client asks for, in its first message (RFC 8446 §4.1.2, RFC 6066 §3).
//!
//! Read by us and not by a TLS library, because a blind tunnel's client may be older or odder than such
//! a library takes: what counts is what the server at the other end could make of it.

/// More than any client's hello, post-quantum keys and tickets included.
pub(super) const LONGEST: usize = 32 << 10;

/// The content types of records of alerts and of a handshake, and the type of a client's hello.
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
/// The extension that holds names, and the kind of name in it.
const SERVER_NAME: u16 = 0;
const HOST_NAME: u8 = 0;

/// What a client's first bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Hello {
    /// It is not told yet.
    Partial,
    /// Not TLS.
    Other,
    /// A hello with these names, in lower case; as a rule one or none. Its records take `length` bytes.
    Whole { names: Vec<String>, length: usize },
    /// It begins as a hello, but is none.
    Broken,
}

impl Hello {
    /// Reads what a client has said so far, which may be cut anywhere and into any records.
    pub(super) fn read(bytes: &[u8]) -> Self {
        match bytes {
            [] | [20..=24] => Self::Partial,
            [HANDSHAKE, 3, ..] => Self::of_records(bytes).unwrap_or(Self::Broken),
            // A server may pass over an alert, say, and take the hello behind it; and some read on whatever the
            // version is.
            [20..=24, 3, ..] | [ALERT | HANDSHAKE, 0..16, ..] => Self::Broken,
            _ => Self::Other,
        }
    }

    /// Puts the message together from its records; `None` when it cannot be one. Whoever says more in the record in
    /// which it ends has not waited for an answer, which no client does.
    fn of_records(bytes: &[u8]) -> Option<Self> {
        let (mut message, mut read) = (Vec::with_capacity(bytes.len()), 0);
        while let Some((header, rest)) = bytes[read..].split_first_chunk() {
            let length = handshake_length(*header)?;
            let here = &rest[..length.min(rest.len())];
            let end = message.len() + length;
            message.extend_from_slice(here);
            if let Some(&[kind, a, b, c]) = message.first_chunk() {
                let whole = 4 + (usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c));
                if kind != CLIENT_HELLO || whole > LONGEST || end > whole {
                    return None;
                }
                if message.len() == whole {
                    return Some(Self::Whole { names: names(&message[4..])?, length: read + 5 + length });
                }
            }
            if here.len() < length {
                break;
            }
            read += 5 + length;
        }
        Some(Self::Partial)
    }
}

/// The length of a handshake's record, by its header; `None` when it is none.
fn handshake_length([kind, major, _, high, low]: [u8; 5]) -> Option<usize> {
    let length = usize::from(u16::from_be_bytes([high, low]));
    (kind == HANDSHAKE && major == 3 && (1..=1 << 14).contains(&length)).then_some(length)
}

/// The names in a hello; `None` when it is not well-formed.
fn names(hello: &[u8]) -> Option<Vec<String>> {
    // Version and random.
    let mut hello = Fields(hello.get(34..)?);
    hello.short()?; // session id
    hello.long()?; // cipher suites
    hello.short()?; // compression
    let mut names = Vec::new();
    if hello.0.is_empty() {
        return Some(names);
    }
    let mut extensions = Fields(hello.long()?);
    while !extensions.0.is_empty() {
        let kind = extensions.number()?;
        let content = extensions.long()?;
        if kind != SERVER_NAME {
            continue;
        }
        let mut list = Fields(Fields(content).long()?);
        while let Some(kind) = list.byte() {
            let name = list.long()?;
            if kind == HOST_NAME {
                let name = String::from_utf8_lossy(name).to_ascii_lowercase();
                names.push(name.trim_end_matches('.').to_owned());
            }
        }
    }
    Some(names)
}

/// Fields one after the other, each taken off the front.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn number(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.byte()?, self.byte()?]))
    }

    /// One whose length is one byte.
    fn short(&mut self) -> Option<&'a [u8]> {
        let length = self.byte()?;
        self.take(usize::from(length))
    }

    /// One whose length is two bytes.
    fn long(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(usize::from(length))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// What a real client says first.
    fn hello(name: &'static str) -> Vec<u8> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
        let mut client = rustls::ClientConnection::new(Arc::new(config), name.try_into().unwrap()).unwrap();
        let mut said = Vec::new();
        client.write_tls(&mut said).unwrap();
        said
    }

    fn named(name: &str, length: usize) -> Hello {
        Hello::Whole { names: vec![name.to_owned()], length }
    }

    fn nameless(length: usize) -> Hello {
        Hello::Whole { names: Vec::new(), length }
    }

    /// The same message in records of `size` bytes.
    fn fragmented(hello: &[u8], size: usize) -> Vec<u8> {
        let records = hello[5..].chunks(size);
        records.flat_map(|part| [&[22, 3, 1, 0, part.len().try_into().unwrap()], part].concat()).collect()
    }

    #[test]
    fn names_are_found_however_a_hello_is_cut() {
        let whole = hello("API.example.com");
        let as_read = |length| named("api.example.com", length);
        assert_eq!(Hello::read(&whole), as_read(whole.len()));
        for cut in 0..whole.len() {
            assert_eq!(Hello::read(&whole[..cut]), Hello::Partial, "{cut}");
        }
        for size in [1, 3, 200] {
            let records = fragmented(&whole, size);
            assert_eq!(Hello::read(&records), as_read(records.len()), "{size}");
            assert_eq!(Hello::read(&records[..records.len() - 1]), Hello::Partial, "{size}");
        }
        // What follows does not matter.
        assert_eq!(Hello::read(&[&whole[..], b"\x17\x03\x03\0\x05early"].concat()), as_read(whole.len()));
    }

    #[test]
    fn an_address_is_no_name() {
        let hello = hello("192.0.2.1");
        assert_eq!(Hello::read(&hello), nameless(hello.len()));
    }

    #[test]
    fn without_extensions_there_is_no_name() {
        let body = [&[3, 1][..], &[7; 32], &[0, 0, 2, 0, 47, 1, 0]].concat();
        let length = u8::try_from(body.len()).unwrap();
        let hello = [&[22, 3, 1, 0, length + 4, 1, 0, 0, length], &body[..]].concat();
        assert_eq!(Hello::read(&hello), nameless(hello.len()));
    }

    #[test]
    fn others_are_told_by_their_first_bytes() {
        for other in [&b"SSH-2.0-x\r\n"[..], b"GET / HTTP/1.1\r\n", &[22, 16], &[0x80, 46, 1, 3, 1], &[23, 4]]
        {
            assert_eq!(Hello::read(other), Hello::Other, "{other:?}");
        }
    }

    #[test]
    fn broken_ones_are_told() {
        let mut longer = hello("a.test");
        longer[6] = 1; // 64 KiB more than there are
        let mut interrupted = fragmented(&hello("a.test"), 100);
        interrupted[105] = 23; // the second record is no handshake
        let mut cut = hello("a.test");
        cut[43] = 255; // a session id that runs into the cipher suites
        let mut older = hello("a.test");
        older[1] = 2; // a version that some servers do not look at
        let mut twice = hello("a.test");
        twice.extend_from_within(5..); // another message in the same record
        let length = u16::try_from(twice.len() - 5).unwrap();
        twice[3..5].copy_from_slice(&length.to_be_bytes());
        for broken in [
            &longer[..],
            &interrupted,
            &cut,
            &older,
            &twice,
            &[22, 3, 1, 0, 0],
            &[21, 3, 1, 0, 2, 1, 90, 22, 3, 1],
            &[22, 3, 1, 255, 255],
            &[22, 3, 1, 0, 4, 2, 0, 0, 0],
        ] {
            assert_eq!(Hello::read(broken), Hello::Broken, "{broken:?}");
        }
    }
}
