//! A latency that somebody else measured, as it is posted.

use serde::Deserialize;
use telemetry::slo::{BROADCAST_BYTES_MAX, TRANSPORT_BYTES_MAX};

/// The greatest latency that is believed, in milliseconds.
pub(crate) const LATENCY_MS_MAX: u64 = 300_000;

/// A sample that may be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) broadcast: String,
    pub(crate) transport: String,
    pub(crate) latency_ms: u64,
}

/// A sample as it is posted.
#[derive(Deserialize)]
struct Posted {
    broadcast: String,
    transport: String,
    ingest_ts_ms: u64,
    render_ts_ms: u64,
}

/// Why a sample is not counted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("not a sample: {0}")]
    Json(String),
    #[error("{0} is empty")]
    Empty(&'static str),
    #[error("{name} is longer than {max} bytes")]
    Long { name: &'static str, max: usize },
    #[error("{0} has a control character")]
    Control(&'static str),
    #[error("render_ts_ms is before ingest_ts_ms")]
    Order,
    #[error("render_ts_ms is more than {LATENCY_MS_MAX} ms after ingest_ts_ms")]
    Late,
}

/// Reads a sample. Names are trimmed first; fields that are not known are left alone.
pub(crate) fn parse(body: &[u8]) -> Result<Sample, Error> {
    let posted: Posted = crate::json::object(body).map_err(Error::Json)?;
    let latency_ms = posted
        .render_ts_ms
        .checked_sub(posted.ingest_ts_ms)
        .ok_or(Error::Order)?;
    if latency_ms > LATENCY_MS_MAX {
        return Err(Error::Late);
    }
    Ok(Sample {
        broadcast: name("broadcast", &posted.broadcast, BROADCAST_BYTES_MAX)?,
        transport: name("transport", &posted.transport, TRANSPORT_BYTES_MAX)?,
        latency_ms,
    })
}

fn name(name: &'static str, given: &str, max: usize) -> Result<String, Error> {
    let given = given.trim();
    if given.is_empty() {
        return Err(Error::Empty(name));
    }
    if given.len() > max {
        return Err(Error::Long { name, max });
    }
    // It is shown on terminals, which such a character could command.
    if given.chars().any(char::is_control) {
        return Err(Error::Control(name));
    }
    Ok(given.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(broadcast: &str, transport: &str, ingest: &str, render: &str) -> String {
        let [broadcast, transport] =
            [broadcast, transport].map(|name| serde_json::to_string(name).unwrap());
        format!(
            r#"{{"broadcast":{broadcast},"transport":{transport},"ingest_ts_ms":{ingest},"render_ts_ms":{render}}}"#
        )
    }

    #[test]
    fn samples_within_the_limits_are_read() {
        let (b256, t32) = ("b".repeat(256), "t".repeat(32));
        let padded = format!(" \t{b256}\n ");
        let cases = [
            (posted("live", "hls", "1000", "1000"), "live", "hls", 0),
            (
                posted(" live ", "\thls\n", "1000", "1250"),
                "live",
                "hls",
                250,
            ),
            (
                posted("/live/a b", "ws", "5", "300005"),
                "/live/a b",
                "ws",
                300_000,
            ),
            (
                posted(&padded, &t32, "1", "2"),
                b256.as_str(),
                t32.as_str(),
                1,
            ),
            (posted("größe", "hls", "1", "2"), "größe", "hls", 1),
            (
                posted("a", "b", "1", "2").replace('}', r#","player":"x"}"#),
                "a",
                "b",
                1,
            ),
        ];
        for (body, broadcast, transport, latency_ms) in cases {
            let sample = Sample {
                broadcast: broadcast.to_owned(),
                transport: transport.to_owned(),
                latency_ms,
            };
            assert_eq!(parse(body.as_bytes()), Ok(sample), "{body}");
        }
    }

    #[test]
    fn samples_beyond_the_limits_are_not() {
        let cases = [
            (posted("", "hls", "1", "2"), "broadcast is empty"),
            (posted(" \n\t ", "hls", "1", "2"), "broadcast is empty"),
            (posted("live", " ", "1", "2"), "transport is empty"),
            (
                posted(&"b".repeat(257), "hls", "1", "2"),
                "longer than 256 bytes",
            ),
            (
                posted(&"ü".repeat(129), "hls", "1", "2"),
                "longer than 256 bytes",
            ),
            (
                posted("live", &"t".repeat(33), "1", "2"),
                "longer than 32 bytes",
            ),
            (posted("a\u{1b}[2Jb", "hls", "1", "2"), "control character"),
            (posted("live", "h\u{0}s", "1", "2"), "control character"),
            (posted("live", "hls", "1000", "999"), "before ingest_ts_ms"),
            (posted("live", "hls", "0", "300001"), "more than 300000 ms"),
            (posted("live", "hls", "-1", "1"), "not a sample"),
            (posted("live", "hls", "1.5", "2"), "not a sample"),
            (posted("live", "hls", "\"1\"", "2"), "not a sample"),
            (posted("live", "hls", "1e300", "2"), "not a sample"),
            (
                posted("live", "hls", "1", "18446744073709551616"),
                "not a sample",
            ),
            (String::new(), "not a sample"),
            ("null".to_owned(), "not a sample"),
            (r#"["live","hls",1,2]"#.to_owned(), "not a sample"),
            ("{".to_owned(), "not a sample"),
            (
                r#"{"broadcast":"a","transport":"b","ingest_ts_ms":1}"#.to_owned(),
                "render_ts_ms",
            ),
            (format!("{} x", posted("a", "b", "1", "2")), "not a sample"),
            ("[".repeat(2_000), "not a sample"),
        ];
        for (body, why) in cases {
            let error = parse(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(why), "{body}: {error}");
        }
        assert!(parse(b"{\"broadcast\":\"\xff\"}").is_err());
    }
}
