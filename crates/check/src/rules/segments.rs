//! The segments: whether they come, and what they are.

use std::collections::BTreeSet;

use media::hls::Variant;

use super::of;
use crate::contents::Container;
use crate::finding::{Area, Level};
use crate::findings::{Findings, Rule, error, warning};
use crate::observed::{Observed, SegmentSeen, Track, TrackKind};
use crate::words;

const AVAILABLE: Rule = Rule {
    area: Area::Segments,
    name: "available",
    clause: "RFC 8216bis, 6.2.1",
    advice: "list a segment only when it can be fetched whole, and keep it for as long as 6.2.2 says",
};
const INIT: Rule = Rule {
    area: Area::Segments,
    name: "init",
    clause: "RFC 8216bis, 3.1.2 and 4.4.4.5",
    advice: "name an initialisation section in EXT-X-MAP and serve it whole",
};
const CONTAINER: Rule = Rule {
    area: Area::Segments,
    name: "container",
    clause: "RFC 8216bis, 3.1",
    advice: "look at the segment with ffprobe; then at what writes it, and what cuts it short",
};
const KEYFRAMES: Rule = Rule {
    area: Area::Segments,
    name: "keyframes",
    clause: "RFC 8216bis, 4.4.2.1 and 6.2.1",
    advice: "cut segments at keyframes (for x264: -g and -keyint_min of a segment, -sc_threshold 0)",
};
const CODECS: Rule = Rule {
    area: Area::Segments,
    name: "codecs-declared",
    clause: "RFC 8216bis, 6.2.4",
    advice: "name in CODECS each format that is in the segments",
};

pub(super) fn judge(observed: &Observed, findings: &mut Findings) {
    if observed
        .tracks
        .iter()
        .all(|track| track.segments.is_empty())
    {
        return findings.not_checked(&AVAILABLE, "no segment was asked for");
    }
    available(observed, findings);
    init(observed, findings);
    container(observed, findings);
    keyframes(observed, findings);
    codecs(observed, findings);
}

/// Every segment with its track.
pub(super) fn segments(observed: &Observed) -> impl Iterator<Item = (&Track, &SegmentSeen)> {
    let tracks = observed.tracks.iter();
    tracks.flat_map(|track| track.segments.iter().map(move |seen| (track, seen)))
}

fn available(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut bytes = 0;
    let mut count = 0;
    for (track, seen) in segments(observed) {
        count += 1;
        bytes += seen.exchange.answer().map_or(0, |answer| answer.bytes);
        let Some(failure) = seen.exchange.failure() else {
            continue;
        };
        let what = words::file(&seen.exchange.url);
        let why = match &seen.exchange.outcome {
            Err(failed) => format!("{failure} ({})", failed.words),
            Ok(_) => failure.to_string(),
        };
        problems.push(error(of(observed, track, format!("{what}: {why}"))));
    }
    let fine = format!(
        "{}, {}",
        words::things(count, "segment", "segments"),
        words::bytes(bytes)
    );
    findings.judge(&AVAILABLE, problems, fine);
}

fn init(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut read = 0;
    for track in &observed.tracks {
        for seen in &track.inits {
            let what = words::file(&seen.exchange.url);
            let wrong = match (&seen.init, seen.exchange.failure()) {
                (_, Some(failure)) => failure.to_string(),
                (Some(Err(wrong)), None) => wrong.clone(),
                _ => {
                    read += 1;
                    continue;
                }
            };
            problems.push(error(of(observed, track, format!("{what}: {wrong}"))));
        }
    }
    let needs = |seen: &SegmentSeen| {
        let is_mp4 = seen
            .contents
            .as_ref()
            .is_some_and(|it| it.container == Container::Fmp4);
        is_mp4
            && seen
                .listed
                .as_ref()
                .is_some_and(|listed| listed.map.is_none())
    };
    if let Some((track, _)) = segments(observed).find(|(_, seen)| needs(seen)) {
        problems.push(error(of(
            observed,
            track,
            "fMP4 segments, but no EXT-X-MAP",
        )));
    }
    if problems.is_empty() && read == 0 {
        return findings.not_checked(&INIT, "the segments need none");
    }
    let fine = words::things(read, "section, read", "sections, read");
    findings.judge(&INIT, problems, fine);
}

fn container(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut kinds = Vec::new();
    let mut read = 0;
    for (track, seen) in segments(observed) {
        let Some(contents) = &seen.contents else {
            continue;
        };
        read += 1;
        if !kinds.contains(&contents.container) {
            kinds.push(contents.container);
        }
        let what = words::file(&seen.exchange.url);
        for (level, words) in &contents.problems {
            problems.push((*level, of(observed, track, format!("{what}: {words}"))));
        }
    }
    let Some(first) = kinds.first() else {
        return findings.not_checked(&CONTAINER, "no segment came whole");
    };
    if kinds.iter().all(|kind| *kind == Container::Encrypted) {
        return findings.not_checked(&CONTAINER, "the segments are encrypted");
    }
    let rule = Rule {
        clause: first.clause(),
        ..CONTAINER
    };
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let fine = format!(
        "{} in {}",
        names.join(" and "),
        words::things(read, "segment", "segments")
    );
    findings.judge(&rule, problems, fine);
}

fn keyframes(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut fine = 0;
    for (track, seen) in segments(observed) {
        let known = seen
            .contents
            .as_ref()
            .and_then(|it| it.starts_with_keyframe);
        match known {
            None => {}
            Some(true) => fine += 1,
            Some(false) => {
                let claimed = is_claimed(observed, track);
                let what = words::file(&seen.exchange.url);
                let level = if claimed {
                    Level::Error
                } else {
                    Level::Warning
                };
                let claim = if claimed {
                    ", though EXT-X-INDEPENDENT-SEGMENTS says so"
                } else {
                    ""
                };
                let words = format!("{what} does not begin with a keyframe{claim}");
                problems.push((level, of(observed, track, words)));
            }
        }
    }
    if problems.is_empty() && fine == 0 {
        return findings.not_checked(&KEYFRAMES, "no picture was found");
    }
    let fine = words::things(
        fine,
        "segment begins with one",
        "segments, each begins with one",
    );
    findings.judge(&KEYFRAMES, problems, fine);
}

/// Whether a playlist says that each segment can be decoded by itself.
fn is_claimed(observed: &Observed, track: &Track) -> bool {
    let by_list = track.latest().is_some_and(|list| list.independent_segments);
    by_list
        || observed
            .multivariant()
            .is_some_and(|lists| lists.independent_segments)
}

fn codecs(observed: &Observed, findings: &mut Findings) {
    let Some(lists) = observed.multivariant() else {
        return;
    };
    let mut problems = Vec::new();
    let mut compared = 0;
    for track in &observed.tracks {
        let TrackKind::Variant(place) = track.kind else {
            continue;
        };
        let Some(variant) = lists.variants.get(place) else {
            continue;
        };
        let Some(declared) = &variant.codecs else {
            continue;
        };
        let found: BTreeSet<&str> = found(track).collect();
        compared += usize::from(!found.is_empty());
        for codec in found
            .into_iter()
            .filter(|codec| !is_declared(declared, codec))
        {
            let declared = words::shortened(declared, 40);
            let words = format!("{codec} is in its segments, but not in CODECS {declared:?}");
            problems.push(error(of(observed, track, words)));
        }
        problems.extend(named_without_sound(observed, track, variant).map(warning));
    }
    if compared == 0 {
        return findings.not_checked(
            &CODECS,
            "no segment's codec is known, or no CODECS is given",
        );
    }
    findings.judge(&CODECS, problems, "what is in the segments is in CODECS");
}

fn found(track: &Track) -> impl Iterator<Item = &'static str> {
    let contents = track
        .segments
        .iter()
        .filter_map(|seen| seen.contents.as_ref());
    contents.flat_map(|contents| contents.codecs.iter().copied())
}

/// Whether a codec, or the other name of it, is declared.
fn is_declared(declared: &str, codec: &str) -> bool {
    let same: &[&str] = if codec == "avc1" {
        &["avc1", "avc3"]
    } else {
        &[codec]
    };
    let mut declared = declared.split(',').map(str::trim);
    declared.any(|given| same.iter().any(|name| given.starts_with(name)))
}

/// A variant that promises AAC, has no audio group, and whose segments have a picture only.
fn named_without_sound(observed: &Observed, track: &Track, variant: &Variant) -> Option<String> {
    let declared = variant.codecs.as_deref()?;
    let found: Vec<&str> = found(track).collect();
    let is_silent = variant.audio.is_none()
        && is_declared(declared, "mp4a")
        && !found.is_empty()
        && !found.contains(&"mp4a");
    is_silent.then(|| {
        of(
            observed,
            track,
            "CODECS promises sound, but no AAC is in its segments",
        )
    })
}
