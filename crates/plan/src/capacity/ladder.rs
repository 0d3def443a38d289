//! Numbers of viewers as rungs of equal ratio.

use super::TOLERANCE;

/// A rung is narrower than the tolerance by what rounding to whole viewers may add.
const RUNG: f64 = TOLERANCE * 0.98;
/// A step up multiplies by no more than this, while the levels that are left allow it.
const GENTLE: f64 = 4.0;

/// Rungs from `low` to `high`.
fn rungs(low: u64, high: u64) -> f64 {
    (high as f64 / low as f64).ln() / -(1.0 - RUNG).ln()
}

/// So many rungs above `low`.
fn above(low: u64, rungs: f64) -> u64 {
    (low as f64 * (1.0 - RUNG).powf(-rungs)).floor() as u64
}

/// Halvings that `levels` allow.
fn halved(levels: u32) -> f64 {
    f64::from(2_u32.saturating_pow(levels))
}

/// The next level above `held`, on the way to `to` with `left` levels to spend, this one included.
///
/// If it breaks, what lies between is halved with the levels left then, so it is at most
/// 2^(left - 1) rungs up. If it holds, what lies above has to be covered by the steps that follow:
/// 2^(left - 2) rungs, and half of it, and so on. Between the two it is as gentle as can be.
pub(super) fn step_up(held: u64, to: u64, left: u32) -> u64 {
    let after = left.saturating_sub(1);
    let all = rungs(held, to);
    let needed = all - (halved(after) - 1.0);
    let step = rungs(1, GENTLE as u64).max(needed).min(halved(after));
    if step >= all {
        return to;
    }
    above(held, step).clamp(held + 1, to)
}

/// The level in the middle of what held and what broke; `None` where they are within tolerance, or
/// neighbours.
pub(super) fn middle(held: u64, broken: u64) -> Option<u64> {
    let within = held as f64 >= (1.0 - TOLERANCE) * broken as f64;
    if within || broken - held < 2 {
        return None;
    }
    let middle = (held as f64 * broken as f64).sqrt().round() as u64;
    Some(middle.clamp(held + 1, broken - 1))
}
