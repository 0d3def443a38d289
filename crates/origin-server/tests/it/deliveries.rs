//! How late segments go out, and who is connected, as the server itself sees it.

use base::Class;

use crate::client::{Running, small};

#[tokio::test]
async fn each_segment_that_went_out_whole_is_one_sample() {
    let server = Running::start(small()).await;
    let mut client = server.connect().await;
    let began = server.watch.now().unix_ms;
    let path = client.newest("400k").await;
    assert_eq!(server.watch.deliveries().rows(i64::MAX / 2).len(), 0);
    for lines in ["", "Range: bytes=100-299\r\n"] {
        client.ask("GET", &path, lines).await.unwrap();
    }
    // Neither of these delivers a segment.
    client.ask("HEAD", &path, "").await.unwrap();
    client.get("/live/400k-0.ts").await.unwrap();
    client
        .get("/live/400k-18446744073709551615.ts")
        .await
        .unwrap();
    client.get("/live/master.m3u8").await.unwrap();
    // The ledger waits for all that went out to be booked.
    let ledger = server.ledger().await;
    let now = server.watch.now().unix_ms;
    let rows = server.watch.deliveries().rows(now);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].total_observed, 2);
    assert_eq!(
        rows[0].total_observed,
        ledger.class(Class::Segment).ok_2xx - 1,
        "without HEAD"
    );
    // It was the newest when this test began, so it had ended within the segment before.
    let oldest = small().origin.segment.as_millis() as u64 * 2 + (now - began).unsigned_abs();
    assert!(rows[0].p50_ms < oldest, "{rows:?}");
}

#[tokio::test]
async fn one_that_was_cut_short_is_none() {
    let server = Running::with_faults(&["segment:truncate"]).await;
    let mut client = server.connect().await;
    let path = client.newest("400k").await;
    assert!(client.get(&path).await.is_err());
    server.ledger().await;
    assert!(
        server
            .watch
            .deliveries()
            .series()
            .iter()
            .all(|series| series.total_observed == 0)
    );
}

#[tokio::test]
async fn connections_are_counted_and_their_ends_too() {
    let server = Running::start(small()).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = server.connect().await;
        client.get("/healthz").await.unwrap();
        clients.push(client);
    }
    assert_eq!(server.watch.connections(), (3, 3));
    clients.truncate(1);
    while server.watch.connections() != (3, 1) {
        tokio::task::yield_now().await;
    }
    let watch = server.watch.clone();
    server.stop().await;
    assert_eq!(watch.connections(), (3, 0));
}
