//! Byte ranges on the wire (RFC 9110, 14).

use player::spectator::Extent;

/// The bytes that a `Range` asks for; all where there is none, or one that says something else than
/// a single range from an offset.
pub(crate) fn asked(range: Option<&str>) -> Extent {
    range.and_then(single).unwrap_or(Extent::WHOLE)
}

fn single(range: &str) -> Option<Extent> {
    let (unit, set) = range.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = set.trim().split_once('-')?;
    let offset = first.trim().parse().ok()?;
    let length = match last.trim() {
        "" => None,
        last => Some(
            last.parse::<u64>()
                .ok()?
                .checked_sub(offset)?
                .checked_add(1)?,
        ),
    };
    Some(Extent { offset, length })
}

/// What a `Content-Range` says: the bytes, and how long the whole is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) of: Option<u64>,
}

impl Part {
    pub(crate) fn read(content_range: &str) -> Option<Self> {
        let (unit, rest) = content_range.trim().split_once(' ')?;
        let (range, of) = rest.trim().split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let part = Self {
            first: first.trim().parse().ok()?,
            last: last.trim().parse().ok()?,
            of: of.trim().parse().ok(),
        };
        let sane = part.first <= part.last && part.of.is_none_or(|of| part.last < of);
        (unit.eq_ignore_ascii_case("bytes") && sane).then_some(part)
    }

    /// Whether these are all the bytes there are.
    pub(crate) fn is_all(self) -> bool {
        self.first == 0 && self.of == self.last.checked_add(1)
    }

    pub(crate) fn extent(self) -> Extent {
        let to_the_end = self.of == self.last.checked_add(1);
        Extent {
            offset: self.first,
            length: (!to_the_end).then(|| (self.last - self.first).saturating_add(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const fn extent(offset: u64, length: Option<u64>) -> Extent {
        Extent { offset, length }
    }

    #[rstest]
    #[case(None, Extent::WHOLE)]
    #[case(Some("bytes=0-"), Extent::WHOLE)]
    #[case(Some("bytes=5-"), extent(5, None))]
    #[case(Some("Bytes = 5-9"), extent(5, Some(5)))]
    #[case(Some("bytes=5-5"), extent(5, Some(1)))]
    #[case(Some("bytes=-5"), Extent::WHOLE)]
    #[case(Some("bytes=9-5"), Extent::WHOLE)]
    #[case(Some("bytes=0-1,4-5"), Extent::WHOLE)]
    #[case(Some("bytes=0-18446744073709551615"), Extent::WHOLE)]
    #[case(Some("lines=1-2"), Extent::WHOLE)]
    #[case(Some(""), Extent::WHOLE)]
    fn ranges_are_read(#[case] range: Option<&str>, #[case] expected: Extent) {
        assert_eq!(asked(range), expected);
    }

    #[rstest]
    #[case("bytes 0-8/9", true, Extent::WHOLE)]
    #[case("bytes 0-8/10", false, extent(0, Some(9)))]
    #[case("bytes 3-8/9", false, extent(3, None))]
    #[case("bytes 3-8/*", false, extent(3, Some(6)))]
    #[case("bytes 0-8/*", false, extent(0, Some(9)))]
    fn answers_say_what_they_bring(
        #[case] text: &str,
        #[case] is_all: bool,
        #[case] expected: Extent,
    ) {
        let part = Part::read(text).unwrap();
        assert_eq!((part.is_all(), part.extent()), (is_all, expected));
    }

    #[rstest]
    #[case("")]
    #[case("bytes */9")]
    #[case("bytes 8-3/9")]
    #[case("bytes 0-9/9")]
    #[case("lines 0-8/9")]
    #[case("bytes 0-8")]
    fn what_says_nothing_is_nothing(#[case] text: &str) {
        assert_eq!(Part::read(text), None);
    }
}
