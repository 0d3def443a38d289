//! The smallest HTTP client that the tests need: it shares no code with what is tested.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};

/// How long one read or write may take.
const IO_LIMIT: Duration = Duration::from_secs(10);

/// The largest answer that is kept, in bytes.
const BODY_LIMIT: u64 = 64 * 1024 * 1024;

/// Status and body of an answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body as sent.
    pub body: Vec<u8>,
}

/// Fetches `path` from `addr` over HTTP/1.0, so that the answer ends where the connection does.
pub fn get(addr: SocketAddr, path: &str) -> anyhow::Result<Answer> {
    exchange(addr, &format!("GET {path} HTTP/1.0\r\n"), "")
}

/// As [`get`], for an answer that is JSON.
pub fn get_json(addr: SocketAddr, path: &str) -> anyhow::Result<serde_json::Value> {
    let answer = get(addr, path)?;
    if answer.status != 200 {
        bail!("{path} answered {}", answer.status);
    }
    serde_json::from_slice(&answer.body).with_context(|| format!("{path} is not JSON"))
}

/// Sends `json` to `path`, with a bearer token where there is one.
pub fn post_json(
    addr: SocketAddr,
    path: &str,
    json: &str,
    token: Option<&str>,
) -> anyhow::Result<Answer> {
    let token = token.map_or(String::new(), |token| {
        format!("Authorization: Bearer {token}\r\n")
    });
    let length = json.len();
    let head = format!(
        "POST {path} HTTP/1.0\r\n{token}\
         Content-Type: application/json\r\nContent-Length: {length}\r\n"
    );
    exchange(addr, &head, json)
}

/// Sends a request whose head lacks only the host and the connection, and reads the answer.
fn exchange(addr: SocketAddr, head: &str, body: &str) -> anyhow::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&addr, IO_LIMIT)?;
    stream.set_read_timeout(Some(IO_LIMIT))?;
    stream.set_write_timeout(Some(IO_LIMIT))?;
    write!(
        stream,
        "{head}Host: {addr}\r\nConnection: close\r\n\r\n{body}"
    )?;
    let mut bytes = Vec::new();
    stream.take(BODY_LIMIT).read_to_end(&mut bytes)?;
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> anyhow::Result<Answer> {
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .ok_or_else(|| anyhow!("no whole response head in {} bytes", bytes.len()))?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    if head.to_ascii_lowercase().contains("transfer-encoding") {
        bail!("an HTTP/1.0 request was answered with a transfer encoding:\n{head}");
    }
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|word| word.parse().ok())
        .ok_or_else(|| anyhow!("no status in {head:?}"))?;
    Ok(Answer {
        status,
        body: bytes[end + 4..].to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_status_and_body() {
        let answer = parse(b"HTTP/1.1 404 Not Found\r\nA: b\r\n\r\nnone\r\n\r\nhere").unwrap();
        assert_eq!(answer.status, 404);
        assert_eq!(answer.body, b"none\r\n\r\nhere");
    }

    #[test]
    fn refuses_half_a_head_and_chunks() {
        assert!(parse(b"HTTP/1.1 200 OK\r\n").is_err());
        assert!(parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
    }
}
