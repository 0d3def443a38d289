//! Values of tags: attribute lists (RFC 8216bis, 4.2), numbers and dates.

use std::borrow::Cow;
use std::time::Duration;

use jiff::civil;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::Offset;
use quick_m3u8::tag::{AttributeValue, TagValue};

use super::DURATION_MAX;
use super::error::Error;
use super::variables::Scope;

/// An attribute list, in order, with variables put in.
pub(super) struct Attributes<'a> {
    list: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Attributes<'a> {
    pub(super) fn read(value: &'a str, line: u32, scope: &mut Scope<'_>) -> Result<Self, Error> {
        let mut list = split(value);
        for (_, value) in &mut list {
            if value.contains("{$") {
                *value = Cow::Owned(scope.substitute(value, line)?.into_owned());
            }
        }
        Ok(Self { list })
    }

    /// The value of `name`, without quotes.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.list.iter().find(|(known, _)| *known == name)?;
        Some(value)
    }

    pub(super) fn string(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    pub(super) fn yes(&self, name: &str) -> bool {
        self.get(name) == Some("YES")
    }

    /// A decimal integer; unreadable counts as absent.
    pub(super) fn integer(&self, name: &str) -> Option<u64> {
        integer(self.get(name)?)
    }

    /// A decimal number of seconds; unreadable or impossible counts as absent.
    pub(super) fn duration(&self, name: &str) -> Option<Duration> {
        duration(self.get(name)?).ok()
    }

    /// A finite decimal number.
    pub(super) fn float(&self, name: &str) -> Option<f64> {
        float(self.get(name)?).filter(|value| value.is_finite())
    }

    /// A date, in Unix milliseconds.
    pub(super) fn date_ms(&self, name: &str) -> Option<i64> {
        date_ms(self.get(name)?)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.list
            .iter()
            .map(|(name, value)| (*name, value.as_ref()))
    }
}

/// Splits an attribute list. `quick-m3u8` reads what follows the standard, and refuses a whole
/// list for one blemish; then it is split as players do.
fn split(value: &str) -> Vec<(&str, Cow<'_, str>)> {
    let Ok(list) = TagValue(value.as_bytes()).try_as_ordered_attribute_list() else {
        return split_leniently(value);
    };
    let text = |value| match value {
        AttributeValue::Quoted(text) => Some(text),
        AttributeValue::Unquoted(bytes) => bytes.try_as_utf_8().ok().map(str::trim),
    };
    list.into_iter()
        .filter_map(|(name, value)| Some((name.trim(), Cow::Borrowed(text(value)?))))
        .collect()
}

/// Blemishes that are met: empty values, a comma at the end, space around names and values, text
/// after a closing quote, a quote that is never closed.
fn split_leniently(value: &str) -> Vec<(&str, Cow<'_, str>)> {
    let mut list = Vec::new();
    let mut rest = value;
    while let Some((name, after)) = rest.split_once('=') {
        // A name can't hold a comma: what stands before one is a value that has lost its name.
        let name = name.rsplit(',').next().unwrap_or(name).trim();
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"').and_then(|it| it.split_once('"')) {
            Some((value, next)) => (value, next.split_once(',').map_or("", |(_, next)| next)),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        if !name.is_empty() {
            list.push((name, Cow::Borrowed(value.trim())));
        }
        rest = next;
    }
    list
}

/// Why a duration can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadDuration {
    /// It is no number.
    Unreadable,
    /// It is a number that no duration can have.
    Impossible(&'static str),
}

/// Decimal seconds.
pub(super) fn duration(text: &str) -> Result<Duration, BadDuration> {
    let seconds = float(text).ok_or(BadDuration::Unreadable)?;
    if seconds.is_nan() {
        return Err(BadDuration::Unreadable);
    }
    if seconds < 0.0 {
        return Err(BadDuration::Impossible("negative"));
    }
    if seconds > DURATION_MAX.as_secs_f64() {
        return Err(BadDuration::Impossible("longer than seven days"));
    }
    // Durations of a list are added up: rounding to whole nanoseconds once, here, keeps the sum
    // exact afterwards.
    Ok(Duration::from_secs_f64(seconds))
}

pub(super) fn float(text: &str) -> Option<f64> {
    let value = TagValue(text.trim().as_bytes());
    value.try_as_decimal_floating_point().ok()
}

pub(super) fn integer(text: &str) -> Option<u64> {
    let value = TagValue(text.trim().as_bytes());
    value.try_as_decimal_integer().ok()
}

/// `<n>[@<o>]` as length and offset. An empty offset counts as none.
pub(super) fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let (length, offset) = text.split_once('@').unwrap_or((text, ""));
    let offset = match offset.trim() {
        "" => None,
        offset => Some(integer(offset)?),
    };
    Some((integer(length)?, offset))
}

/// A hexadecimal sequence of at most 128 bits.
pub(super) fn hexadecimal(text: &str) -> Option<u128> {
    let digits = text.strip_prefix("0x").or(text.strip_prefix("0X"))?;
    u128::from_str_radix(digits, 16).ok()
}

/// A date in Unix milliseconds. Without an offset it is taken as UTC, so that every machine reads
/// the same.
pub(super) fn date_ms(text: &str) -> Option<i64> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    let text = text.trim();
    if let Ok(instant) = PARSER.parse_timestamp(text) {
        return Some(instant.as_millisecond());
    }
    let local: civil::DateTime = PARSER.parse_datetime(text).ok()?;
    Some(Offset::UTC.to_timestamp(local).ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("A=1,B=\"x,y=z\",C=2x3", &[("A", "1"), ("B", "x,y=z"), ("C", "2x3")])]
    #[case(" A = 1 , B = \"x\" ", &[("A", "1"), ("B", "x")])]
    #[case("A=1,", &[("A", "1")])]
    #[case("A=,B=\"\"", &[("A", ""), ("B", "")])]
    #[case("A=\"x\"y,B=2", &[("A", "x"), ("B", "2")])]
    #[case("A=\"x,B=2", &[("A", "\"x"), ("B", "2")])]
    #[case("junk,A=1", &[("A", "1")])]
    #[case("A=b=c,D=1", &[("A", "b=c"), ("D", "1")])]
    #[case("", &[])]
    #[case("=", &[])]
    #[case(",,,", &[])]
    fn lists_are_split_as_players_do(#[case] text: &str, #[case] expected: &[(&str, &str)]) {
        let list = split(text);
        let list: Vec<(&str, &str)> = list.iter().map(|(n, v)| (*n, v.as_ref())).collect();
        assert_eq!(list, expected);
    }

    #[rstest]
    #[case("10", Ok(10_000))]
    #[case(" 9.5 ", Ok(9_500))]
    #[case("1e1", Ok(10_000))]
    #[case("", Err(BadDuration::Unreadable))]
    #[case("NaN", Err(BadDuration::Unreadable))]
    #[case("ten", Err(BadDuration::Unreadable))]
    #[case("-1", Err(BadDuration::Impossible("negative")))]
    #[case("inf", Err(BadDuration::Impossible("longer than seven days")))]
    #[case("1e300", Err(BadDuration::Impossible("longer than seven days")))]
    fn durations_are_bounded(#[case] text: &str, #[case] expected: Result<u64, BadDuration>) {
        assert_eq!(duration(text), expected.map(Duration::from_millis));
    }

    #[rstest]
    #[case("1970-01-01T00:00:01.5Z", Some(1_500))]
    #[case("2010-02-19T14:54:23.031+08:00", Some(1_266_562_463_031))]
    #[case("2010-02-19T14:54:23.031+0800", Some(1_266_562_463_031))]
    #[case("2010-02-19 06:54:23.031z", Some(1_266_562_463_031))]
    #[case("2010-02-19T06:54:23.031", Some(1_266_562_463_031))]
    #[case("2010-02-19T06:54:23.031999Z", Some(1_266_562_463_031))]
    #[case("1966-02-30T00:00:00Z", None)]
    #[case("yesterday", None)]
    #[case("", None)]
    fn dates_come_in_many_forms(#[case] text: &str, #[case] expected: Option<i64>) {
        assert_eq!(date_ms(text), expected);
    }
}
