//! Bad input, slow readers, and those who go away.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use report::Frame;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;

use crate::frames;
use crate::http::{Answer, config, converse, get, read_until, rest, serve};

/// Sends `bytes` and reads until the face ends the connection.
async fn say(addr: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    rest(&mut stream).await
}

/// 100 MB are refused by what the head says of them, and whoever sends on all the same still
/// gets to read the refusal.
#[tokio::test]
async fn a_large_post_is_refused_early() {
    const LENGTH: usize = 100_000_000;
    let face = serve(&config(), frames::busy());
    for path in [
        "/api/v1/slo/client-sample",
        "/api/v1/viewers",
        "/api/v1/stop",
    ] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {LENGTH}\r\n\r\n"
        );
        // The head alone is enough of it.
        let mut stream = TcpStream::connect(face.addr).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let came = read_until(&mut stream, "bytes\"}").await;
        assert!(came.starts_with("HTTP/1.1 413 "), "{came}");
        drop(stream);
        let mut whole = head.into_bytes();
        whole.resize(whole.len() + LENGTH, b' ');
        let answer = Answer::read(converse(face.addr, whole).await.as_bytes());
        assert_eq!(answer.status, 413, "{path}");
        assert!(answer.error().contains("4096 bytes"), "{answer:?}");
    }
}

/// The same without a length: it is read no further than its limit.
#[tokio::test]
async fn a_body_without_a_length_is_read_up_to_its_limit() {
    let face = serve(&config(), frames::busy());
    let mut whole =
        b"POST /api/v1/viewers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
        Transfer-Encoding: chunked\r\n\r\n"
            .to_vec();
    for _ in 0..10_000 {
        whole.extend_from_slice(b"400\r\n");
        whole.resize(whole.len() + 0x400, b' ');
        whole.extend_from_slice(b"\r\n");
    }
    let answer = Answer::read(converse(face.addr, whole).await.as_bytes());
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn heads_have_limits() {
    let face = serve(&config(), frames::busy());
    let many = "X: y\r\n".repeat(100);
    let long = format!("X: {}\r\n", "y".repeat(64 * 1024));
    for headers in [many, long] {
        let request = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        let came = converse(face.addr, request.into_bytes()).await;
        assert!(came.starts_with("HTTP/1.1 431 "), "{came}");
    }
    let came = say(face.addr, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await;
    assert!(
        came.is_empty() || came.starts_with(b"HTTP/1.1 400 "),
        "{came:?}"
    );
    assert_eq!(get(face.addr, "/healthz").await.status, 200);
}

/// Half a head, half a body, no word at all: each is given up after its time.
#[tokio::test(start_paused = true)]
async fn who_is_too_slow_is_given_up() {
    let face = serve(&config(), frames::busy());
    let half_a_body = b"POST /api/v1/viewers HTTP/1.1\r\nHost: localhost\r\n\
        Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    let whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (bytes, status, limit_s) in [
        (&b""[..], "", 20),
        (b"GET /metrics HTTP/1.1\r\nHost: loc", "", 20),
        (half_a_body, "HTTP/1.1 408 ", 5 + 2),
        (whole, "HTTP/1.1 200 ", 20),
    ] {
        let began = Instant::now();
        let came = say(face.addr, bytes).await;
        let took = began.elapsed();
        let came = String::from_utf8(came).unwrap();
        assert!(came.starts_with(status), "{came}");
        assert!(
            took <= Duration::from_secs(limit_s) + Duration::from_millis(100),
            "{took:?}: {came}"
        );
    }
}

/// Readers that take nothing: the run's frames go on, nothing is kept for them, and in the end
/// they are let go.
#[tokio::test(start_paused = true)]
async fn slow_readers_of_events_miss_frames() {
    let face = serve(&config(), frames::busy());
    let mut readers = Vec::new();
    for _ in 0..20 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        let mut stream = socket.connect(face.addr).await.unwrap();
        stream
            .write_all(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await
            .unwrap();
        readers.push(stream);
    }
    let (frame, frames) = (frames::busy(), 2_000);
    for _ in 0..frames {
        face.frames.send_replace(Arc::new(Frame::clone(&frame)));
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(get(face.addr, "/healthz").await.status, 200);
    for mut reader in readers {
        let mut came = Vec::new();
        // It was cut off, in the middle of an event as likely as not.
        let _ = reader.read_to_end(&mut came).await;
        let events = String::from_utf8_lossy(&came).matches("data: ").count() as u64;
        assert!(events < frames / 2, "{events} of {frames}");
    }
}

#[tokio::test]
async fn readers_of_events_are_bounded() {
    const READERS: usize = 256;
    let face = serve(&config(), frames::busy());
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let mut stream = TcpStream::connect(face.addr).await.unwrap();
        stream
            .write_all(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await
            .unwrap();
        read_until(&mut stream, "retry: ").await;
        readers.push(stream);
    }
    let refused = get(face.addr, "/api/v1/events").await;
    assert_eq!(refused.status, 503);
    assert!(refused.error().contains("/api/v1/snapshot"), "{refused:?}");
    // Scrapers have their room all the same.
    assert_eq!(get(face.addr, "/metrics").await.status, 200);
    // A place comes back when its reader goes, once that is noticed.
    drop(readers);
    loop {
        let mut stream = TcpStream::connect(face.addr).await.unwrap();
        stream
            .write_all(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await
            .unwrap();
        if read_until(&mut stream, "\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 200 ")
        {
            break;
        }
    }
}

/// More connections than there is room for wait, and get their turn.
#[tokio::test(start_paused = true)]
async fn connections_are_bounded() {
    let face = serve(&config(), frames::busy());
    let mut idle = Vec::new();
    for _ in 0..512 {
        let mut stream = TcpStream::connect(face.addr).await.unwrap();
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await
            .unwrap();
        read_until(&mut stream, "ok\n").await;
        idle.push(stream);
    }
    let addr = face.addr;
    let mut waiting = tokio::spawn(async move { get(addr, "/healthz").await });
    let early = tokio::time::timeout(Duration::from_millis(50), &mut waiting).await;
    assert!(early.is_err(), "{early:?}");
    drop(idle.pop());
    assert_eq!(waiting.await.unwrap().status, 200);
}

/// Who asks and leaves is no error, and what follows is answered.
#[tokio::test]
async fn a_reader_may_go_away() {
    let face = serve(&config(), frames::busy());
    for path in ["/metrics", "/api/v1/snapshot", "/api/v1/events"] {
        for _ in 0..50 {
            let mut stream = TcpStream::connect(face.addr).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
        }
    }
    assert_eq!(get(face.addr, "/metrics").await.status, 200);
    assert!(!face.served.is_finished());
    face.end.send(()).unwrap();
    face.served.await.unwrap().unwrap();
}

/// When the run is over, who reads is not kept, and who does not read keeps nobody.
#[tokio::test(start_paused = true)]
async fn the_end_waits_for_nobody() {
    let face = serve(&config(), frames::busy());
    let idle = TcpStream::connect(face.addr).await.unwrap();
    let mut half = TcpStream::connect(face.addr).await.unwrap();
    half.write_all(b"GET /metr").await.unwrap();
    assert_eq!(get(face.addr, "/healthz").await.status, 200);
    let began = Instant::now();
    face.end.send(()).unwrap();
    face.served.await.unwrap().unwrap();
    assert!(
        began.elapsed() <= Duration::from_millis(1_100),
        "{:?}",
        began.elapsed()
    );
    drop((idle, half));
}
