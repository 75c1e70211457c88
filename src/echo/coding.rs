//! Content codings: whole request bodies in, answers out piece by piece.

use std::io::{self, Read, Write};
use std::str::FromStr;

/// Content coding of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// None.
    #[default]
    Identity,
    /// gzip.
    Gzip,
    /// Brotli.
    Br,
    /// Zstandard.
    Zstd,
}

impl Encoding {
    /// The value of `content-encoding`, if the header is to be sent.
    pub(super) fn header(self) -> Option<&'static str> {
        match self {
            Encoding::Identity => None,
            Encoding::Gzip => Some("gzip"),
            Encoding::Br => Some("br"),
            Encoding::Zstd => Some("zstd"),
        }
    }
}

impl FromStr for Encoding {
    type Err = String;

    fn from_str(text: &str) -> Result<Encoding, String> {
        match text {
            "identity" => Ok(Encoding::Identity),
            "gzip" => Ok(Encoding::Gzip),
            "br" => Ok(Encoding::Br),
            "zstd" => Ok(Encoding::Zstd),
            other => Err(format!("unknown encoding {other}: identity, gzip, br or zstd")),
        }
    }
}

/// Encodes `pieces` as one coded body, flushed after each piece so that a reader can decode each as it
/// arrives.
pub(super) fn encode(encoding: Encoding, pieces: Vec<Vec<u8>>) -> io::Result<Vec<Vec<u8>>> {
    match encoding {
        Encoding::Identity => Ok(pieces),
        Encoding::Gzip => {
            let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            drive(encoder, pieces, |e| std::mem::take(e.get_mut()), |e| e.finish())
        }
        Encoding::Br => {
            let encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 4, 20);
            drive(encoder, pieces, |e| std::mem::take(e.get_mut()), |e| Ok(e.into_inner()))
        }
        Encoding::Zstd => {
            let encoder = zstd::stream::write::Encoder::new(Vec::new(), 1)?;
            drive(encoder, pieces, |e| std::mem::take(e.get_mut()), |e| e.finish())
        }
    }
}

fn drive<W: Write>(
    mut encoder: W,
    pieces: Vec<Vec<u8>>,
    take: impl Fn(&mut W) -> Vec<u8>,
    finish: impl FnOnce(W) -> io::Result<Vec<u8>>,
) -> io::Result<Vec<Vec<u8>>> {
    let mut coded = Vec::with_capacity(pieces.len() + 1);
    for piece in pieces {
        encoder.write_all(&piece)?;
        encoder.flush()?;
        coded.push(take(&mut encoder));
    }
    coded.push(finish(encoder)?);
    Ok(coded)
}

/// Decodes a request body by its `content-encoding`; `None` if the coding is unknown or the body is
/// not in it.
pub(super) fn decode(encoding: &str, body: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    match encoding.trim() {
        "" | "identity" => return Some(body.to_vec()),
        "gzip" => flate2::read::MultiGzDecoder::new(body).read_to_end(&mut plain).ok()?,
        "deflate" => flate2::read::ZlibDecoder::new(body).read_to_end(&mut plain).ok()?,
        "br" => brotli::Decompressor::new(body, 4096).read_to_end(&mut plain).ok()?,
        "zstd" => zstd::stream::read::Decoder::new(body).ok()?.read_to_end(&mut plain).ok()?,
        _ => return None,
    };
    Some(plain)
}
