//! Delta updates (RFC 8216bis, 6.2.5.1 and 6.3.7).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::derive;
use super::error::Error;
use super::media_playlist::{DateRange, Key, MediaPlaylist, Segment, Skip};

impl MediaPlaylist {
    /// The whole list that this delta update stands for, given the list before it. A list without
    /// `EXT-X-SKIP` is whole already and comes back as it is.
    ///
    /// What stands before the first listed segment of a delta update (`EXT-X-MAP`, `EXT-X-KEY`,
    /// `EXT-X-BITRATE`) and is not repeated is inherited from the last skipped one.
    ///
    /// # Errors
    /// [`Error::DeltaWithoutBase`] where `before` lacks a skipped segment.
    pub fn whole(&self, before: Option<&MediaPlaylist>) -> Result<MediaPlaylist, Error> {
        let Some(skip) = &self.skip else {
            return Ok(self.clone());
        };
        let skipped = self.skipped_segments(before)?;
        let mut segments = skipped.to_vec();
        segments.extend(self.segments.iter().map(without_derived_date));
        inherit(&mut segments, skipped.len(), skip);
        let known = before.map_or(&[][..], |before| &before.date_ranges);
        let mut whole = MediaPlaylist {
            segments,
            date_ranges: merged_date_ranges(known, skip, &self.date_ranges),
            skip: None,
            ..self.clone()
        };
        derive::settle(&mut whole);
        Ok(whole)
    }

    fn skipped_segments<'b>(
        &self,
        before: Option<&'b MediaPlaylist>,
    ) -> Result<&'b [Segment], Error> {
        let lacks = |needed| Error::DeltaWithoutBase { needed };
        let needed = self.media_sequence;
        let before = before.ok_or_else(|| lacks(needed))?;
        let index = |msn: u64| usize::try_from(msn.checked_sub(before.first_msn())?).ok();
        let start = index(needed).ok_or_else(|| lacks(needed))?;
        let end = index(self.first_msn()).ok_or_else(|| lacks(needed))?;
        let skipped = before.segments.get(start..end);
        skipped.ok_or_else(|| lacks(needed.max(before.next_msn())))
    }
}

/// Dates of skipped segments stay as they are known; those of listed ones follow from them anew.
fn without_derived_date(segment: &Segment) -> Segment {
    let mut segment = segment.clone();
    if segment.pdt_is_derived {
        segment.program_date_time_ms = None;
        segment.pdt_is_derived = false;
    }
    segment
}

fn inherit(segments: &mut [Segment], skipped: usize, skip: &Skip) {
    let Some((before, listed)) = segments.split_at_mut_checked(skipped) else {
        return;
    };
    let Some(last) = before.last() else {
        return;
    };
    // A map and a bitrate hold until another one; only keys can end (`METHOD=NONE`).
    let mapless = listed.iter_mut().take_while(|it| it.map.is_none());
    mapless.for_each(|segment| segment.map.clone_from(&last.map));
    let rateless = listed.iter_mut().take_while(|it| it.bitrate.is_none());
    rateless.for_each(|segment| segment.bitrate = last.bitrate);
    if let Some(inherited) = &last.keys {
        inherit_keys(inherited, listed.iter_mut().take(skip.before_clear));
    }
}

fn inherit_keys<'s>(inherited: &Arc<[Key]>, listed: impl Iterator<Item = &'s mut Segment>) {
    // Neighbours share their keys, before and after.
    let mut last: (Option<Arc<[Key]>>, Arc<[Key]>) = (None, Arc::clone(inherited));
    for segment in listed {
        if segment.keys != last.0 {
            let own = segment.keys.as_deref().unwrap_or_default();
            let mut keys = inherited.to_vec();
            for key in own {
                keys = key.added_to(&keys).unwrap_or(keys);
            }
            last = (segment.keys.take(), keys.into());
        }
        segment.keys = Some(Arc::clone(&last.1));
    }
}

fn merged_date_ranges(known: &[DateRange], skip: &Skip, listed: &[DateRange]) -> Vec<DateRange> {
    let mut merged: Vec<DateRange> = Vec::with_capacity(known.len() + listed.len());
    let mut place_of: BTreeMap<&str, Option<usize>> = BTreeMap::new();
    for id in &skip.removed_date_ranges {
        place_of.insert(id, None);
    }
    for range in known {
        if !place_of.contains_key(range.id.as_str()) {
            place_of.insert(&range.id, Some(merged.len()));
            merged.push(range.clone());
        }
    }
    for range in listed {
        match place_of.get(range.id.as_str()).copied().flatten() {
            Some(place) => {
                if let Some(known) = merged.get_mut(place) {
                    known.complete(range.clone());
                }
            }
            None => merged.push(range.clone()),
        }
    }
    merged
}
