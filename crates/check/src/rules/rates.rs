//! Bit rates, declared and measured.

use std::time::Duration;

use media::hls::Variant;

use super::of;
use crate::finding::{Area, Level};
use crate::findings::{Findings, Problem, Rule};
use crate::observed::{Observed, Track, TrackKind};
use crate::words;

const PEAK: Rule = Rule {
    area: Area::BitRates,
    name: "peak",
    clause: "RFC 8216bis, 4.4.6.2 and 4.1",
    advice: "set BANDWIDTH to the peak of segments and sound together: players stall on too low a one",
};
const AVERAGE: Rule = Rule {
    area: Area::BitRates,
    name: "average",
    clause: "RFC 8216bis, 4.4.6.2 and 4.1",
    advice: "set AVERAGE-BANDWIDTH to the average over the whole stream",
};

/// A peak above BANDWIDTH by less than this share is rounding: sound ends where its frames do.
const OVER_NOISE_SHARE: f64 = 0.02;
/// A peak above BANDWIDTH by less than this share misleads nobody by much.
const OVER_FINE_SHARE: f64 = 0.1;
/// BANDWIDTH above so many times the measured peak keeps players from the variant.
const DECLARED_TIMES_MAX: f64 = 2.5;
/// An average is told from so many segments on.
const AVERAGE_FROM: usize = 3;
/// How far an average may be off within the time of a check.
const AVERAGE_FINE_SHARE: f64 = 0.25;
/// Sets of segments count towards the peak from half a target duration on (4.1).
const PEAK_FROM_TARGETS: f64 = 0.5;

/// What a track's segments carry.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Measured {
    peak: f64,
    average: f64,
    segments: usize,
}

pub(super) fn judge(observed: &Observed, findings: &mut Findings) {
    let Some(lists) = observed.multivariant() else {
        if let Some(measured) = observed.tracks.first().and_then(measure) {
            let words = format!(
                "{} at most; nothing is declared",
                words::bit_rate(measured.peak)
            );
            findings.not_checked(&PEAK, words);
        }
        return;
    };
    let mut peaks = Verdict::default();
    let mut averages = Verdict::default();
    for track in &observed.tracks {
        let TrackKind::Variant(place) = track.kind else {
            continue;
        };
        let (Some(variant), Some(measured)) = (lists.variants.get(place), measure(track)) else {
            continue;
        };
        let Some(measured) = with_sound(observed, variant, measured) else {
            continue;
        };
        peaks.add(&of(observed, track, ""), peak(variant, measured));
        if let Some(declared) = variant.average_bandwidth
            && measured.segments >= AVERAGE_FROM
        {
            averages.add(&of(observed, track, ""), average(declared, measured));
        }
    }
    peaks.say(findings, &PEAK, "no segment with its sound was measured");
    averages.say(
        findings,
        &AVERAGE,
        "nothing declared, or too few segments to tell",
    );
}

/// Problems, and the figures of what is fine.
#[derive(Default)]
struct Verdict {
    problems: Vec<Problem>,
    fine: Vec<String>,
}

impl Verdict {
    fn add(&mut self, name: &str, (level, words): (Option<Level>, String)) {
        match level {
            Some(level) => self.problems.push((level, format!("{name}{words}"))),
            None => self.fine.push(words),
        }
    }

    fn say(self, findings: &mut Findings, rule: &Rule, nothing: &str) {
        if self.problems.is_empty() && self.fine.is_empty() {
            return findings.not_checked(rule, nothing);
        }
        findings.judge(rule, self.problems, self.fine.join("; "));
    }
}

fn peak(variant: &Variant, measured: Measured) -> (Option<Level>, String) {
    let declared = variant.bandwidth as f64;
    let both = format!(
        "{} measured, {} declared",
        words::bit_rate(measured.peak),
        words::bit_rate(declared)
    );
    let level = if declared <= 0.0 {
        // Said of the multivariant playlist.
        None
    } else if measured.peak > declared * (1.0 + OVER_FINE_SHARE) {
        Some(Level::Error)
    } else if measured.peak > declared * (1.0 + OVER_NOISE_SHARE)
        || measured.segments >= AVERAGE_FROM && declared > measured.peak * DECLARED_TIMES_MAX
    {
        Some(Level::Warning)
    } else {
        None
    };
    (level, both)
}

fn average(declared: u64, measured: Measured) -> (Option<Level>, String) {
    let declared = declared as f64;
    let off = (measured.average - declared).abs() / declared.max(1.0);
    let both = format!(
        "{} measured over {} segments, {} declared",
        words::bit_rate(measured.average),
        measured.segments,
        words::bit_rate(declared)
    );
    let is_off = off > AVERAGE_FINE_SHARE;
    (is_off.then_some(Level::Warning), both)
}

/// Adds the audio rendition that is played with the variant; `None` where it was not measured.
fn with_sound(observed: &Observed, variant: &Variant, own: Measured) -> Option<Measured> {
    let lists = observed.multivariant()?;
    let Some(sound) = lists.audio_for(variant).filter(|sound| sound.uri.is_some()) else {
        return Some(own);
    };
    let place = lists.renditions.iter().position(|it| it == sound)?;
    let mut tracks = observed.tracks.iter();
    let track = tracks.find(|track| track.kind == TrackKind::Rendition(place))?;
    let sound = measure(track)?;
    Some(Measured {
        peak: own.peak + sound.peak,
        average: own.average + sound.average,
        segments: own.segments.min(sound.segments),
    })
}

/// The rates of a track's whole segments.
fn measure(track: &Track) -> Option<Measured> {
    let from = track.latest()?.target_duration.mul_f64(PEAK_FROM_TARGETS);
    let mut measured = Measured::default();
    let (mut bits, mut length) = (0.0, Duration::ZERO);
    for seen in &track.segments {
        let (Some(listed), Some(answer)) = (&seen.listed, seen.exchange.answer()) else {
            continue;
        };
        if listed.duration.is_zero() {
            continue;
        }
        let own = answer.bytes as f64 * 8.0;
        bits += own;
        length += listed.duration;
        measured.segments += 1;
        if listed.duration >= from {
            measured.peak = measured.peak.max(own / listed.duration.as_secs_f64());
        }
    }
    measured.average = bits / length.as_secs_f64().max(f64::MIN_POSITIVE);
    (measured.segments > 0 && measured.peak > 0.0).then_some(measured)
}
