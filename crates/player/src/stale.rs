//! When an unchanged playlist is a stale one.

use std::time::Duration;

use base::Now;
use media::Timeline;

/// An unchanged list is stale when it is older than so many target durations.
const STALE: f64 = 1.5;

/// How old the list is, where that makes it stale.
pub(crate) fn age(timeline: &Timeline, now: Now) -> Option<Duration> {
    let (age, list) = (timeline.age(now)?, timeline.list()?);
    (list.is_live() && age > list.target_duration.mul_f64(STALE)).then_some(age)
}
