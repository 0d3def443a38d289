//! Exporters that are broken, slow, endless, or not exporters at all: each costs an age and a
//! sentence.

use std::time::Duration;

use scrape::{Options, Received};
use telemetry::origin::Source;
use tokio::io::AsyncWriteExt;

use crate::asked::{Asking, EVERY, Server, ok, run};

const GOOD: &str = "nginx_connections_active 5\nnginx_http_requests_total 10\n";

fn error(source: &Source) -> &str {
    source.error.as_deref().unwrap_or_default()
}

/// What is said of an exporter that only ever gives this answer.
async fn said_of(answer: String) -> String {
    let server = Server::of(move |_| answer.clone()).await;
    let asking = Asking::metrics(&server.url("/metrics"));
    let view = asking.until(|view| view.sources[0].stale).await;
    let source = &view.sources[0];
    assert_eq!((source.readings, source.age_ms), (0, None));
    assert!(source.failures > 0);
    assert_eq!((view.host, view.server), (None, None));
    assert!(view.sent.is_empty());
    error(source).to_owned()
}

#[test]
fn what_is_no_exporter_says_so() {
    run(async {
        let length = |number: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {number}\r\n\r\n");
        let cases = [
            (ok("<html>welcome</html>"), "a web page"),
            (ok(""), "no metrics"),
            (ok("up 1\n"), "none of its metrics is known"),
            (ok("nginx_up 0\n"), "does not reach its nginx"),
            (
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
                "404",
            ),
            (
                "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n".to_owned(),
                "credentials",
            ),
            ("SSH-2.0-OpenSSH_9.2\r\n\r\n".to_owned(), "not HTTP/1"),
            (String::new(), "closed the connection"),
            (length(500) + GOOD, "ended"),
            (length(1 << 40), "larger than"),
            (
                "HTTP/1.1 302 Found\r\nLocation: /metrics\r\nContent-Length: 0\r\n\r\n".to_owned(),
                "redirect",
            ),
        ];
        for (answer, words) in cases {
            let said = said_of(answer.clone()).await;
            assert!(said.contains(words), "{answer:?}: {said}");
        }
    });
}

#[test]
fn one_that_is_not_there_says_so() {
    run(async {
        let asking = Asking::metrics("http://127.0.0.1:1/metrics");
        let view = asking.until(|view| view.sources[0].stale).await;
        let said = error(&view.sources[0]);
        assert!(
            said.contains("127.0.0.1:1") && said.contains("refused"),
            "{said}"
        );
    });
}

#[test]
fn an_endless_body_is_cut_at_its_limit() {
    run(async {
        let server = Server::start(|_, mut socket| async move {
            let mut sent = socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            let lines = GOOD.repeat(1_000);
            while sent.is_ok() {
                sent = socket.write_all(lines.as_bytes()).await;
            }
        })
        .await;
        let asking = Asking::metrics(&server.url("/metrics"));
        let view = asking.until(|view| view.sources[0].failures > 0).await;
        assert!(error(&view.sources[0]).contains("larger than 8388608 bytes"));
    });
}

#[test]
fn a_slow_drip_grows_stale_and_is_given_up() {
    run(async {
        let server = Server::start(|number, mut socket| async move {
            if number == 0 {
                let _ = socket.write_all(ok(GOOD).as_bytes()).await;
                return;
            }
            let begun = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnginx_";
            let _ = socket.write_all(begun).await;
            std::future::pending::<()>().await;
        })
        .await;
        let asking = Asking::metrics(&server.url("/metrics"));
        asking.until(|view| view.sources[0].readings == 1).await;
        let view = asking.until(|view| view.sources[0].failures == 1).await;
        let source = &view.sources[0];
        assert!(
            error(source).contains("took longer than 500ms"),
            "{source:?}"
        );
        assert!(source.stale && source.age_ms >= Some(500), "{source:?}");
        let figure = view.server.unwrap().connections.unwrap();
        assert!(figure.stale && figure.newest == 5.0, "{figure:?}");
        // Never more than one request at once, however slow.
        assert_eq!(server.requests.borrow().len(), 2);
    });
}

#[test]
fn a_restart_and_a_redirect_are_survived() {
    run(async {
        let counts = [100, 160, 30, 70];
        let server = Server::of(move |number| {
            if number % 2 == 0 {
                let to = "Location: /elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                return format!("HTTP/1.1 307 There\r\n{to}");
            }
            let count = counts[(number / 2).min(counts.len() - 1)];
            ok(&format!("nginx_http_requests_total {count}\n"))
        })
        .await;
        let asking = Asking::metrics(&server.url("/metrics"));
        let view = asking.until(|view| view.sources[0].readings == 4).await;
        assert_eq!(view.sources[0].resets, 1);
        assert_eq!(view.server.unwrap().requests, Some(60 + 30 + 40));
        assert!(server.requests.borrow()[1].1.starts_with("GET /elsewhere "));
    });
}

#[test]
fn credentials_are_sent_and_never_shown() {
    run(async {
        let server = Server::of(|_| ok(GOOD)).await;
        let url = format!("http://me:secret@127.0.0.1:{}/metrics", server.port);
        let asking = Asking::metrics(&url);
        let view = asking.until(|view| view.sources[0].readings > 0).await;
        assert_eq!(view.sources[0].url, url.replace("me:secret", "***"));
        let head = server.requests.borrow()[0].1.clone();
        assert!(
            head.contains("Authorization: Basic bWU6c2VjcmV0\r\n"),
            "{head}"
        );
    });
}

#[test]
fn nobody_is_asked_faster_than_told_to_and_it_ends_by_itself() {
    run(async {
        let server = Server::of(|_| ok(GOOD)).await;
        let mut asking = Asking::metrics(&server.url("/metrics"));
        asking.scraper.first().await;
        for _ in 0..5 {
            asking.scraper.turn().await;
        }
        // Waiting for the last word makes nothing faster.
        asking.scraper.last().await;
        drop(asking.scraper);
        while asking.tasks.join_next().await.is_some() {}
        let times: Vec<_> = server.requests.borrow().iter().map(|(at, _)| *at).collect();
        assert!(times.len() > 6);
        let spans = times.windows(2).map(|pair| pair[1] - pair[0]);
        // A request that came late makes the next look early; so over all of them.
        let mean = spans.sum::<Duration>() / (times.len() as u32 - 1);
        assert!(mean * 10 >= EVERY * 9, "{mean:?}");
    });
}

#[test]
fn each_endpoint_goes_its_own_way() {
    run(async {
        let good = Server::of(|_| ok(GOOD)).await;
        let silent = Server::start(|_, socket| async move {
            let _held = socket;
            std::future::pending::<()>().await;
        })
        .await;
        let listing = Server::of(|number| match number {
            0 => ok(r#"[{"name":"v","type":"directory"},{"name":"a1.ts","type":"file","size":7}]"#),
            1 => ok(r#"[{"name":"b1.ts","type":"file","size":9}]"#),
            _ => ok("[{"),
        })
        .await;
        let [origin, nginx] = [silent.url("/metrics"), good.url("/metrics")];
        let asking = Asking::at(&Options {
            origin_metrics: Some(&origin),
            nginx_metrics: Some(&nginx),
            host: None,
            segment_sizes: Some(&listing.url("/files/json")),
        });
        asking.scraper.note_received(Received { all: 5, other: 0 });
        let fits = |view: &telemetry::origin::View| {
            let [silent, good, listing] = &view.sources[..] else {
                return false;
            };
            silent.stale && good.readings > 3 && listing.failures > 1
        };
        let view = asking.until(fits).await;
        assert_eq!(view.server.unwrap().connections.unwrap().newest, 5.0);
        assert!(error(&view.sources[2]).contains("not a listing of files"));
        // What was listed before is still known.
        let known =
            ["http://h/live/v/b1.ts?x", "/a1.ts"].map(|url| asking.scraper.segment_sizes().of(url));
        assert_eq!(known, [Some(9), Some(7)]);
        let paths: Vec<String> = listing
            .requests
            .borrow()
            .iter()
            .take(2)
            .map(|(_, head)| head.split(' ').nth(1).unwrap_or_default().to_owned())
            .collect();
        assert_eq!(paths, ["/files/json", "/files/json/v/"]);
    });
}
