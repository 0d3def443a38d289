use std::fmt;

use serde::{Deserialize, Serialize};

use super::Figures;
use crate::format;

/// A share of failed requests that is not by chance.
const FAILING: f64 = 0.005;
/// Times that grow by less than this, in milliseconds, say nothing.
const SLOWER_MS: f64 = 10.0;

/// Where something broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// It answers late, or with errors.
    Origin,
    /// Its bytes come slower, or not at all.
    Network,
    /// On this machine.
    Generator,
}

/// Where something broke, and what says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blame {
    /// Where.
    pub place: Place,
    /// What says so.
    pub why: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Origin => "origin",
            Self::Network => "network",
            Self::Generator => "generator",
        })
    }
}

impl Blame {
    /// Where it broke, judged by what changed from the most viewers that held to the fewest that
    /// did not. `None` where the figures do not tell.
    ///
    /// Failed requests come first: a status or a refused connection is the origin's, an exchange
    /// that timed out or broke off the network's. Else, of the time that a segment takes longer,
    /// the wait for its first byte is the origin's, and the transfer of the rest the network's, up
    /// to and out of the origin.
    pub fn of(held: Option<&Figures>, broken: &Figures) -> Option<Self> {
        failing(broken).or_else(|| slower(held, broken))
    }
}

fn failing(broken: &Figures) -> Option<Blame> {
    let rate = broken.error_rate.filter(|rate| *rate >= FAILING)?;
    let places = [
        (
            broken.failed_origin,
            Place::Origin,
            "answered with errors or refused",
        ),
        (
            broken.failed_network,
            Place::Network,
            "timed out or broken off",
        ),
        (
            broken.failed_generator,
            Place::Generator,
            "short of something on this machine",
        ),
    ];
    let (_, place, how) = places.into_iter().max_by_key(|(count, ..)| *count)?;
    let why = format!(
        "{} of requests failed, most of them {how}",
        format::percent(rate)
    );
    Some(Blame { place, why })
}

fn slower(held: Option<&Figures>, broken: &Figures) -> Option<Blame> {
    let grown = |figure: fn(&Figures) -> Option<f64>| {
        let before = held.and_then(figure);
        Some((before, figure(broken)?))
    };
    let first_byte = grown(|figures| figures.segment_ttfb_p95_ms)?;
    let transfer = grown(Figures::transfer_ms)?;
    let more = |(before, after): (Option<f64>, f64)| after - before.unwrap_or(0.0);
    if more(first_byte).max(more(transfer)) < SLOWER_MS {
        return None;
    }
    let instead = |(before, after): (Option<f64>, f64)| match before {
        Some(before) => format!("{} instead of {}", format::ms(after), format::ms(before)),
        None => format::ms(after),
    };
    if more(first_byte) > more(transfer) {
        let why = format!(
            "the first byte of a segment takes {} (p95)",
            instead(first_byte)
        );
        return Some(Blame {
            place: Place::Origin,
            why,
        });
    }
    let rate = format::rate(broken.throughput_bytes_per_s);
    let before = held.map_or(String::new(), |held| {
        format!(", after {}", format::rate(held.throughput_bytes_per_s))
    });
    let why = format!(
        "the transfer of a segment takes {} (p95), at {rate} in all{before}",
        instead(transfer)
    );
    Some(Blame {
        place: Place::Network,
        why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(first_byte: f64, download: f64) -> Figures {
        Figures {
            segment_ttfb_p95_ms: Some(first_byte),
            segment_download_p95_ms: Some(download),
            throughput_bytes_per_s: 1e6,
            ..Figures::default()
        }
    }

    #[test]
    fn what_grew_most_says_where() {
        let held = figures(20.0, 100.0);
        let cases = [
            (figures(25.0, 2_100.0), Some(Place::Network)),
            (figures(900.0, 1_000.0), Some(Place::Origin)),
            (figures(22.0, 104.0), None),
            (figures(5.0, 50.0), None),
            (Figures::default(), None),
        ];
        for (broken, place) in cases {
            let blame = Blame::of(Some(&held), &broken);
            assert_eq!(blame.map(|blame| blame.place), place, "{broken:?}");
        }
        let slow = figures(25.0, 2_100.0);
        let why = Blame::of(Some(&held), &slow).unwrap().why;
        assert!(why.contains("2.08 s instead of 80"), "{why}");
        let alone = Blame::of(None, &slow).unwrap();
        assert_eq!(alone.place, Place::Network);
    }

    #[test]
    fn failures_come_first() {
        let failing = |origin, network, generator| Figures {
            error_rate: Some(0.1),
            failed_origin: origin,
            failed_network: network,
            failed_generator: generator,
            ..figures(900.0, 1_000.0)
        };
        let cases = [
            (failing(5, 1, 1), Place::Origin),
            (failing(1, 5, 1), Place::Network),
            (failing(0, 0, 1), Place::Generator),
        ];
        for (broken, place) in cases {
            let blame = Blame::of(None, &broken).unwrap();
            assert_eq!(blame.place, place, "{broken:?}");
            assert!(blame.why.contains("10"), "{}", blame.why);
        }
    }
}
