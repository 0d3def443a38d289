//! A fast connection gives way.

#![allow(clippy::unwrap_used, reason = "a failed test is told by a panic")]

mod support;

use std::future::poll_fn;
use std::io::{Read, Write};
use std::pin::pin;
use std::sync::Arc;

use support::{Log, get};
use transport::{READ_BYTES_MAX, TURN_BYTES_MAX};

const SIZE: usize = 64 * 1024 * 1024;

#[tokio::test]
async fn no_poll_takes_more_than_its_turn() {
    // On a thread of its own, so that the socket fills while the client reads.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut head = [0; 1024];
        assert!(socket.read(&mut head).unwrap() > 0);
        write!(socket, "HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n").unwrap();
        let piece = vec![0; 1 << 20];
        for _ in 0..SIZE / piece.len() {
            socket.write_all(&piece).unwrap();
        }
    });
    let url = Arc::new(format!("http://{addr}/").parse().unwrap());
    let log = Log::default();
    let session = support::session();
    let mut exchange = pin!(session.start(get(&url), log.clone()));
    let mut before = 0;
    let mut polls = 0;
    let response = poll_fn(|cx| {
        let polled = exchange.as_mut().poll(cx);
        let told = log.body_told();
        assert!(told - before <= (TURN_BYTES_MAX + READ_BYTES_MAX) as u64);
        (before, polls) = (told, polls + 1);
        polled
    })
    .await;
    assert_eq!(response.unwrap().body_bytes, SIZE as u64);
    assert!(polls >= SIZE / (TURN_BYTES_MAX + READ_BYTES_MAX));
    server.join().unwrap();
}
