//! What keys do, and what stands where.

use crate::keys;
use crate::line::{self, Line};
use crate::look::Tone;
use crate::table::Title;

/// Room for the names of keys.
const KEY_WIDTH: usize = 19;

/// How to read the screen.
const NOTES: [(&str, &str); 6] = [
    (
        "latency",
        "from when a request was due, so that a slow generator hides no slow origin; \"from sent\" \
         from when it was sent",
    ),
    (
        "throughput",
        "bytes of segments over whole seconds; the chart is of the last five minutes",
    ),
    (
        "rebuffer ratio",
        "time stalled, of time stalled and played; startup is not in it (CTA-2066)",
    ),
    (
        "live latency",
        "how far the playhead is behind the newest segment; glass to glass: from capture to \
         playback, where the stream says when it was captured",
    ),
    (
        "budget left",
        "of the samples that may miss an objective, the share that did not yet; burn: how fast it \
         goes, 1 spends it exactly",
    ),
    ("n/a", "not known, which is not zero"),
];

pub(crate) fn lines(room: usize) -> Vec<Line> {
    let title = |name| Title {
        name,
        focused: false,
    };
    let mut lines = vec![title("keys").line("", room)];
    for (key, what) in keys::HELP {
        lines.extend(entry(Tone::Title, key, what, room));
    }
    lines.push(title("figures").line("", room));
    for (name, what) in NOTES {
        lines.extend(entry(Tone::Title, name, what, room));
    }
    lines
}

fn entry(tone: Tone, name: &str, what: &str, room: usize) -> Vec<Line> {
    let start = Line::plain(" ".repeat(line::INDENT)).and(tone, name);
    if room < KEY_WIDTH * 2 {
        let mut lines = vec![start];
        lines.extend(line::paragraph(
            Line::plain("    "),
            Tone::Plain,
            what,
            room,
        ));
        return lines;
    }
    line::paragraph(start.padded(KEY_WIDTH), Tone::Plain, what, room)
}
