//! What the gateway itself adds to the latency of an exchange.

use std::time::Duration;

use telemetry::hist::{Distribution, Histogram, Micros};

/// The instants of one exchange between which the gateway is at work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stops {
    /// The player's request head was read.
    pub(crate) heard: Duration,
    /// The upstream request was sent, without the time that its connection took to make.
    pub(crate) sent: Option<Duration>,
    /// What is passed on was there: the first byte of the answer, or the last one of a playlist,
    /// which has to be read whole.
    pub(crate) there: Option<Duration>,
    /// The player's socket took the first byte.
    pub(crate) passed: Option<Duration>,
}

impl Stops {
    /// From the player's head to the upstream request, and from the answer to the player.
    fn own(self) -> Option<Duration> {
        let inward = self.sent?.saturating_sub(self.heard);
        let outward = self.passed?.saturating_sub(self.there?);
        Some(inward + outward)
    }
}

/// The shares of all exchanges of a gateway.
#[derive(Debug)]
pub(crate) struct Shares(Histogram<Micros>);

impl Shares {
    pub(crate) fn new() -> Self {
        Self(Histogram::new())
    }

    pub(crate) fn record(&mut self, stops: Stops) {
        if let Some(own) = stops.own() {
            self.0.record(own.as_micros() as u64);
        }
    }

    pub(crate) fn distribution(&self) -> Distribution<Micros> {
        self.0.distribution()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_gateways_own_time_counts() {
        let ms = Duration::from_millis;
        let stops = Stops {
            heard: ms(10),
            sent: Some(ms(11)),
            there: Some(ms(500)),
            passed: Some(ms(502)),
        };
        assert_eq!(stops.own(), Some(ms(3)));
        let mut shares = Shares::new();
        shares.record(stops);
        // An exchange that did not come to an answer has no share.
        shares.record(Stops {
            there: None,
            ..stops
        });
        shares.record(Stops {
            passed: None,
            ..stops
        });
        shares.record(Stops {
            sent: None,
            ..stops
        });
        let all = shares.distribution();
        assert_eq!((all.count(), all.max()), (1, Some(3_000)));
    }
}
