//! One list against another: pure judgements, without a timeline.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use super::{Change, Kind};
use crate::hls::{MediaPlaylist, SEGMENTS_MAX, Segment};

/// Least difference of two stated dates that makes two segments of them; a longer segment's
/// duration counts instead.
const STATED_DATE_TOLERANCE_MIN: Duration = Duration::from_secs(1);
/// The same where a date is derived, from another neighbour each time: durations and clocks of
/// packagers drift apart.
const DERIVED_DATE_TOLERANCE: Duration = Duration::from_mins(1);

/// What kind of change leads from `old` to `new`, which differ.
pub(super) fn judge(old: &MediaPlaylist, new: &MediaPlaylist) -> Kind {
    if let Some((first, last)) = common_numbers(old, new) {
        let same = |msn| match (old.segment(msn), new.segment(msn)) {
            (Some(old), Some(new)) => is_same(old, new),
            _ => true,
        };
        if !same(first) || !same(last) {
            return Kind::Restarted;
        }
        return by_extent(old, new);
    }
    if old.segments.is_empty() || (new.segments.is_empty() && new.first_msn() == old.next_msn()) {
        // Nothing to compare with: a stream that has not begun yet, or a list that ran empty.
        return by_extent(old, new);
    }
    match new.first_msn().checked_sub(old.next_msn()) {
        Some(0) => Kind::Advanced,
        Some(missed) if missed <= SEGMENTS_MAX as u64 => Kind::Jumped { missed },
        None if is_dated_before(new, old) => Kind::Older,
        _ => Kind::Restarted,
    }
}

/// For two states of one stream: by how far each reaches.
fn by_extent(old: &MediaPlaylist, new: &MediaPlaylist) -> Kind {
    let extent = |list: &MediaPlaylist| (list.next_msn(), list.parts.len());
    match extent(new).cmp(&extent(old)) {
        Ordering::Greater => Kind::Advanced,
        Ordering::Equal => Kind::Revised,
        Ordering::Less if new.ended && !old.ended => Kind::Revised,
        Ordering::Less => Kind::Older,
    }
}

pub(super) fn change(old: &MediaPlaylist, new: &MediaPlaylist, kind: Kind) -> Change {
    let new_segments = match kind {
        Kind::Jumped { .. } | Kind::Restarted => new.segments.len() as u64,
        _ => new
            .next_msn()
            .saturating_sub(old.next_msn().max(new.first_msn())),
    };
    Change {
        kind,
        new_segments,
        revised: if kind == Kind::Restarted {
            0
        } else {
            revised(old, new)
        },
        ended: new.ended && !old.ended,
        target_duration_changed: new.target_duration != old.target_duration,
    }
}

/// How many common segments have another duration. Counted only where their sum differs, which is
/// known at once.
fn revised(old: &MediaPlaylist, new: &MediaPlaylist) -> u64 {
    let Some((first, last)) = common_numbers(old, new) else {
        return 0;
    };
    let sum = |list: &MediaPlaylist| {
        let (first, last) = (list.segment(first)?, list.segment(last)?);
        Some(last.end_offset().saturating_sub(first.offset))
    };
    if sum(old) == sum(new) {
        return 0;
    }
    let duration = |list: &MediaPlaylist, msn| Some(list.segment(msn)?.duration);
    let differs = |msn: &u64| duration(old, *msn) != duration(new, *msn);
    (first..=last).filter(differs).count() as u64
}

/// First and last number that both lists have.
pub(super) fn common_numbers(old: &MediaPlaylist, new: &MediaPlaylist) -> Option<(u64, u64)> {
    let first = old.first_msn().max(new.first_msn());
    let last = old.last_msn()?.min(new.last_msn()?);
    (first <= last).then_some((first, last))
}

/// Whether two segments of one number are the same one.
fn is_same(old: &Segment, new: &Segment) -> bool {
    let dates = old.program_date_time_ms.zip(new.program_date_time_ms);
    let dates_agree = dates.map(|(old_ms, new_ms)| {
        let is_stated = !old.pdt_is_derived && !new.pdt_is_derived;
        let tolerance = if is_stated {
            old.duration.max(STATED_DATE_TOLERANCE_MIN)
        } else {
            DERIVED_DATE_TOLERANCE
        };
        u128::from(old_ms.abs_diff(new_ms)) <= tolerance.as_millis()
    });
    let name = |it: &Segment| {
        let path = it.uri.path();
        path.rfind('/').map_or(0, |slash| slash + 1)
    };
    let has_same_name = Arc::ptr_eq(&old.uri, &new.uri)
        || old.uri.path().get(name(old)..) == new.uri.path().get(name(new)..);
    if has_same_name && old.byte_range == new.byte_range {
        dates_agree.unwrap_or(true)
    } else {
        dates_agree.unwrap_or(false)
    }
}

/// Whether the dates of `list` end before those of `other`.
fn is_dated_before(list: &MediaPlaylist, other: &MediaPlaylist) -> bool {
    let dates = list
        .end_program_date_time_ms()
        .zip(other.end_program_date_time_ms());
    dates.is_some_and(|(list, other)| list < other)
}

/// How much media lies in `missed` segments that were never seen: by the dates on both sides where
/// that is plausible, else as many target durations.
pub(super) fn gap(old: &MediaPlaylist, new: &MediaPlaylist, missed: u64) -> Duration {
    let missed = u32::try_from(missed).unwrap_or(u32::MAX);
    let by_number = new.target_duration.saturating_mul(missed);
    let first = new.segments.first().and_then(|it| it.program_date_time_ms);
    let dates = old.end_program_date_time_ms().zip(first);
    let by_date = dates.and_then(|(end, first)| u64::try_from(first.saturating_sub(end)).ok());
    let by_date = by_date.map(Duration::from_millis);
    let is_plausible = |gap: &Duration| *gap <= by_number.saturating_mul(2);
    by_date.filter(is_plausible).unwrap_or(by_number)
}
