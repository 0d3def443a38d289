//! What origins say of themselves.

use telemetry::origin::{Figure, Host, Scope, Segments, Sent, Server, Source, View};

#[expect(clippy::unnecessary_wraps, reason = "as the fields have it")]
fn figure(newest: f64) -> Option<Figure> {
    Some(Figure {
        newest,
        age_ms: 1_240,
        stale: false,
        p50: newest * 0.8,
        max: newest * 1.5,
        run_max: newest * 2.0,
    })
}

fn sent(scope: Scope, bytes: u64) -> Sent {
    Sent {
        over_ms: 60_000,
        ..Sent::of(scope, bytes, 1_400_000_000)
    }
}

fn source(url: &str) -> Source {
    Source {
        url: url.to_owned(),
        readings: 30,
        age_ms: Some(1_240),
        ..Source::default()
    }
}

/// Our own origin: it counts what viewers count.
pub(crate) fn ours() -> View {
    View {
        sources: vec![source("http://127.0.0.1:17092/metrics")],
        server: Some(Server {
            connections: figure(100.0),
            accepted: Some(102),
            requests: Some(4_210),
            requests_per_s: figure(70.2),
            sent_per_s: figure(23_300_000.0),
            ..Server::default()
        }),
        sent: vec![sent(Scope::Bodies, 1_400_000_000)],
        ..View::default()
    }
}

/// All that an origin can say, some of it too old, and some that it does not say.
pub(crate) fn troubled() -> View {
    let stale = |figure: Option<Figure>| {
        figure.map(|figure| Figure {
            stale: true,
            age_ms: 12_400,
            ..figure
        })
    };
    let host = Host {
        cpu: figure(0.234),
        memory: figure(0.42),
        memory_bytes: Some(16_000_000_000),
        network_in: figure(150_000.0),
        network_out: figure(24_500_000.0),
    };
    let server = Server {
        connections: stale(figure(104.0)),
        reading: Some(0),
        writing: Some(12),
        waiting: Some(92),
        accepted: Some(130),
        requests: Some(4_300),
        requests_per_s: stale(figure(71.0)),
        latency_ms: stale(figure(42.0)),
        latency_p95_ms: stale(figure(180.0)),
        sent_per_s: stale(figure(23_900_000.0)),
    };
    let anew = Sent {
        resets: 1,
        ..sent(Scope::Server, 1_350_000_000)
    };
    let nginx = Source {
        stale: true,
        age_ms: Some(12_400),
        failures: 6,
        resets: 1,
        error: Some("connection lost: Connection reset by peer (os error 104)".to_owned()),
        ..source("http://***@origin.example:9113/metrics")
    };
    let listing = Source {
        readings: 0,
        age_ms: None,
        failures: 31,
        stale: true,
        error: Some("the answer was 404; is this the path?".to_owned()),
        ..source("http://origin.example/files/json/")
    };
    View {
        sources: vec![source("http://origin.example:9100/metrics"), nginx, listing],
        host: Some(host),
        server: Some(server),
        sent: vec![anew, sent(Scope::Host, 1_470_000_000)],
        segments: Some(Segments {
            listed: 30,
            known: 212,
            p50_bytes: Some(500_000),
            max_bytes: Some(812_004),
            restarts: 1,
            age_ms: 1_240,
            stale: false,
        }),
    }
}
