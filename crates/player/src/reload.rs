//! When one media playlist is asked for again: pure arithmetic on a [`Reload`].

use std::time::Duration;

use media::hls::MediaPlaylist;

use crate::io::FetchId;
use crate::profile::{Reload, ReloadFrom};

/// The reloads of one playlist.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reloads {
    /// The request in flight.
    pub(crate) id: Option<FetchId>,
    /// When the next is due (or, for a reader that waits until it is starved, not before).
    pub(crate) next: Option<Duration>,
    /// When the last was due.
    scheduled: Duration,
    /// When the last was made.
    sent: Duration,
    /// Attempts that failed since the last answer.
    pub(crate) failed: u16,
    /// When the first attempt since the last answer was made.
    began: Duration,
    /// When the last answer came.
    answered: Duration,
    /// Running mean of how long an answer took, with the weight it has so far.
    mean_s: f64,
    weight: f64,
    /// An answer already counted as stale showed the present state.
    pub(crate) stale: bool,
}

impl Reloads {
    pub(crate) fn asked(&mut self, id: FetchId, due: Duration, now: Duration) {
        self.id = Some(id);
        self.next = None;
        self.scheduled = due;
        self.sent = now;
        if self.failed == 0 {
            self.began = now;
        }
    }

    /// Attempts of one operation begin anew: the next answer is timed from `at`.
    pub(crate) fn operation_began(&mut self, at: Duration) {
        self.began = at;
    }

    /// Takes an answer; sets when the next reload is due, where there is to be one.
    pub(crate) fn answered(
        &mut self,
        rule: &Reload,
        list: &MediaPlaylist,
        changed: bool,
        now: Duration,
    ) {
        self.id = None;
        self.failed = 0;
        self.answered = now;
        self.measure(rule, now);
        self.next = list.is_live().then(|| {
            let interval = interval(rule, list, changed);
            self.due_after(rule, interval, now)
        });
    }

    fn due_after(&self, rule: &Reload, interval: Duration, now: Duration) -> Duration {
        match rule.from {
            ReloadFrom::Request => self.sent + interval,
            ReloadFrom::Schedule => (self.scheduled + interval).max(now),
            ReloadFrom::Answer => now + interval,
            ReloadFrom::AnswerLessMean { .. } => {
                now + interval.saturating_sub(Duration::from_secs_f64(self.mean()))
            }
        }
    }

    /// The same interval again, from `now`: after an answer that could not be used.
    pub(crate) fn put_off(&mut self, rule: &Reload, list: &MediaPlaylist, now: Duration) {
        self.id = None;
        self.failed = 0;
        self.next = Some(now + interval(rule, list, true));
    }

    /// The interval begins anew: what the list was loaded for is done only by now.
    pub(crate) fn restart(&mut self, rule: &Reload, now: Duration) {
        if matches!(rule.from, ReloadFrom::AnswerLessMean { .. })
            && let Some(next) = self.next
        {
            self.next = Some(now + next.saturating_sub(self.answered));
        }
    }

    /// A segment of the last list was given up.
    pub(crate) fn skipped(&mut self, rule: &Reload) {
        if let (Some(share), Some(next)) = (rule.after_skip, self.next) {
            let interval = next.saturating_sub(self.answered);
            self.next = Some(self.answered + interval.mul_f64(share));
        }
    }

    fn measure(&mut self, rule: &Reload, now: Duration) {
        if let ReloadFrom::AnswerLessMean { half_life } = rule.from {
            let keep = 0.5_f64.powf(1.0 / half_life);
            let took = now.saturating_sub(self.began).as_secs_f64();
            self.mean_s = self.mean_s * keep + took * (1.0 - keep);
            self.weight = self.weight * keep + (1.0 - keep);
        }
    }

    fn mean(&self) -> f64 {
        if self.weight > 0.0 {
            self.mean_s / self.weight
        } else {
            0.0
        }
    }
}

fn interval(rule: &Reload, list: &MediaPlaylist, changed: bool) -> Duration {
    let target = list.target_duration;
    if !changed {
        return target.mul_f64(rule.unchanged);
    }
    let whole = target.mul_f64(rule.changed);
    let newest = list.segments.last().map(|segment| segment.duration);
    match newest {
        Some(newest) if rule.last_segment && !newest.is_zero() => whole.min(newest),
        _ => whole,
    }
}
