//! Limits as people write them: exact, so that what is written reads back as the same.

use std::fmt;

use super::budget::WHOLE_PPM;

/// The longest time that is a limit. Latencies are told apart up to 10 min.
pub(super) const LIMIT_US_MAX: u64 = 9 * 60 * 1_000_000;

/// A time in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Micros(pub(super) u64);

/// A share in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ppm(pub(super) u32);

/// The units of a time, each with its microseconds.
pub(super) const TIME_UNITS: [(&str, u64); 4] = [
    ("us", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("m", 60_000_000),
];
/// The units of a ratio, each with its millionths.
pub(super) const RATIO_UNITS: [(&str, u64); 2] = [("%", 10_000), ("", WHOLE_PPM as u64)];

/// Why a number is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    TooFine,
    TooLarge,
}

/// `number` (digits, perhaps with a point among them) times `unit`, if that is whole.
pub(super) fn whole(number: &str, unit: u64) -> Result<u64, Unfit> {
    let (integer, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = fraction.trim_end_matches('0');
    let scale = u32::try_from(fraction.len())
        .ok()
        .and_then(|digits| 10_u128.checked_pow(digits))
        .ok_or(Unfit::TooFine)?;
    let digits = format!("{integer}{fraction}");
    let value: u128 = digits.parse().map_err(|_| Unfit::TooLarge)?;
    let value = value.checked_mul(u128::from(unit)).ok_or(Unfit::TooLarge)?;
    if value % scale != 0 {
        return Err(Unfit::TooFine);
    }
    u64::try_from(value / scale).map_err(|_| Unfit::TooLarge)
}

/// `value` / 10^`places`, without zeros at its end.
pub(super) fn decimal(value: u64, places: u32) -> String {
    let scale = 10_u64.pow(places);
    let (integer, rest) = (value / scale, value % scale);
    if rest == 0 {
        return integer.to_string();
    }
    let fraction = format!("{rest:0width$}", width = places as usize);
    format!("{integer}.{}", fraction.trim_end_matches('0'))
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1..1_000 => write!(f, "{}us", self.0),
            1_000..1_000_000 => write!(f, "{}ms", decimal(self.0, 3)),
            _ => write!(f, "{}s", decimal(self.0, 6)),
        }
    }
}

impl fmt::Display for Ppm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", decimal(u64::from(self.0), 4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_exactly_or_not_at_all() {
        let cases = [
            ("3", 1_000_000, Ok(3_000_000)),
            ("0.1", 1_000_000, Ok(100_000)),
            ("1.50", 1_000, Ok(1_500)),
            ("007", 1, Ok(7)),
            ("0.0000001", 1_000_000, Err(Unfit::TooFine)),
            ("1.0000000000000000000000000000000000000000000", 1, Ok(1)),
            (
                "0.00000000000000000000000000000000000000000001",
                1,
                Err(Unfit::TooFine),
            ),
            (
                "99999999999999999999999999999999999999999999",
                1,
                Err(Unfit::TooLarge),
            ),
            (
                "340282366920938463463374607431768211455",
                60,
                Err(Unfit::TooLarge),
            ),
            ("18446744073709551616", 1, Err(Unfit::TooLarge)),
        ];
        for (number, unit, expected) in cases {
            assert_eq!(whole(number, unit), expected, "{number}");
        }
    }

    #[test]
    fn limits_are_written_short_and_exact() {
        let times = [
            0, 7, 999, 1_000, 1_500, 999_999, 1_000_000, 8_050_000, 60_000_000,
        ];
        assert_eq!(
            times.map(|us| Micros(us).to_string()),
            [
                "0s",
                "7us",
                "999us",
                "1ms",
                "1.5ms",
                "999.999ms",
                "1s",
                "8.05s",
                "60s"
            ]
        );
        assert_eq!(
            [0, 1, 5_000, 950_000, 1_000_000].map(|ppm| Ppm(ppm).to_string()),
            ["0%", "0.0001%", "0.5%", "95%", "100%"]
        );
    }
}
