//! What follows from a list as a whole: offsets, discontinuity numbers, dates.

use std::time::Duration;

use super::media_playlist::{MediaPlaylist, Part, Segment};

/// Fills in every value that follows from the segments' order and durations.
pub(super) fn settle(list: &mut MediaPlaylist) {
    let end = offsets(&mut list.segments);
    part_offsets(&mut list.parts, end);
    discontinuities(list);
    dates(&mut list.segments);
}

fn offsets(segments: &mut [Segment]) -> Duration {
    let mut offset = Duration::ZERO;
    for segment in segments {
        segment.offset = offset;
        part_offsets(&mut segment.parts, offset);
        offset += segment.duration;
    }
    offset
}

fn part_offsets(parts: &mut [Part], mut offset: Duration) {
    for part in parts {
        part.offset = offset;
        offset += part.duration;
    }
}

/// `EXT-X-DISCONTINUITY-SEQUENCE` counts the discontinuities that have left the list (RFC 8216bis,
/// 6.2.2), so one that stands before the first listed segment counts on.
fn discontinuities(list: &mut MediaPlaylist) {
    let mut number = list.discontinuity_sequence;
    for segment in &mut list.segments {
        number = number.saturating_add(u64::from(segment.discontinuity));
        segment.discontinuity_sequence = number;
    }
}

/// Dates hold on both sides of the segment that has one, up to the next discontinuity
/// (RFC 8216bis, 6.3.3). A stated date wins over what an earlier one would give.
fn dates(segments: &mut [Segment]) {
    let same_clock = |_: &Segment, next: &Segment| !next.discontinuity;
    for run in segments.chunk_by_mut(same_clock) {
        let Some(first_dated) = run.iter().position(|it| it.program_date_time_ms.is_some()) else {
            continue;
        };
        let mut anchor = date_at(&run[first_dated]);
        for segment in run {
            if segment.program_date_time_ms.is_some() {
                anchor = date_at(segment);
            } else {
                segment.program_date_time_ms = anchor.map(|anchor| project(anchor, segment.offset));
                segment.pdt_is_derived = true;
            }
        }
    }
}

fn date_at(segment: &Segment) -> Option<(i64, Duration)> {
    Some((segment.program_date_time_ms?, segment.offset))
}

/// The date at `offset`, given a date at another offset. Taken from the nearest stated date in one
/// step, so that rounding to milliseconds does not add up.
fn project((date_ms, at): (i64, Duration), offset: Duration) -> i64 {
    let after_ms = rounded_ms(offset.saturating_sub(at));
    let before_ms = rounded_ms(at.saturating_sub(offset));
    date_ms.saturating_add(after_ms).saturating_sub(before_ms)
}

fn rounded_ms(duration: Duration) -> i64 {
    let ms = (duration.as_nanos() + 500_000) / 1_000_000;
    i64::try_from(ms).unwrap_or(i64::MAX)
}
