//! Retry schedules: pure arithmetic on a [`Retry`].

use std::time::Duration;

use base::{Failure, Rng};

use crate::profile::{Retries, Retry};

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Again after this wait.
    Again(Duration),
    /// All attempts are used up.
    Over,
}

impl Retry {
    /// What follows when `failed` attempts have failed (at least one).
    pub(crate) fn after(&self, failed: u16, rng: &mut Rng) -> Verdict {
        if self.attempts.is_some_and(|attempts| failed >= attempts) {
            return Verdict::Over;
        }
        if let Some(burst) = self.burst
            && failed.is_multiple_of(burst.attempts.max(1))
        {
            let wait = if burst.waits_too {
                self.wait(failed, rng)
            } else {
                Duration::ZERO
            };
            return Verdict::Again(burst.pause + wait);
        }
        Verdict::Again(self.wait(failed, rng))
    }

    /// Whether the attempt after `failed` failed ones begins a new burst.
    pub(crate) fn begins_burst(&self, failed: u16) -> bool {
        self.burst
            .is_some_and(|burst| failed > 0 && failed.is_multiple_of(burst.attempts.max(1)))
    }

    fn wait(&self, failed: u16, rng: &mut Rng) -> Duration {
        let last = self.waits.len().saturating_sub(1);
        let index = usize::from(failed.saturating_sub(1)).min(last);
        let wait = self.waits.get(index).copied().unwrap_or_default();
        if self.fuzz > 0.0 {
            wait.mul_f64(rng.between(1.0 - self.fuzz, 1.0 + self.fuzz))
        } else {
            wait
        }
    }
}

impl Retries {
    /// The schedule for a segment, or what a segment needs.
    pub(crate) fn for_segment(&self, failure: Failure, anything_buffered: bool) -> &Retry {
        let refused = failure
            .status()
            .is_some_and(|status| (400..500).contains(&status));
        let first = match (anything_buffered, refused) {
            (true, _) => None,
            (false, true) => self.first_segment_4xx.as_ref(),
            (false, false) => self.first_segment_5xx.as_ref(),
        };
        first.unwrap_or(if refused {
            &self.segment_4xx
        } else {
            &self.segment_5xx
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    fn waits(retry: &Retry, count: u16) -> Vec<Option<u64>> {
        let mut rng = Rng::new(1);
        (1..=count)
            .map(|failed| match retry.after(failed, &mut rng) {
                Verdict::Again(wait) => Some(wait.as_millis() as u64),
                Verdict::Over => None,
            })
            .collect()
    }

    #[test]
    fn waits_are_those_of_the_table() {
        let hls_js = Profile::hls_js().retries;
        let doubling: Vec<_> = [1000, 2000, 4000, 8000, 8000, 8000].map(Some).into();
        assert_eq!(waits(&hls_js.segment_5xx, 6), doubling);
        assert_eq!(waits(&hls_js.segment_5xx, 7)[6], None);
        assert_eq!(
            waits(&hls_js.segment_4xx, 3),
            [Some(1000), Some(2000), None]
        );
        assert_eq!(waits(&hls_js.playlist, 3), [Some(1000), Some(2000), None]);
        assert_eq!(waits(&hls_js.first_playlist, 2), [Some(1000), None]);
        let ffmpeg = Profile::ffmpeg().retries;
        assert_eq!(waits(&ffmpeg.segment_5xx, 2), [Some(0), None]);
        assert_eq!(waits(&ffmpeg.playlist, 3), [Some(0), Some(0), None]);
        assert_eq!(waits(&ffmpeg.first_playlist, 1), [None]);
        let rfc = Profile::rfc8216().retries;
        assert_eq!(
            waits(&rfc.segment_5xx, 4),
            [Some(1000), Some(2000), Some(4000), None]
        );
        assert_eq!(waits(&rfc.segment_4xx, 1), [None]);
    }

    #[test]
    fn shaka_asks_in_pairs_without_end() {
        let retries = Profile::shaka().retries;
        for (place, wait) in waits(&retries.playlist, 40).into_iter().enumerate() {
            let wait = wait.expect("without end");
            if place % 2 == 0 {
                assert!((500..1500).contains(&wait), "{wait}");
            } else {
                assert!((100..120).contains(&wait), "{wait}");
            }
        }
        for wait in waits(&retries.segment_5xx, 40).into_iter().flatten() {
            assert!((500..1620).contains(&wait), "{wait}");
        }
    }
}
