use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use base::Rng;

use crate::Error;
use crate::watch_time::WatchTime;
use crate::written::Wrong;

/// The most arrivals a second.
const RATE_MAX: f64 = 100_000.0;
/// Arrivals of a span that has a random source of its own, on average. A process of Poisson has no
/// memory, so beginning anew with each span changes nothing, and sums of gaps stay short.
const SPAN_ARRIVALS: f64 = 1_024.0;
/// Keeps how long a viewer stays apart from when it comes.
const STAY_SEED: u64 = 0x7374_6179_0000;

/// How arrivals are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// Each on its own, as people come: the gaps are exponential.
    Poisson,
    /// One after the other, at equal gaps.
    Even,
}

/// How many arrive, and how they are spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    per_second: f64,
    spread: Spread,
}

/// An open crowd: people come at a rate, each watches for as long as it wants to, and goes, whether
/// or not the origin keeps up.
///
/// ```text
/// viewers
///         ┌─┐ ┌──┐          each arrival is a new viewer, with the next number;
///       ┌─┘ └─┘  └──┐       how long it stays follows from the seed and its number;
///     ┌─┘           └─      on average there are rate × mean stay of them (Little's law)
///   --x-x---x-x----------> t
/// ```
///
/// When viewer n comes and how long it stays follow from the seed and n: arrivals are the same
/// whatever stays are asked for, and each worker works them out by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrivals {
    rate: Rate,
    watch_time: WatchTime,
    seed: u64,
}

impl Rate {
    /// `per_second` arrivals a second.
    pub fn new(per_second: f64, spread: Spread) -> Result<Self, Error> {
        if !per_second.is_finite() || per_second <= 0.0 || per_second > RATE_MAX {
            return Err(Error::Arrivals(per_second));
        }
        Ok(Self { per_second, spread })
    }

    /// Arrivals a second.
    pub fn per_second(&self) -> f64 {
        self.per_second
    }

    /// Arrivals spread alike, so many that on average there are `viewers` at a time (Little's law).
    ///
    /// # Errors
    /// More would have to arrive than any crowd has.
    pub fn for_mean(self, viewers: u64, watch_time: WatchTime) -> Result<Self, Error> {
        Self::new(
            viewers as f64 / watch_time.mean().as_secs_f64(),
            self.spread,
        )
    }
}

impl Arrivals {
    /// Arrivals at `rate` who stay for `watch_time`.
    pub fn new(rate: Rate, watch_time: WatchTime, seed: u64) -> Self {
        Self {
            rate,
            watch_time,
            seed,
        }
    }

    /// Arrivals a second.
    pub fn per_second(&self) -> f64 {
        self.rate.per_second
    }

    /// How long viewers stay on average.
    pub fn mean_stay(&self) -> Duration {
        self.watch_time.mean()
    }

    /// How long viewer `n` stays.
    pub fn stay(&self, n: u64) -> Duration {
        self.watch_time.of(&mut Rng::nth(self.seed ^ STAY_SEED, n))
    }

    /// When each of them comes: viewer 0, 1, and so on, without an end.
    pub fn times(&self) -> Times {
        Times {
            rate: self.rate,
            seed: self.seed,
            span: 0,
            into: 0.0,
            rng: Rng::nth(self.seed, 0),
            next: 0,
        }
    }

    /// More viewers than there are at any moment of `length`, but for one run in a million: the
    /// number there is that of a process of Poisson, with a mean of the rate times the mean stay,
    /// which is at most `length`.
    pub fn peak_within(&self, length: Option<Duration>) -> u64 {
        let stay = self.watch_time.mean();
        let stay = length.map_or(stay, |length| stay.min(length)).as_secs_f64();
        let mean = self.rate.per_second * stay;
        let deviations = match self.rate.spread {
            Spread::Even if self.watch_time.is_fixed() => 0.0,
            Spread::Poisson | Spread::Even => 5.0,
        };
        (mean + deviations * mean.sqrt() + 1.0).ceil() as u64
    }
}

/// The instants of arrivals, in the order of numbers. Nothing is kept of those that are over.
#[derive(Clone, Debug)]
pub struct Times {
    rate: Rate,
    seed: u64,
    span: u64,
    /// Arrivals into the span at the mean rate, of [`SPAN_ARRIVALS`].
    into: f64,
    rng: Rng,
    next: u64,
}

impl Iterator for Times {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let n = self.next;
        self.next += 1;
        let arrivals = match self.rate.spread {
            Spread::Even => n as f64,
            Spread::Poisson => self.poisson(),
        };
        let at = arrivals / self.rate.per_second;
        Some(Duration::try_from_secs_f64(at).unwrap_or(Duration::MAX))
    }
}

impl Times {
    /// The next point of a process of Poisson with rate 1.
    fn poisson(&mut self) -> f64 {
        loop {
            self.into += exponential(&mut self.rng);
            if self.into < SPAN_ARRIVALS {
                return self.span as f64 * SPAN_ARRIVALS + self.into;
            }
            self.span += 1;
            self.into = 0.0;
            self.rng = Rng::nth(self.seed, self.span);
        }
    }
}

/// A draw of the exponential distribution with mean 1.
pub(crate) fn exponential(rng: &mut Rng) -> f64 {
    // `unit` is never 1, so this is finite.
    -(1.0 - rng.unit()).ln()
}

impl FromStr for Rate {
    type Err = Wrong;

    /// `50/s`, `3000/m` or `100/h`, with `:even` behind it where gaps are to be equal.
    fn from_str(text: &str) -> Result<Self, Wrong> {
        let wrong = |why: &str| Wrong::new(format!("`{text}`"), why);
        let (rate, spread) = match text.trim().split_once(':') {
            None => (text.trim(), Spread::Poisson),
            Some((rate, "even")) => (rate, Spread::Even),
            Some((rate, "poisson")) => (rate, Spread::Poisson),
            Some(_) => return Err(wrong("arrivals are spread as `poisson` or `even`")),
        };
        let how = "write arrivals as 50/s, 3000/m or 100/h";
        let (number, unit) = rate.split_once('/').ok_or_else(|| wrong(how))?;
        let seconds = match unit.trim() {
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            _ => return Err(wrong(how)),
        };
        let number: f64 = number.trim().parse().map_err(|_| wrong(how))?;
        Self::new(number / seconds, spread).map_err(|why| wrong(&why.to_string()))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spread = match self.spread {
            Spread::Poisson => "",
            Spread::Even => ":even",
        };
        write!(f, "{}/s{spread}", self.per_second)
    }
}

impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, each for {}", self.rate, self.watch_time)
    }
}
