//! Variants beside each other.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{lists, target};
use crate::finding::Area;
use crate::findings::{Findings, Problem, Rule, error, warning};
use crate::observed::{Load, Observed, Track};
use crate::words;
use media::hls::MediaPlaylist;

const TARGETS: Rule = Rule {
    area: Area::Alignment,
    name: "same-target",
    clause: "RFC 8216bis, 6.2.4",
    advice: "cut all variants and renditions alike, with one target duration",
};
const TYPES: Rule = Rule {
    area: Area::Alignment,
    name: "same-type",
    clause: "RFC 8216bis, 6.2.4",
    advice: "give all lists the same EXT-X-PLAYLIST-TYPE and EXT-X-ENDLIST",
};
const DATED: Rule = Rule {
    area: Area::Alignment,
    name: "all-dated",
    clause: "RFC 8216bis, 6.2.4",
    advice: "write EXT-X-PROGRAM-DATE-TIME into all lists or into none",
};
const STEP: Rule = Rule {
    area: Area::Alignment,
    name: "in-step",
    clause: "players that switch find the same content at the same time (RFC 8216bis, 6.2.4)",
    advice: "publish a segment of all variants at one time, with the same number",
};

pub(super) fn judge(observed: &Observed, findings: &mut Findings) {
    let count = lists(observed).count();
    if count < 2 {
        return findings.not_checked(&STEP, "there is one media playlist only");
    }
    targets(observed, findings);
    types(observed, findings);
    dated(observed, findings);
    if observed.is_live() == Some(true) {
        in_step(observed, findings);
    }
}

fn targets(observed: &Observed, findings: &mut Findings) {
    let all: BTreeSet<Duration> = lists(observed)
        .map(|(_, list)| list.target_duration)
        .collect();
    let named: Vec<String> = all.iter().copied().map(words::time).collect();
    let problem = (all.len() > 1).then(|| error(named.join(" and ")));
    findings.judge(&TARGETS, problem, named.join(""));
}

fn types(observed: &Observed, findings: &mut Findings) {
    let differ = |of: fn(&MediaPlaylist) -> u8| {
        lists(observed)
            .map(|(_, list)| of(list))
            .collect::<BTreeSet<_>>()
            .len()
            > 1
    };
    let mut problems = Vec::new();
    if differ(|list| list.kind.map_or(0, |kind| 1 + kind as u8)) {
        problems.push(error("EXT-X-PLAYLIST-TYPE differs from list to list"));
    }
    if differ(|list| list.ended.into()) {
        problems.push(warning("some lists have ended, others go on"));
    }
    findings.judge(&TYPES, problems, "all lists are of one kind");
}

fn dated(observed: &Observed, findings: &mut Findings) {
    let is_dated = |list: &MediaPlaylist| {
        list.segments
            .iter()
            .any(|segment| segment.program_date_time_ms.is_some())
    };
    let with = lists(observed).filter(|(_, list)| is_dated(list)).count();
    let all = lists(observed).count();
    let problem = (with > 0 && with < all).then(|| {
        error(format!(
            "{with} of {all} lists have dates, the others have none"
        ))
    });
    let fine = if with == 0 {
        "no list has dates"
    } else {
        "all lists have dates"
    };
    findings.judge(&DATED, problem, fine);
}

/// Whether the lists that were loaded about the same time end about the same time.
fn in_step(observed: &Observed, findings: &mut Findings) {
    let mut ends = observed.tracks.iter().filter_map(|track| {
        let (load, list) = track.states().next_back()?;
        Some((track, load, list.as_ref()))
    });
    let Some(first) = ends.next() else {
        return;
    };
    let problems: Vec<Problem> = ends
        .filter_map(|other| apart(observed, first, other))
        .collect();
    let fine = format!("the ends of {} lists agree", lists(observed).count());
    findings.judge(&STEP, problems, fine);
}

type End<'a> = (&'a Track, &'a Load, &'a MediaPlaylist);

fn apart(observed: &Observed, first: End<'_>, other: End<'_>) -> Option<Problem> {
    let target = target(observed);
    // A list that is loaded later may have gone on meanwhile.
    let (at, later) = (first.1.exchange.ended(), other.1.exchange.ended());
    let between = at.abs_diff(later);
    let dates = first
        .2
        .end_program_date_time_ms()
        .zip(other.2.end_program_date_time_ms());
    let name = &other.0.name;
    if let Some((one, two)) = dates {
        let apart = Duration::from_millis(one.abs_diff(two));
        let is_far = apart > target.saturating_add(between).saturating_add(target / 4);
        return is_far.then(|| {
            warning(format!(
                "{name} ends {} off the first, by its dates",
                words::time(apart)
            ))
        });
    }
    let meanwhile = (between.as_secs_f64() / target.as_secs_f64().max(0.1)).ceil() as u64;
    let apart = first.2.next_msn().abs_diff(other.2.next_msn());
    (apart > meanwhile.saturating_add(1)).then(|| {
        warning(format!(
            "{name} is {apart} segments off the first, by its numbers"
        ))
    })
}
