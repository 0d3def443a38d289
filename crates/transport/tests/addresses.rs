//! Names and addresses that are not what they seem.

#![allow(clippy::unwrap_used, reason = "a failed test is told by a panic")]

mod support;

use std::net::IpAddr;
use std::sync::Arc;

use base::Failure;
use support::{Server, get, run};
use transport::{Client, Clock, Config};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn client(overrides: &[String]) -> Client {
    let config = Config {
        overrides: overrides.iter().map(|text| text.parse().unwrap()).collect(),
        ..Config::default()
    };
    Client::new(config, Clock::start()).unwrap()
}

fn url(host: &str, server: &Server) -> Arc<url::Url> {
    Arc::new(
        format!("http://{host}:{}/", server.addr.port())
            .parse()
            .unwrap(),
    )
}

#[tokio::test]
async fn an_override_is_connected_to_and_the_name_is_sent() {
    let server = Server::start(|mut peer| async move {
        let head = peer.request().await.unwrap();
        let host = format!(
            "Host: media.example:{}\r\n",
            peer.socket.local_addr().unwrap().port()
        );
        assert!(head.contains(&host), "{head}");
        peer.send(OK.as_bytes()).await;
    })
    .await;
    let port = server.addr.port();
    // Nothing listens on IPv6: the next address is tried.
    let session = client(&[format!("media.example:{port}:[::1],127.0.0.1")]).session();
    let (response, log) = run(&session, get(&url("media.example", &server))).await;
    assert_eq!(response.unwrap().remote, server.addr);
    assert_eq!(log.only().remote, Some(server.addr));
}

#[tokio::test]
async fn localhost_needs_no_network() {
    let server = Server::fixed(OK).await;
    let (response, _) = run(&support::session(), get(&url("localhost", &server))).await;
    assert_eq!(response.unwrap().status(), 200);
}

#[tokio::test]
async fn a_name_that_cannot_be_is_a_dns_failure() {
    // RFC 6761, 6.4: `.invalid` never resolves.
    let url = Arc::new("http://liveswarm.invalid/".parse().unwrap());
    let (result, _) = run(&support::session(), get(&url)).await;
    let error = result.unwrap_err();
    assert_eq!(error.failure(), Failure::Dns, "{error}");
    assert!(error.to_string().contains("liveswarm.invalid"), "{error}");
}

#[tokio::test]
async fn a_source_address_is_bound() {
    let server = Server::start(|mut peer| async move {
        assert_eq!(
            peer.socket.peer_addr().unwrap().ip().to_string(),
            "127.0.0.9"
        );
        peer.request().await;
        peer.send(OK.as_bytes()).await;
    })
    .await;
    let config = Config {
        sources: [IpAddr::from([127, 0, 0, 9])].into(),
        ..Config::default()
    };
    let session = Client::new(config, Clock::start()).unwrap().session();
    assert!(run(&session, get(&server.url("/"))).await.0.is_ok());
}

#[tokio::test]
async fn an_address_that_is_not_ours_cannot_be_connected_from() {
    let server = Server::fixed(OK).await;
    let config = Config {
        // RFC 5737: for documentation, so no machine has it.
        sources: [IpAddr::from([192, 0, 2, 1])].into(),
        ..Config::default()
    };
    let session = Client::new(config, Clock::start()).unwrap().session();
    let (result, _) = run(&session, get(&server.url("/"))).await;
    assert_eq!(result.unwrap_err().failure(), Failure::ConnectFailed);
}
