use std::f64::consts::TAU;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use base::Rng;

use crate::arrivals::exponential;
use crate::written::{LENGTH_MAX, Wrong, length};

/// A wider spread than this is a slip: a tenth of all would stay for 600 times the median.
const SIGMA_MAX: f64 = 5.0;

/// How long people watch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WatchTime {
    /// All alike.
    Fixed(Duration),
    /// Exponential: whoever watches is as likely to leave in the next minute as anybody else.
    Exponential {
        /// The mean.
        mean: Duration,
    },
    /// The logarithm is normal: many look in shortly, some stay for long.
    Lognormal {
        /// Half of them stay longer.
        median: Duration,
        /// The standard deviation of the logarithm.
        sigma: f64,
    },
}

impl WatchTime {
    /// One viewer's, drawn from its own source. At most a year.
    pub fn of(&self, rng: &mut Rng) -> Duration {
        let (unit, times) = match *self {
            Self::Fixed(length) => return length,
            Self::Exponential { mean } => (mean, exponential(rng)),
            Self::Lognormal { median, sigma } => (median, (sigma * normal(rng)).exp()),
        };
        scaled(unit, times)
    }

    /// The mean.
    pub fn mean(&self) -> Duration {
        match *self {
            Self::Fixed(length) => length,
            Self::Exponential { mean } => mean,
            Self::Lognormal { median, sigma } => scaled(median, (sigma * sigma / 2.0).exp()),
        }
    }

    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self, Self::Fixed(_))
    }
}

fn scaled(unit: Duration, times: f64) -> Duration {
    let scaled = Duration::try_from_secs_f64(unit.as_secs_f64() * times);
    scaled.unwrap_or(LENGTH_MAX).min(LENGTH_MAX)
}

/// A draw of the standard normal distribution (Box and Muller, 1958).
fn normal(rng: &mut Rng) -> f64 {
    let radius = (2.0 * exponential(rng)).sqrt();
    radius * (TAU * rng.unit()).cos()
}

const HOW: &str = "write watch times as fixed:10m, exp:10m (the mean) or lognormal:5m,0.8 \
                   (the median, and the deviation of the logarithm)";

impl FromStr for WatchTime {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let wrong = |why: String| Wrong::new(format!("`{text}`"), why);
        let (kind, rest) = text
            .trim()
            .split_once(':')
            .ok_or_else(|| wrong(HOW.to_owned()))?;
        let some = |text: &str| match length(text) {
            Ok(length) if length.is_zero() => Err(wrong("nobody watches for no time".to_owned())),
            Ok(length) => Ok(length),
            Err(why) => Err(wrong(why)),
        };
        match kind {
            "fixed" => Ok(Self::Fixed(some(rest)?)),
            "exp" => Ok(Self::Exponential { mean: some(rest)? }),
            "lognormal" => {
                let (median, sigma) = rest.split_once(',').ok_or_else(|| wrong(HOW.to_owned()))?;
                let number = sigma.trim().parse().ok();
                let sigma = number.filter(|sigma| (0.0..=SIGMA_MAX).contains(sigma));
                let why = || wrong(format!("the deviation is a number from 0 to {SIGMA_MAX}"));
                Ok(Self::Lognormal {
                    median: some(median)?,
                    sigma: sigma.ok_or_else(why)?,
                })
            }
            _ => Err(wrong(HOW.to_owned())),
        }
    }
}

impl fmt::Display for WatchTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = |length| {
            let words = humantime::format_duration(length).to_string();
            words.replace(' ', "")
        };
        match *self {
            Self::Fixed(all) => write!(f, "fixed:{}", length(all)),
            Self::Exponential { mean } => write!(f, "exp:{}", length(mean)),
            Self::Lognormal { median, sigma } => {
                write!(f, "lognormal:{},{sigma}", length(median))
            }
        }
    }
}
