//! What is buffered of one track.

use std::time::Duration;

use smallvec::SmallVec;

use super::Media;

/// Media intervals that lie at most this far apart are one: encoders round, browsers bridge it.
pub(super) const SEAM: Duration = Duration::from_millis(100);
/// Date-times of neighbouring intervals that agree to this many milliseconds are one clock.
const CLOCK_SEAM_MS: i64 = 5;
/// Intervals kept per track; past this the oldest are joined, which can only hide a hole.
pub(super) const RANGES_MAX: usize = 64;

/// What is buffered of one track: intervals in order, apart or of different clocks.
#[derive(Clone, Debug, Default)]
pub(super) struct Buffer {
    ranges: SmallVec<[Media; 2]>,
}

impl Buffer {
    /// Where the first interval begins.
    pub(super) fn start(&self) -> Option<Duration> {
        self.ranges.first().map(|range| range.start)
    }

    /// Where the last interval ends.
    pub(super) fn end(&self) -> Option<Duration> {
        self.ranges.last().map(|range| range.end)
    }

    pub(super) fn insert(&mut self, media: Media) {
        let place = self
            .ranges
            .partition_point(|range| range.start <= media.start);
        if let Some(before) = place.checked_sub(1).and_then(|at| self.ranges.get_mut(at))
            && before.joins(&media)
        {
            before.end = before.end.max(media.end);
        } else {
            self.ranges.insert(place, media);
        }
        if self.ranges.len() > RANGES_MAX {
            let end = self.ranges[1].end;
            self.ranges[0].end = self.ranges[0].end.max(end);
            self.ranges.remove(1);
        }
    }

    /// The end of the run that holds `position` (or begins within a seam of it).
    pub(super) fn run_end(&self, position: Duration) -> Option<Duration> {
        let mut end = None;
        for range in &self.ranges {
            if range.start > end.unwrap_or(position) + SEAM {
                break;
            }
            if range.end > position {
                end = end.max(Some(range.end));
            }
        }
        end
    }

    pub(super) fn next_start(&self, position: Duration) -> Option<Duration> {
        self.ranges
            .iter()
            .map(|range| range.start)
            .find(|&start| start > position)
    }

    /// `position` where media is buffered there, else the next start.
    pub(super) fn start_at_or_after(&self, position: Duration) -> Option<Duration> {
        if self.run_end(position).is_some() {
            Some(position)
        } else {
            self.next_start(position)
        }
    }

    pub(super) fn pdt_at(&self, position: Duration) -> Option<i64> {
        let range = self
            .ranges
            .iter()
            .rfind(|range| range.start <= position)
            .or_else(|| self.ranges.first())?;
        let ahead = position.as_millis() as i64 - range.start.as_millis() as i64;
        range.pdt_ms.map(|pdt_ms| pdt_ms + ahead)
    }

    pub(super) fn drop_before(&mut self, position: Duration) {
        self.ranges.retain(|range| range.end > position);
    }
}

impl Media {
    /// Whether `next` continues this interval on the same clock.
    fn joins(&self, next: &Self) -> bool {
        let same_clock = match (self.pdt_ms, next.pdt_ms) {
            (Some(mine), Some(its)) => {
                let apart = next.start.saturating_sub(self.start).as_millis() as i64;
                (mine + apart - its).abs() <= CLOCK_SEAM_MS
            }
            (None, None) => true,
            _ => false,
        };
        same_clock && next.start <= self.end + SEAM
    }
}
