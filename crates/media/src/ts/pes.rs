//! PES packet headers (ISO/IEC 13818-1, 2.4.3.6).

use super::Error;

/// Where timestamps of 90 kHz start over: after 26 hours and a half.
pub const TIMESTAMP_WRAP: u64 = 1 << 33;

/// The stream id of the first video stream.
pub const fn video_stream_id() -> u8 {
    0xe0
}

/// The stream id of the first audio stream.
pub const fn audio_stream_id() -> u8 {
    0xc0
}

/// Start code, stream id, length, two flag bytes, header length, PTS.
const LEN_WITH_PTS: usize = 14;

/// Writes the header of a PES packet with a presentation time and no separate decoding time.
///
/// `payload_len` is written where it fits; a longer video payload is of unbounded length (zero).
pub fn write_pes_header(out: &mut Vec<u8>, stream_id: u8, pts: u64, payload_len: usize) {
    let after_length = payload_len + LEN_WITH_PTS - 6;
    let length = u16::try_from(after_length).unwrap_or(0);
    let [high, low] = length.to_be_bytes();
    // Data is aligned: each PES packet begins with an access unit or an ADTS header.
    out.extend_from_slice(&[0, 0, 1, stream_id, high, low, 0x84, 0x80, 5]);
    out.extend_from_slice(&encode_timestamp(0x2, pts));
}

fn encode_timestamp(prefix: u8, timestamp: u64) -> [u8; 5] {
    let t = timestamp % TIMESTAMP_WRAP;
    [
        prefix << 4 | ((t >> 29) as u8 & 0x0e) | 1,
        (t >> 22) as u8,
        (t >> 14) as u8 | 1,
        (t >> 7) as u8,
        (t << 1) as u8 | 1,
    ]
}

fn decode_timestamp(bytes: [u8; 5]) -> u64 {
    let all = bytes
        .into_iter()
        .fold(0, |all, byte| all << 8 | u64::from(byte));
    (all >> 33 & 0x7) << 30 | (all >> 17 & 0x7fff) << 15 | all >> 1 & 0x7fff
}

/// The header of a PES packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PesHeader {
    /// Which elementary stream.
    pub stream_id: u8,
    /// Presentation time, 90 kHz, modulo [`TIMESTAMP_WRAP`].
    pub pts: Option<u64>,
    /// Decoding time where it differs, 90 kHz.
    pub dts: Option<u64>,
    /// Bytes before the elementary stream's data.
    pub len: usize,
}

impl PesHeader {
    /// Reads the header at the front of a payload that starts a PES packet.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let short = Error::Short { what: "PES header" };
        let [0, 0, 1, stream_id, _, _, _, flags, data_len, rest @ ..] = bytes else {
            return Err(short);
        };
        let data = rest.get(..usize::from(*data_len)).ok_or(short)?;
        let pts = (flags & 0x80 != 0).then(|| data.first_chunk()).flatten();
        let dts = (flags & 0xc0 == 0xc0)
            .then(|| data.get(5..).and_then(<[u8]>::first_chunk))
            .flatten();
        Ok(Self {
            stream_id: *stream_id,
            pts: pts.copied().map(decode_timestamp),
            dts: dts.copied().map(decode_timestamp),
            len: 9 + data.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn timestamps_read_back(pts in 0..TIMESTAMP_WRAP * 2, len in 0..100_000_usize) {
            let mut out = Vec::new();
            write_pes_header(&mut out, audio_stream_id(), pts, len);
            prop_assert_eq!(out.len(), LEN_WITH_PTS);
            let header = PesHeader::parse(&out).unwrap();
            prop_assert_eq!(header.pts, Some(pts % TIMESTAMP_WRAP));
            prop_assert_eq!((header.dts, header.len, header.stream_id), (None, 14, 0xc0));
            let length = usize::from(u16::from_be_bytes([out[4], out[5]]));
            prop_assert_eq!(length, if len + 8 > 0xffff { 0 } else { len + 8 });
        }

        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..30)) {
            let mut bytes = bytes;
            let _ = PesHeader::parse(&bytes);
            bytes.splice(0..0, [0, 0, 1]);
            let _ = PesHeader::parse(&bytes);
        }
    }
}
