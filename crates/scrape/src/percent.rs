//! Percent-encoding (RFC 3986, 2.1).

use std::borrow::Cow;

/// Bytes of `text`, each `%XX` as the byte that it stands for.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let pair = after
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        if let Some(byte) = byte.filter(|_| *first == b'%' && after[0] != b'+') {
            out.push(byte);
            rest = &after[2..];
        } else {
            out.push(*first);
            rest = after;
        }
    }
    out
}

/// `text` without percent-encoding; as it is where that would be no text.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    String::from_utf8(bytes(text)).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_and_the_rest_left() {
        let cases = [
            ("a%20b", "a b"),
            ("%c3%BC%", "ü%"),
            ("%zz%+1%2", "%zz%+1%2"),
            ("%ff", "%ff"),
            ("ü", "ü"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(decoded(text), expected, "{text}");
        }
    }
}
