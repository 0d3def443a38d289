//! What caches are told.

use std::time::Duration;

use base::Class;

use super::delivery::{answers, unique};
use super::{STALE, target};
use crate::finding::Area;
use crate::findings::{Findings, Problem, Rule, error, warning};
use crate::http::Caching;
use crate::observed::Observed;
use crate::words;

const CACHED_LISTS: Rule = Rule {
    area: Area::Delivery,
    name: "cache-playlists",
    clause: "a list that a cache keeps for too long is a stale list (RFC 8216bis, 6.2.1)",
    advice: "send Cache-Control with half a target duration at most, such as max-age=1",
};
const CACHED_SEGMENTS: Rule = Rule {
    area: Area::Delivery,
    name: "cache-segments",
    clause: "what caches may not keep, the origin serves to each viewer",
    advice: "segments never change: send Cache-Control: public, max-age=86400",
};
/// Segments should stay in caches for as long as players may ask for them.
const SEGMENT_LIFETIME_TARGETS: u32 = 3;

pub(super) fn judge(observed: &Observed, findings: &mut Findings) {
    cached_lists(observed, findings);
    cached_segments(observed, findings);
}

fn cached_lists(observed: &Observed, findings: &mut Findings) {
    if observed.is_live() != Some(true) {
        return findings.not_checked(&CACHED_LISTS, "the list has ended: it may be kept");
    }
    let target = target(observed);
    let mut problems = Vec::new();
    let mut fine = String::new();
    for (exchange, answer) in answers(observed, |class| class == Class::Playlist) {
        let caching = Caching::of(&answer.head.fields);
        let what = words::file(&exchange.url);
        match list_problem(caching, target) {
            Some((level, words)) => problems.push((level, format!("{what}: {words}"))),
            None => fine = fine_for_lists(caching),
        }
    }
    findings.judge(&CACHED_LISTS, unique(problems), fine);
}

fn list_problem(caching: Caching, target: Duration) -> Option<Problem> {
    let age = caching.age.unwrap_or_default();
    if age > target.mul_f64(STALE) {
        return Some(error(format!(
            "it came out of a cache {} old",
            words::time(age)
        )));
    }
    if caching.is_silent() {
        return Some(warning(
            "no Cache-Control: caches guess how long to keep it",
        ));
    }
    let lifetime = caching
        .lifetime
        .filter(|_| !caching.no_cache && !caching.no_store)?;
    let words = format!(
        "caches may keep it {}, the target duration is {}",
        words::time(lifetime),
        words::time(target)
    );
    if lifetime > target.mul_f64(STALE) {
        Some(error(words))
    } else if lifetime > (target / 2).max(Duration::from_secs(1)) {
        Some(warning(words))
    } else {
        None
    }
}

fn fine_for_lists(caching: Caching) -> String {
    match caching.lifetime {
        _ if caching.no_store => "no-store: every reload reaches the origin".to_owned(),
        _ if caching.no_cache => "no-cache: asked for anew each time".to_owned(),
        Some(lifetime) => format!("kept for {}", words::time(lifetime)),
        None => "private: no shared cache keeps it".to_owned(),
    }
}

fn cached_segments(observed: &Observed, findings: &mut Findings) {
    let least = target(observed) * SEGMENT_LIFETIME_TARGETS;
    let mut fine = None;
    let mut problems = Vec::new();
    for (_, answer) in answers(observed, Class::is_media) {
        let caching = Caching::of(&answer.head.fields);
        let lifetime = caching.lifetime.unwrap_or_default();
        let words = if caching.is_silent() {
            "no Cache-Control: caches guess how long to keep them".to_owned()
        } else if !caching.may_be_shared() {
            let said = answer
                .head
                .fields
                .get("cache-control")
                .unwrap_or("no-cache");
            format!(
                "{}: no shared cache answers for the origin",
                words::shortened(said, 40)
            )
        } else if lifetime < least {
            format!("kept for {} only", words::time(lifetime))
        } else {
            fine = Some(format!("kept for {}", words::time(lifetime)));
            continue;
        };
        problems.push(warning(words));
    }
    match (problems.is_empty(), fine) {
        (true, None) => findings.not_checked(&CACHED_SEGMENTS, "no segment came"),
        (_, fine) => findings.judge(&CACHED_SEGMENTS, unique(problems), fine.unwrap_or_default()),
    }
}
