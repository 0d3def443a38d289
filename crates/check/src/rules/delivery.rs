//! Speed, and what caches and browsers are told.

use std::time::Duration;

use base::Class;
use transport::Fields;

use super::segments::segments;
use super::{STALE, of, target};
use crate::exchange::{Answer, Exchange};
use crate::finding::{Area, Level};
use crate::findings::{Findings, Problem, Rule, error, warning};
use crate::http::{self, Caching};
use crate::observed::Observed;
use crate::words;

const SPEED: Rule = Rule {
    area: Area::Delivery,
    name: "speed",
    clause: "RFC 8216bis, 6.2.1: segments come at the full speed of the link",
    advice: "find what slows one viewer down before a crowd comes: the link, a limit, the disk",
};
const FIRST_BYTE: Rule = Rule {
    area: Area::Delivery,
    name: "first-byte",
    clause: "what a playlist takes is added to the latency of all that it lists",
    advice: "look at what the server does before it answers",
};
const TYPE: Rule = Rule {
    area: Area::Delivery,
    name: "content-type",
    clause: "RFC 8216bis, 4",
    advice: "serve playlists as application/vnd.apple.mpegurl",
};
const CORS: Rule = Rule {
    area: Area::Delivery,
    name: "cors",
    clause: "players on a web page of another origin may not read it (Fetch standard, 3.2)",
    advice: "send Access-Control-Allow-Origin with playlists and segments",
};
const COMPRESSION: Rule = Rule {
    area: Area::Delivery,
    name: "compression",
    clause: "RFC 8216bis, 6.2.1",
    advice: "let the server gzip playlists",
};
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
const RANGES: Rule = Rule {
    area: Area::Delivery,
    name: "ranges",
    clause: "RFC 8216bis, 4.4.4.2; RFC 9110, 14.2",
    advice: "let the server answer Range with 206 and these bytes alone",
};

/// A download that takes this share of real time is slow.
const SLOW_SHARE: f64 = 0.5;
/// A first byte that takes longer is slow, whatever the stream.
const FIRST_BYTE_FINE: Duration = Duration::from_secs(1);
/// Playlists from this size on are worth compressing.
const COMPRESS_FROM: usize = 8 * 1024;
/// Segments should stay in caches for as long as players may ask for them.
const SEGMENT_LIFETIME_TARGETS: u32 = 3;

pub(super) fn judge(observed: &Observed, findings: &mut Findings) {
    speed(observed, findings);
    first_byte(observed, findings);
    content_type(observed, findings);
    cors(observed, findings);
    compression(observed, findings);
    cached_lists(observed, findings);
    cached_segments(observed, findings);
    ranges(observed, findings);
}

fn answers(
    observed: &Observed,
    of: fn(Class) -> bool,
) -> impl Iterator<Item = (&Exchange, &Answer)> {
    let exchanges = observed
        .exchanges()
        .filter(move |exchange| of(exchange.class));
    exchanges.filter_map(|exchange| Some((exchange, exchange.answer()?)))
}

fn speed(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut worst: Option<f64> = None;
    for (track, seen) in segments(observed) {
        let Some(listed) = seen.listed.as_ref().filter(|it| !it.duration.is_zero()) else {
            continue;
        };
        if seen.exchange.answer().is_none() {
            continue;
        }
        let took = seen.exchange.took();
        let share = took.as_secs_f64() / listed.duration.as_secs_f64();
        worst = Some(worst.map_or(share, |worst| worst.max(share)));
        if share <= SLOW_SHARE {
            continue;
        }
        let what = words::file(&seen.exchange.url);
        let (took, length) = (words::time(took), words::time(listed.duration));
        let words = of(
            observed,
            track,
            format!("{what} took {took} for {length} of media"),
        );
        problems.push(if share > 1.0 {
            error(words)
        } else {
            warning(words)
        });
    }
    let Some(worst) = worst else {
        return findings.not_checked(&SPEED, "no segment came whole");
    };
    let times = (1.0 / worst.max(0.001)).min(1000.0);
    let fine = format!("each segment came {times:.0} times as fast as it plays, or faster");
    findings.judge(&SPEED, problems, fine);
}

fn first_byte(observed: &Observed, findings: &mut Findings) {
    let limit = FIRST_BYTE_FINE.min((target(observed) / 2).max(Duration::from_millis(100)));
    let mut problems = Vec::new();
    let mut fine = Vec::new();
    let kinds: [(&str, fn(Class) -> bool); 2] = [
        ("playlists", Class::is_playlist),
        ("segments", Class::is_media),
    ];
    for (name, kind) in kinds {
        let times = answers(observed, kind).filter_map(|(exchange, _)| exchange.first_byte());
        let mut times: Vec<Duration> = times.collect();
        times.sort_unstable();
        let Some(most) = times.last().copied() else {
            continue;
        };
        let middle = times[times.len() / 2];
        let words = format!(
            "{name} {} (at worst {})",
            words::time(middle),
            words::time(most)
        );
        if most > limit {
            let slow = times.iter().filter(|time| **time > limit).count();
            let words = format!(
                "{words}: {slow} of {} over {}",
                times.len(),
                words::time(limit)
            );
            problems.push(warning(words));
        } else {
            fine.push(words);
        }
    }
    findings.judge(&FIRST_BYTE, problems, fine.join(", "));
}

fn content_type(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut fine = String::new();
    for (exchange, answer) in answers(observed, Class::is_playlist) {
        let given = http::media_type(&answer.head.fields);
        let what = words::file(&exchange.url);
        match given.as_deref() {
            Some(kind @ ("application/vnd.apple.mpegurl" | "audio/mpegurl")) => {
                fine = kind.to_owned();
            }
            Some("application/x-mpegurl" | "audio/x-mpegurl") if fine.is_empty() => {
                fine = "an older name for playlists, which players know".to_owned();
            }
            Some("application/x-mpegurl" | "audio/x-mpegurl") => {}
            other => {
                let kind = other.map_or("nothing".to_owned(), |it| words::shortened(it, 40));
                let path = answer.final_url.path();
                let is_named = path.ends_with(".m3u8") || path.ends_with(".m3u");
                let level = if is_named {
                    Level::Warning
                } else {
                    Level::Error
                };
                problems.push((level, format!("{what} is served as {kind}")));
            }
        }
    }
    for (exchange, answer) in answers(observed, Class::is_media) {
        let kind = http::media_type(&answer.head.fields);
        if let Some(kind) = kind.filter(|kind| kind.starts_with("text/") && kind != "text/vtt") {
            let what = words::file(&exchange.url);
            let kind = words::shortened(&kind, 40);
            problems.push(warning(format!("{what} is served as {kind}")));
        }
    }
    findings.judge(&TYPE, unique(problems), fine);
}

/// The same file is loaded again and again; it is named once.
fn unique(problems: Vec<Problem>) -> Vec<Problem> {
    let mut seen = Vec::new();
    for problem in problems {
        if !seen.contains(&problem) {
            seen.push(problem);
        }
    }
    seen
}

fn cors(observed: &Observed, findings: &mut Findings) {
    let kinds: [(&str, fn(Class) -> bool); 2] = [
        ("playlists", Class::is_playlist),
        ("media", |class| !class.is_playlist()),
    ];
    let mut missing = Vec::new();
    for (name, kind) in kinds {
        let is_closed = |answer: &Answer| {
            answer
                .head
                .fields
                .get("access-control-allow-origin")
                .is_none()
        };
        if answers(observed, kind).any(|(_, answer)| is_closed(answer)) {
            missing.push(name);
        }
    }
    let words = format!(
        "no Access-Control-Allow-Origin on {}",
        missing.join(" and ")
    );
    let problem = (!missing.is_empty()).then(|| warning(words));
    findings.judge(
        &CORS,
        problem.into_iter().collect(),
        "players on any page may read it",
    );
}

fn compression(observed: &Observed, findings: &mut Findings) {
    let is_plain = |fields: &Fields| {
        fields
            .get("content-encoding")
            .is_none_or(|it| it.eq_ignore_ascii_case("identity"))
    };
    let entry = observed.entry.iter();
    let loads = entry.chain(observed.tracks.iter().flat_map(|track| &track.loads));
    let mut problems = Vec::new();
    let (mut largest, mut packed) = (0, false);
    for load in loads {
        let Some(answer) = load.exchange.answer() else {
            continue;
        };
        largest = largest.max(load.lines.bytes);
        packed |= !is_plain(&answer.head.fields);
        if is_plain(&answer.head.fields) && load.lines.bytes >= COMPRESS_FROM {
            let size = words::bytes(load.lines.bytes as u64);
            let what = words::file(&load.exchange.url);
            problems.push(warning(format!("{what}: {size}, not compressed")));
        }
    }
    let size = words::bytes(largest as u64);
    let how = if packed {
        "compressed"
    } else {
        "small enough to go as they are"
    };
    findings.judge(
        &COMPRESSION,
        unique(problems),
        format!("playlists of {size} or less, {how}"),
    );
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

fn ranges(observed: &Observed, findings: &mut Findings) {
    let partial = observed
        .exchanges()
        .filter(|exchange| exchange.byte_range.is_some());
    let mut problems = Vec::new();
    let mut fine = 0;
    for exchange in partial {
        let (Some(answer), Some(range)) = (exchange.answer(), exchange.byte_range) else {
            continue;
        };
        let what = words::file(&exchange.url);
        if answer.head.status != 206 {
            let status = answer.head.status;
            problems.push(error(format!(
                "{what}: a range was asked for, HTTP {status} came"
            )));
        } else if answer.bytes != range.length {
            let (came, asked) = (answer.bytes, range.length);
            problems.push(error(format!(
                "{what}: {came} bytes came of a range of {asked}"
            )));
        } else {
            fine += 1;
        }
    }
    if problems.is_empty() && fine == 0 {
        return findings.not_checked(&RANGES, "no byte ranges are listed");
    }
    findings.judge(
        &RANGES,
        unique(problems),
        words::things(fine, "range, as asked", "ranges, as asked"),
    );
}
