//! From values to places, and the ticks between.

/// Steps of time axes, in seconds.
const TIME_STEPS: [f64; 18] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0,
    10_800.0, 21_600.0, 43_200.0, 86_400.0,
];
/// Ticks of a time axis, at most.
const TIME_TICKS_MAX: f64 = 6.0;
/// Spaces between ticks of an axis of values, at most.
const SPACES_MAX: f64 = 6.0;
/// An axis that would begin below this share of its end begins at zero.
const NEAR_ZERO: f64 = 0.3;
/// Units of times, in milliseconds.
const TIME_UNITS: [(f64, &str); 3] = [(1e-3, "µs"), (1.0, "ms"), (1e3, "s")];
/// Whole things that an axis holds at least, so that few do not look like many.
const THINGS_MIN: f64 = 4.0;

/// How values lie along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scale {
    /// From the first to the second value.
    Linear(f64, f64),
    /// Likewise, equal ratios equally far apart; both are above zero.
    Log(f64, f64),
}

impl Scale {
    /// Where `value` lies: 0 at the beginning, 1 at the end, never beyond them.
    pub(crate) fn place(self, value: f64) -> f64 {
        let share = match self {
            Self::Linear(from, to) => (value - from) / (to - from),
            Self::Log(from, to) => (value / from).ln() / (to / from).ln(),
        };
        if share.is_nan() {
            return 0.0;
        }
        share.clamp(0.0, 1.0)
    }
}

/// Where an axis has ticks, each with its label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    pub(crate) scale: Scale,
    pub(crate) ticks: Vec<(f64, String)>,
    /// What the labels count.
    pub(crate) unit: &'static str,
}

impl Axis {
    /// Time since the beginning, from `from` to `to` seconds.
    pub(crate) fn time(from: f64, to: f64) -> Self {
        let to = to.max(from + 1.0);
        let fits = |step: &f64| (to - from) / step <= TIME_TICKS_MAX;
        let step = TIME_STEPS
            .into_iter()
            .find(|step| fits(step))
            .unwrap_or_else(|| nice_above((to - from) / TIME_TICKS_MAX / 86_400.0) * 86_400.0);
        let first = (from / step).ceil();
        let ticks = (0..)
            .map(|n| (first + f64::from(n)) * step)
            .take_while(|tick| *tick <= to);
        Self {
            scale: Scale::Linear(from, to),
            ticks: ticks.map(|tick| (tick, clock(tick))).collect(),
            unit: if to >= 3_600.0 {
                "h:min:s since the run began"
            } else {
                "min:s since the run began"
            },
        }
    }

    /// Bytes a second, from zero to at least `most`.
    pub(crate) fn rate(most: f64) -> Self {
        let units = [
            (1.0, "B/s"),
            (1e3, "kB/s"),
            (1e6, "MB/s"),
            (1e9, "GB/s"),
            (1e12, "TB/s"),
        ];
        Self::scaled(most, &units)
    }

    /// Milliseconds, from zero to at least `most`.
    pub(crate) fn millis(most: f64) -> Self {
        Self::scaled(most, &TIME_UNITS)
    }

    /// Milliseconds, from at most `from` to at least `most`; from zero where that is not far.
    pub(crate) fn millis_from(from: f64, most: f64) -> Self {
        let from = if from < most * NEAR_ZERO { 0.0 } else { from };
        Self::between(from, most, &TIME_UNITS)
    }

    /// Whole things, from zero to at least `most`.
    pub(crate) fn count(most: f64, unit: &'static str) -> Self {
        Self::scaled(most.max(THINGS_MIN), &[(1.0, unit)])
    }

    /// Things that may be broken, from zero to at least `most`.
    pub(crate) fn plain(most: f64, unit: &'static str) -> Self {
        Self::scaled(most, &[(1.0, unit)])
    }

    /// Shares of one, from zero to at least `most`, in percent.
    pub(crate) fn share(most: f64) -> Self {
        Self::scaled(most, &[(0.01, "%")])
    }

    /// Milliseconds from at most `from` to at least `to`, equal ratios equally far apart.
    pub(crate) fn log_millis(from: f64, to: f64) -> Self {
        let from = from.max(1e-3);
        let (low, high) = (nice_below(from), nice_above(to.max(from * 1.001)));
        let high = if high > low {
            high
        } else {
            nice_above(low * 1.5)
        };
        let decades = (high / low).log10();
        let mut ticks = vec![low];
        while let Some(next) = ticks.last().map(|last| nice_above(last * 1.01)) {
            if next > high * 1.001 {
                break;
            }
            ticks.push(next);
        }
        // With many decades only their beginnings have room for a label.
        if decades > 2.0 {
            ticks.retain(|tick| (tick.log10() - tick.log10().round()).abs() < 1e-6);
        }
        Self {
            scale: Scale::Log(low, high),
            ticks: ticks.into_iter().map(|tick| (tick, time(tick))).collect(),
            unit: "",
        }
    }

    /// The values at its beginning and end.
    pub(crate) fn ends(&self) -> (f64, f64) {
        match self.scale {
            Scale::Linear(from, to) | Scale::Log(from, to) => (from, to),
        }
    }

    /// From zero to at least `most`.
    fn scaled(most: f64, units: &[(f64, &'static str)]) -> Self {
        Self::between(0.0, most, units)
    }

    /// In the largest of `units` (each with its size) that `most` fills.
    fn between(from: f64, most: f64, units: &[(f64, &'static str)]) -> Self {
        let most = if most > 0.0 && most.is_finite() {
            most
        } else {
            units[0].0
        };
        let filled = units.iter().rev().find(|(size, _)| most >= *size);
        let (size, unit) = *filled.unwrap_or(&units[0]);
        let (from, most) = (from / size, most / size);
        // One value alone still has an axis around it.
        let range = (most - from).max(most * 1e-3);
        let step = nice_above(range / SPACES_MAX);
        let first = (from / step + 1e-9).floor();
        let spaces = ((from + range) / step - 1e-9).ceil() - first;
        let ticks = (0..=spaces.max(1.0) as u32).map(|n| {
            let value = (first + f64::from(n)) * step;
            (value * size, label(value, step))
        });
        let ticks: Vec<_> = ticks.collect();
        let end = ticks.last().map_or(0.0, |(value, _)| *value);
        Self {
            scale: Scale::Linear(first * step * size, end),
            ticks,
            unit,
        }
    }
}

/// A value with as many digits as steps of `step` need.
fn label(value: f64, step: f64) -> String {
    let digits = (-step.log10().floor()).max(0.0) as usize;
    if digits == 0 {
        return crate::format::count(value.round() as u64);
    }
    format!("{value:.digits$}")
}

/// The greatest of 1, 2 and 5 times a power of ten that is not above `value`.
fn nice_below(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    let fits = [10.0, 5.0, 2.0].into_iter();
    let factor = fits
        .map(|factor| (factor, factor * power))
        .find(|(_, nice)| *nice <= value * 1.000_001);
    rounded(factor.map_or(power, |(_, nice)| nice))
}

/// The least of 1, 2 and 5 times a power of ten that is not below `value`.
fn nice_above(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    let fits = [1.0, 2.0, 5.0, 10.0].into_iter();
    let mut nice = fits.map(|factor| factor * power);
    rounded(
        nice.find(|nice| *nice >= value * 0.999_999)
            .unwrap_or(power * 10.0),
    )
}

/// Powers are not exact: 10⁻³ is not quite 0.001.
fn rounded(nice: f64) -> f64 {
    let digits = 10f64.powf(3.0 - nice.log10().floor());
    (nice * digits).round() / digits
}

/// Seconds as a clock shows them: `0:05`, `1:30`, `1:00:00`.
fn clock(seconds: f64) -> String {
    let all = seconds.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (all / 3600, all / 60 % 60, all % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// Milliseconds at a tick, which is a round number.
fn time(ms: f64) -> String {
    let (value, unit) = match ms {
        1e3.. => (ms / 1e3, "s"),
        1.0.. => (ms, "ms"),
        _ => (ms * 1e3, "µs"),
    };
    format!("{} {unit}", rounded(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn axes_of_values_begin_at_zero_and_hold_all() {
        let cases = [
            (
                Axis::rate(23_400_000.0),
                "MB/s",
                vec!["0", "5", "10", "15", "20", "25"],
            ),
            (
                Axis::rate(999.0),
                "B/s",
                vec!["0", "200", "400", "600", "800", "1,000"],
            ),
            (
                Axis::rate(0.0),
                "B/s",
                vec!["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"],
            ),
            (
                Axis::millis(0.35),
                "µs",
                vec!["0", "100", "200", "300", "400"],
            ),
            (
                Axis::millis(8_050.0),
                "s",
                vec!["0", "2", "4", "6", "8", "10"],
            ),
            (
                Axis::millis(1_200.0),
                "s",
                vec!["0.0", "0.2", "0.4", "0.6", "0.8", "1.0", "1.2"],
            ),
            (
                Axis::count(1.0, "viewers"),
                "viewers",
                vec!["0", "1", "2", "3", "4"],
            ),
            (
                Axis::count(100.0, "viewers"),
                "viewers",
                vec!["0", "20", "40", "60", "80", "100"],
            ),
            (
                Axis::share(1.0),
                "%",
                vec!["0", "20", "40", "60", "80", "100"],
            ),
            (
                Axis::share(0.003),
                "%",
                vec!["0.00", "0.05", "0.10", "0.15", "0.20", "0.25", "0.30"],
            ),
        ];
        for (axis, unit, expected) in cases {
            assert_eq!((axis.unit, labels(&axis)), (unit, expected));
        }
    }

    #[test]
    fn axes_of_times_may_begin_later() {
        let cases: [(f64, f64, &[&str]); 4] = [
            (600.0, 699.0, &["600", "620", "640", "660", "680", "700"]),
            (300.0, 5_000.0, &["0", "1", "2", "3", "4", "5"]),
            (650.0, 650.0, &["650.0", "650.2", "650.4", "650.6", "650.8"]),
            (0.0, 0.0, &["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ];
        for (from, most, expected) in cases {
            let axis = Axis::millis_from(from, most);
            assert_eq!(labels(&axis), expected, "{from} to {most}");
        }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "quarters are exact")]
    fn every_value_has_its_place() {
        for most in [1e-4, 0.7, 1.0, 3.0, 42.0, 999.0, 1e6, 7.3e9] {
            let axis = Axis::plain(most, "");
            assert!(axis.scale.place(most) > 0.5, "{axis:?}");
            let Scale::Linear(0.0, end) = axis.scale else {
                panic!("{axis:?}");
            };
            assert!(
                end >= most * 0.999 && axis.ticks.len() <= 10,
                "{most}: {axis:?}"
            );
        }
        assert_eq!(Scale::Linear(0.0, 4.0).place(1.0), 0.25);
        assert_eq!(Scale::Linear(0.0, 4.0).place(9.0), 1.0);
        assert_eq!(Scale::Linear(3.0, 3.0).place(3.0), 0.0);
        assert!((Scale::Log(1.0, 100.0).place(10.0) - 0.5).abs() < 1e-9);
        assert_eq!(Scale::Log(1.0, 100.0).place(0.0), 0.0);
    }

    #[test]
    fn time_has_steps_of_a_clock() {
        let cases: [(f64, &[&str]); 5] = [
            (4.0, &["0:00", "0:01", "0:02", "0:03", "0:04"]),
            (
                30.0,
                &["0:00", "0:05", "0:10", "0:15", "0:20", "0:25", "0:30"],
            ),
            (95.0, &["0:00", "0:30", "1:00", "1:30"]),
            (
                3_600.0,
                &[
                    "0:00", "10:00", "20:00", "30:00", "40:00", "50:00", "1:00:00",
                ],
            ),
            (
                400_000.0,
                &["0:00", "24:00:00", "48:00:00", "72:00:00", "96:00:00"],
            ),
        ];
        for (to, expected) in cases {
            assert_eq!(labels(&Axis::time(0.0, to)), expected, "{to}");
        }
        assert!(Axis::time(0.0, 4e7).ticks.len() <= 7);
    }

    #[test]
    fn ratios_have_decades_and_halves_of_them() {
        let cases: [(f64, f64, &[&str]); 4] = [
            (600.0, 699.0, &["500 ms", "1 s"]),
            (
                0.2,
                9.0,
                &["200 µs", "500 µs", "1 ms", "2 ms", "5 ms", "10 ms"],
            ),
            (0.03, 4_000.0, &["100 µs", "1 ms", "10 ms", "100 ms", "1 s"]),
            (0.0, 0.0, &["1 µs", "2 µs"]),
        ];
        for (from, to, expected) in cases {
            assert_eq!(
                labels(&Axis::log_millis(from, to)),
                expected,
                "{from} to {to}"
            );
        }
    }
}
