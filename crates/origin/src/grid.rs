//! Which segments are live at an instant, and which samples they hold: arithmetic on Unix time.

use std::ops::{Range, RangeInclusive};

use crate::asset::{AAC_SAMPLES, AAC_TICKS, FRAME_TICKS, GOP_MS, LOOP_SECONDS, SAMPLE_RATE, TICKS};

/// Segment `n` covers Unix time `[n·d, (n+1)·d)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    /// Duration of a segment in milliseconds: a multiple of [`GOP_MS`].
    pub(crate) segment_ms: u64,
    /// Segments in a playlist.
    pub(crate) window: u64,
}

impl Grid {
    /// The newest segment whose end has passed.
    pub(crate) fn newest(self, unix_ms: i64) -> Option<u64> {
        let unix_ms = u64::try_from(unix_ms).ok()?;
        (unix_ms / self.segment_ms).checked_sub(1)
    }

    /// The segments in a playlist whose newest is `newest`.
    pub(crate) fn listed(self, newest: u64) -> RangeInclusive<u64> {
        (newest + 1).saturating_sub(self.window)..=newest
    }

    /// The segments that can be fetched while `newest` is the newest: a segment stays for its own
    /// duration and that of the longest playlist which named it (RFC 8216bis, 6.2.2).
    pub(crate) fn fetchable(self, newest: u64) -> RangeInclusive<u64> {
        (newest + 1).saturating_sub(self.fetchable_count())..=newest
    }

    /// How many segments can be fetched at any time.
    pub(crate) fn fetchable_count(self) -> u64 {
        2 * self.window + 1
    }

    /// When segment `n` begins, in Unix milliseconds.
    pub(crate) fn start_ms(self, n: u64) -> u64 {
        n * self.segment_ms
    }

    /// When segment `n` begins, in ticks since the epoch.
    pub(crate) fn start_ticks(self, n: u64) -> u64 {
        self.start_ms(n) * (TICKS / 1000)
    }

    /// The pictures of segment `n`, counted since the epoch.
    pub(crate) fn frames(self, n: u64) -> Range<u64> {
        self.start_ticks(n) / FRAME_TICKS..self.start_ticks(n + 1) / FRAME_TICKS
    }

    /// The AAC frames that begin in segment `n`, counted since the epoch. Their edges meet those
    /// of segments only every 640 ms, so segments hold one more or one less.
    pub(crate) fn aac_frames(self, n: u64) -> Range<u64> {
        self.start_ticks(n).div_ceil(AAC_TICKS)..self.start_ticks(n + 1).div_ceil(AAC_TICKS)
    }

    /// When segment `n` of the sound begins: its first frame, in Unix milliseconds, rounded.
    pub(crate) fn aac_start_ms(self, n: u64) -> u64 {
        (self.aac_frames(n).start * AAC_SAMPLES * 1000 + SAMPLE_RATE / 2) / SAMPLE_RATE
    }

    /// The keyframes of segment `n`, in ticks since the epoch.
    pub(crate) fn gops(self, n: u64) -> impl Iterator<Item = u64> {
        let gop_ticks = GOP_MS * (TICKS / 1000);
        (self.start_ticks(n)..self.start_ticks(n + 1)).step_by(gop_ticks as usize)
    }

    /// After how many segments their content repeats.
    pub(crate) fn period(self) -> u64 {
        let loop_ms = LOOP_SECONDS * 1000;
        loop_ms / gcd(loop_ms, self.segment_ms)
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_segment_is_live_once_its_end_has_passed() {
        let grid = Grid {
            segment_ms: 2000,
            window: 3,
        };
        for (unix_ms, newest) in [
            (-1, None),
            (0, None),
            (1_999, None),
            (2_000, Some(0)),
            (3_999, Some(0)),
            (4_000, Some(1)),
        ] {
            assert_eq!(grid.newest(unix_ms), newest, "{unix_ms}");
        }
        assert_eq!(grid.listed(1), 0..=1);
        assert_eq!(grid.listed(9), 7..=9);
        assert_eq!(grid.fetchable(9), 3..=9);
    }

    proptest! {
        #[test]
        fn samples_are_shared_out_without_gap_or_overlap(seconds in 1..60_u64, n in 0..1_000_000_000_u64) {
            let grid = Grid { segment_ms: seconds * 1000, window: 5 };
            prop_assert_eq!(grid.frames(n).end, grid.frames(n + 1).start);
            prop_assert_eq!(grid.aac_frames(n).end, grid.aac_frames(n + 1).start);
            prop_assert_eq!(grid.frames(n).count() as u64, seconds * 25);
            prop_assert!(grid.aac_frames(n).start * AAC_TICKS >= grid.start_ticks(n));
            prop_assert!(grid.aac_frames(n).end * AAC_TICKS >= grid.start_ticks(n + 1));
            prop_assert_eq!(grid.gops(n).count() as u64, seconds);
            let again = n + grid.period();
            prop_assert_eq!(grid.frames(again).start % 400, grid.frames(n).start % 400);
            prop_assert_eq!(grid.aac_frames(again).start % 750, grid.aac_frames(n).start % 750);
        }
    }
}
