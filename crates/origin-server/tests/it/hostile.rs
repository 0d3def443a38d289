//! Clients that send nonsense, too much, too slowly, or never read.

use std::time::Duration;

use base::Class;
use tokio::{io::AsyncWriteExt, time::sleep};

use crate::client::{Running, small};

#[tokio::test]
async fn nonsense_is_refused_with_a_reason() {
    let server = Running::start(small()).await;
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(20_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(500));
    let endless = "x".repeat(40_000);
    let cases = [
        ("\x16\x03\x01\x02\0\x01\0\x01\u{fc}", 400),
        ("hello\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\n\r\n", 505),
        (&long, 431),
        (&many, 431),
        (&endless, 431),
    ];
    for (count, (request, status)) in (1..).zip(cases) {
        let mut client = server.connect().await;
        client.stream.write_all(request.as_bytes()).await.unwrap();
        let response = client.answer(false).await.unwrap();
        assert_eq!(response.status, status, "{:?}", &request[..10]);
        assert_eq!(response.headers["connection"], "close");
        assert_eq!(client.rest().await.unwrap(), b"");
        let ledger = server.ledger().await;
        assert_eq!((ledger.malformed, ledger.total.requests), (count, 0));
    }
}

#[tokio::test]
async fn paths_lead_nowhere_but_to_the_stream() {
    let server = Running::start(small()).await;
    let mut client = server.connect().await;
    for path in [
        "/live/../../../../etc/passwd",
        "/live/%2e%2e/%2e%2e/etc/passwd",
        "/files/json/../../etc/",
        "/live/400k-1.ts\\..\\x",
        "//live/master.m3u8",
        "/live/400k-00000000000000000001.ts",
    ] {
        let response = client.get(path).await.unwrap();
        assert_eq!(response.status, 404, "{path}");
    }
}

#[tokio::test]
async fn bodies_are_not_wanted_and_not_in_the_way() {
    let server = Running::start(small()).await;
    let mut client = server.connect().await;
    let body = "x".repeat(5000);
    let lines = format!("Content-Length: {}\r\n\r\n{body}", body.len());
    // The blank line that ends the request stands in front of the body here, so `ask`'s own is
    // the start of the next request, where blank lines are allowed.
    let response = client
        .ask("POST", "/live/master.m3u8", &lines)
        .await
        .unwrap();
    assert_eq!(
        (response.status, &*response.headers["allow"]),
        (405, "GET, HEAD, OPTIONS")
    );
    assert_eq!(client.get("/live/master.m3u8").await.unwrap().status, 200);
    for lines in [
        "Content-Length: 99999999999\r\n",
        "Transfer-Encoding: chunked\r\n",
    ] {
        let mut client = server.connect().await;
        let response = client
            .ask("POST", "/live/master.m3u8", lines)
            .await
            .unwrap();
        assert_eq!(
            (response.status, &*response.headers["connection"]),
            (405, "close")
        );
        assert_eq!(client.rest().await.unwrap(), b"");
    }
}

#[tokio::test(start_paused = true)]
async fn patience_ends() {
    let server = Running::start(small()).await;
    let mut slow = server.connect().await;
    slow.stream
        .write_all(b"GET /live/master.m3u8 HT")
        .await
        .unwrap();
    assert_eq!(slow.answer(false).await.unwrap().status, 408);
    let mut idle = server.connect().await;
    assert_eq!(idle.rest().await.unwrap(), b"");
}

#[tokio::test(start_paused = true)]
async fn who_never_reads_is_let_go() {
    let mut config = small();
    // More than the sockets' buffers take.
    config.origin.variants = vec![origin::Bitrate(100_000_000)];
    let server = Running::start(config).await;
    let mut client = server.connect().await;
    let path = client.newest("100000k").await;
    client
        .stream
        .write_all(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let segment = loop {
        sleep(Duration::from_secs(1)).await;
        let ledger = server.ledger().await;
        let segment = ledger.class(Class::Segment);
        if segment.requests == 1 && segment.in_flight == 0 {
            break segment.clone();
        }
    };
    assert_eq!(
        (segment.complete.requests, segment.interrupted.requests),
        (0, 1)
    );
    assert!(segment.interrupted.bytes < 25_000_000, "{segment:?}");
}

#[tokio::test]
async fn many_connections_are_held_at_once() {
    let server = Running::start(small()).await;
    let mut clients = Vec::new();
    for _ in 0..400 {
        clients.push(server.connect().await);
    }
    for client in &mut clients {
        assert_eq!(client.get("/live/master.m3u8").await.unwrap().status, 200);
    }
    assert_eq!(
        server
            .ledger()
            .await
            .class(Class::Multivariant)
            .complete
            .requests,
        400
    );
}
