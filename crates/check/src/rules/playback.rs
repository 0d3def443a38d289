//! What the viewer lived through.

use std::time::Duration;

use crate::finding::Area;
use crate::findings::{Findings, Rule, error, warning};
use crate::observed::Observed;
use crate::words;

const STARTUP: Rule = Rule {
    area: Area::Playback,
    name: "startup",
    clause: "a plain client of RFC 8216bis, 6.3, starts three target durations before the end",
    advice: "see what failed above; -v says what the viewer did",
};
const STALLS: Rule = Rule {
    area: Area::Playback,
    name: "stalls",
    clause: "one viewer alone should never run dry",
    advice: "see what was late or failed above",
};
const LATENCY: Rule = Rule {
    area: Area::Playback,
    name: "latency",
    clause: "",
    advice: "",
};

/// A shorter stop is a jump over a hole, which is said by itself.
const STALL_MIN: Duration = Duration::from_millis(10);
/// A start that takes longer is slow.
const STARTUP_FINE: Duration = Duration::from_secs(4);

pub(super) fn judge(observed: &Observed, findings: &mut Findings) {
    startup(observed, findings);
    if observed.playback.startup.is_some() {
        stalls(observed, findings);
        latency(observed, findings);
    }
}

fn startup(observed: &Observed, findings: &mut Findings) {
    let playback = &observed.playback;
    if let Some((class, failure)) = playback.gave_up {
        let words = format!("it gave up on a {}: {failure}", class.name());
        return findings.judge(&STARTUP, [error(words)], "");
    }
    let Some(took) = playback.startup else {
        let watched = words::time(observed.watched);
        let words = format!("nothing was played in {watched}");
        return findings.judge(&STARTUP, [error(words)], "");
    };
    let slow = (took > STARTUP_FINE).then(|| warning(format!("it took {}", words::time(took))));
    let fine = format!("first frame after {}", words::time(took));
    findings.judge(&STARTUP, slow, fine);
}

fn stalls(observed: &Observed, findings: &mut Findings) {
    let playback = &observed.playback;
    let mut problems = Vec::new();
    let stalls = playback
        .stalls
        .iter()
        .filter(|length| **length >= STALL_MIN);
    if let Some(longest) = stalls.clone().max() {
        let count = words::things(stalls.count(), "stall", "stalls");
        problems.push(error(format!(
            "{count}, the longest of {}",
            words::time(*longest)
        )));
    }
    if playback.stalled_at_the_end {
        problems.push(error("it was stalled when the watch ended"));
    }
    if playback.skipped > 0 {
        let words = words::things(playback.skipped as usize, "segment", "segments");
        problems.push(error(format!("{words} had to be left out")));
    }
    findings.judge(&STALLS, problems, "none");
}

fn latency(observed: &Observed, findings: &mut Findings) {
    let playback = &observed.playback;
    let behind = playback
        .live_latency
        .map(|it| format!("{} behind live", words::time(it)));
    let glass = playback.glass_to_glass_ms;
    let glass = glass.map(|ms| format!("{} after capture, by the dates", words::millis(ms)));
    let known: Vec<String> = behind.into_iter().chain(glass).collect();
    if known.is_empty() {
        return findings.not_checked(&LATENCY, "not live, or not played for a second");
    }
    findings.ok(&LATENCY, known.join(", "));
}
