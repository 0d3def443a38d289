use std::fmt::Write;
use std::time::Duration;

/// Width of the labels at the side.
pub(super) const LABEL: usize = 10;
/// Marks along the time, the first left out.
const MARKS: usize = 4;
/// Below this a figure has a decimal.
const DECIMAL_BELOW: f64 = 10.0;

/// A line of times below a graph.
pub(super) fn times(text: &mut String, length: Duration, columns: usize) {
    let mut line = String::new();
    for mark in 0..=MARKS {
        let label = time(length.mul_f64(mark as f64 / MARKS as f64));
        let place = columns * mark / MARKS;
        // The last one ends where the graph does; one that would run into another is left out.
        let place = place.min(columns.saturating_sub(label.len()));
        if mark > 0 && place <= line.len() {
            continue;
        }
        let _ = write!(line, "{:place$}{label}", "", place = place - line.len());
    }
    let _ = writeln!(text, "{:LABEL$}  {line}", "");
}

/// `1h30m`, `2m5s`, `1.5s`: two units at most.
pub(super) fn time(time: Duration) -> String {
    if time < Duration::from_secs(10) {
        let tenths = (time.as_secs_f64() * 10.0).round() / 10.0;
        return format!("{tenths}s");
    }
    let words = humantime::format_duration(Duration::from_secs(time.as_secs_f64().round() as u64));
    let words = words.to_string();
    words.split(' ').take(2).collect()
}

/// `1,234`; small ones with a decimal, where they have one.
pub(super) fn grouped(value: f64) -> String {
    let tenths = (value * 10.0).round() / 10.0;
    if value < DECIMAL_BELOW && tenths.fract() != 0.0 {
        return tenths.to_string();
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
