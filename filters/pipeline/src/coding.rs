//! Content codings (RFC 9110 §8.4.1): gzip, deflate, br, zstd.

use std::io::{self, Read, Write};

use flate2::{read, write};
use http::HeaderValue;

/// More codings, one over the other, are no agent's.
const MOST: usize = 4;

/// Why a coded body cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CodingError {
    /// Not a coding we know.
    Unknown,
    /// The body is not in the coding that it claims.
    Malformed,
    /// It decodes to more than the limit.
    TooLarge,
}

/// The codings that the `content-encoding` headers list, in the order applied. Several headers are
/// one list (RFC 9110 §5.3).
pub(crate) fn codings<'a>(
    headers: impl IntoIterator<Item = &'a HeaderValue>,
) -> Result<Vec<Coding>, CodingError> {
    let mut codings = Vec::new();
    for header in headers {
        let names = header.to_str().map_err(|_| CodingError::Unknown)?.split(',').map(str::trim);
        let coded = names.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"));
        for name in coded {
            codings.push(Coding::named(name)?);
        }
    }
    if codings.len() > MOST { Err(CodingError::Unknown) } else { Ok(codings) }
}

/// One content coding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    fn named(name: &str) -> Result<Self, CodingError> {
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "deflate" => Ok(Self::Deflate),
            "br" => Ok(Self::Brotli),
            "zstd" => Ok(Self::Zstd),
            _ => Err(CodingError::Unknown),
        }
    }

    /// Decodes a whole body of at most `limit` bytes.
    pub(crate) fn decode(self, body: &[u8], limit: usize) -> Result<Vec<u8>, CodingError> {
        let malformed = |_: io::Error| CodingError::Malformed;
        match self {
            Self::Gzip => read_all(read::MultiGzDecoder::new(body), limit),
            Self::Deflate if is_zlib(body) => read_all(read::ZlibDecoder::new(body), limit),
            Self::Deflate => read_all(read::DeflateDecoder::new(body), limit),
            Self::Brotli => read_all(brotli::Decompressor::new(body, 4096), limit),
            Self::Zstd => read_all(zstd::Decoder::with_buffer(body).map_err(malformed)?, limit),
        }
    }
}

fn read_all(reader: impl Read, limit: usize) -> Result<Vec<u8>, CodingError> {
    let mut decoded = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(most).read_to_end(&mut decoded).map_err(|_| CodingError::Malformed)?;
    if decoded.len() > limit { Err(CodingError::TooLarge) } else { Ok(decoded) }
}

/// `deflate` means zlib (RFC 9110 §8.4.1.2), and some senders send the bare stream.
fn is_zlib(start: &[u8]) -> bool {
    matches!(start, [first, second, ..] if first & 0x0F == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0)
}

/// Decodes a body as it arrives: what a chunk completes comes out with it.
pub(crate) struct StreamDecoder(Vec<Stage>);

enum Stage {
    Gzip(write::MultiGzDecoder<Output>),
    /// Whether it is zlib shows in the first two bytes.
    Deflate(Vec<u8>),
    Zlib(write::ZlibDecoder<Output>),
    Bare(write::DeflateDecoder<Output>),
    Brotli(Box<brotli::DecompressorWriter<Output>>),
    Zstd(Box<zstd::stream::write::Decoder<'static, Output>>),
}

/// What one chunk decodes to. A few bytes may stand for gigabytes, so it has a limit.
#[derive(Default)]
struct Output(Vec<u8>);

/// The most that one chunk may decode to. Chunks have some 64 KiB, and honest text shrinks to a
/// tenth, now and then to a hundredth.
const MOST_AT_ONCE: usize = 32 << 20;

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > MOST_AT_ONCE - self.0.len() {
            return Err(io::Error::other("a chunk decodes to too much"));
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl StreamDecoder {
    /// For a body with these codings, in the order applied.
    pub(crate) fn new(codings: &[Coding]) -> io::Result<Self> {
        let stage = |coding: &Coding| {
            Ok(match coding {
                Coding::Gzip => Stage::Gzip(write::MultiGzDecoder::new(Output::default())),
                Coding::Deflate => Stage::Deflate(Vec::new()),
                Coding::Brotli => {
                    Stage::Brotli(Box::new(brotli::DecompressorWriter::new(Output::default(), 4096)))
                }
                Coding::Zstd => Stage::Zstd(Box::new(zstd::stream::write::Decoder::new(Output::default())?)),
            })
        };
        codings.iter().rev().map(stage).collect::<io::Result<_>>().map(Self)
    }

    /// Decodes the next chunk in place.
    pub(crate) fn push(&mut self, chunk: &mut Vec<u8>) -> io::Result<()> {
        self.0.iter_mut().try_for_each(|stage| stage.push(chunk))
    }
}

impl Stage {
    fn push(&mut self, chunk: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Gzip(decoder) => pass(decoder, chunk, write::MultiGzDecoder::get_mut),
            Self::Zlib(decoder) => pass(decoder, chunk, write::ZlibDecoder::get_mut),
            Self::Bare(decoder) => pass(decoder, chunk, write::DeflateDecoder::get_mut),
            Self::Brotli(decoder) => pass(&mut **decoder, chunk, brotli::DecompressorWriter::get_mut),
            Self::Zstd(decoder) => pass(&mut **decoder, chunk, zstd::stream::write::Decoder::get_mut),
            Self::Deflate(start) => {
                start.append(chunk);
                if start.len() < 2 {
                    return Ok(());
                }
                *chunk = std::mem::take(start);
                *self = if is_zlib(chunk) {
                    Self::Zlib(write::ZlibDecoder::new(Output::default()))
                } else {
                    Self::Bare(write::DeflateDecoder::new(Output::default()))
                };
                self.push(chunk)
            }
        }
    }
}

/// Runs a chunk through a decoder and takes out all it gives.
fn pass<W: Write>(decoder: &mut W, chunk: &mut Vec<u8>, output: fn(&mut W) -> &mut Output) -> io::Result<()> {
    decoder.write_all(chunk)?;
    decoder.flush()?;
    *chunk = std::mem::take(&mut output(decoder).0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(coding: Coding, text: &[u8]) -> Vec<u8> {
        let level = flate2::Compression::default();
        match coding {
            Coding::Gzip => {
                let mut encoder = write::GzEncoder::new(Vec::new(), level);
                encoder.write_all(text).and_then(|()| encoder.finish()).expect("memory")
            }
            Coding::Deflate => {
                let mut encoder = write::ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(text).and_then(|()| encoder.finish()).expect("memory")
            }
            Coding::Brotli => {
                let mut out = Vec::new();
                let mut encoder = brotli::CompressorWriter::new(&mut out, 4096, 5, 22);
                encoder.write_all(text).expect("memory");
                drop(encoder);
                out
            }
            Coding::Zstd => zstd::encode_all(text, 3).expect("memory"),
        }
    }

    const ALL: [Coding; 4] = [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd];

    #[test]
    fn decodes_whole_bodies_and_refuses_broken_or_large_ones() {
        let text = b"some text, some text, some text".repeat(100);
        for coding in ALL {
            let coded = encode(coding, &text);
            assert_eq!(coding.decode(&coded, text.len()).as_deref(), Ok(text.as_slice()), "{coding:?}");
            assert_eq!(coding.decode(&coded, text.len() - 1), Err(CodingError::TooLarge), "{coding:?}");
            assert_eq!(
                coding.decode(&coded[..coded.len() / 2], text.len()),
                Err(CodingError::Malformed),
                "{coding:?}"
            );
            assert_eq!(
                coding.decode(b"{\"not\":\"coded\"}", 1000),
                Err(CodingError::Malformed),
                "{coding:?}"
            );
        }
    }

    #[test]
    fn decodes_streams_byte_by_byte() {
        let text = b"event: a\ndata: {}\n\n".repeat(20);
        for coding in ALL {
            let mut decoder = StreamDecoder::new(&[coding]).expect("memory");
            let mut decoded = Vec::new();
            for byte in encode(coding, &text) {
                let mut chunk = vec![byte];
                decoder.push(&mut chunk).expect("well-formed");
                decoded.append(&mut chunk);
            }
            assert_eq!(decoded, text, "{coding:?}");
        }
    }

    #[test]
    fn a_chunk_that_decodes_to_too_much_is_malformed() {
        let zeros = vec![0; MOST_AT_ONCE];
        for coding in ALL {
            let mut decoder = StreamDecoder::new(&[coding]).expect("memory");
            let mut fits = encode(coding, &zeros[1..]);
            decoder.push(&mut fits).expect("within the limit");
            assert_eq!(fits.len(), MOST_AT_ONCE - 1, "{coding:?}");
            let mut decoder = StreamDecoder::new(&[coding]).expect("memory");
            let mut bomb = encode(coding, &[zeros.as_slice(), b"0"].concat());
            assert!(bomb.len() < MOST_AT_ONCE / 500, "{coding:?}: {}", bomb.len());
            assert!(decoder.push(&mut bomb).is_err(), "{coding:?}");
        }
    }

    #[test]
    fn reads_the_header() {
        let headers = |values: &[&'static str]| {
            codings(&values.iter().copied().map(HeaderValue::from_static).collect::<Vec<_>>())
        };
        let header = |value| headers(&[value]);
        assert_eq!(header("gzip, zstd"), Ok(vec![Coding::Gzip, Coding::Zstd]));
        assert_eq!(header("identity"), Ok(vec![]));
        assert_eq!(header("compress"), Err(CodingError::Unknown));
        assert_eq!(header("gzip, gzip, gzip, gzip, gzip"), Err(CodingError::Unknown));
        assert_eq!(headers(&[]), Ok(vec![]));
        assert_eq!(headers(&["identity", "gzip"]), Ok(vec![Coding::Gzip]));
        assert_eq!(headers(&["gzip, br", "zstd"]), Ok(vec![Coding::Gzip, Coding::Brotli, Coding::Zstd]));
        assert_eq!(headers(&["gzip", "compress"]), Err(CodingError::Unknown));
    }
}
