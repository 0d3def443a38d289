//! The media playlists from reload to reload.

use std::sync::Arc;
use std::time::Duration;

use media::hls::{MediaPlaylist, PlaylistType, Segment};

use super::{STALE, of};
use crate::finding::Area;
use crate::findings::{Findings, Problem, Rule, error, warning};
use crate::observed::{Load, Observed, Track};
use crate::words;

const MOVING: Rule = Rule {
    area: Area::Reloads,
    name: "moving",
    clause: "RFC 8216bis, 6.2.1",
    advice: "look at the encoder and the packager, then at caches in between: viewers run dry",
};
const SEQUENCE: Rule = Rule {
    area: Area::Reloads,
    name: "media-sequence",
    clause: "RFC 8216bis, 6.2.2",
    advice: "find who serves an older list: a cache that lags behind, a second packager, a restart",
};
const SAME: Rule = Rule {
    area: Area::Reloads,
    name: "same-segments",
    clause: "RFC 8216bis, 6.2.1",
    advice: "never change a segment that was listed: players take its number for what they have",
};
const TARGET: Rule = Rule {
    area: Area::Reloads,
    name: "target-kept",
    clause: "RFC 8216bis, 6.2.1",
    advice: "fix EXT-X-TARGETDURATION for the life of the stream",
};
const DISCONTINUITY: Rule = Rule {
    area: Area::Reloads,
    name: "discontinuities",
    clause: "RFC 8216bis, 6.2.2",
    advice: "count each EXT-X-DISCONTINUITY that leaves the list in EXT-X-DISCONTINUITY-SEQUENCE",
};

/// Differences of a date that are rounding.
const DATE_TOLERANCE_MS: u64 = 50;

pub(super) fn judge(observed: &Observed, findings: &mut Findings) {
    if observed.is_live() != Some(true) {
        return findings.not_checked(&MOVING, "the list has ended: there is nothing to reload");
    }
    moving(observed, findings);
    let rules: [(&Rule, Step, &str); 4] = [
        (&SEQUENCE, sequence, "only ever goes up"),
        (&SAME, same, "no listed segment changed"),
        (&TARGET, target, "never changed"),
        (&DISCONTINUITY, discontinuity, "numbered alike in each list"),
    ];
    let steps = observed
        .followed()
        .map(|track| track.states().count().saturating_sub(1));
    let steps: usize = steps.sum();
    for (rule, step, fine) in rules {
        if steps == 0 {
            findings.not_checked(rule, "no list was loaded twice");
            continue;
        }
        let mut problems = Vec::new();
        for track in observed.followed() {
            let found = each_step(track, step);
            problems.extend(found.map(|(level, words)| (level, of(observed, track, words))));
        }
        findings.judge(rule, problems, fine);
    }
}

/// What is wrong between two lists that followed each other.
type Step = fn(&MediaPlaylist, &MediaPlaylist) -> Option<Problem>;

fn each_step(track: &Track, step: Step) -> impl Iterator<Item = Problem> {
    let states: Vec<&Arc<MediaPlaylist>> = track.states().map(|(_, list)| list).collect();
    let pairs: Vec<_> = states
        .windows(2)
        .filter_map(|pair| step(pair[0], pair[1]))
        .collect();
    pairs.into_iter()
}

/// How a list moved while it was watched.
#[derive(Clone, Copy, Debug, Default)]
struct Motion {
    /// Segments and parts that were added.
    added: u64,
    /// For how long it certainly had nothing new, at worst.
    still: Duration,
    /// From the first answer to the last request.
    watched: Duration,
}

fn motion(track: &Track) -> Motion {
    let mut motion = Motion::default();
    let mut first: Option<&Load> = None;
    // The newest state, and the answer that first showed it.
    let mut newest: Option<(u64, usize, Duration)> = None;
    for (load, list) in track.states() {
        let (asked, came) = (load.exchange.began(), load.exchange.ended());
        let begin = first.get_or_insert(load);
        motion.watched = asked.saturating_sub(begin.exchange.ended());
        let extent = (list.next_msn(), list.parts.len());
        match newest {
            Some((msn, parts, since)) if extent <= (msn, parts) => {
                motion.still = motion.still.max(asked.saturating_sub(since));
            }
            Some((msn, ..)) => {
                motion.added += extent.0.saturating_sub(msn);
                newest = Some((extent.0, extent.1, came));
            }
            None => newest = Some((extent.0, extent.1, came)),
        }
    }
    motion
}

fn moving(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut fine = None;
    let mut longest = Duration::ZERO;
    for track in observed.followed() {
        let Some(list) = track.latest().filter(|list| list.is_live()) else {
            continue;
        };
        let motion = motion(track);
        let limit = list.target_duration.mul_f64(STALE);
        longest = longest.max(limit);
        if motion.still > limit {
            let still = words::time(motion.still);
            let words = format!(
                "stale: nothing new for {still} or more, {} is the limit",
                words::time(limit)
            );
            problems.push(error(of(observed, track, words)));
        } else if motion.added > 0 && fine.is_none() {
            let new = words::things(motion.added as usize, "new segment", "new segments");
            fine = Some(format!("{new} in {}", words::time(motion.watched)));
        }
    }
    match (problems.is_empty(), fine) {
        (true, None) => {
            let longer = words::time(longest.mul_f64(2.0));
            let words =
                format!("nothing new yet, but it was not watched for long: --duration {longer}");
            findings.not_checked(&MOVING, words.replace(" s", "s"));
        }
        (_, fine) => findings.judge(&MOVING, problems, fine.unwrap_or_default()),
    }
}

fn sequence(old: &MediaPlaylist, new: &MediaPlaylist) -> Option<Problem> {
    let (was, is) = (old.media_sequence, new.media_sequence);
    if is < was {
        return Some(error(format!("it went back from {was} to {is}")));
    }
    let missed = new.first_msn().saturating_sub(old.next_msn());
    (missed > 0 && !old.segments.is_empty()).then(|| {
        warning(format!(
            "{missed} segments came and went between two reloads"
        ))
    })
}

fn same(old: &MediaPlaylist, new: &MediaPlaylist) -> Option<Problem> {
    let first = old.first_msn().max(new.first_msn());
    let next = old.next_msn().min(new.next_msn());
    let changed = (first..next).find_map(|msn| {
        let what = difference(old.segment(msn)?, new.segment(msn)?)?;
        Some(error(format!("segment {msn} got {what}")))
    });
    let removed = new.kind == Some(PlaylistType::Event) && new.media_sequence > old.media_sequence;
    let removed = removed.then(|| error("an EVENT list lost segments"));
    changed.or(removed)
}

/// What changed of a segment.
fn difference(old: &Segment, new: &Segment) -> Option<&'static str> {
    let name = |segment: &Segment| {
        let path = segment.uri.path();
        path.rsplit('/').next().unwrap_or_default().to_owned()
    };
    let stated = |segment: &Segment| {
        segment
            .program_date_time_ms
            .filter(|_| !segment.pdt_is_derived)
    };
    let moved = stated(old)
        .zip(stated(new))
        .is_some_and(|(old, new)| old.abs_diff(new) > DATE_TOLERANCE_MS);
    if name(old) != name(new) || old.byte_range != new.byte_range {
        Some("another URI")
    } else if old.duration != new.duration {
        Some("another EXTINF")
    } else if moved {
        Some("another date")
    } else if old.discontinuity != new.discontinuity {
        Some("or lost its EXT-X-DISCONTINUITY")
    } else {
        None
    }
}

fn target(old: &MediaPlaylist, new: &MediaPlaylist) -> Option<Problem> {
    let (was, is) = (old.target_duration, new.target_duration);
    (was != is).then(|| {
        error(format!(
            "it changed from {} to {}",
            words::time(was),
            words::time(is)
        ))
    })
}

fn discontinuity(old: &MediaPlaylist, new: &MediaPlaylist) -> Option<Problem> {
    if new.discontinuity_sequence < old.discontinuity_sequence
        && new.media_sequence >= old.media_sequence
    {
        let words = format!(
            "EXT-X-DISCONTINUITY-SEQUENCE went back from {} to {}",
            old.discontinuity_sequence, new.discontinuity_sequence
        );
        return Some(error(words));
    }
    let msn = old.first_msn().max(new.first_msn());
    let (was, is) = (old.segment(msn)?, new.segment(msn)?);
    let (was, is) = (was.discontinuity_sequence, is.discontinuity_sequence);
    (was != is).then(|| {
        error(format!(
            "segment {msn} had discontinuity number {was} and has {is}"
        ))
    })
}
