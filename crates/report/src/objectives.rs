//! Objectives in words, the same in every report.

use telemetry::objective::{State, Status, Unit};

use crate::format::{self, UNKNOWN};

/// Whether it holds, in a word.
pub fn verdict(state: State) -> &'static str {
    match state {
        State::Met => "met",
        State::Broken => "broken",
        State::Unknown => "unknown",
    }
}

/// The figure with its unit.
pub fn figure(status: &Status) -> String {
    match status.figure {
        Some(figure) => in_unit(figure, status.unit),
        None => format!("{UNKNOWN} (no sample)"),
    }
}

/// The limit with its unit.
pub fn limit(status: &Status) -> String {
    in_unit(status.limit, status.unit)
}

fn in_unit(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Ms => format::ms(value),
        Unit::Ratio => format::percent(value),
    }
}

/// A share that may be below zero, such as what is left of a budget.
pub fn share(share: f64) -> String {
    let sign = if share < 0.0 { "-" } else { "" };
    let size = match share.abs() {
        size if size > 1.0 => format!("{} %", format::count((size * 100.0).round() as u64)),
        size => format::percent(size),
    };
    format!("{sign}{size}")
}

/// How fast a budget goes: 1× spends it exactly.
pub fn burn(rate: f64) -> String {
    format!("{rate:.1}×")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_may_be_overspent() {
        assert_eq!(
            [1.0, 0.5, 0.0, -0.25, -3.0].map(share),
            ["100 %", "50.0 %", "0 %", "-25.0 %", "-300 %"]
        );
    }
}
