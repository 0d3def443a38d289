use std::time::Duration;

use serde::{Deserialize, Serialize};
use telemetry::origin::{Figure, View};

/// What the origin said of itself over a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// The share of its machine's cores that was busy, on average, from 0 to 1; `None` where it did
    /// not say.
    pub cpu: Option<f64>,
    /// The most connections that its web server had open; `None` likewise.
    pub connections: Option<u64>,
}

/// Hears what the origin says over a level.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Listener {
    heard: Origin,
    /// Readings of its processor that were counted.
    readings: u32,
    sum: f64,
    /// How long into the level the newest of them was taken, in milliseconds.
    newest: Option<u64>,
}

impl Listener {
    /// Takes in what it says `into` a level. A reading counts once, and only where it was taken
    /// within the level: of the processor, where all of the time that it tells of is.
    pub fn observe(&mut self, view: &View, into: Duration) {
        let into = u64::try_from(into.as_millis()).unwrap_or(u64::MAX);
        if let Some(cpu) = view.host.and_then(|host| host.cpu) {
            self.observe_cpu(cpu, into);
        }
        let connections = view.server.and_then(|server| server.connections);
        let connections = connections.filter(|figure| figure.age_ms <= into);
        let connections = connections.map(|figure| figure.newest as u64);
        self.heard.connections = self.heard.connections.max(connections);
    }

    /// What it said so far.
    pub fn heard(&self) -> Origin {
        self.heard
    }

    fn observe_cpu(&mut self, cpu: Figure, into: u64) {
        let taken = into.checked_sub(cpu.age_ms);
        let Some(taken) = taken.filter(|taken| *taken >= READING_MS) else {
            return;
        };
        // Two clocks are read, so a reading is not always dated alike.
        let is_new = |newest| taken > newest + SAME_MS;
        if self.newest.is_none_or(is_new) {
            self.newest = Some(taken);
            self.readings += 1;
            self.sum += cpu.newest;
            self.heard.cpu = Some(self.sum / f64::from(self.readings));
        }
    }
}

/// How far apart readings are, each of which is the mean since the one before.
const READING_MS: u64 = 2_000;
/// Readings that seem to be no farther apart than this are one: looks at the origin and what it
/// reports are each up to a quarter of a second old.
const SAME_MS: u64 = READING_MS / 2;

#[cfg(test)]
mod tests {
    use telemetry::origin::{Host, Server};

    use super::*;

    fn says(cpu: f64, connections: f64, age_ms: u64) -> View {
        let figure = |newest| {
            Some(Figure {
                newest,
                age_ms,
                ..Figure::default()
            })
        };
        View {
            host: Some(Host {
                cpu: figure(cpu),
                ..Host::default()
            }),
            server: Some(Server {
                connections: figure(connections),
                ..Server::default()
            }),
            ..View::default()
        }
    }

    #[test]
    fn readings_of_the_level_count_once_each() {
        let mut listener = Listener::default();
        for (ms, view) in [
            // Taken before the level.
            (250, says(0.9, 900.0, 300)),
            // Taken within it, but the processor's is of the time before too.
            (1_000, says(0.8, 25.0, 100)),
            (2_500, says(0.2, 20.0, 100)),
            // The same reading, a little later, dated a little otherwise.
            (2_750, says(0.2, 20.0, 349)),
            (3_000, says(0.2, 20.0, 100)),
            (4_500, says(0.4, 30.0, 50)),
            (6_500, says(0.6, 10.0, 0)),
        ] {
            listener.observe(&view, Duration::from_millis(ms));
        }
        let heard = listener.heard();
        assert_eq!(heard.connections, Some(30));
        let cpu = heard.cpu.unwrap();
        assert!((cpu - 0.4).abs() < 1e-9, "{cpu}");
    }

    #[test]
    fn who_says_nothing_is_unknown() {
        let mut listener = Listener::default();
        listener.observe(&View::default(), Duration::from_secs(9));
        assert_eq!(listener.heard(), Origin::default());
    }
}
