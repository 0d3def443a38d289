//! Dates and clocks.

use std::time::Duration;

use media::hls::{MediaPlaylist, Segment};

use super::{lists, of};
use crate::finding::Area;
use crate::findings::{Findings, Rule, error, warning};
use crate::http;
use crate::observed::{Observed, Track};
use crate::words;

const DATES: Rule = Rule {
    area: Area::Dates,
    name: "dates",
    clause: "RFC 8216bis, 4.4.4.6; without dates glass-to-glass latency can't be measured",
    advice: "let the packager write EXT-X-PROGRAM-DATE-TIME",
};
const SUM: Rule = Rule {
    area: Area::Dates,
    name: "dates-add-up",
    clause: "RFC 8216bis, 4.4.4.6 and 6.2.1",
    advice: "stamp the capture time of each first sample, and mark jumps with EXT-X-DISCONTINUITY",
};
const CLOCK: Rule = Rule {
    area: Area::Dates,
    name: "clock",
    clause: "latencies by date are wrong by this difference",
    advice: "synchronise both clocks (NTP)",
};
const EDGE: Rule = Rule {
    area: Area::Dates,
    name: "live-edge",
    clause: "RFC 8216bis, 4.4.4.6",
    advice: "stamp dates from a synchronised clock at capture, not from a file or a start time",
};
const LATE: Rule = Rule {
    area: Area::Dates,
    name: "listed-late",
    clause: "each viewer is later by this than the stream need be",
    advice: "look for what holds finished segments back: the packager, a copy, a cache",
};

/// Differences between dates and durations that are rounding.
const SUM_FINE: Duration = Duration::from_millis(100);
/// Differences that no drift of clocks explains.
const SUM_BAD: Duration = Duration::from_secs(1);
/// Clocks that differ by less agree; a `Date` has whole seconds.
const CLOCK_FINE_MS: u64 = 2_000;
/// A segment that ends so far in the future was stamped by another clock.
const FUTURE_FINE_MS: i64 = 500;
/// An older live edge was not stamped by the wall clock.
const AGE_FINE: Duration = Duration::from_secs(30);

pub(super) fn judge(observed: &Observed, findings: &mut Findings) {
    if observed.is_live() == Some(true) {
        presence(observed, findings);
    }
    sums(observed, findings);
    clock(observed, findings);
    if observed.is_live() == Some(true) {
        edge(observed, findings);
        late(observed, findings);
    }
}

fn is_stated(segment: &Segment) -> bool {
    segment.program_date_time_ms.is_some() && !segment.pdt_is_derived
}

fn presence(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut fine = String::new();
    for (track, list) in lists(observed) {
        let stated = list
            .segments
            .iter()
            .filter(|segment| is_stated(segment))
            .count();
        if stated == 0 && !list.segments.is_empty() {
            problems.push(warning(of(observed, track, "no EXT-X-PROGRAM-DATE-TIME")));
        } else if fine.is_empty() {
            fine = format!("on {stated} of {} segments", list.segments.len());
        }
    }
    findings.judge(&DATES, problems, fine);
}

fn sums(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut worst = Duration::ZERO;
    let mut compared = 0;
    for (track, list) in lists(observed) {
        let differences = differences(list);
        compared += differences.len();
        for (msn, ms) in differences {
            let size = Duration::from_millis(ms.unsigned_abs());
            worst = worst.max(size);
            if size <= SUM_FINE {
                continue;
            }
            let which = if ms > 0 { "later" } else { "earlier" };
            let words = format!(
                "segment {msn} begins {} {which} than the one before ends",
                words::time(size)
            );
            let words = of(observed, track, words);
            problems.push(if size > SUM_BAD {
                error(words)
            } else {
                warning(words)
            });
        }
    }
    if compared == 0 {
        return findings.not_checked(&SUM, "no two segments in a row have a date");
    }
    let fine = format!("dates and EXTINF agree, to {}", words::time(worst));
    findings.judge(&SUM, problems, fine);
}

/// Of each segment with a date after one with a date: by how many milliseconds it begins later
/// than that one ends.
fn differences(list: &MediaPlaylist) -> Vec<(u64, i64)> {
    let numbered = (list.first_msn()..).zip(&list.segments);
    let mut before: Option<i64> = None;
    let mut found = Vec::new();
    for (msn, segment) in numbered {
        let begins = segment.program_date_time_ms.filter(|_| is_stated(segment));
        if let (Some(begins), Some(due), false) = (begins, before, segment.discontinuity) {
            found.push((msn, begins.saturating_sub(due)));
        }
        let length = i64::try_from(segment.duration.as_millis()).unwrap_or(i64::MAX);
        before = begins.map(|begins| begins.saturating_add(length));
    }
    found
}

fn clock(observed: &Observed, findings: &mut Findings) {
    let mut offsets: Vec<i64> = observed
        .exchanges()
        .filter_map(|exchange| {
            let answer = exchange.answer()?;
            // What comes out of a cache has the date of the origin's answer.
            if http::Caching::of(&answer.head.fields).age.is_some() {
                return None;
            }
            let at = exchange.hops.last()?.timings.first_byte?;
            // The middle of the second that it names.
            let theirs = http::date(&answer.head.fields)?
                .checked_mul(1000)?
                .checked_add(500)?;
            Some(theirs.saturating_sub(observed.unix_ms(at)))
        })
        .collect();
    offsets.sort_unstable();
    let Some(offset) = offsets.get(offsets.len() / 2).copied() else {
        return findings.not_checked(&CLOCK, "no answer has a Date of its own");
    };
    let which = if offset > 0 { "ahead of" } else { "behind" };
    let size = words::millis(offset.saturating_abs());
    let far = offset.unsigned_abs() > CLOCK_FINE_MS;
    let problem = far.then(|| warning(format!("the server's clock is {size} {which} ours")));
    findings.judge(&CLOCK, problem, "the server's Date agrees with ours");
}

/// How long ago the last listed segment of a state ended, by its date, when the state was seen.
fn ages(observed: &Observed, track: &Track) -> Vec<i64> {
    let states = track.states();
    let ages = states.filter_map(|(load, list)| {
        let end = list.end_program_date_time_ms()?;
        Some(observed.unix_ms(load.exchange.ended()).saturating_sub(end))
    });
    ages.collect()
}

fn edge(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut fine = None;
    for (track, list) in lists(observed) {
        let Some(youngest) = ages(observed, track).into_iter().min() else {
            continue;
        };
        let limit = AGE_FINE.max(list.target_duration * 3).as_millis() as i64;
        if youngest < -FUTURE_FINE_MS {
            let ahead = words::millis(youngest.saturating_abs());
            let words = format!("the newest segment ends {ahead} in the future");
            problems.push(warning(of(observed, track, words)));
        } else if youngest > limit {
            let ago = words::millis(youngest);
            let words = format!("the newest segment ended {ago} ago: no date of the wall clock?");
            problems.push(warning(of(observed, track, words)));
        } else if fine.is_none() {
            fine = Some(format!(
                "{} behind the wall clock at best",
                words::millis(youngest.max(0))
            ));
        }
    }
    match (problems.is_empty(), fine) {
        (true, None) => findings.not_checked(&EDGE, "there are no dates"),
        (_, fine) => findings.judge(&EDGE, problems, fine.unwrap_or_default()),
    }
}

/// The longest time for which a segment had ended and was certainly not listed.
fn late(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut worst: Option<i64> = None;
    for track in observed.followed() {
        let Some(target) = track.latest().map(|list| list.target_duration) else {
            continue;
        };
        let states: Vec<_> = track.states().collect();
        for pair in states.windows(2) {
            let [(before, old), (_, new)] = pair else {
                continue;
            };
            let asked = observed.unix_ms(before.exchange.began());
            let Some(ended) = new.segment(old.next_msn()).and_then(end_ms) else {
                continue;
            };
            let late = asked.saturating_sub(ended);
            worst = worst.max(Some(late));
            // A live edge of another time is said elsewhere.
            let is_sane = late < AGE_FINE.max(target * 3).as_millis() as i64;
            if is_sane && late > target.as_millis() as i64 {
                let late = words::millis(late);
                let words = format!("a segment was not listed {late} after its end");
                problems.push(warning(of(observed, track, words)));
            }
        }
    }
    match worst {
        None => findings.not_checked(&LATE, "no segment with a date was added"),
        Some(_) => findings.judge(
            &LATE,
            problems,
            "each segment was listed within a target duration",
        ),
    }
}

fn end_ms(segment: &Segment) -> Option<i64> {
    let length = i64::try_from(segment.duration.as_millis()).ok()?;
    segment.program_date_time_ms?.checked_add(length)
}
