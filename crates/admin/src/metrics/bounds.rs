//! The bounds of histogram buckets.

/// Upper bounds of buckets in the unit that samples are kept in, ascending, and how many of that
/// unit make one of the unit that is exposed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) kept: &'static [u64],
    pub(super) per_unit: f64,
}

impl Bounds {
    /// A bound as it is exposed.
    pub(super) fn exposed(self, kept: u64) -> f64 {
        kept as f64 / self.per_unit
    }

    const fn micros(kept: &'static [u64]) -> Self {
        Self {
            kept,
            per_unit: 1e6,
        }
    }
}

const MS: u64 = 1_000;
const S: u64 = 1_000 * MS;

/// Times of requests: 1 ms to 30 s.
pub(super) const REQUEST: Bounds = Bounds::micros(&[
    MS,
    2_500,
    5 * MS,
    10 * MS,
    25 * MS,
    50 * MS,
    75 * MS,
    100 * MS,
    250 * MS,
    500 * MS,
    750 * MS,
    S,
    2_500 * MS,
    5 * S,
    10 * S,
    30 * S,
]);

/// Startup and stalls: 100 ms to 2 min.
pub(super) const WAITING: Bounds = Bounds::micros(&[
    100 * MS,
    250 * MS,
    500 * MS,
    750 * MS,
    S,
    1_500 * MS,
    2 * S,
    3 * S,
    4 * S,
    5 * S,
    7_500 * MS,
    10 * S,
    15 * S,
    20 * S,
    30 * S,
    60 * S,
    120 * S,
]);

/// Distances from the live edge: 500 ms to 2 min.
pub(super) const LIVE: Bounds = Bounds::micros(&[
    500 * MS,
    S,
    1_500 * MS,
    2 * S,
    3 * S,
    4 * S,
    5 * S,
    6 * S,
    8 * S,
    10 * S,
    12 * S,
    15 * S,
    20 * S,
    30 * S,
    45 * S,
    60 * S,
    120 * S,
]);

/// Lag of the generator's timers: 100 µs to 1 s, 50 ms among them, beyond which figures are not
/// to be trusted.
pub(super) const LAG: Bounds = Bounds::micros(&[
    100,
    500,
    MS,
    2 * MS,
    5 * MS,
    10 * MS,
    20 * MS,
    50 * MS,
    100 * MS,
    200 * MS,
    500 * MS,
    S,
]);

/// Lives of viewers: 1 s to a day, in whole seconds.
pub(super) const UPTIME: Bounds = Bounds {
    kept: &[
        1, 5, 30, 60, 300, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400,
    ],
    per_unit: 1.0,
};

/// Glass-to-glass latency, in milliseconds. Every limit that an alert or a default objective has
/// is among them, for segments of 1, 2, 4, 6 and 10 s.
pub(super) const GLASS: Bounds = Bounds {
    kept: &[
        20, 40, 80, 120, 200, 300, 400, 500, 600, 800, 1_000, 1_200, 1_500, 2_000, 2_500, 3_000,
        4_000, 4_500, 5_000, 6_000, 8_000, 9_000, 10_000, 12_000, 15_000, 18_000, 20_000, 24_000,
        27_000, 30_000, 36_000, 45_000, 50_000, 60_000, 120_000, 300_000,
    ],
    per_unit: 1.0,
};
