//! How long a certificate holds, read from its DER (RFC 5280, 4.1); nothing else of it is read.

use jiff::civil;
use jiff::tz::Offset;

/// The instants between which a certificate holds, in Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first.
    pub not_before_ms: i64,
    /// The last.
    pub not_after_ms: i64,
}

const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// From here on a length says how many bytes of length follow.
const LONG: u8 = 0x80;
/// `[0] EXPLICIT`: the version, which may be left out.
const VERSION: u8 = 0xa0;

impl Validity {
    /// Reads it; `None` where this is no certificate.
    pub fn of_der(der: &[u8]) -> Option<Self> {
        let (certificate, _) = expect(der, SEQUENCE)?;
        let (mut rest, _) = expect(certificate, SEQUENCE)?;
        if rest.first() == Some(&VERSION) {
            rest = element(rest)?.2;
        }
        // Serial number, signature algorithm, issuer.
        for _ in 0..3 {
            rest = element(rest)?.2;
        }
        let (validity, _) = expect(rest, SEQUENCE)?;
        let (kind, before, rest) = element(validity)?;
        let not_before_ms = time_ms(kind, before)?;
        let (kind, after, _) = element(rest)?;
        Some(Self {
            not_before_ms,
            not_after_ms: time_ms(kind, after)?,
        })
    }
}

/// The contents of the element at the front, which is of this kind, and what is behind it.
fn expect(der: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let (its, contents, rest) = element(der)?;
    (its == kind).then_some((contents, rest))
}

/// Kind and contents of the element at the front, and what is behind it (X.690, 8.1).
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[kind, length], rest) = der.split_first_chunk()?;
    let (length, rest) = if length < LONG {
        (usize::from(length), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(length - LONG))?;
        let is_sane = (1..=4).contains(&digits.len());
        let number = digits
            .iter()
            .fold(0, |number, byte| number << 8 | usize::from(*byte));
        is_sane.then_some((number, rest))?
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((kind, contents, rest))
}

/// `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ` (RFC 5280, 4.1.2.5).
fn time_ms(kind: u8, text: &[u8]) -> Option<i64> {
    let digits = text.strip_suffix(b"Z")?;
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<i16>().ok();
    let (year, rest) = match kind {
        UTC_TIME => {
            let (year, rest) = digits.split_at_checked(2)?;
            let year = number(year)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = digits.split_at_checked(4)?;
            (number(year)?, rest)
        }
        _ => return None,
    };
    let (fields, []) = rest.as_chunks::<2>() else {
        return None;
    };
    let fields: Option<Vec<i8>> = fields
        .iter()
        .map(|field| i8::try_from(number(field)?).ok())
        .collect();
    let [month, day, hour, minute, second] = fields?[..] else {
        return None;
    };
    let at = civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    Some(Offset::UTC.to_timestamp(at).ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn certificate(from: (i32, u8), to: (i32, u8)) -> Vec<u8> {
        let mut params = rcgen::CertificateParams::new(vec!["h".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(from.0, from.1, 1);
        params.not_after = rcgen::date_time_ymd(to.0, to.1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn both_forms_of_dates_are_read() {
        let der = certificate((2026, 11), (2050, 2));
        let validity = Validity::of_der(&der).unwrap();
        assert_eq!(validity.not_before_ms, 1_793_491_200_000);
        assert_eq!(validity.not_after_ms, 2_527_286_400_000);
    }

    proptest! {
        #[test]
        fn reading_never_panics(
            place in 0..400_usize, byte: u8, cut in 0..600_usize,
            noise in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let mut der = certificate((1999, 1), (2026, 12));
            if let Some(at) = der.get_mut(place) {
                *at = byte;
            }
            der.truncate(cut);
            let _ = Validity::of_der(&der);
            let _ = Validity::of_der(&noise);
        }
    }
}
