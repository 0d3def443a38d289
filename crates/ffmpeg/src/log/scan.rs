//! Looking through bytes.

/// Where `wanted` begins first.
pub(super) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let (&first, rest) = wanted.split_first()?;
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|&b| b == first) {
        let begin = from + at;
        if bytes[begin + 1..].starts_with(rest) {
            return Some(begin);
        }
        from = begin + 1;
    }
    None
}

/// Where `wanted` begins last.
pub(super) fn find_last(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .len()
        .checked_sub(wanted.len())
        .and_then(|last| (0..=last).rev().find(|&at| bytes[at..].starts_with(wanted)))
}

/// The number that the bytes begin with, and what follows it.
pub(super) fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = bytes.split_at(digits);
    let number = std::str::from_utf8(number).ok()?.parse().ok()?;
    Some((number, rest))
}

/// What stands between `before`, with which the bytes begin, and the last `after`.
pub(super) fn between<'a>(bytes: &'a [u8], before: &[u8], after: &[u8]) -> Option<&'a [u8]> {
    let rest = bytes.strip_prefix(before)?;
    Some(&rest[..find_last(rest, after)?])
}

pub(super) fn trim(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii()
}
