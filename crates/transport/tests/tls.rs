//! TLS: who is trusted, what is negotiated, and that records come out whole however they come in.

#![allow(clippy::unwrap_used, reason = "a failed test is told by a panic")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{Failure, Outcome};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rstest::rstest;
use rustls::crypto::aws_lc_rs;
use rustls::{CipherSuite, HandshakeKind, ProtocolVersion, ServerConfig};
use rustls_pki_types::PrivateKeyDer;
use support::{Log, Server, get, run};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use transport::{Body, Client, Clock, Config, Limits, READ_BYTES_MAX, Session, Tls, Verify};

const NAME: &str = "media.example";

/// A CA, and a server's settings with a certificate of it for [`NAME`] and 127.0.0.1.
fn identity(suites: Option<CipherSuite>) -> (Vec<u8>, ServerConfig) {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem().into_bytes();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let names = vec![NAME.to_owned(), "127.0.0.1".to_owned()];
    let leaf = CertificateParams::new(names).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    let mut provider = aws_lc_rs::default_provider();
    if let Some(wanted) = suites {
        provider
            .cipher_suites
            .retain(|suite| suite.suite() == wanted);
    }
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    (ca_pem, config)
}

/// A self-signed certificate as `openssl req -x509` makes it, marked as a CA's, which is good from
/// one year to another; and a server's settings with it.
fn self_signed(years: (i32, i32)) -> (Vec<u8>, ServerConfig) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    let provider = aws_lc_rs::default_provider();
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    (certificate.pem().into_bytes(), config)
}

/// What the server learnt in a handshake.
#[derive(Clone, Debug, PartialEq)]
struct Shake {
    kind: HandshakeKind,
    version: ProtocolVersion,
    suite: CipherSuite,
    sni: Option<String>,
    alpn: Option<Vec<u8>>,
}

type Shakes = Arc<Mutex<Vec<Shake>>>;

/// A TLS server that runs the script on each connection whose handshake succeeds.
async fn serve<F, Fut>(config: ServerConfig, script: F) -> (Server, Shakes)
where
    F: Fn(TlsStream<TcpStream>, usize) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let shakes = Shakes::default();
    let (tell, script) = (Arc::clone(&shakes), Arc::new(script));
    let server = Server::start(move |peer| {
        let (acceptor, tell, script) = (acceptor.clone(), Arc::clone(&tell), Arc::clone(&script));
        async move {
            let Ok(stream) = acceptor.accept(peer.socket).await else {
                return;
            };
            let connection = stream.get_ref().1;
            let shake = Shake {
                kind: connection.handshake_kind().unwrap(),
                version: connection.protocol_version().unwrap(),
                suite: connection.negotiated_cipher_suite().unwrap().suite(),
                sni: connection.server_name().map(str::to_owned),
                alpn: connection.alpn_protocol().map(<[u8]>::to_vec),
            };
            tell.lock().unwrap().push(shake);
            script(stream, peer.index).await;
        }
    })
    .await;
    (server, shakes)
}

async fn request(stream: &mut TlsStream<TcpStream>) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_buf(&mut head).await {
            Ok(n) if n > 0 => {}
            _ => return None,
        }
    }
    Some(())
}

/// Answers every request with the same bytes.
async fn fixed(config: ServerConfig, response: Vec<u8>) -> (Server, Shakes) {
    let response: Arc<[u8]> = response.into();
    serve(config, move |mut stream, _| {
        let response = Arc::clone(&response);
        async move {
            while request(&mut stream).await.is_some() {
                stream.write_all(&response).await.unwrap();
                stream.flush().await.unwrap();
            }
        }
    })
    .await
}

fn client(verify: Verify, ca: &[u8], server: &Server) -> Client {
    let config = Config {
        tls: Tls::new(verify, &[ca.to_vec()]).unwrap(),
        overrides: vec![
            format!("*:{}:127.0.0.1", server.addr.port())
                .parse()
                .unwrap(),
        ],
        ..Config::default()
    };
    Client::new(config, Clock::start()).unwrap()
}

fn trusting(ca: &[u8], server: &Server) -> Session {
    client(Verify::Roots, ca, server).session()
}

fn url(host: &str, server: &Server) -> Arc<url::Url> {
    Arc::new(
        format!("https://{host}:{}/x", server.addr.port())
            .parse()
            .unwrap(),
    )
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

#[rstest]
#[case(CipherSuite::TLS13_AES_128_GCM_SHA256, ProtocolVersion::TLSv1_3)]
#[case(CipherSuite::TLS13_AES_256_GCM_SHA384, ProtocolVersion::TLSv1_3)]
#[case(CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, ProtocolVersion::TLSv1_3)]
#[case(
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ProtocolVersion::TLSv1_2
)]
#[case(
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ProtocolVersion::TLSv1_2
)]
#[case(
    CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ProtocolVersion::TLSv1_2
)]
#[tokio::test]
async fn every_cipher_carries_bodies_of_any_size(
    #[case] suite: CipherSuite,
    #[case] version: ProtocolVersion,
) {
    const SIZE: usize = 5 * READ_BYTES_MAX + 4321;
    let (ca, config) = identity(Some(suite));
    let mut response = format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n").into_bytes();
    response.extend((0..SIZE).map(|n| (n % 251) as u8));
    let body = response[response.len() - SIZE..].to_vec();
    let (server, shakes) = fixed(config, response).await;
    let session = trusting(&ca, &server);
    for round in 0..4 {
        let mut request = get(&url(NAME, &server));
        if round % 2 == 1 {
            request.body = Body::Keep { limit: SIZE };
        }
        let (response, log) = run(&session, request).await;
        let response = response.unwrap();
        let kept = if round % 2 == 1 { &body[..] } else { b"" };
        assert!(response.body == kept);
        let hop = log.only();
        assert_eq!(hop.body_bytes, SIZE as u64);
        assert!(
            hop.wire.received > SIZE as u64 + 5 * 22,
            "records are larger than their contents"
        );
        assert_eq!(hop.reused, round > 0);
        assert_eq!(hop.timings.connect.is_some(), round == 0);
    }
    let expected = Shake {
        kind: HandshakeKind::Full,
        version,
        suite,
        sni: Some(NAME.to_owned()),
        alpn: Some(b"http/1.1".to_vec()),
    };
    assert_eq!(*shakes.lock().unwrap(), [expected]);
}

#[rstest]
#[case(CipherSuite::TLS13_AES_128_GCM_SHA256, 1)]
#[case(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, 2)]
#[tokio::test]
async fn a_modelled_network_holds_for_handshakes_and_records(
    #[case] suite: CipherSuite,
    #[case] round_trips: u32,
) {
    const SIZE: usize = 100_000;
    let (ca, config) = identity(Some(suite));
    let mut response = format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n").into_bytes();
    response.resize(response.len() + SIZE, 0);
    let (server, _) = fixed(config, response).await;
    let network = "bandwidth=8Mbit/s,latency=25ms".parse().unwrap();
    let session = client(Verify::Roots, &ca, &server).session_over(0, Some(&network), 1);
    let (response, log) = run(&session, get(&url(NAME, &server))).await;
    assert_eq!(response.unwrap().body_bytes, SIZE as u64);
    let hop = log.only();
    let round_trip = Duration::from_millis(25);
    let shaken = hop.timings.connect.unwrap().tls;
    assert!(shaken >= round_trip * round_trips, "{shaken:?}");
    // A millisecond for each 1,000 bytes, of which 5,000 come at once.
    let took = hop.timings.ended.saturating_sub(hop.timings.sent.unwrap());
    let line = Duration::from_millis((SIZE as u64 - 5_000) / 1_000);
    assert!(took >= round_trip + line, "{took:?}");
}

#[tokio::test]
async fn certificates_are_checked_unless_told_otherwise() {
    let (ca, config) = identity(None);
    let (other_ca, _) = identity(None);
    let (server, shakes) = fixed(config, OK.into()).await;
    let cases = [
        (Verify::Roots, &ca, NAME, None),
        (Verify::Roots, &ca, "127.0.0.1", None),
        (Verify::Roots, &ca, "other.example", Some(Failure::Tls)),
        (Verify::Roots, &other_ca, NAME, Some(Failure::Tls)),
        (Verify::Nothing, &other_ca, NAME, None),
        (Verify::Nothing, &other_ca, "other.example", None),
    ];
    for (verify, ca, host, failure) in cases {
        let session = client(verify, ca, &server).session();
        let (result, log) = run(&session, get(&url(host, &server))).await;
        let found = result.as_ref().err().map(transport::Error::failure);
        assert_eq!(found, failure, "{verify:?} {host}: {result:?}");
        let outcome = failure.map_or(Outcome::Ok, Outcome::Failed);
        assert_eq!(log.only().outcome, outcome);
    }
    let sni: Vec<_> = shakes
        .lock()
        .unwrap()
        .iter()
        .map(|shake| shake.sni.clone())
        .collect();
    let name = |name: &str| Some(name.to_owned());
    assert_eq!(sni, [name(NAME), None, name(NAME), name("other.example")]);
}

/// curl and browsers take it too; that it is the server's own key the handshake proves.
#[tokio::test]
async fn a_self_signed_certificate_that_was_given_is_trusted_for_its_names_and_its_time() {
    const GOOD: (i32, i32) = (2000, 2900);
    let (given, config) = self_signed(GOOD);
    let (good, _) = fixed(config, OK.into()).await;
    let (other, _) = self_signed(GOOD);
    let (old, config) = self_signed((2000, 2001));
    let (expired, _) = fixed(config, OK.into()).await;
    let (new, config) = self_signed((2899, 2900));
    let (not_yet, _) = fixed(config, OK.into()).await;
    let cases = [
        (&good, &given, NAME, None),
        (&good, &given, "other.example", Some("--resolve")),
        (&good, &other, NAME, Some("trust just this one (--cacert")),
        (&expired, &old, NAME, Some("expired")),
        (&not_yet, &new, NAME, Some("valid only in")),
    ];
    for (server, ca, host, complaint) in cases {
        let session = trusting(ca, server);
        let (result, _) = run(&session, get(&url(host, server))).await;
        let found = result.err().map(|error| error.to_string());
        match (&found, complaint) {
            (None, None) => {}
            (Some(found), Some(says)) if found.contains(says) => {}
            _ => panic!("{host} {complaint:?}: {found:?}"),
        }
    }
}

#[rstest]
#[case(CipherSuite::TLS13_AES_128_GCM_SHA256)]
#[case(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)]
#[tokio::test]
async fn a_viewer_resumes_its_own_sessions_only(#[case] suite: CipherSuite) {
    let (ca, config) = identity(Some(suite));
    let (server, shakes) = fixed(config, OK.into()).await;
    let client = client(Verify::Roots, &ca, &server);
    let (a, b) = (client.session(), client.session());
    for session in [&a, &a, &b, &b, &a] {
        let mut request = get(&url(NAME, &server));
        request.open = transport::Open::New;
        run(session, request).await.0.unwrap();
    }
    let kinds: Vec<_> = shakes
        .lock()
        .unwrap()
        .iter()
        .map(|shake| shake.kind)
        .collect();
    let (full, resumed) = (HandshakeKind::Full, HandshakeKind::Resumed);
    assert_eq!(kinds, [full, resumed, full, resumed, resumed]);
}

#[tokio::test]
async fn a_port_that_speaks_no_tls() {
    for answer in [
        &b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"[..],
        b"",
        b"x",
    ] {
        let server = Server::start(move |mut peer| async move {
            let mut hello = [0; 64];
            peer.socket.read_exact(&mut hello).await.unwrap();
            peer.send(answer).await;
        })
        .await;
        let session = support::client().session();
        let (result, log) = run(&session, get(&url("127.0.0.1", &server))).await;
        let error = result.unwrap_err();
        assert_eq!(error.failure(), Failure::Tls, "{error}");
        assert_eq!(log.only().outcome, Outcome::Failed(Failure::Tls));
    }
}

#[tokio::test]
async fn plain_http_to_a_tls_port_is_not_http() {
    let (_, config) = identity(None);
    let (server, _) = fixed(config, OK.into()).await;
    let (result, _) = run(&support::session(), get(&server.url("/"))).await;
    let failure = result.unwrap_err().failure();
    assert!(
        matches!(failure, Failure::Protocol | Failure::Reset),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_handshake_that_hangs_times_out() {
    let server = Server::start(|mut peer| async move {
        let mut hello = [0; 64];
        peer.socket.read_exact(&mut hello).await.unwrap();
        tokio::time::pause();
        peer.closed().await;
    })
    .await;
    let mut request = get(&url("127.0.0.1", &server));
    request.limits = Limits {
        connect: Some(Duration::from_hours(1)),
        ..Limits::default()
    };
    let (result, _) = run(&support::session(), request).await;
    let error = result.unwrap_err();
    assert_eq!(error.failure(), Failure::ConnectTimedOut, "{error}");
    assert!(error.to_string().contains("TLS handshake"), "{error}");
}

#[rstest]
#[case::said_goodbye("HTTP/1.1 200 OK\r\n\r\nhi", true, None)]
#[case::cut_off("HTTP/1.1 200 OK\r\n\r\nhi", false, Some(Failure::Truncated))]
#[case::length_needs_no_goodbye(OK, false, None)]
#[case::short(
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
    true,
    Some(Failure::Truncated)
)]
#[case::short_cut_off(
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
    false,
    Some(Failure::Truncated)
)]
#[case::nothing("", true, Some(Failure::Reset))]
#[tokio::test]
async fn only_a_goodbye_ends_a_body_without_length(
    #[case] response: &'static str,
    #[case] goodbye: bool,
    #[case] failure: Option<Failure>,
) {
    let (ca, config) = identity(None);
    let (server, _) = serve(config, move |mut stream, _| async move {
        request(&mut stream).await;
        stream.write_all(response.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        if goodbye {
            stream.shutdown().await.unwrap();
        } else {
            stream.get_mut().0.shutdown().await.unwrap();
        }
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    })
    .await;
    let (result, log) = run(&trusting(&ca, &server), get(&url(NAME, &server))).await;
    assert_eq!(
        result.as_ref().err().map(transport::Error::failure),
        failure,
        "{result:?}"
    );
    let body = if response.is_empty() { 0 } else { 2 };
    assert_eq!(log.only().body_bytes, body);
}

#[rstest]
#[tokio::test]
async fn a_connection_closed_while_idle_is_no_failure(#[values(false, true)] goodbye: bool) {
    let (ca, config) = identity(None);
    let closed = Arc::new(tokio::sync::Semaphore::new(0));
    let tell = Arc::clone(&closed);
    let (server, _) = serve(config, move |mut stream, _| {
        let tell = Arc::clone(&tell);
        async move {
            for _ in 0..2 {
                request(&mut stream).await;
                stream.write_all(OK.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
            }
            if goodbye {
                stream.shutdown().await.unwrap();
            }
            drop(stream);
            tell.add_permits(1);
        }
    })
    .await;
    let session = trusting(&ca, &server);
    for round in 0..6 {
        let (response, log) = run(&session, get(&url(NAME, &server))).await;
        assert_eq!(response.unwrap().reused, round % 2 == 1);
        assert_eq!(log.only().outcome, Outcome::Ok);
        if round % 2 == 1 {
            closed.acquire().await.unwrap().forget();
        }
    }
}

#[tokio::test]
async fn keys_change_when_the_server_asks() {
    let (ca, config) = identity(Some(CipherSuite::TLS13_AES_128_GCM_SHA256));
    let (server, _) = serve(config, |mut stream, _| async move {
        while request(&mut stream).await.is_some() {
            for part in [
                "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n",
                "ab",
                "cd",
                "ef",
            ] {
                stream.write_all(part.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
                stream.get_mut().1.refresh_traffic_keys().unwrap();
            }
            stream.flush().await.unwrap();
        }
    })
    .await;
    let session = trusting(&ca, &server);
    for round in 0..5 {
        let mut request = get(&url(NAME, &server));
        request.body = Body::Keep { limit: 6 };
        let (response, _) = run(&session, request).await;
        let response = response.unwrap();
        assert_eq!(response.body, "abcdef");
        assert_eq!(response.reused, round > 0);
    }
}

/// Between client and server: hands the server's bytes on in pieces of odd sizes.
async fn dribble(server: &Server) -> Server {
    let to = server.addr;
    Server::start(move |peer| async move {
        let (mut from_client, mut to_client) = peer.socket.into_split();
        let (mut from_server, mut to_server) = TcpStream::connect(to).await.unwrap().into_split();
        let up = async {
            let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
        };
        let down = async {
            let mut rng = base::Rng::new(peer.index as u64);
            loop {
                let mut piece = vec![0; 1 + (rng.next_u64() % 3000) as usize];
                match from_server.read(&mut piece).await {
                    Ok(n) if n > 0 => to_client.write_all(&piece[..n]).await.unwrap(),
                    _ => break,
                }
                // The client reads this piece before the next one comes.
                for _ in 0..rng.next_u64() % 4 {
                    tokio::task::yield_now().await;
                }
            }
        };
        tokio::join!(up, down);
    })
    .await
}

#[tokio::test]
async fn records_come_whole_out_of_pieces() {
    const SIZE: usize = 300_000;
    let (ca, config) = identity(None);
    let mut response = format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n").into_bytes();
    response.extend((0..SIZE).map(|n| (n % 253) as u8));
    let body = response[response.len() - SIZE..].to_vec();
    let (server, _) = fixed(config, response).await;
    let relay = dribble(&server).await;
    let session = trusting(&ca, &relay);
    for _ in 0..3 {
        let mut request = get(&url(NAME, &relay));
        request.body = Body::Keep { limit: SIZE };
        let (response, log) = run(&session, request).await;
        assert!(response.unwrap().body == body);
        assert_eq!(log.only().body_bytes, SIZE as u64);
    }
    assert_eq!(relay.connections(), 1);
}

#[tokio::test]
async fn a_record_that_was_tampered_with_is_refused() {
    let (ca, config) = identity(None);
    let (server, _) = serve(config, |mut stream, _| async move {
        request(&mut stream).await;
        // Past TLS: a record that nobody sealed.
        let mut forged = vec![23, 3, 3, 0, 40];
        forged.resize(45, 7);
        stream.get_mut().0.write_all(&forged).await.unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    })
    .await;
    let log = Log::default();
    let session = trusting(&ca, &server);
    let result = session.start(get(&url(NAME, &server)), log.clone()).await;
    assert_eq!(result.unwrap_err().failure(), Failure::Tls);
    assert_eq!(log.only().outcome, Outcome::Failed(Failure::Tls));
}
