//! Networks as people write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Loss, Network};

/// The slowest network.
const BANDWIDTH_MIN: f64 = 1e3;
/// The fastest that is worth to be called one.
const BANDWIDTH_MAX: f64 = 100e9;
/// The longest round trip.
const LATENCY_MAX: Duration = Duration::from_mins(1);
/// The most that gets lost: TCP hardly works beyond it.
const LOSS_MAX_PERCENT: f64 = 50.0;

/// Bits in each unit, the largest first.
const UNITS: [(&str, u64); 4] = [
    ("Gbit/s", 1_000_000_000),
    ("Mbit/s", 1_000_000),
    ("kbit/s", 1_000),
    ("bit/s", 1),
];

/// Why a text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Neither a name nor a part.
    #[error(
        "`{given}` is no network; write bandwidth=4Mbit/s,latency=40ms,loss=0.5% (or a part of it), \
         or one of {}",
        names()
    )]
    Unknown {
        /// What was given.
        given: String,
    },
    /// A part that is none.
    #[error("a network has no `{given}`; it has bandwidth, latency and loss")]
    Part {
        /// What was given.
        given: String,
    },
    /// One part twice.
    #[error("{part} is given twice")]
    Twice {
        /// Which.
        part: &'static str,
    },
    /// A value that can't be.
    #[error("`{given}` is no {part}: {hint}")]
    Value {
        /// Of which part.
        part: &'static str,
        /// What was given.
        given: String,
        /// What to write.
        hint: &'static str,
    },
}

const BANDWIDTH_HINT: &str =
    "write bits per second between 1kbit/s and 100Gbit/s, such as 800kbit/s or 4Mbit/s";
const LATENCY_HINT: &str = "write a round trip of at most 60s, such as 40ms";
const LOSS_HINT: &str = "write a share of packets of at most 50%, such as 0.5%";

impl Network {
    /// Ready networks: name, bits per second, round trip in milliseconds.
    ///
    /// `WebPageTest`'s connectivity profiles of the same names, downwards (its
    /// `www/settings/connectivity.ini.sample`), of which none loses packets.
    pub const NAMES: [(&str, u64, u64); 8] = [
        ("edge", 240_000, 840),
        ("3g", 1_600_000, 300),
        ("3g-fast", 1_600_000, 150),
        ("4g", 9_000_000, 170),
        ("lte", 12_000_000, 70),
        ("dsl", 1_500_000, 50),
        ("cable", 5_000_000, 28),
        ("fios", 20_000_000, 4),
    ];

    fn named(name: &str) -> Option<Self> {
        let (_, bandwidth, ms) = Self::NAMES.into_iter().find(|(known, ..)| *known == name)?;
        Some(Self {
            bandwidth: Some(bandwidth),
            latency: Some(Duration::from_millis(ms)),
            loss: None,
        })
    }
}

fn names() -> String {
    let names = Network::NAMES.map(|(name, ..)| name);
    names.join(", ")
}

impl FromStr for Network {
    type Err = NetworkError;

    /// A name, or parts; parts after a name take the place of its own.
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let mut parts = text.split(',').map(str::trim).peekable();
        let mut network = Self::default();
        if let Some(name) = parts.next_if(|first| !first.contains('=')) {
            let given = || name.to_owned();
            network = Self::named(name).ok_or_else(|| NetworkError::Unknown { given: given() })?;
        }
        let mut seen = Vec::new();
        for part in parts {
            let part = network.set(part)?;
            if seen.contains(&part) {
                return Err(NetworkError::Twice { part });
            }
            seen.push(part);
        }
        Ok(network)
    }
}

impl Network {
    /// Takes `part` in; which it was.
    fn set(&mut self, part: &str) -> Result<&'static str, NetworkError> {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let (key, value) = (key.trim_end(), value.trim_start());
        let value_error = |part, hint| NetworkError::Value {
            part,
            given: value.to_owned(),
            hint,
        };
        match key {
            "bandwidth" => {
                let bits = bandwidth(value);
                let bits = bits.ok_or_else(|| value_error("bandwidth", BANDWIDTH_HINT))?;
                self.bandwidth = Some(bits);
                Ok("bandwidth")
            }
            "latency" => {
                let time = latency(value);
                let time = time.ok_or_else(|| value_error("latency", LATENCY_HINT))?;
                self.latency = (!time.is_zero()).then_some(time);
                Ok("latency")
            }
            "loss" => {
                let share = loss(value).ok_or_else(|| value_error("loss", LOSS_HINT))?;
                self.loss = (share.0 > 0).then_some(share);
                Ok("loss")
            }
            _ => Err(NetworkError::Part {
                given: key.to_owned(),
            }),
        }
    }
}

/// The number in front of `unit`; not below zero.
fn number(text: &str, unit: &str) -> Option<f64> {
    let number = text.strip_suffix(unit)?.trim_end();
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    number.parse().ok().filter(|_| plain)
}

fn bandwidth(text: &str) -> Option<u64> {
    // The longer units end in the shorter.
    let bits = UNITS.into_iter().find_map(|(unit, bits)| {
        let number = number(text, unit)?;
        Some(number * bits as f64)
    });
    let bits = bits.filter(|bits| (BANDWIDTH_MIN..=BANDWIDTH_MAX).contains(bits))?;
    Some(bits.round() as u64)
}

fn latency(text: &str) -> Option<Duration> {
    let units = [("us", 1.0), ("ms", 1e3), ("s", 1e6)];
    let us = units
        .into_iter()
        .find_map(|(unit, us)| Some(number(text, unit)? * us))?;
    // Beyond any limit it is not turned into one.
    let max = LATENCY_MAX.as_micros() as f64;
    (us <= max).then(|| Duration::from_micros(us.round() as u64))
}

fn loss(text: &str) -> Option<Loss> {
    let percent = number(text, "%").filter(|percent| *percent <= LOSS_MAX_PERCENT)?;
    Some(Loss((percent * 1e4).round() as u32))
}

impl fmt::Display for Network {
    /// As it can be typed, in figures.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bandwidth = self.bandwidth.map(|bits| {
            let fits = |(_, unit): &(&str, u64)| bits % unit == 0;
            let (name, unit) = UNITS.into_iter().find(fits).unwrap_or(("bit/s", 1));
            format!("bandwidth={}{name}", bits / unit)
        });
        let latency = self.latency.map(|time| match time.as_micros() {
            us if us % 1_000 == 0 => format!("latency={}ms", us / 1_000),
            us => format!("latency={us}us"),
        });
        let loss = self.loss.map(|Loss(millionths)| {
            let percent = format!("{}.{:04}", millionths / 10_000, millionths % 10_000);
            let percent = percent.trim_end_matches('0').trim_end_matches('.');
            format!("loss={percent}%")
        });
        let parts: Vec<_> = [bandwidth, latency, loss].into_iter().flatten().collect();
        f.write_str(&parts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Network, NetworkError> {
        text.parse()
    }

    #[test]
    fn networks_read_as_they_are_written() {
        for (text, bandwidth, latency_us, loss) in [
            (
                "bandwidth=4Mbit/s,latency=40ms,loss=0.5%",
                Some(4_000_000),
                Some(40_000),
                Some(0.005),
            ),
            ("bandwidth=800kbit/s", Some(800_000), None, None),
            ("bandwidth=1001bit/s", Some(1_001), None, None),
            ("latency=1500us", None, Some(1_500), None),
            ("loss=0.0001%", None, None, Some(1e-6)),
            ("loss=50%", None, None, Some(0.5)),
            (
                "latency=60000ms,loss=12%",
                None,
                Some(60_000_000),
                Some(0.12),
            ),
        ] {
            let network = read(text).unwrap();
            assert_eq!(network.bandwidth(), bandwidth, "{text}");
            assert_eq!(
                network.latency(),
                latency_us.map(Duration::from_micros),
                "{text}"
            );
            assert_eq!(network.loss(), loss, "{text}");
            assert_eq!(network.to_string(), text);
        }
    }

    #[test]
    fn there_is_more_than_one_way_to_write_one() {
        for (text, plain) in [
            (
                "latency=0.3s, bandwidth = 1.6Mbit/s",
                "bandwidth=1600kbit/s,latency=300ms",
            ),
            ("3g", "bandwidth=1600kbit/s,latency=300ms"),
            ("4g,loss=1%", "bandwidth=9Mbit/s,latency=170ms,loss=1%"),
            ("lte,latency=20ms", "bandwidth=12Mbit/s,latency=20ms"),
            ("dsl,latency=0ms,loss=0%", "bandwidth=1500kbit/s"),
        ] {
            assert_eq!(read(text).unwrap().to_string(), plain, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_what_would_be_right() {
        for (text, says) in [
            ("", "is no network; write bandwidth=4Mbit/s"),
            ("5g", "edge, 3g, 3g-fast, 4g"),
            (
                "latency=40ms,3g",
                "has no `3g`; it has bandwidth, latency and loss",
            ),
            ("jitter=3ms", "has no `jitter`"),
            ("loss=1%,loss=2%", "loss is given twice"),
            ("3g,", "has no ``"),
            ("bandwidth=0Mbit/s", "between 1kbit/s"),
            ("bandwidth=4MB/s", "bits per second"),
            ("bandwidth=4", "such as 800kbit/s"),
            ("bandwidth=-4Mbit/s", "is no bandwidth"),
            ("bandwidth=infMbit/s", "is no bandwidth"),
            ("bandwidth=1000Gbit/s", "100Gbit/s"),
            ("latency=40", "such as 40ms"),
            ("latency=61s", "at most 60s"),
            ("latency=1e3ms", "is no latency"),
            ("loss=0.5", "such as 0.5%"),
            ("loss=51%", "at most 50%"),
            ("loss=NaN%", "is no loss"),
        ] {
            let why = read(text).unwrap_err().to_string();
            assert!(why.contains(says), "{text}: {why}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_typed(
            bandwidth in prop::option::of(1_000..=100_000_000_000_u64),
            us in prop::option::of(1..=60_000_000_u64),
            millionths in prop::option::of(1..=500_000_u32),
        ) {
            let network = Network {
                bandwidth,
                latency: us.map(Duration::from_micros),
                loss: millionths.map(Loss),
            };
            // Nothing at all is no network that anybody types.
            if network != Network::default() {
                prop_assert_eq!(read(&network.to_string()), Ok(network));
            }
        }

        #[test]
        fn no_text_is_a_panic(text in "[ -~]{0,40}") {
            let _ = read(&text);
        }
    }
}
