//! The media playlists as they stand.

use media::hls::{Blemish, KeyMethod, MediaPlaylist, PlaylistType, Segment};

use super::syntax::{blemish, is_target, text_problems, version_problem};
use super::{lists, of, rounded};
use crate::finding::Area;
use crate::findings::{Findings, Problem, Rule, error, warning};
use crate::observed::{Observed, Track};
use crate::words;

const ANSWERS: Rule = Rule {
    area: Area::Playlists,
    name: "playlists-answer",
    clause: "RFC 8216bis, 6.2.1",
    advice: "find these answers in the server's log: a player that misses reloads runs dry",
};
const SYNTAX: Rule = Rule {
    area: Area::Playlists,
    name: "playlists",
    clause: "RFC 8216bis, 4.4",
    advice: "mend the packager's output at these lines",
};
const VERSION: Rule = Rule {
    area: Area::Playlists,
    name: "version",
    clause: "RFC 8216bis, 8",
    advice: "raise EXT-X-VERSION: players may refuse tags that it does not cover",
};
const TARGET: Rule = Rule {
    area: Area::Playlists,
    name: "target-duration",
    clause: "RFC 8216bis, 4.4.3.1",
    advice: "set EXT-X-TARGETDURATION to the longest segment, rounded; players reload by it",
};
const WINDOW: Rule = Rule {
    area: Area::Playlists,
    name: "window",
    clause: "RFC 8216bis, 6.2.2",
    advice: "list more segments: players start three target durations before the end",
};
const TYPE: Rule = Rule {
    area: Area::Playlists,
    name: "type",
    clause: "RFC 8216bis, 4.4.3.5 and 6.2.2",
    advice: "leave EXT-X-PLAYLIST-TYPE out of a live list, and end a finished one with EXT-X-ENDLIST",
};
const GAPS: Rule = Rule {
    area: Area::Playlists,
    name: "gaps",
    clause: "RFC 8216bis, 4.4.4.7",
    advice: "look at the encoder: it says itself that media is missing",
};
const EXTRAS: Rule = Rule {
    area: Area::Playlists,
    name: "not-looked-at",
    clause: "",
    advice: "",
};

/// A target duration so many times the longest segment makes players reload too seldom.
const TARGET_TIMES_MAX: f64 = 2.0;

pub(super) fn judge(observed: &Observed, findings: &mut Findings) {
    answers(observed, findings);
    syntax(observed, findings);
    if lists(observed).next().is_none() {
        return;
    }
    version(observed, findings);
    target(observed, findings);
    window(observed, findings);
    kind(observed, findings);
    gaps(observed, findings);
    extras(observed, findings);
}

fn answers(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut loads = 0;
    for track in &observed.tracks {
        loads += track.loads.len();
        let failed: Vec<_> = track
            .loads
            .iter()
            .filter_map(|load| load.exchange.failure())
            .collect();
        if let Some(first) = failed.first() {
            let words = format!(
                "{} of {} loads failed: {first}",
                failed.len(),
                track.loads.len()
            );
            problems.push(error(of(observed, track, words)));
        }
    }
    let fine = words::things(loads, "load, answered", "loads, all answered");
    findings.judge(&ANSWERS, problems, fine);
}

fn syntax(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    for track in &observed.tracks {
        problems
            .extend(track_syntax(track).map(|(level, words)| (level, of(observed, track, words))));
    }
    let read = lists(observed).count();
    let fine = format!(
        "{}, read without complaint",
        words::things(read, "list", "lists")
    );
    findings.judge(&SYNTAX, problems, fine);
}

/// What is wrong with a track's text: of each load that does not read, and of the newest that does.
fn track_syntax(track: &Track) -> impl Iterator<Item = Problem> {
    let wrong = track
        .loads
        .iter()
        .filter_map(|load| match load.read.as_ref()? {
            Err(wrong) => Some(error(wrong.to_string())),
            Ok(player::Playlist::Multivariant(_)) => Some(error(
                "a multivariant playlist where a media playlist belongs",
            )),
            Ok(player::Playlist::Media(_)) => None,
        });
    let newest = track
        .states()
        .next_back()
        .into_iter()
        .flat_map(|(load, list)| {
            let is_said = |it: &&Blemish| !matches!(it, Blemish::NotUtf8) && !is_target(it);
            let blemishes = list.blemishes.iter().filter(is_said).map(blemish);
            text_problems(&load.lines).into_iter().chain(blemishes)
        });
    wrong.chain(newest)
}

fn version(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut fine = String::new();
    for track in &observed.tracks {
        let Some((load, list)) = track.states().next_back() else {
            continue;
        };
        let problem = version_problem(&load.lines, list.version);
        problems.extend(problem.map(|(level, words)| (level, of(observed, track, words))));
        if fine.is_empty() {
            let needs = load.lines.needs;
            let stated = list.version.map_or("none".to_owned(), |it| it.to_string());
            fine = format!("{stated}; {} needs {}", needs.because, needs.version);
        }
    }
    findings.judge(&VERSION, problems, fine);
}

fn target(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut fine = String::new();
    for (track, list) in lists(observed) {
        let text = track
            .states()
            .next_back()
            .and_then(|(load, _)| load.lines.target_duration.clone());
        let longest = list.segments.iter().map(|segment| segment.duration).max();
        let longest = longest.unwrap_or_default();
        let of_track = |words: String| of(observed, track, words);
        let (target, length) = (words::time(list.target_duration), words::time(longest));
        if let Some(odd) = list.blemishes.iter().find(|it| is_target(it)) {
            let (level, words) = blemish(odd);
            problems.push((level, of_track(words)));
        } else if let Some(text) = text.filter(|it| !it.bytes().all(|b| b.is_ascii_digit())) {
            let text = words::shortened(&text, 20);
            problems.push(error(of_track(format!(
                "{text:?} is no whole number of seconds"
            ))));
        } else if rounded(longest) > list.target_duration {
            problems.push(error(of_track(format!(
                "it is {target}, and a segment lasts {length}"
            ))));
        } else if !longest.is_zero()
            && list.target_duration.as_secs_f64()
                >= longest.as_secs_f64().max(1.0) * TARGET_TIMES_MAX
        {
            let words = format!("it is {target}, but no segment is longer than {length}");
            problems.push(warning(of_track(words)));
        }
        if fine.is_empty() {
            fine = format!("{target}, longest segment {length}");
        }
    }
    findings.judge(&TARGET, problems, fine);
}

fn window(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut fine = String::new();
    for (track, list) in lists(observed) {
        let length = list.duration();
        let count = words::things(list.segments.len(), "segment", "segments");
        let words = if list.segments.is_empty() {
            "no segment is listed".to_owned()
        } else {
            format!("{} in {count}", words::time(length))
        };
        let is_short = list.is_live() && list.skip.is_none() && length < list.target_duration * 3;
        if is_short {
            let target = words::time(list.target_duration);
            let words = format!("{words}: less than three target durations of {target}");
            let words = of(observed, track, words);
            // A stream that has just begun has no more to list.
            problems.push(if list.media_sequence == 0 {
                warning(words)
            } else {
                error(words)
            });
        }
        if fine.is_empty() {
            fine = words;
        }
    }
    findings.judge(&WINDOW, problems, fine);
}

fn kind(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    let mut fine = String::new();
    for (track, list) in lists(observed) {
        let words = match (list.kind, list.ended) {
            (Some(PlaylistType::Vod), false) => {
                "PLAYLIST-TYPE is VOD, but EXT-X-ENDLIST is missing"
            }
            (Some(PlaylistType::Event), false) if list.media_sequence > 0 => {
                "PLAYLIST-TYPE is EVENT, but segments were removed"
            }
            _ => "",
        };
        if !words.is_empty() {
            problems.push(error(of(observed, track, words)));
        }
        if fine.is_empty() {
            described(list).clone_into(&mut fine);
        }
    }
    findings.judge(&TYPE, problems, fine);
}

fn described(list: &MediaPlaylist) -> &'static str {
    match (list.ended, list.kind) {
        (true, Some(PlaylistType::Vod)) => "on demand (VOD, EXT-X-ENDLIST): nothing is reloaded",
        (true, _) => "ended (EXT-X-ENDLIST): nothing is reloaded",
        (false, Some(PlaylistType::Event)) => "live, an event: segments are only added",
        (false, _) => "live: segments come and go",
    }
}

fn gaps(observed: &Observed, findings: &mut Findings) {
    let mut problems = Vec::new();
    for (track, list) in lists(observed) {
        let gaps = list.segments.iter().filter(|segment| segment.gap).count();
        if gaps > 0 {
            let words = format!(
                "{gaps} of {} segments are marked EXT-X-GAP",
                list.segments.len()
            );
            problems.push(warning(of(observed, track, words)));
        }
    }
    findings.judge(&GAPS, problems, "none");
}

/// What a stream has that no check looks at.
fn extras(observed: &Observed, findings: &mut Findings) {
    let mut extras = Vec::new();
    if lists(observed).any(|(_, list)| list.part_target.is_some()) {
        extras.push("partial segments (low latency)".to_owned());
    }
    let mut segments = lists(observed).flat_map(|(_, list)| &list.segments);
    if let Some(key) = segments.find_map(Segment::key) {
        let method = match &key.method {
            KeyMethod::Aes128 => "AES-128: what is in the segments".to_owned(),
            KeyMethod::SampleAes | KeyMethod::SampleAesCtr => "encrypted samples".to_owned(),
            KeyMethod::Other(name) => {
                format!("{}: what is in the segments", words::shortened(name, 20))
            }
        };
        extras.push(method);
    }
    if let Some(lists) = observed.multivariant() {
        if !lists.iframes.is_empty() {
            extras.push(words::things(
                lists.iframes.len(),
                "I-frame variant",
                "I-frame variants",
            ));
        }
        if lists.content_steering.is_some() {
            extras.push("content steering".to_owned());
        }
    }
    if observed.left_out > 0 {
        extras.push(words::things(
            observed.left_out,
            "more variant or rendition",
            "more variants and renditions",
        ));
    }
    if !extras.is_empty() {
        findings.not_checked(&EXTRAS, extras.join(", "));
    }
}
