//! nginx's access log in the format that [`FORMAT`] writes, one tab-separated row an exchange.

use std::path::Path;

use anyhow::{Context, anyhow};

use crate::served::Row;

/// The columns, as nginx's `log_format` takes them.
pub const FORMAT: &str = "$request_completion\\t$status\\t$body_bytes_sent\\t$request_time\\t\
                          $connection\\t$uri\\t$http_range\\t$sent_http_content_length\\t\
                          $http_user_agent";

/// Reads a whole log.
pub fn read(path: &Path) -> anyhow::Result<Vec<Row>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("no log at {}", path.display()))?;
    parse(&text)
}

/// Parses a whole log. A line without an end is one that nginx did not finish: an error, since
/// the log is read when its writer is gone.
pub fn parse(text: &str) -> anyhow::Result<Vec<Row>> {
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(anyhow!("the log's last line is not whole"));
    }
    text.lines()
        .map(|line| row(line).with_context(|| format!("in the log's line {line:?}")))
        .collect()
}

fn row(line: &str) -> anyhow::Result<Row> {
    let mut columns = line.split('\t');
    let mut next = |name: &str| columns.next().ok_or_else(|| anyhow!("no {name}"));
    let handed_over = next("request_completion")? == "OK";
    let mut row = Row {
        complete: handed_over,
        status: next("status")?.parse().context("status")?,
        body_bytes: next("body_bytes_sent")?.parse().context("bytes")?,
        seconds: next("request_time")?.parse().ok(),
        connection: next("connection")?.parse().context("connection")?,
        path: next("uri")?.to_owned(),
        range: given(next("range")?),
        agent: None,
    };
    // nginx calls an answer complete that the server behind it broke off.
    let announced = next("content_length")?.parse::<u64>().ok();
    row.complete &= announced.is_none_or(|announced| announced == row.body_bytes);
    row.agent = given(next("user_agent")?);
    Ok(row)
}

/// nginx writes `-` for a header that is not there.
fn given(value: &str) -> Option<String> {
    (value != "-").then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read() {
        let rows = parse(
            "OK\t200\t1024\t0.004\t7\t/live/master.m3u8\t-\t1024\tMozilla/5.0 (X11)\n\
             \t200\t77\t1.500\t8\t/live/seg_1.ts\tbytes=0-99\t100\t-\n\
             OK\t200\t20\t1.500\t8\t/live/seg_2.ts\t-\t50\t-\n",
        )
        .unwrap();
        let complete: Vec<bool> = rows.iter().map(|row| row.complete).collect();
        assert_eq!(complete, [true, false, false]);
        assert_eq!(rows[0].agent.as_deref(), Some("Mozilla/5.0 (X11)"));
        assert_eq!(rows[1].range.as_deref(), Some("bytes=0-99"));
        assert_eq!(rows[1].seconds, Some(1.5));
        assert_eq!((rows[1].body_bytes, rows[1].connection), (77, 8));
    }

    #[test]
    fn half_a_line_is_an_error() {
        assert!(parse("OK\t200\t10").is_err());
        assert!(parse("OK\t200\n").is_err());
        assert!(parse("").unwrap().is_empty());
    }
}
