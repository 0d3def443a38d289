//! The bytes of histograms: `HdrHistogram`'s V2 encoding (its `EncodableHistogram`): counts in
//! order of bin as zigzag LEB128, a negative number for a run of that many empty bins.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use super::Scale;

/// A V2 histogram begins with this.
const COOKIE: u32 = 0x1c84_9303 | 0x10;
const HEADER: usize = 40;
/// A count takes at most this many bytes.
pub(crate) const COUNT_BYTES_MAX: usize = 9;

/// A [`super::Distribution`] as it is serialised.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Encoded {
    pub(super) sum: u64,
    pub(super) max: u64,
    pub(super) v2: String,
}

/// Why bytes are not a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Not base64.
    NotBase64,
    /// Not a V2 histogram, or one that was cut.
    NotV2,
    /// Another range or precision than the histogram it should become.
    OtherScale,
    /// More bins than the scale has.
    TooManyBins,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotBase64 => "the histogram is not base64",
            Self::NotV2 => "the histogram is not whole in HdrHistogram's V2 encoding",
            Self::OtherScale => "the histogram has another range or precision",
            Self::TooManyBins => "the histogram has more bins than its range",
        })
    }
}

impl std::error::Error for Error {}

pub(super) fn to_v2<S: Scale>(bins: impl Iterator<Item = (usize, u64)>) -> String {
    let mut bytes = vec![0; HEADER];
    encode(bins, &mut bytes);
    let payload = (bytes.len() - HEADER) as u32;
    bytes[0..4].copy_from_slice(&COOKIE.to_be_bytes());
    bytes[4..8].copy_from_slice(&payload.to_be_bytes());
    bytes[8..HEADER].copy_from_slice(&scale_header::<S>());
    to_text(&bytes)
}

/// Bytes as text.
pub(crate) fn to_text(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// Bytes out of text.
pub(crate) fn from_text(text: &str) -> Result<Vec<u8>, Error> {
    BASE64.decode(text).map_err(|_| Error::NotBase64)
}

pub(super) fn from_v2<S: Scale>(text: &str) -> Result<Vec<(usize, u64)>, Error> {
    let bytes = from_text(text)?;
    let (header, payload) = bytes.split_at_checked(HEADER).ok_or(Error::NotV2)?;
    if header[0..4] != COOKIE.to_be_bytes() || header[4..8] != (payload.len() as u32).to_be_bytes()
    {
        return Err(Error::NotV2);
    }
    if header[8..] != scale_header::<S>() {
        return Err(Error::OtherScale);
    }
    let mut rest = Bins::new(payload);
    let bins: Vec<_> = rest
        .by_ref()
        .take_while(|&(bin, _)| bin < S::BINS)
        .collect();
    match rest.finish() {
        Some(end) if end <= S::BINS => Ok(bins),
        Some(_) => Err(Error::TooManyBins),
        None => Err(Error::NotV2),
    }
}

/// Offset, digits, lowest and highest value, conversion ratio.
fn scale_header<S: Scale>() -> [u8; HEADER - 8] {
    let mut header = [0; HEADER - 8];
    header[4..8].copy_from_slice(&S::DIGITS.to_be_bytes());
    header[8..16].copy_from_slice(&1_u64.to_be_bytes());
    header[16..24].copy_from_slice(&S::HIGHEST.to_be_bytes());
    header[24..32].copy_from_slice(&1_f64.to_be_bytes());
    header
}

/// Appends `bins` (ascending, no empty ones) to `out`.
pub(crate) fn encode(bins: impl Iterator<Item = (usize, u64)>, out: &mut Vec<u8>) {
    let mut next = 0;
    for (bin, count) in bins {
        match bin - next {
            0 => {}
            // One empty bin is a zero, a longer run a negative number.
            1 => out.push(0),
            run => put(run as u64 * 2 - 1, out),
        }
        put(count << 1, out);
        next = bin + 1;
    }
}

/// LEB128 of at most nine bytes, the ninth whole.
fn put(mut value: u64, out: &mut Vec<u8>) {
    for _ in 0..COUNT_BYTES_MAX - 1 {
        if value < 0x80 {
            break;
        }
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads what [`encode`] wrote. Ends early at bytes that are not such.
#[derive(Clone, Debug)]
pub(crate) struct Bins<'a> {
    bytes: &'a [u8],
    next: usize,
    broken: bool,
}

impl<'a> Bins<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            next: 0,
            broken: false,
        }
    }

    /// The bin after the last one; `None` where bytes were left over or broken.
    fn finish(self) -> Option<usize> {
        (self.bytes.is_empty() && !self.broken).then_some(self.next)
    }

    #[inline]
    fn take(&mut self) -> Option<u64> {
        let mut value = 0;
        for place in 0..COUNT_BYTES_MAX {
            let (&byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            if place == COUNT_BYTES_MAX - 1 {
                return Some(value | u64::from(byte) << 56);
            }
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

impl Iterator for Bins<'_> {
    type Item = (usize, u64);

    #[inline]
    fn next(&mut self) -> Option<(usize, u64)> {
        while !self.bytes.is_empty() {
            let Some(value) = self.take() else {
                self.broken = true;
                return None;
            };
            if value & 1 == 1 {
                self.next = self.next.saturating_add((value / 2 + 1) as usize);
            } else {
                self.next = self.next.saturating_add(1);
                if value > 0 {
                    return Some((self.next - 1, value >> 1));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Micros, Millis};
    use super::*;
    use hdrhistogram::serialization::{Deserializer, Serializer, V2Serializer};
    use proptest::prelude::*;

    #[test]
    fn refuses_what_is_no_histogram() {
        let some = to_v2::<Millis>([(3, 1)].into_iter());
        assert_eq!(from_v2::<Millis>(&some), Ok(vec![(3, 1)]));
        assert_eq!(from_v2::<Micros>(&some), Err(Error::OtherScale));
        assert_eq!(from_v2::<Millis>("§"), Err(Error::NotBase64));
        assert_eq!(from_v2::<Millis>(""), Err(Error::NotV2));
        let mut cut = BASE64.decode(&some).unwrap();
        cut.pop();
        assert_eq!(from_v2::<Millis>(&BASE64.encode(&cut)), Err(Error::NotV2));
        let over = to_v2::<Millis>([(Millis::BINS, 1)].into_iter());
        assert_eq!(from_v2::<Millis>(&over), Err(Error::TooManyBins));
    }

    proptest! {
        #[test]
        fn reads_and_writes_as_the_hdrhistogram_crate(
            values in prop::collection::vec((0..600_000_000_u64, 1..1_000_000_000_u64), 1..60),
        ) {
            let mut hdr = hdrhistogram::Histogram::<u64>::new_with_bounds(1, Micros::HIGHEST, 3)
                .unwrap();
            let mut bins = std::collections::BTreeMap::new();
            for (value, count) in values {
                hdr.record_n(value, count).unwrap();
                *bins.entry(super::super::bin_of::<Micros>(value)).or_insert(0) += count;
            }
            let mut theirs = Vec::new();
            V2Serializer::new().serialize(&hdr, &mut theirs).unwrap();
            let ours = to_v2::<Micros>(bins.iter().map(|(&bin, &count)| (bin, count)));
            prop_assert_eq!(BASE64.encode(&theirs), ours.clone());
            let ours = BASE64.decode(ours).unwrap();
            let back: hdrhistogram::Histogram<u64> =
                Deserializer::new().deserialize(&mut ours.as_slice()).unwrap();
            prop_assert_eq!(back, hdr);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = Bins::new(&bytes).count();
            let _ = from_v2::<Millis>(&BASE64.encode(&bytes));
        }
    }
}
