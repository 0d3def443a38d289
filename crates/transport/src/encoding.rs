//! Content encodings of bodies that are kept (RFC 9110, 8.4): gzip, deflate, br, zstd.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::FrameDecoder;

use crate::{Error, Fields};

/// Encodings of one body, one within the other.
pub const ENCODINGS_MAX: usize = 4;

/// The window of a zstd frame (RFC 9659: the most that `Content-Encoding: zstd` may ask for).
pub const ZSTD_WINDOW_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Takes the content encodings that `fields` name off `body`, for whoever gathers a streamed one.
/// No step gives more than `limit` bytes.
pub fn decode(fields: &Fields, body: Vec<u8>, limit: usize) -> Result<Bytes, Error> {
    let mut encodings = Vec::new();
    for list in fields.all("content-encoding") {
        let names = list.split(',').map(str::trim);
        encodings.extend(
            names.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity")),
        );
    }
    if encodings.len() > ENCODINGS_MAX {
        return Err(failed("many", &"one within the other"));
    }
    let mut body = body;
    // They are named in the order in which they were put on.
    for name in encodings.iter().rev() {
        body = decode_one(name, &body, limit)?;
    }
    Ok(body.into())
}

fn failed(encoding: &str, why: &dyn ToString) -> Error {
    Error::Encoding {
        encoding: encoding.to_owned(),
        why: why.to_string(),
    }
}

fn decode_one(name: &str, body: &[u8], limit: usize) -> Result<Vec<u8>, Error> {
    let bounded = |reader: &mut dyn Read| read_bounded(reader, limit);
    let decoded = match name.to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => bounded(&mut MultiGzDecoder::new(body)),
        "deflate" if is_zlib(body) => bounded(&mut ZlibDecoder::new(body)),
        // What several servers send for `deflate`: no zlib around it.
        "deflate" => bounded(&mut DeflateDecoder::new(body)),
        "br" => bounded(&mut brotli_decompressor::Decompressor::new(body, 4096)),
        "zstd" => zstd(body, limit),
        _ => return Err(failed(name, &"unknown")),
    };
    match decoded {
        Ok(Some(decoded)) => Ok(decoded),
        Ok(None) => Err(Error::BodyTooLarge { limit }),
        Err(error) => Err(failed(name, &error)),
    }
}

/// RFC 1950, 2.2: method 8, and the first two bytes are a multiple of 31.
fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [a, b, ..] if a & 0x0f == 8 && u16::from_be_bytes([*a, *b]).is_multiple_of(31))
}

/// All that `reader` gives; `None` if it is more than `limit`.
fn read_bounded(reader: &mut dyn Read, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut out = Vec::new();
    reader.take(limit as u64 + 1).read_to_end(&mut out)?;
    Ok((out.len() <= limit).then_some(out))
}

/// One zstd frame after the other (RFC 8878, 3).
fn zstd(body: &[u8], limit: usize) -> io::Result<Option<Vec<u8>>> {
    use ruzstd::decoding::StreamingDecoder;
    use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

    let mut rest = body;
    let mut out = Vec::new();
    while !rest.is_empty() {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(ZSTD_WINDOW_BYTES_MAX);
        match StreamingDecoder::new_with_decoder(&mut rest, decoder) {
            Ok(mut frame) => {
                let Some(part) = read_bounded(&mut frame, limit - out.len())? else {
                    return Ok(None);
                };
                out.extend_from_slice(&part);
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                rest = rest
                    .get(length as usize..)
                    .ok_or(io::ErrorKind::UnexpectedEof)?;
            }
            Err(error) => return Err(io::Error::other(error)),
        }
    }
    Ok(Some(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::io::Write;

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn raw(body: &[u8]) -> Vec<u8> {
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd_frame(body: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(body, ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn hex(digits: &str) -> Vec<u8> {
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        (0..digits.len()).step_by(2).map(byte).collect()
    }

    /// [`TEXT`], as Node's zlib encodes it.
    const BROTLI: &str = "1b3a00f8c529e789c651961f6fff5676a24b35e900083885d35b3f5035ffde38";

    /// Ten million zeros, in 27 bytes.
    const BROTLI_BOMB: &str = "cbffff3ff82700e2b14020f7fe2fff2c31f04f00c46111808e2306";

    fn decode_as(encoding: &str, body: &[u8], limit: usize) -> Result<Bytes, Error> {
        let block = format!("Content-Encoding: {encoding}\r\n");
        decode(&Fields::from_block(block.as_bytes()), body.to_vec(), limit)
    }

    const TEXT: &[u8] = b"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-VERSION:3\n#EXT-X-VERSION:3\n";

    #[rstest]
    #[case("identity", TEXT.to_vec())]
    #[case("", TEXT.to_vec())]
    #[case("gzip", gzip(TEXT))]
    #[case("X-GZIP", gzip(TEXT))]
    #[case("gzip", [gzip(&TEXT[..9]), gzip(&TEXT[9..])].concat())]
    #[case("deflate", zlib(TEXT))]
    #[case("deflate", raw(TEXT))]
    #[case("br", hex(BROTLI))]
    #[case("zstd", zstd_frame(TEXT))]
    #[case("zstd", [zstd_frame(&TEXT[..9]), zstd_frame(&TEXT[9..])].concat())]
    #[case("zstd", [&b"\x50\x2a\x4d\x18\x03\0\0\0abc"[..], &zstd_frame(TEXT)].concat())]
    #[case("gzip, identity, zstd", zstd_frame(&gzip(TEXT)))]
    fn what_is_encoded_decodes(#[case] encoding: &str, #[case] body: Vec<u8>) {
        assert_eq!(decode_as(encoding, &body, 1000).unwrap(), TEXT);
        if body != TEXT {
            let cut = decode_as(encoding, &body[..body.len() - 1], 1000);
            assert!(matches!(cut, Err(Error::Encoding { .. })), "{cut:?}");
        }
    }

    #[rstest]
    #[case("gzip", gzip(&vec![0; 10_000_000]))]
    #[case("deflate", zlib(&vec![0; 10_000_000]))]
    #[case("deflate", raw(&vec![0; 10_000_000]))]
    #[case("br", hex(BROTLI_BOMB))]
    #[case("zstd", zstd_frame(&vec![0; 10_000_000]))]
    #[case("gzip, gzip", gzip(&gzip(&vec![0; 10_000_000])))]
    fn bombs_do_not_go_off(#[case] encoding: &str, #[case] body: Vec<u8>) {
        let limit = 1_000_000;
        let result = decode_as(encoding, &body, limit);
        assert!(
            matches!(result, Err(Error::BodyTooLarge { limit: 1_000_000 })),
            "{result:?}"
        );
        let whole = decode_as(encoding, &body, 10_000_000).unwrap();
        assert_eq!(whole.len(), 10_000_000);
    }

    #[rstest]
    #[case("rot13", TEXT)]
    #[case("gzip", TEXT)]
    #[case("gzip", b"\x1f\x8b")]
    #[case("deflate", b"\xff\xff\xff")]
    #[case("br", b"\xff\xff\xff\xff")]
    #[case("zstd", TEXT)]
    #[case("zstd", b"\x50\x2a\x4d\x18\xff\xff\xff\xffabc")]
    // A frame that asks for a window of 128 MiB.
    #[case("zstd", b"\x28\xb5\x2f\xfd\x00\x88\x01\x00\x00")]
    #[case("br, br, br, br, br", TEXT)]
    fn what_does_not_decode_is_said(#[case] encoding: &str, #[case] body: &[u8]) {
        let result = decode_as(encoding, body, 1_000_000);
        let error = result.unwrap_err();
        assert_eq!(error.failure(), base::Failure::Protocol, "{error}");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_decode_or_fail(
            body: Vec<u8>,
            name in proptest::sample::select(vec!["gzip", "deflate", "br", "zstd"]),
            start in proptest::sample::select(vec![&b""[..], b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd"]),
        ) {
            let body = [start, &body].concat();
            let decoded = decode_as(name, &body, 1000);
            proptest::prop_assert!(decoded.map_or(0, |body| body.len()) <= 1000);
        }
    }
}
