//! Figures as people read them: three digits, a unit, and never zero for what is not.

use std::time::Duration;

/// What is unknown, in a finished run.
pub const UNKNOWN: &str = "n/a";

/// A whole number with its thousands apart.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `one thing`, `3 things`.
pub fn things(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A signed difference.
pub fn signed(number: i64) -> String {
    let sign = match number {
        0 => "",
        ..0 => "-",
        _ => "+",
    };
    format!("{sign}{}", count(number.unsigned_abs()))
}

/// Bytes, in powers of 1,000.
pub fn bytes(bytes: u64) -> String {
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    scaled(bytes as f64, 1000.0, &["B", "kB", "MB", "GB", "TB", "PB"])
}

/// Bytes a second.
pub fn rate(rate: f64) -> String {
    if rate == 0.0 {
        return "0 B/s".to_owned();
    }
    scaled(rate, 1000.0, &["B/s", "kB/s", "MB/s", "GB/s", "TB/s"])
}

/// Whole microseconds as a time.
pub fn micros(micros: u64) -> String {
    match micros {
        0 => "0 ms".to_owned(),
        1..59_950_000 => scaled(micros as f64, 1000.0, &["µs", "ms", "s"]),
        _ => minutes(micros.saturating_add(500_000) / 1_000_000),
    }
}

/// Whole milliseconds as a time.
pub fn millis(millis: u64) -> String {
    micros(millis.saturating_mul(1000))
}

/// Milliseconds as a time.
pub fn ms(ms: f64) -> String {
    micros((ms * 1e3).round() as u64)
}

/// A length of time.
pub fn length(time: Duration) -> String {
    micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

/// A length of time to the second.
pub fn seconds(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..60 => format!("{seconds} s"),
        seconds => minutes(seconds),
    }
}

fn minutes(seconds: u64) -> String {
    match seconds {
        ..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// A share of one as a percentage.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match share {
        0.0 => "0 %".to_owned(),
        _ if percent < 0.01 => "< 0.01 %".to_owned(),
        // What is short of all is not shown as all.
        _ if percent < 100.0 => format!("{} %", three(percent.min(99.9))),
        _ => "100 %".to_owned(),
    }
}

/// A difference in percent, with two decimals; what is less than half of the last of them is none.
pub fn signed_percent(percent: f64) -> String {
    if percent.abs() < 0.005 {
        return "0.00 %".to_owned();
    }
    format!("{percent:+.2} %")
}

/// A figure a second, such as segments.
pub fn per_second(rate: f64) -> String {
    match rate {
        0.0 => "0".to_owned(),
        ..0.005 => "< 0.01".to_owned(),
        ..999.5 => three(rate),
        _ => count(rate.round() as u64),
    }
}

/// What `known` shows, or that it is unknown.
pub fn or_unknown<T>(value: Option<T>, show: impl Fn(T) -> String) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), show)
}

/// Three digits in the first unit that keeps them below a thousand.
fn scaled(mut value: f64, step: f64, units: &[&str]) -> String {
    let mut place = 0;
    while value >= 999.5 && place + 1 < units.len() {
        value /= step;
        place += 1;
    }
    format!("{} {}", three(value), units[place])
}

/// Three significant digits.
fn three(value: f64) -> String {
    match value {
        99.95.. => format!("{value:.0}"),
        9.995.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// `text` on one line of at most `width`, its middle left out where it is longer; what would
/// steer a terminal is replaced.
pub fn one_line(text: &str, width: usize) -> String {
    let clean: Vec<char> = text
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if clean.len() <= width {
        return clean.into_iter().collect();
    }
    let kept = width.saturating_sub(1);
    let (head, tail) = (kept.div_ceil(2), kept / 2);
    let mut out: String = clean[..head].iter().collect();
    out.push('…');
    out.extend(&clean[clean.len() - tail..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_as_people_read_them() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!([0, 1, -1, 1_000].map(signed), ["0", "+1", "-1", "+1,000"]);
        assert_eq!(
            [0, 999, 1_000, 999_499, 999_500, 24_100_000].map(bytes),
            ["0 B", "999 B", "1.00 kB", "999 kB", "1.00 MB", "24.1 MB"]
        );
        assert_eq!(
            [0.0, 0.4, 12_345.0].map(rate),
            ["0 B/s", "0.40 B/s", "12.3 kB/s"]
        );
        assert_eq!(
            [0, 7, 999, 1_234, 99_960, 999_600, 8_050_000, 59_940_000].map(micros),
            [
                "0 ms", "7.00 µs", "999 µs", "1.23 ms", "100 ms", "1.00 s", "8.05 s", "59.9 s"
            ]
        );
        assert_eq!(
            [59_950_000, 75_002_000, 125_000_000, 3_725_000_000].map(micros),
            ["1m 00s", "1m 15s", "2m 05s", "1h 02m"]
        );
        assert_eq!(
            [0.0, 0.000_01, 0.0013, 0.5, 0.999_999, 1.0].map(percent),
            ["0 %", "< 0.01 %", "0.13 %", "50.0 %", "99.9 %", "100 %"]
        );
        assert_eq!(
            [0.0, -0.001, 0.006, -50.0, 1200.0].map(signed_percent),
            ["0.00 %", "0.00 %", "+0.01 %", "-50.00 %", "+1200.00 %"]
        );
        assert_eq!(
            [0.0, 0.001, 1.5, 19.84, 1_234.4].map(per_second),
            ["0", "< 0.01", "1.50", "19.8", "1,234"]
        );
        assert_eq!(seconds(Duration::from_millis(59_999)), "59 s");
        assert_eq!(seconds(Duration::from_secs(61)), "1m 01s");
        assert_eq!(length(Duration::MAX).len(), "5124095576h 01m".len());
    }

    #[test]
    fn long_lines_lose_their_middle_and_steer_no_terminal() {
        assert_eq!(one_line("abcdef", 6), "abcdef");
        assert_eq!(one_line("abcdefg", 6), "abc…fg");
        assert_eq!(one_line("a\x1b[2Jb\n", 10), "a\u{fffd}[2Jb\u{fffd}");
        assert_eq!(one_line("ab", 0), "…");
    }
}
