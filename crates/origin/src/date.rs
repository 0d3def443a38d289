//! Instants as text.

use jiff::{Timestamp, fmt::rfc2822};

static HTTP: rfc2822::DateTimePrinter = rfc2822::DateTimePrinter::new();
static PARSER: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new();

/// The instant, or the epoch where it is beyond the calendar (the year 9999).
fn timestamp(unix_ms: u64) -> Timestamp {
    i64::try_from(unix_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

/// As `EXT-X-PROGRAM-DATE-TIME` wants it: `2026-11-21T10:03:24.000Z`.
pub(crate) fn iso(unix_ms: u64) -> String {
    format!("{:.3}", timestamp(unix_ms))
}

/// As HTTP wants it (RFC 9110, 5.6.7): `Sat, 21 Nov 2026 10:03:24 GMT`.
pub(crate) fn http(unix_s: u64) -> String {
    HTTP.timestamp_to_rfc9110_string(&timestamp(unix_s.saturating_mul(1000)))
        .unwrap_or_default()
}

/// Seconds since the epoch of an HTTP date.
pub(crate) fn parse_http(text: &str) -> Option<i64> {
    PARSER.parse_timestamp(text).ok().map(Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_the_standards_say() {
        assert_eq!(iso(1_795_255_404_040), "2026-11-21T10:03:24.040Z");
        assert_eq!(iso(1_795_255_404_000), "2026-11-21T10:03:24.000Z");
        assert_eq!(http(1_795_255_404), "Sat, 21 Nov 2026 10:03:24 GMT");
        assert_eq!(
            parse_http("Sat, 21 Nov 2026 10:03:24 GMT"),
            Some(1_795_255_404)
        );
        assert_eq!(parse_http("yesterday"), None);
    }
}
