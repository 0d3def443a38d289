//! One exporter over time: what it told, how old that is, and what went wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use telemetry::origin::{Host, Scope, Sent, Server, Source};

use crate::counter::Counter;
use crate::exposition::samples;
use crate::{Attempts, Received, node, server};

/// An exporter and all that is known from it.
#[derive(Clone, Debug)]
pub struct Exporter {
    attempts: Attempts,
    node: node::Tracker,
    server: server::Tracker,
    /// What viewers had received when each count began, and at its newest reading.
    received: BTreeMap<Scope, (u64, u64)>,
}

/// Why an answer tells nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untold {
    /// There is no sample in it.
    #[error("the answer holds no metrics: is this the path (mostly /metrics)?")]
    NoMetrics,
    /// It is a page for people.
    #[error("the answer is a web page, not metrics: is this the path (mostly /metrics)?")]
    Page,
    /// Its metrics are of something else.
    #[error(
        "none of its metrics is known: node exporter, nginx exporter (stub_status, NGINX Plus, \
         VTS) and liveswarm origin are"
    )]
    NothingKnown,
    /// It does not reach the server that it is to tell of.
    #[error("the exporter does not reach its nginx (it says nginx_up 0)")]
    Down,
}

impl Exporter {
    /// One at `url`, which is fit to be shown, that is asked each `every` from `since` on.
    pub fn new(url: String, every: Duration, since: Duration) -> Self {
        Self {
            attempts: Attempts::new(url, every, since),
            node: node::Tracker::default(),
            server: server::Tracker::default(),
            received: BTreeMap::new(),
        }
    }

    /// Takes in an answer of the moment `at`, when viewers had received `received`.
    pub fn read(&mut self, at: Duration, body: &[u8], received: Received) {
        let mut node = node::Reading::default();
        let mut server = server::Reading::default();
        let mut all = samples(body);
        for sample in all.by_ref() {
            node.take(&sample);
            server.take(&sample);
        }
        if let Err(untold) = judged(body, all.read(), &node, &server) {
            self.attempts.failed(untold.to_string());
            return;
        }
        self.node.observe(at, node);
        self.server.observe(at, server);
        self.remember(at, received);
        self.attempts.read(at);
    }

    /// There was no answer.
    pub fn failed(&mut self, why: String) {
        self.attempts.failed(why);
    }

    /// Notes what viewers had received when counts were read, of those that were.
    fn remember(&mut self, at: Duration, received: Received) {
        let read = self.counts().filter(|(_, count)| count.is_of(at));
        let scopes: Vec<Scope> = read.map(|(scope, _)| scope).collect();
        for scope in scopes {
            let bytes = received.of(scope);
            let (_, newest) = self.received.entry(scope).or_insert((bytes, bytes));
            *newest = bytes;
        }
    }

    fn counts(&self) -> impl Iterator<Item = (Scope, &Counter)> {
        let host = (Scope::Host, self.node.sent());
        let all = self.server.sent().chain([host]);
        all.filter(|(_, count)| count.total().is_some())
    }

    /// How asking goes.
    pub fn source(&self, now: Duration) -> Source {
        Source {
            resets: self.server.resets().max(self.node.sent().resets()),
            ..self.attempts.source(now)
        }
    }

    /// The machine, if it tells of one.
    pub fn host(&self, now: Duration) -> Option<Host> {
        self.node.host(now, self.attempts.stale_from())
    }

    /// The web server, if it tells of one.
    pub fn server(&self, now: Duration) -> Option<Server> {
        self.server.server(now, self.attempts.stale_from())
    }

    /// What it says was sent, beside what was received.
    pub fn sent(&self) -> impl Iterator<Item = Sent> {
        self.counts().filter_map(|(scope, count)| {
            let (first, newest) = *self.received.get(&scope)?;
            let bytes = count.total()? as u64;
            Some(Sent {
                over_ms: count.span()?.as_millis() as u64,
                resets: count.resets(),
                ..Sent::of(scope, bytes, newest.saturating_sub(first))
            })
        })
    }
}

fn judged(
    body: &[u8],
    samples: usize,
    node: &node::Reading,
    server: &server::Reading,
) -> Result<(), Untold> {
    if samples == 0 {
        let page = body.trim_ascii_start().starts_with(b"<");
        return Err(if page {
            Untold::Page
        } else {
            Untold::NoMetrics
        });
    }
    match (node.is_empty(), server.is_empty()) {
        (true, _) if server.is_down() => Err(Untold::Down),
        (true, true) => Err(Untold::NothingKnown),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(2);

    fn exporter() -> Exporter {
        Exporter::new("http://h/metrics".to_owned(), EVERY, Duration::ZERO)
    }

    fn received(all: u64, other: u64) -> Received {
        Received { all, other }
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn what_was_sent_stands_beside_what_was_received_in_the_same_time() {
        let mut exporter = exporter();
        let text = |bodies: u64, out: u64| {
            format!(
                "liveswarm_origin_bytes_total{{class=\"segment\"}} {bodies}\n\
                 node_network_transmit_bytes_total{{device=\"eth0\"}} {out}\n"
            )
        };
        // Both sides had counted before.
        exporter.read(secs(1), text(5_000, 90_000).as_bytes(), received(40, 10));
        exporter.read(secs(3), text(6_000, 91_500).as_bytes(), received(1_050, 20));
        let sent: Vec<Sent> = exporter.sent().collect();
        let expected = |scope, bytes, received| Sent {
            over_ms: 2000,
            ..Sent::of(scope, bytes, received)
        };
        assert_eq!(
            sent,
            [
                expected(Scope::Bodies, 1_000, 1_000),
                expected(Scope::Host, 1_500, 1_010)
            ]
        );
        assert_eq!(sent[0].difference_percent, Some(0.0));
        // What is received later is not held against what was read then.
        exporter.failed("gone".to_owned());
        exporter.read(
            secs(7),
            b"nginx_connections_active 1\n",
            received(9_000, 20),
        );
        assert_eq!(exporter.sent().collect::<Vec<_>>(), sent);
    }

    #[test]
    fn answers_that_tell_nothing_say_why() {
        let cases: [(&str, Untold); 6] = [
            ("", Untold::NoMetrics),
            ("{\"status\":\"ok\"}", Untold::NoMetrics),
            ("\n<!doctype html>\n<p>metrics</p>", Untold::Page),
            ("go_goroutines 5\n", Untold::NothingKnown),
            ("nginx_up 0\nnginxexporter_build_info 1\n", Untold::Down),
            ("node_load1 5\n", Untold::NothingKnown),
        ];
        for (text, why) in cases {
            let mut exporter = exporter();
            exporter.read(secs(1), text.as_bytes(), Received::default());
            let source = exporter.source(secs(1));
            assert_eq!(source.error, Some(why.to_string()), "{text}");
            assert_eq!((source.readings, source.failures), (0, 1));
            assert_eq!(
                (exporter.host(secs(1)), exporter.server(secs(1))),
                (None, None)
            );
        }
    }

    #[test]
    fn an_exporter_that_breaks_grows_stale_and_mends() {
        let mut exporter = exporter();
        let good = b"nginx_connections_active 5\n";
        exporter.read(secs(1), good, Received::default());
        for at in [3, 5, 7] {
            exporter.failed("connection refused".to_owned());
            let source = exporter.source(secs(at));
            assert_eq!(source.stale, at == 7, "{at}");
            let figure = exporter.server(secs(at)).unwrap().connections.unwrap();
            assert_eq!((figure.stale, figure.newest), (at == 7, 5.0));
        }
        assert_eq!(
            exporter.source(secs(7)).error.as_deref(),
            Some("connection refused")
        );
        exporter.read(secs(9), good, Received::default());
        let source = exporter.source(secs(9));
        assert_eq!(
            (source.stale, source.error, source.failures),
            (false, None, 3)
        );
    }
}
