//! What viewers counted beside what the origin counted.

use std::collections::BTreeMap;

use base::{Class, Failure};
use serde::{Deserialize, Serialize};
use telemetry::requests::{Status, Tally, Totals};

/// What an origin says it served, by class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// What it served of each class; a class that is missing was not asked for.
    pub classes: BTreeMap<Class, Served>,
}

impl Ledger {
    /// How this count compares with what viewers counted, all classes together.
    pub fn agreement(&self, totals: &Totals) -> Agreement {
        overall(&pairs(&Counted::of(totals), &self.classes))
    }
}

/// What an origin served of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Served {
    /// Requests that were answered whole.
    pub requests: u64,
    /// Those of them with a status of 2xx.
    pub ok: u64,
    /// Bytes of body in whole answers.
    pub bytes: u64,
    /// Requests whose answer was cut short.
    pub interrupted: u64,
    /// Bytes of body that were sent of those.
    pub interrupted_bytes: u64,
}

/// How two counts of one class compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// Request for request and byte for byte.
    Equal,
    /// But for requests that were interrupted, which each side counts as it saw them.
    ButInterrupted,
    /// They differ.
    Differs,
}

/// One class as both sides counted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) class: Class,
    /// Complete exchanges as viewers saw them.
    pub(crate) viewers: Tally,
    /// Interrupted ones, without those that never reached the origin.
    pub(crate) broken: Tally,
    pub(crate) origin: Served,
}

impl Pair {
    /// What the origin counted more than the viewers; less is negative.
    pub(crate) fn difference(&self) -> (i64, i64) {
        let more = |origin: u64, viewers: u64| origin.wrapping_sub(viewers) as i64;
        (
            more(self.origin.requests, self.viewers.requests),
            more(self.origin.bytes, self.viewers.bytes),
        )
    }

    pub(crate) fn agreement(&self) -> Agreement {
        let (requests, bytes) = self.difference();
        if (requests, bytes) == (0, 0) {
            return Agreement::Equal;
        }
        // The origin may have handed over whole what never arrived whole here, and no more.
        let explained = requests >= 0 && bytes >= 0 && requests as u64 <= self.broken.requests;
        let arrived = self.viewers.bytes + self.broken.bytes;
        let sent = self.origin.bytes + self.origin.interrupted_bytes;
        if explained && arrived <= sent {
            Agreement::ButInterrupted
        } else {
            Agreement::Differs
        }
    }
}

/// What the viewers counted, as far as it is compared.
#[derive(Clone, Debug)]
pub(crate) struct Counted<'a> {
    statuses: &'a [Status],
    /// Requests that no origin can know of: there was no connection to send them on.
    unsent: BTreeMap<Class, u64>,
}

impl<'a> Counted<'a> {
    pub(crate) fn of(totals: &'a Totals) -> Self {
        let errors = totals.errors.iter();
        let failures = errors.map(|error| (error.class, Some(error.failure), error.seen.count));
        Self::new(&totals.statuses, failures)
    }

    /// Of a list of statuses, and of failures with how often each was seen.
    pub(crate) fn new(
        statuses: &'a [Status],
        failures: impl Iterator<Item = (Class, Option<Failure>, u64)>,
    ) -> Self {
        let mut unsent = BTreeMap::new();
        for (class, failure, count) in failures {
            if failure.is_some_and(is_unsent) {
                *unsent.entry(class).or_default() += count;
            }
        }
        Self { statuses, unsent }
    }

    /// Whole and broken exchanges of `class`, without those that were never sent.
    fn tallies(&self, class: Class) -> (Tally, Tally) {
        let of_class = self.statuses.iter().filter(|status| status.class == class);
        let none = (Tally::default(), Tally::default());
        let (whole, mut broken) = of_class.fold(none, |(whole, broken), status| {
            (sum(whole, status.whole), sum(broken, status.broken))
        });
        let unsent = self.unsent.get(&class).copied().unwrap_or(0);
        broken.requests = broken.requests.saturating_sub(unsent);
        (whole, broken)
    }
}

/// Every class that either side counted.
pub(crate) fn pairs(counted: &Counted<'_>, served: &BTreeMap<Class, Served>) -> Vec<Pair> {
    let pair = |class| {
        let (viewers, broken) = counted.tallies(class);
        Pair {
            class,
            viewers,
            broken,
            origin: served.get(&class).copied().unwrap_or_default(),
        }
    };
    let counted = |pair: &Pair| {
        pair.viewers != Tally::default()
            || pair.broken != Tally::default()
            || pair.origin != Served::default()
    };
    Class::ALL.into_iter().map(pair).filter(counted).collect()
}

fn is_unsent(failure: Failure) -> bool {
    matches!(
        failure,
        Failure::Dns
            | Failure::ConnectRefused
            | Failure::ConnectTimedOut
            | Failure::ConnectFailed
            | Failure::Tls
            | Failure::NoDescriptor
            | Failure::NoPort
            | Failure::Generator
    )
}

fn sum(a: Tally, b: Tally) -> Tally {
    Tally {
        requests: a.requests + b.requests,
        bytes: a.bytes + b.bytes,
    }
}

/// The worst of all classes.
pub(crate) fn overall(pairs: &[Pair]) -> Agreement {
    let agreements = pairs.iter().map(Pair::agreement);
    agreements.fold(Agreement::Equal, |worst, next| match (worst, next) {
        (Agreement::Differs, _) | (_, Agreement::Differs) => Agreement::Differs,
        (Agreement::Equal, next) => next,
        (worst, _) => worst,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interruptions_explain_what_never_arrived_and_nothing_else() {
        let tally = |requests, bytes| Tally { requests, bytes };
        let served = |requests, bytes| Served {
            requests,
            bytes,
            ..Served::default()
        };
        let cut = Served {
            interrupted: 1,
            interrupted_bytes: 70,
            ..served(3, 300)
        };
        let cases = [
            (tally(3, 300), tally(0, 0), served(3, 300), Agreement::Equal),
            (tally(3, 300), tally(1, 60), cut, Agreement::Equal),
            // Handed to the socket whole, given up by the viewer half way.
            (
                tally(3, 300),
                tally(1, 60),
                served(4, 400),
                Agreement::ButInterrupted,
            ),
            (
                tally(3, 300),
                tally(1, 101),
                served(4, 400),
                Agreement::Differs,
            ),
            (
                tally(3, 300),
                tally(0, 0),
                served(4, 400),
                Agreement::Differs,
            ),
            (
                tally(4, 300),
                tally(1, 0),
                served(3, 300),
                Agreement::Differs,
            ),
            (
                tally(3, 301),
                tally(1, 0),
                served(3, 300),
                Agreement::Differs,
            ),
        ];
        for (viewers, broken, origin, expected) in cases {
            let pair = Pair {
                class: Class::Segment,
                viewers,
                broken,
                origin,
            };
            assert_eq!(pair.agreement(), expected, "{pair:?}");
        }
    }
}
