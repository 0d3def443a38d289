//! Answers over connections that go on.

use base::Class;
use tokio::io::AsyncWriteExt;

use crate::client::{Running, small};

#[tokio::test]
async fn a_stream_is_served_over_one_connection() {
    let server = Running::start(small()).await;
    let mut client = server.connect().await;
    let master = client.get("/live/master.m3u8").await.unwrap();
    assert!(
        String::from_utf8(master.body)
            .unwrap()
            .contains("400k.m3u8")
    );
    let path = client.newest("400k").await;
    let segment = client.get(&path).await.unwrap();
    assert_eq!(segment.body[0], 0x47);
    assert_eq!(segment.body.len() % 188, 0);
    assert_eq!(segment.headers["content-type"], "video/mp2t");
    assert_eq!(segment.headers["access-control-allow-origin"], "*");
    assert!(segment.headers["date"].ends_with("GMT"));
    assert!(!segment.headers.contains_key("connection"));
    let health = client.get("/healthz").await.unwrap();
    assert_eq!(health.body, b"{\"status\":\"ok\"}\n");
}

#[tokio::test]
async fn parts_and_conditions_are_answered_on_the_wire() {
    let server = Running::start(small()).await;
    let mut client = server.connect().await;
    let path = client.newest("400k").await;
    let whole = client.get(&path).await.unwrap();
    let part = client
        .ask("GET", &path, "Range: bytes=188-375\r\n")
        .await
        .unwrap();
    assert_eq!((part.status, &part.body[..]), (206, &whole.body[188..376]));
    let etag = format!("If-None-Match: {}\r\n", whole.headers["etag"]);
    let same = client.ask("GET", &path, &etag).await.unwrap();
    assert_eq!(
        (same.status, same.headers.get("content-length")),
        (304, None)
    );
    let head = client.ask("HEAD", &path, "").await.unwrap();
    assert_eq!(head.headers["content-length"], whole.body.len().to_string());
    let preflight = client
        .ask("OPTIONS", &path, "Origin: http://x\r\n")
        .await
        .unwrap();
    assert_eq!(preflight.status, 204);
    // The connection is still in step after all of these.
    assert_eq!(client.get(&path).await.unwrap().body, whole.body);
}

#[tokio::test]
async fn requests_may_follow_each_other_without_waiting() {
    let server = Running::start(small()).await;
    let mut client = server.connect().await;
    let one = "GET /live/master.m3u8 HTTP/1.1\r\nHost: x\r\n\r\n";
    client
        .stream
        .write_all(one.repeat(20).as_bytes())
        .await
        .unwrap();
    for _ in 0..20 {
        assert_eq!(client.answer(false).await.unwrap().status, 200);
    }
    assert_eq!(
        server
            .ledger()
            .await
            .class(Class::Multivariant)
            .complete
            .requests,
        20
    );
}

#[tokio::test]
async fn old_clients_and_those_that_say_so_are_let_go() {
    let server = Running::start(small()).await;
    for (request, connection) in [
        ("GET /healthz HTTP/1.0\r\n\r\n", "close"),
        (
            "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
            "close",
        ),
        (
            "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "keep-alive",
        ),
    ] {
        let mut client = server.connect().await;
        client.stream.write_all(request.as_bytes()).await.unwrap();
        let response = client.answer(false).await.unwrap();
        assert_eq!(response.headers["connection"], connection, "{request}");
        if connection == "close" {
            assert_eq!(client.rest().await.unwrap(), b"");
        }
    }
}

#[tokio::test]
async fn a_stop_lets_answers_finish_and_idle_connections_go() {
    let server = Running::with_faults(&["segment:throttle=100KB/s"]).await;
    let mut idle = server.connect().await;
    let mut busy = server.connect().await;
    idle.get("/healthz").await.unwrap();
    let path = busy.newest("400k").await;
    let request = format!("GET {path} HTTP/1.1\r\n\r\n");
    busy.stream.write_all(request.as_bytes()).await.unwrap();
    let head = busy.head().await.unwrap();
    let (ledger, rest, idle) = tokio::join!(server.stop(), busy.rest(), idle.rest());
    assert_eq!(
        rest.unwrap().len().to_string(),
        head.headers["content-length"]
    );
    assert_eq!(idle.unwrap(), b"");
    assert_eq!(
        (
            ledger.total.in_flight,
            ledger.class(Class::Segment).complete.requests
        ),
        (0, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_ever() {
    let server = Running::with_faults(&["segment:delay=1h"]).await;
    let mut client = server.connect().await;
    let path = client.newest("400k").await;
    client
        .stream
        .write_all(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes())
        .await
        .unwrap();
    while server.ledger().await.class(Class::Segment).requests == 0 {
        tokio::task::yield_now().await;
    }
    let ledger = server.stop().await;
    let segment = ledger.class(Class::Segment);
    assert_eq!((segment.in_flight, segment.interrupted.requests), (0, 1));
}

#[tokio::test]
async fn a_taken_address_is_named() {
    let server = Running::start(small()).await;
    let again = origin_server::Config {
        listen: server.address,
        ..small()
    };
    let error = origin_server::bind(again).await.unwrap_err().to_string();
    assert!(
        error.contains(&server.address.to_string()) && error.contains("--listen"),
        "{error}"
    );
}
