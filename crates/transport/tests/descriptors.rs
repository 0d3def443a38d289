//! Out of descriptors: the generator's failure, not the server's. A process of its own, since the
//! limit holds for all of it.

#![allow(clippy::unwrap_used, reason = "a failed test is told by a panic")]

mod support;

use base::Failure;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use support::{Server, get, run, session};

#[tokio::test]
async fn no_descriptor_left() {
    let server = Server::fixed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let (session, url) = (session(), server.url("/"));
    run(&session, get(&url)).await.0.unwrap();
    session.close_idle();
    let before = getrlimit(Resource::Nofile);
    let none_left = Rlimit {
        current: Some(0),
        ..before
    };
    setrlimit(Resource::Nofile, none_left).unwrap();
    let (result, log) = run(&session, get(&url)).await;
    setrlimit(Resource::Nofile, before).unwrap();
    let error = result.unwrap_err();
    assert_eq!(error.failure(), Failure::NoDescriptor, "{error}");
    assert_eq!(log.only().wire.sent, 0);
    run(&session, get(&url)).await.0.unwrap();
}
