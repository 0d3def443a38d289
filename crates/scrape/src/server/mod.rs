//! The origin's web server, as its exporter tells of it: nginx in several forms, and our own
//! origin.

mod buckets;
mod names;

use std::collections::BTreeMap;
use std::time::Duration;

use telemetry::origin::{Scope, Server};

use crate::counter::{Counter, Increase, Values};
use crate::exposition::Sample;
use crate::window::Window;
use buckets::Buckets;
use names::What;

/// The host under which `nginx-module-vts` adds up all others.
const ALL_HOSTS: &str = "*";

/// What only grows.
const COUNTERS: [What; 6] = [
    What::Accepted,
    What::Requests,
    What::Bodies,
    What::Sent,
    What::Seconds,
    What::Timed,
];

/// What one reading tells of the server.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    all: BTreeMap<What, Values>,
    /// What the server added up itself.
    sums: BTreeMap<What, Values>,
    buckets: (Buckets, Buckets),
    down: bool,
}

impl Reading {
    /// Takes in what of a sample tells of the server.
    pub fn take(&mut self, sample: &Sample<'_>) {
        let Some(what) = names::what(sample) else {
            return;
        };
        let is_sum = sample.label("host").as_deref() == Some(ALL_HOSTS);
        match what {
            What::Up => self.down |= sample.value == 0.0,
            What::Bucket if is_sum => self.buckets.1.take(sample),
            What::Bucket => self.buckets.0.take(sample),
            what => {
                let values = if is_sum {
                    &mut self.sums
                } else {
                    &mut self.all
                };
                let values = values.entry(what).or_default();
                values.add(sample.series, sample.value);
            }
        }
        if what == What::Bodies {
            // Our own origin has no line for requests before the first.
            self.all.entry(What::Requests).or_default().add("", 0.0);
        }
    }

    /// Whether nothing is known of the server.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.sums.is_empty()
    }

    /// Whether the exporter says that it does not reach its server.
    pub fn is_down(&self) -> bool {
        self.down
    }

    fn values(&self, what: What) -> Option<&Values> {
        self.sums.get(&what).or_else(|| self.all.get(&what))
    }

    fn gauge(&self, what: What) -> Option<f64> {
        self.values(what)?.sum()
    }

    fn buckets(&self) -> &Buckets {
        let (all, sums) = &self.buckets;
        if sums.is_empty() { all } else { sums }
    }
}

/// The server over time.
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    newest: Option<Reading>,
    counters: BTreeMap<What, Counter>,
    buckets: buckets::Tracker,
    connections: Window,
    requests: Window,
    sent: Window,
    latency: Window,
    latency_p95: Window,
}

impl Tracker {
    /// Takes in a reading of the moment `at`.
    pub fn observe(&mut self, at: Duration, reading: Reading) {
        if let Some(active) = reading.gauge(What::Active) {
            self.connections.push(at, active);
        }
        let mut grew = BTreeMap::new();
        for what in COUNTERS {
            if let Some(values) = reading.values(what) {
                let counter = self.counters.entry(what).or_default();
                grew.insert(what, counter.observe(at, values));
            }
        }
        self.push(at, |what| grew.get(&what).copied().flatten());
        if let Some(p95) = self.buckets.observe(at, reading.buckets()) {
            self.latency_p95.push(at, p95);
        }
        if !reading.is_empty() {
            self.newest = Some(reading);
        }
    }

    /// What follows from what counters grew by.
    fn push(&mut self, at: Duration, grew: impl Fn(What) -> Option<Increase>) {
        let rate = |first, second| {
            let grew: Option<Increase> = grew(first).or_else(|| grew(second));
            grew.and_then(|grew| grew.rate())
        };
        if let Some(rate) = rate(What::Requests, What::Timed) {
            self.requests.push(at, rate);
        }
        if let Some(rate) = rate(What::Bodies, What::Sent) {
            self.sent.push(at, rate);
        }
        if let (Some(seconds), Some(timed)) = (grew(What::Seconds), grew(What::Timed))
            && !seconds.reset
            && !timed.reset
            && timed.by > 0.0
        {
            self.latency.push(at, seconds.by * 1e3 / timed.by);
        }
    }

    /// The server as of `now`; `None` before anything is known of it.
    pub fn server(&self, now: Duration, stale_from: Duration) -> Option<Server> {
        let newest = self.newest.as_ref()?;
        let figure = |window: &Window| window.figure(now, stale_from);
        let gauge = |what| newest.gauge(what).map(|number| number as u64);
        let total = |what| Some(self.counters.get(&what)?.total()? as u64);
        Some(Server {
            connections: figure(&self.connections),
            reading: gauge(What::Reading),
            writing: gauge(What::Writing),
            waiting: gauge(What::Waiting),
            accepted: total(What::Accepted),
            requests: total(What::Requests).or_else(|| total(What::Timed)),
            requests_per_s: figure(&self.requests),
            latency_ms: figure(&self.latency),
            latency_p95_ms: figure(&self.latency_p95),
            sent_per_s: figure(&self.sent),
        })
    }

    /// What it sent, as far as it says.
    pub fn sent(&self) -> impl Iterator<Item = (Scope, &Counter)> {
        let scopes = [(Scope::Bodies, What::Bodies), (Scope::Server, What::Sent)];
        let counters = scopes.into_iter();
        counters.filter_map(|(scope, what)| Some((scope, self.counters.get(&what)?)))
    }

    /// How often it began anew.
    pub fn resets(&self) -> u64 {
        let resets = self.counters.values().map(Counter::resets);
        resets.max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposition::samples;

    const STALE: Duration = Duration::from_secs(6);

    fn reading(text: &str) -> Reading {
        let mut reading = Reading::default();
        samples(text.as_bytes()).for_each(|sample| reading.take(&sample));
        reading
    }

    fn after(texts: &[&str]) -> (Server, Tracker) {
        let mut tracker = Tracker::default();
        let mut now = Duration::ZERO;
        for (turn, text) in texts.iter().enumerate() {
            now = Duration::from_secs(2 * turn as u64);
            tracker.observe(now, reading(text));
        }
        (tracker.server(now, STALE).unwrap(), tracker)
    }

    fn stub(requests: u64, accepted: u64) -> String {
        format!(
            "nginx_up 1\nnginx_connections_active 7\nnginx_connections_reading 1\n\
             nginx_connections_writing 2\nnginx_connections_waiting 4\n\
             nginx_connections_accepted {accepted}\nnginx_connections_handled {accepted}\n\
             nginx_http_requests_total {requests}\n"
        )
    }

    #[test]
    fn stub_status() {
        let (server, tracker) = after(&[&stub(1000, 50), &stub(1500, 60)]);
        assert_eq!(server.connections.unwrap().newest, 7.0);
        let states = [server.reading, server.writing, server.waiting];
        assert_eq!(states, [Some(1), Some(2), Some(4)]);
        assert_eq!((server.accepted, server.requests), (Some(10), Some(500)));
        assert_eq!(server.requests_per_s.unwrap().newest, 250.0);
        // It counts neither bytes nor time.
        assert_eq!((server.sent_per_s, server.latency_ms), (None, None));
        assert_eq!(tracker.sent().count(), 0);
    }

    #[test]
    fn a_restart_of_the_server_is_survived() {
        let (server, tracker) = after(&[&stub(1000, 50), &stub(1500, 60), &stub(20, 2)]);
        assert_eq!((server.requests, tracker.resets()), (Some(520), 1));
        // The rate of the interval in which it happened is not known.
        assert_eq!(server.requests_per_s.unwrap().newest, 250.0);
        assert!(reading("nginx_up 0\n").is_down());
    }

    fn vts(host: &str, bytes: u64, ok: u64, failed: u64, seconds: f64) -> String {
        format!(
            "nginx_vts_server_bytes_total{{host=\"{host}\",direction=\"in\"}} 5\n\
             nginx_vts_server_bytes_total{{host=\"{host}\",direction=\"out\"}} {bytes}\n\
             nginx_vts_server_requests_total{{host=\"{host}\",code=\"2xx\"}} {ok}\n\
             nginx_vts_server_requests_total{{host=\"{host}\",code=\"5xx\"}} {failed}\n\
             nginx_vts_server_request_seconds_total{{host=\"{host}\"}} {seconds}\n"
        )
    }

    #[test]
    fn latency_is_of_the_interval() {
        let first = vts("a", 1_000, 900, 100, 5000.0);
        let then = vts("a", 501_000, 990, 110, 5020.0);
        let (server, tracker) = after(&[&first, &then]);
        assert_eq!(server.latency_ms.unwrap().newest, 200.0);
        assert_eq!(server.sent_per_s.unwrap().newest, 250_000.0);
        assert_eq!(server.requests, Some(100));
        let sent: Vec<_> = tracker
            .sent()
            .map(|(scope, sent)| (scope, sent.total()))
            .collect();
        assert_eq!(sent, [(Scope::Server, Some(500_000.0))]);
        // No request, no latency: the newest is that of the interval before.
        let (server, _) = after(&[&first, &then, &then]);
        assert_eq!(server.latency_ms.unwrap().age_ms, 2000);
    }

    #[test]
    fn what_the_server_added_up_is_not_added_again() {
        let hosts = |bytes| vts("a", bytes, 1, 0, 0.1) + &vts("b", 10, 1, 0, 0.1);
        let with_sum = |bytes| hosts(bytes) + &vts("*", bytes + 10, 2, 0, 0.2);
        for text in [&hosts as &dyn Fn(u64) -> String, &with_sum] {
            let (_, tracker) = after(&[&text(100), &text(300)]);
            let sent: Vec<_> = tracker.sent().map(|(_, sent)| sent.total()).collect();
            assert_eq!(sent, [Some(200.0)], "{}", text(300));
        }
    }

    #[test]
    fn our_own_origin_counts_bodies() {
        let text = |segments: u64, listings: u64| {
            let requests = "liveswarm_origin_requests_total{class=\"segment\",status=\"200\"} 4\n";
            let requests = if segments > 0 { requests } else { "" };
            format!(
                "{requests}liveswarm_origin_open_connections 3\n\
                 liveswarm_origin_connections_total 9\n\
                 liveswarm_origin_bytes_total{{class=\"segment\"}} {segments}\n\
                 liveswarm_origin_bytes_total{{class=\"other\"}} {listings}\n"
            )
        };
        let (server, tracker) = after(&[&text(0, 0), &text(800, 999)]);
        let sent: Vec<_> = tracker
            .sent()
            .map(|(scope, sent)| (scope, sent.total()))
            .collect();
        assert_eq!(sent, [(Scope::Bodies, Some(800.0))]);
        assert_eq!(server.connections.unwrap().newest, 3.0);
        assert_eq!(server.sent_per_s.unwrap().newest, 400.0);
        assert_eq!(server.requests, Some(4));
    }
}
