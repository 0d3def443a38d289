//! The timestamps inside the segments, held against what the playlists say.

use std::time::Duration;

use super::segments::segments;
use super::{of, rounded};
use crate::finding::Area;
use crate::findings::{Findings, Problem, Rule, error, warning};
use crate::observed::{Observed, SegmentSeen, Track};
use crate::words;

const DURATIONS: Rule = Rule {
    area: Area::Segments,
    name: "durations",
    clause: "RFC 8216bis, 4.4.4.1 and 6.2.1",
    advice: "write the real length of each segment's media into EXTINF, within the target duration",
};
const CONTINUITY: Rule = Rule {
    area: Area::Segments,
    name: "timestamps",
    clause: "RFC 8216bis, 6.2.1 (changes of timing need EXT-X-DISCONTINUITY)",
    advice: "look at the encoder's timestamps; mark breaks with EXT-X-DISCONTINUITY",
};

/// A difference between EXTINF and the media that is rounding, or the order of pictures.
const DURATION_FINE: Duration = Duration::from_millis(200);
/// The same as a share of EXTINF.
const DURATION_FINE_SHARE: f64 = 0.1;
/// A share from which it is an error.
const DURATION_BAD_SHARE: f64 = 0.5;
/// A hole between two segments that is rounding, or the order of pictures.
const HOLE_FINE: Duration = Duration::from_millis(250);
/// A hole at which players stop or jump.
const HOLE_BAD: Duration = Duration::from_secs(1);

pub(super) fn judge(observed: &Observed, findings: &mut Findings) {
    durations(observed, findings);
    continuity(observed, findings);
}

fn durations(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut compared = 0;
    let mut worst = Duration::ZERO;
    for (track, seen) in segments(observed) {
        let (Some(listed), Some(real)) = (&seen.listed, real(seen)) else {
            continue;
        };
        compared += 1;
        let difference = listed.duration.abs_diff(real);
        worst = worst.max(difference);
        let target = track.latest().map(|list| list.target_duration);
        if let Some(problem) = duration_problem(listed.duration, real, target) {
            let (level, words) = problem;
            let what = words::file(&seen.exchange.url);
            problems.push((level, of(observed, track, format!("{what} {words}"))));
        }
    }
    if compared == 0 {
        return findings.not_checked(&DURATIONS, "no timestamps were read");
    }
    let fine = format!("media and EXTINF agree, to {}", words::time(worst));
    findings.judge(&DURATIONS, problems, fine);
}

fn real(seen: &SegmentSeen) -> Option<Duration> {
    let contents = seen.contents.as_ref()?;
    // What is cut short lasts as long as it happens to.
    let is_whole = contents.problems.is_empty();
    contents.duration.filter(|_| is_whole)
}

fn duration_problem(stated: Duration, real: Duration, target: Option<Duration>) -> Option<Problem> {
    let share = stated.abs_diff(real).as_secs_f64() / stated.as_secs_f64().max(0.001);
    let words = format!(
        "lasts {}, EXTINF says {}",
        words::time(real),
        words::time(stated)
    );
    // A millisecond or so is the resolution of the timestamps.
    let over = target.filter(|target| rounded(real.saturating_sub(DURATION_FINE)) > *target);
    match over {
        Some(target) => {
            let target = words::time(target);
            Some(error(format!(
                "{words}, and the target duration is {target}"
            )))
        }
        None if stated.abs_diff(real) <= DURATION_FINE || share <= DURATION_FINE_SHARE => None,
        None if share > DURATION_BAD_SHARE => Some(error(words)),
        None => Some(warning(words)),
    }
}

fn continuity(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut compared = 0;
    for track in &observed.tracks {
        for pair in track.segments.windows(2) {
            let Some(hole) = hole(&pair[0], &pair[1]) else {
                continue;
            };
            compared += 1;
            problems.extend(hole_problem(observed, track, &pair[1], hole));
        }
    }
    if compared == 0 {
        return findings.not_checked(&CONTINUITY, "no two segments in a row were read");
    }
    let begin = words::things(compared, "segment begins", "segments begin");
    let fine = format!("no holes: {begin} where the one before ends");
    findings.judge(&CONTINUITY, problems, fine);
}

/// From the end of a segment to the begin of the next, in seconds; negative where they overlap.
/// `None` where they do not follow each other, or a break between them is marked.
fn hole(before: &SegmentSeen, after: &SegmentSeen) -> Option<f64> {
    let follows = after.msn? == before.msn?.checked_add(1)?;
    let is_marked = after.listed.as_ref()?.discontinuity;
    let (old, new) = (before.contents.as_ref()?, after.contents.as_ref()?);
    if !follows || is_marked || old.container != new.container {
        return None;
    }
    let end = old.start?.as_secs_f64() + old.duration?.as_secs_f64();
    let hole = new.start?.as_secs_f64() - end;
    let Some(wrap) = new.wrap.map(|wrap| wrap.as_secs_f64()) else {
        return Some(hole);
    };
    // The shorter way round.
    Some((hole + wrap / 2.0).rem_euclid(wrap) - wrap / 2.0)
}

fn hole_problem(
    observed: &Observed,
    track: &Track,
    after: &SegmentSeen,
    hole: f64,
) -> Option<Problem> {
    let size = Duration::try_from_secs_f64(hole.abs()).unwrap_or(Duration::MAX);
    if size <= HOLE_FINE {
        return None;
    }
    let how = if hole > 0.0 {
        "after the one before ends"
    } else {
        "before the one before ends"
    };
    let what = words::file(&after.exchange.url);
    let words = of(
        observed,
        track,
        format!("{what} begins {} {how}", words::time(size)),
    );
    Some(if size > HOLE_BAD {
        error(words)
    } else {
        warning(words)
    })
}
