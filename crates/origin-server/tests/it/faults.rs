//! Faults as a client meets them, and as the ledger books them.

use std::io::ErrorKind;

use base::Class;
use origin_server::{Count, UNANSWERED};
use tokio::{io::AsyncWriteExt, time::Instant};

use crate::client::{Client, Running};

async fn ask(server: &Running) -> (Client, String) {
    let mut client = server.connect().await;
    let path = client.newest("400k").await;
    let request = format!("GET {path} HTTP/1.1\r\n\r\n");
    client.stream.write_all(request.as_bytes()).await.unwrap();
    (client, path)
}

#[tokio::test]
async fn an_error_is_an_answer() {
    let server = Running::with_faults(&["segment:503"]).await;
    let (mut client, _) = ask(&server).await;
    let response = client.answer(false).await.unwrap();
    assert_eq!(response.status, 503);
    let ledger = server.ledger().await;
    let segment = ledger.class(Class::Segment);
    assert_eq!((segment.ok_2xx, segment.complete.requests), (0, 1));
    assert_eq!(
        segment.status[&503].complete.bytes,
        response.body.len() as u64
    );
}

#[tokio::test]
async fn a_truncated_body_is_half_of_what_was_announced() {
    let server = Running::with_faults(&["segment:truncate"]).await;
    let (mut client, _) = ask(&server).await;
    let announced: usize = client.head().await.unwrap().headers["content-length"]
        .parse()
        .unwrap();
    let body = client.rest().await.unwrap();
    assert_eq!(body.len(), announced / 2);
    let ledger = server.ledger().await;
    let interrupted = ledger.class(Class::Segment).status[&200].interrupted;
    assert_eq!(
        interrupted,
        Count {
            requests: 1,
            bytes: body.len() as u64
        }
    );
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let server = Running::with_faults(&["segment:reset"]).await;
    let (mut client, _) = ask(&server).await;
    let error = match client.head().await {
        Ok(_) => client.rest().await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let ledger = server.ledger().await;
    assert_eq!(ledger.class(Class::Segment).interrupted.requests, 1);
}

#[tokio::test]
async fn a_closed_connection_answers_nothing() {
    let server = Running::with_faults(&["segment:close"]).await;
    let (mut client, _) = ask(&server).await;
    assert_eq!(client.rest().await.unwrap(), b"");
    let ledger = server.ledger().await;
    let unanswered = ledger.class(Class::Segment).status[&UNANSWERED].interrupted;
    assert_eq!(
        unanswered,
        Count {
            requests: 1,
            bytes: 0
        }
    );
}

#[tokio::test(start_paused = true)]
async fn delays_and_throttles_take_their_time() {
    let server = Running::with_faults(&["segment:delay=5s", "segment:throttle=10KB/s"]).await;
    let (mut client, _) = ask(&server).await;
    let begun = Instant::now();
    let head = client.head().await.unwrap();
    let answered = begun.elapsed().as_secs_f64();
    // 100 kB at 10 kB/s. The clock of this test stands still but for the server's own waits.
    client.body_of(&head).await;
    let finished = begun.elapsed().as_secs_f64();
    assert!((5.0..5.1).contains(&answered), "{answered}");
    assert!((14.9..15.2).contains(&finished), "{finished}");
}

#[tokio::test]
async fn a_share_of_faults_is_booked_to_the_request() {
    let server = Running::with_faults(&["segment:404:30%"]).await;
    let mut client = server.connect().await;
    let path = client.newest("400k").await;
    let mut statuses = std::collections::BTreeMap::<u16, u64>::new();
    for _ in 0..200 {
        *statuses
            .entry(client.get(&path).await.unwrap().status)
            .or_default() += 1;
    }
    let ledger = server.ledger().await;
    let booked: std::collections::BTreeMap<u16, u64> = ledger
        .class(Class::Segment)
        .status
        .iter()
        .map(|(status, tally)| (*status, tally.complete.requests))
        .collect();
    assert_eq!(booked, statuses);
    assert!((35..85).contains(&statuses[&404]), "{statuses:?}");
}
