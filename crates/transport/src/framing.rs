//! Where a body's bytes lie among what arrives (RFC 9112, 6 and 7). Pure.

use std::ops::Range;

use crate::Error;

/// The most bytes of one chunk's size line, extensions included.
pub const CHUNK_LINE_BYTES_MAX: u32 = 4 * 1024;

/// The most bytes of the trailer section after the last chunk.
pub const TRAILER_BYTES_MAX: u32 = 16 * 1024;

/// How the rest of a body is told from what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// This many bytes more, never none.
    Length { left: u64 },
    /// All until the server closes.
    UntilClose,
    /// In chunks.
    Chunked(Chunked),
    /// No byte more.
    Done,
}

/// Where in a chunked body the next byte stands.
///
/// ```text
/// Size ──CR──▶ SizeLf ──size > 0──▶ Data ──▶ DataCr ──▶ DataLf ──▶ Size
///   │            ▲ │
///   ; or blank   │ └──size = 0──▶ TrailerStart ──CR──▶ EndLf ──▶ (Done)
///   ▼            │                  │        ▲
/// Extension ──CR─┘                  └▶ Trailer (to its LF)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunked {
    Size { size: u64, spent: u32 },
    Extension { size: u64, spent: u32 },
    SizeLf { size: u64 },
    Data { left: u64 },
    DataCr,
    DataLf,
    TrailerStart { spent: u32 },
    Trailer { spent: u32 },
    EndLf,
}

/// What one step found at the start of its input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// How much of the input is dealt with.
    pub(crate) used: usize,
    /// Which part of that is body; may be empty.
    pub(crate) body: Range<usize>,
}

impl Framing {
    pub(crate) fn length(length: u64) -> Self {
        match length {
            0 => Self::Done,
            left => Self::Length { left },
        }
    }

    pub(crate) fn chunked() -> Self {
        Self::Chunked(Chunked::Size { size: 0, spent: 0 })
    }

    /// Deals with the start of `input`: framing, then at most one run of body bytes. Uses nothing
    /// only if `input` is empty or the body is done.
    pub(crate) fn step(&mut self, input: &[u8]) -> Result<Step, Error> {
        match self {
            Self::Done => Ok(Step {
                used: 0,
                body: 0..0,
            }),
            Self::UntilClose => Ok(Step {
                used: input.len(),
                body: 0..input.len(),
            }),
            Self::Length { left } => {
                let used = at_most(input.len(), *left);
                *self = Self::length(*left - used as u64);
                Ok(Step {
                    used,
                    body: 0..used,
                })
            }
            Self::Chunked(chunked) => {
                let (next, step) = chunked.step(input)?;
                *self = next.map_or(Self::Done, Self::Chunked);
                Ok(step)
            }
        }
    }

    /// How many body bytes follow with nothing between them; `u64::MAX` until the close.
    pub(crate) fn run(&self) -> u64 {
        match self {
            Self::Length { left } | Self::Chunked(Chunked::Data { left }) => *left,
            Self::UntilClose => u64::MAX,
            Self::Chunked(_) | Self::Done => 0,
        }
    }

    /// Passes over `bytes` of the [run](Self::run) that nobody looked at.
    pub(crate) fn skip(&mut self, bytes: u64) {
        match self {
            Self::Length { left } => *self = Self::length(left.saturating_sub(bytes)),
            Self::Chunked(Chunked::Data { left }) => match left.saturating_sub(bytes) {
                0 => *self = Self::Chunked(Chunked::DataCr),
                rest => *left = rest,
            },
            Self::UntilClose | Self::Chunked(_) | Self::Done => {}
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        *self == Self::Done
    }

    /// The stream ended: was that the body's end too?
    pub(crate) fn end_of_stream(&self) -> Result<(), Error> {
        match self {
            Self::Done | Self::UntilClose => Ok(()),
            Self::Length { left } => Err(Error::Truncated {
                missing: format!("{left} bytes"),
            }),
            Self::Chunked(_) => Err(Error::Truncated {
                missing: "before its last chunk,".to_owned(),
            }),
        }
    }
}

fn at_most(len: usize, left: u64) -> usize {
    usize::try_from(left).map_or(len, |left| left.min(len))
}

impl Chunked {
    /// The state after the start of `input` (`None`: the body is done), and what was found.
    fn step(self, input: &[u8]) -> Result<(Option<Self>, Step), Error> {
        let mut state = self;
        let mut used = 0;
        while let Some(byte) = input.get(used) {
            if let Self::Data { left } = state {
                let run = at_most(input.len() - used, left);
                let next = match left - run as u64 {
                    0 => Self::DataCr,
                    left => Self::Data { left },
                };
                let body = used..used + run;
                return Ok((
                    Some(next),
                    Step {
                        used: body.end,
                        body,
                    },
                ));
            }
            used += 1;
            match state.next(*byte)? {
                Some(next) => state = next,
                None => return Ok((None, Step { used, body: 0..0 })),
            }
        }
        Ok((Some(state), Step { used, body: 0..0 }))
    }

    /// The state after one byte of framing; `None` after the last.
    fn next(self, byte: u8) -> Result<Option<Self>, Error> {
        Ok(Some(match (self, byte) {
            (Self::Size { spent: 0, .. }, b'\r' | b';' | b' ' | b'\t') => {
                return Err(Error::Protocol("a chunk without a size"));
            }
            (Self::Size { size, .. } | Self::Extension { size, .. }, b'\r') => {
                Self::SizeLf { size }
            }
            (Self::Size { size, spent }, b';' | b' ' | b'\t') => Self::Extension { size, spent },
            (Self::Size { size, spent }, digit) => Self::Size {
                size: next_size(size, digit)?,
                spent: spend(spent, CHUNK_LINE_BYTES_MAX)?,
            },
            (Self::Extension { .. }, b'\n') => {
                return Err(Error::Protocol("a bare line feed in a chunk's extension"));
            }
            (Self::Extension { size, spent }, _) => Self::Extension {
                size,
                spent: spend(spent, CHUNK_LINE_BYTES_MAX)?,
            },
            (Self::SizeLf { size: 0 }, b'\n') => Self::TrailerStart { spent: 0 },
            (Self::SizeLf { size }, b'\n') => Self::Data { left: size },
            (Self::DataCr, b'\r') => Self::DataLf,
            (Self::DataLf, b'\n') => Self::Size { size: 0, spent: 0 },
            (Self::TrailerStart { .. }, b'\r') => Self::EndLf,
            (Self::Trailer { spent }, b'\n') => Self::TrailerStart { spent },
            (Self::TrailerStart { spent } | Self::Trailer { spent }, _) => Self::Trailer {
                spent: spend(spent, TRAILER_BYTES_MAX)?,
            },
            (Self::EndLf, b'\n') => return Ok(None),
            (Self::SizeLf { .. } | Self::EndLf, _) => {
                return Err(Error::Protocol("a chunk's line that does not end"));
            }
            (Self::DataCr | Self::DataLf, _) => {
                return Err(Error::Protocol("a chunk longer than its size"));
            }
            // Dealt with before bytes are looked at one by one.
            (Self::Data { .. }, _) => self,
        }))
    }
}

fn next_size(size: u64, digit: u8) -> Result<u64, Error> {
    let value = char::from(digit)
        .to_digit(16)
        .ok_or(Error::Protocol("a chunk size that is not hexadecimal"))?;
    size.checked_mul(16)
        .map(|size| size | u64::from(value))
        .ok_or(Error::Protocol("a chunk size beyond 64 bits"))
}

fn spend(spent: u32, limit: u32) -> Result<u32, Error> {
    match spent + 1 {
        spent if spent <= limit => Ok(spent),
        _ => Err(Error::Protocol("a chunk's line or trailer without end")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// Feeds `input` in pieces of `piece` bytes; gives the body and what was left over.
    fn feed(input: &[u8], piece: usize) -> Result<(Vec<u8>, usize, bool), Error> {
        let mut framing = Framing::chunked();
        let mut body = Vec::new();
        let mut at = 0;
        while at < input.len() && !framing.is_done() {
            let end = (at + piece).min(input.len());
            let step = framing.step(&input[at..end])?;
            assert!(step.used > 0 && step.body.end <= step.used);
            body.extend_from_slice(&input[at..end][step.body]);
            at += step.used;
        }
        Ok((body, input.len() - at, framing.is_done()))
    }

    #[rstest]
    #[case("0\r\n\r\n", "", 0)]
    #[case("5\r\nhello\r\n0\r\n\r\n", "hello", 0)]
    #[case("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nrest", "hello world", 4)]
    #[case("00000000000000000000005\r\nhello\r\n0\r\n\r\n", "hello", 0)]
    #[case("A\r\n0123456789\r\n000\r\n\r\n", "0123456789", 0)]
    #[case("a;x=y;z=\"q;\"\r\n0123456789\r\n0;end\r\n\r\n", "0123456789", 0)]
    #[case("5  \r\nhello\r\n0\t;x\r\n\r\n", "hello", 0)]
    #[case("2\r\n\r\n\r\n0\r\nA: b\r\nC: d\r\n\r\n", "\r\n", 0)]
    fn chunks_that_read(#[case] input: &str, #[case] body: &str, #[case] left: usize) {
        for piece in 1..=input.len() {
            let (found, over, done) = feed(input.as_bytes(), piece).unwrap();
            assert_eq!((found.as_slice(), done), (body.as_bytes(), true), "{piece}");
            assert_eq!(over, left);
        }
    }

    #[rstest]
    #[case("\r\n")]
    #[case(";x\r\n")]
    #[case(" 5\r\nhello\r\n")]
    #[case("-5\r\nhello\r\n")]
    #[case("+5\r\nhello\r\n")]
    #[case("0x5\r\nhello\r\n")]
    #[case("g\r\n")]
    #[case("5\nhello\r\n")]
    #[case("5\r\rhello\r\n")]
    #[case("5;a\nhello\r\n")]
    #[case("5\r\nhello!\r\n")]
    #[case("5\r\nhello\r!")]
    #[case("0\r\n\r!")]
    #[case("10000000000000000\r\n")]
    #[case("fffffffffffffffff\r\n")]
    fn chunks_that_do_not(#[case] input: &str) {
        for piece in 1..=input.len() {
            assert!(matches!(
                feed(input.as_bytes(), piece),
                Err(Error::Protocol(_))
            ));
        }
    }

    #[test]
    fn lines_and_trailers_are_bounded() {
        let endless = format!("5;{}", "x".repeat(CHUNK_LINE_BYTES_MAX as usize));
        assert!(feed(endless.as_bytes(), 1000).is_err());
        let zeros = "0".repeat(CHUNK_LINE_BYTES_MAX as usize + 1);
        assert!(feed(zeros.as_bytes(), 1000).is_err());
        let trailers = format!("0\r\n{}", "a: b\r\n".repeat(TRAILER_BYTES_MAX as usize / 4));
        assert!(feed(trailers.as_bytes(), 1000).is_err());
    }

    #[test]
    fn the_largest_chunk_does_not_overflow() {
        let mut framing = Framing::chunked();
        let input = b"ffffffffffffffff\r\nabc";
        let step = framing.step(input).unwrap();
        assert_eq!(&input[step.body], b"abc");
        assert_eq!(framing.run(), u64::MAX - 3);
        framing.skip(u64::MAX - 3);
        assert_eq!(framing, Framing::Chunked(Chunked::DataCr));
    }

    #[test]
    fn an_early_end_is_told() {
        let mut framing = Framing::length(5);
        framing.step(b"abc").unwrap();
        assert!(matches!(
            framing.end_of_stream(),
            Err(Error::Truncated { missing }) if missing == "2 bytes"
        ));
        framing.skip(2);
        assert!(framing.is_done() && framing.end_of_stream().is_ok());
        assert!(Framing::UntilClose.end_of_stream().is_ok());
        assert!(Framing::chunked().end_of_stream().is_err());
    }
}
