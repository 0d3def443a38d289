//! Speed, and what players and browsers are told.

use std::time::Duration;

use base::Class;
use transport::Fields;

use super::segments::segments;
use super::{of, target};
use crate::exchange::{Answer, Exchange};
use crate::finding::{Area, Level};
use crate::findings::{Findings, Problem, Rule, error, warning};
use crate::http;
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
pub(super) fn judge(observed: &Observed, findings: &mut Findings) {
    speed(observed, findings);
    first_byte(observed, findings);
    content_type(observed, findings);
    cors(observed, findings);
    compression(observed, findings);
    ranges(observed, findings);
}

/// Which requests are meant.
pub(super) type Kind = fn(Class) -> bool;

pub(super) fn answers(observed: &Observed, of: Kind) -> impl Iterator<Item = (&Exchange, &Answer)> {
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
    let kinds: [(&str, Kind); 2] = [
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
                kind.clone_into(&mut fine);
            }
            Some("application/x-mpegurl" | "audio/x-mpegurl") if fine.is_empty() => {
                "an older name for playlists, which players know".clone_into(&mut fine);
            }
            Some("application/x-mpegurl" | "audio/x-mpegurl") => {}
            other => {
                let kind = other.map_or("nothing".to_owned(), |it| words::shortened(it, 40));
                let path = answer.final_url.path();
                let is_named = path
                    .rsplit_once('.')
                    .is_some_and(|(_, it)| it == "m3u8" || it == "m3u");
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
pub(super) fn unique(problems: Vec<Problem>) -> Vec<Problem> {
    let mut seen = Vec::new();
    for problem in problems {
        if !seen.contains(&problem) {
            seen.push(problem);
        }
    }
    seen
}

fn cors(observed: &Observed, findings: &mut Findings) {
    let kinds: [(&str, Kind); 2] = [
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
    findings.judge(&CORS, problem, "players on any page may read it");
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
