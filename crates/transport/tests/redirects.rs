//! Redirects: each hop a request of its own; and the cookies that go along.

#![allow(clippy::unwrap_used, reason = "a failed test is told by a panic")]

mod support;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base::{Failure, Outcome};
use rstest::rstest;
use support::{Server, get, run, session};
use transport::{Body, Method, REDIRECTS_MAX};

/// Answers by path, and keeps the heads of the requests it got.
async fn site(pages: &[(&str, &str)]) -> (Server, Arc<Mutex<Vec<String>>>) {
    let own = |(path, page): &(&str, &str)| ((*path).to_owned(), (*page).to_owned());
    let pages: Arc<HashMap<String, String>> = Arc::new(pages.iter().map(own).collect());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&asked);
    let server = Server::start(move |mut peer| {
        let (pages, tell) = (Arc::clone(&pages), Arc::clone(&tell));
        async move {
            while let Some(head) = peer.request().await {
                let path = head.split(' ').nth(1).unwrap().to_owned();
                tell.lock().unwrap().push(head);
                match pages.get(&path) {
                    Some(page) => peer.send(page.as_bytes()).await,
                    None => {
                        peer.send(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
                            .await;
                    }
                }
            }
        }
    })
    .await;
    (server, asked)
}

const END: &str = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend";

#[rstest]
#[tokio::test]
async fn each_hop_is_a_request_of_its_own(#[values(301, 302, 303, 307, 308)] status: u16) {
    let first =
        format!("HTTP/1.1 {status} Go\r\nLocation: b?x#y\r\nContent-Length: 5\r\n\r\nmoved");
    let second = format!(
        "HTTP/1.1 {status} Go\r\nLocation: /c\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    );
    let (server, asked) = site(&[("/d/a", &first), ("/d/b?x", &second), ("/c", END)]).await;
    let mut request = get(&server.url("/d/a"));
    request.body = Body::Keep { limit: 10 };
    let (response, log) = run(&session(), request).await;
    let response = response.unwrap();
    assert_eq!(response.body, "end");
    assert_eq!(response.final_url.path(), "/c");
    assert_eq!(response.redirects, 2);
    let hops = log.hops();
    let seen: Vec<_> = hops
        .iter()
        .map(|hop| (hop.status, hop.outcome, hop.body_bytes, hop.reused))
        .collect();
    assert_eq!(
        seen,
        [
            (Some(status), Outcome::Ok, 5, false),
            (Some(status), Outcome::Ok, 2, true),
            (Some(200), Outcome::Ok, 3, true)
        ]
    );
    assert_eq!(asked.lock().unwrap().len(), 3);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_loop_ends_after_five() {
    let page = "HTTP/1.1 302 Go\r\nLocation: /\r\nContent-Length: 0\r\n\r\n";
    let (server, asked) = site(&[("/", page)]).await;
    let (result, log) = run(&session(), get(&server.url("/"))).await;
    assert_eq!(result.unwrap_err().failure(), Failure::Redirect);
    let hops = log.hops();
    assert_eq!(hops.len(), usize::from(REDIRECTS_MAX) + 1);
    assert_eq!(asked.lock().unwrap().len(), hops.len());
    let (last, followed) = hops.split_last().unwrap();
    assert_eq!(last.outcome, Outcome::Failed(Failure::Redirect));
    assert_eq!(last.status, Some(302));
    assert!(followed.iter().all(|hop| hop.outcome == Outcome::Ok));
}

#[rstest]
#[case::nowhere("HTTP/1.1 302 Go\r\nContent-Length: 0\r\n\r\n")]
#[case::elsewhere("HTTP/1.1 302 Go\r\nLocation: ftp://h/\r\nContent-Length: 0\r\n\r\n")]
#[tokio::test]
async fn one_that_leads_nowhere_is_a_failure(#[case] page: &str) {
    let (server, _) = site(&[("/", page)]).await;
    let (result, log) = run(&session(), get(&server.url("/"))).await;
    assert_eq!(result.unwrap_err().failure(), Failure::Redirect);
    assert_eq!(log.only().outcome, Outcome::Failed(Failure::Redirect));
}

#[tokio::test]
async fn a_redirect_that_breaks_off_is_truncated() {
    let server =
        Server::once("HTTP/1.1 302 Go\r\nLocation: /b\r\nContent-Length: 9\r\n\r\nab").await;
    let (result, log) = run(&session(), get(&server.url("/"))).await;
    assert_eq!(result.unwrap_err().failure(), Failure::Truncated);
    assert_eq!(log.only().body_bytes, 2);
}

#[tokio::test]
async fn secrets_stay_with_their_origin() {
    let (other, asked_other) = site(&[("/x", END)]).await;
    let there = format!(
        "HTTP/1.1 302 Go\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
        other.url("/x")
    );
    let near = "HTTP/1.1 302 Go\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n";
    let (server, asked) = site(&[("/", near), ("/there", &there)]).await;
    let mut request = get(&server.url("/"));
    request.headers.push("Authorization", "Bearer x").unwrap();
    request.headers.push("Cookie", "given=1").unwrap();
    request.headers.push("X-Other", "y").unwrap();
    let (response, log) = run(&session(), request).await;
    assert_eq!(response.unwrap().status(), 200);
    assert_eq!(log.hops().len(), 3);
    let own = asked.lock().unwrap();
    assert!(
        own.iter()
            .all(|head| head.contains("Bearer x") && head.contains("given=1"))
    );
    let foreign = asked_other.lock().unwrap();
    let expected = format!(
        "GET /x HTTP/1.1\r\nHost: {}\r\nX-Other: y\r\n\r\n",
        other.addr
    );
    assert_eq!(foreign.as_slice(), [expected]);
}

#[tokio::test]
async fn an_endless_redirect_body_is_cut_short() {
    let server = Server::start(|mut peer| async move {
        let head = peer.request().await.unwrap();
        if head.starts_with("GET /b ") {
            return peer.send(END.as_bytes()).await;
        }
        peer.send(b"HTTP/1.1 302 Go\r\nLocation: /b\r\n\r\n").await;
        let junk = vec![b'x'; 64 * 1024];
        while tokio::io::AsyncWriteExt::write_all(&mut peer.socket, &junk)
            .await
            .is_ok()
        {}
    })
    .await;
    let (response, log) = run(&session(), get(&server.url("/"))).await;
    assert_eq!(response.unwrap().status(), 200);
    let hops = log.hops();
    assert_eq!(hops[0].outcome, Outcome::Ok);
    assert!(hops[0].body_bytes >= transport::REDIRECT_BODY_BYTES_MAX);
    assert!(!hops[1].reused);
}

#[tokio::test]
async fn head_stays_head() {
    let page = "HTTP/1.1 303 Go\r\nLocation: /b\r\nContent-Length: 10\r\n\r\n";
    let end = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
    let (server, asked) = site(&[("/", page), ("/b", end)]).await;
    let mut request = get(&server.url("/"));
    request.method = Method::Head;
    run(&session(), request).await.0.unwrap();
    assert!(
        asked
            .lock()
            .unwrap()
            .iter()
            .all(|head| head.starts_with("HEAD "))
    );
}

#[tokio::test]
async fn cookies_live_in_their_session() {
    let set = "HTTP/1.1 302 Go\r\nLocation: /b\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/b\r\nContent-Length: 0\r\n\r\n";
    let over =
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=; Path=/; Max-Age=0\r\nContent-Length: 3\r\n\r\nend";
    let (server, asked) = site(&[("/", set), ("/b", END), ("/over", over)]).await;
    let client = support::client();
    let (session, other) = (client.session(), client.session());
    let with_place = |path: &str| {
        let mut request = get(&server.url(path));
        request.headers = request.headers.cookie();
        request.headers.push("Last", "1").unwrap();
        request
    };
    run(&session, with_place("/")).await.0.unwrap();
    run(&session, get(&server.url("/b"))).await.0.unwrap();
    run(&session, with_place("/over")).await.0.unwrap();
    run(&session, with_place("/b")).await.0.unwrap();
    run(&other, with_place("/b")).await.0.unwrap();
    session.clear_cookies();
    run(&session, with_place("/b")).await.0.unwrap();
    let asked = asked.lock().unwrap();
    let cookies: Vec<_> = asked
        .iter()
        .map(|head| head.lines().find_map(|line| line.strip_prefix("Cookie: ")))
        .collect();
    // `/`, `/b` by redirect; `/b` without a place for them; `/over`; `/b`; another session; none.
    assert_eq!(
        cookies,
        [
            None,
            Some("b=2; a=1"),
            None,
            Some("a=1"),
            Some("b=2"),
            None,
            None
        ]
    );
    assert!(
        asked[1].ends_with("Cookie: b=2; a=1\r\nLast: 1\r\n\r\n"),
        "in its place"
    );
}
