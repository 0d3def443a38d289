//! What stands at the top and at the bottom of every frame.

use std::time::Duration;

use report::{Phase, Word, format};

use crate::line::{self, Line};
use crate::look::Tone;
use crate::view::View;

/// Said of a stream where there is room.
const OWN: &str = " (our own origin)";
/// Where the URL has less room than this, it is left out.
const URL_LEAST: usize = 10;

/// Between the reason and the phase.
const PHASE_GAP: usize = 3;

const KEYS: [&str; 8] = [
    "q stop",
    "? help",
    "p pause",
    "+ - viewers",
    "d slowest",
    "tab panel",
    "enter zoom",
    "m messages",
];

/// The name, the stream and the time; how the run goes and why; both on at most `height` lines.
pub(crate) fn header(view: &View<'_>, room: usize, height: usize) -> Vec<Line> {
    let mut lines = vec![stream(view, room)];
    lines.extend(health(view, room, height.saturating_sub(1)));
    lines
}

fn stream(view: &View<'_>, room: usize) -> Line {
    let name =
        Line::new(Tone::Title, " liveswarm").and(Tone::Faint, format!(" {}", view.frame.version));
    let time = time(view);
    let between = room.saturating_sub(name.width() + time.width() + 4);
    if between < URL_LEAST {
        return name.and_right(time, room);
    }
    let url = line::shortened(&view.frame.config.url, between);
    let own = view.frame.config.own_origin && line::width(&url) + OWN.len() <= between;
    let whose = if own { OWN } else { "" };
    name.and(Tone::Plain, format!("  {url}"))
        .and(Tone::Faint, whose)
        .and_right(time, room)
}

fn time(view: &View<'_>) -> Line {
    let elapsed = view.elapsed();
    let line = Line::plain(format::seconds(elapsed));
    match view.frame.config.duration_s {
        Some(whole) => {
            let whole = Duration::try_from_secs_f64(whole).unwrap_or(Duration::MAX);
            let left = format::seconds(whole.saturating_sub(elapsed));
            line.and(Tone::Faint, " · ")
                .and(Tone::Plain, format!("{left} left "))
        }
        None => line.and(Tone::Plain, " "),
    }
}

fn health(view: &View<'_>, room: usize, height: usize) -> Vec<Line> {
    let tone = match view.health.word {
        Word::Healthy => Tone::Good,
        Word::WarmingUp | Word::Stopping | Word::Over => Tone::Title,
        Word::Degraded => Tone::Odd,
        Word::Failing | Word::GeneratorBound => Tone::Bad,
    };
    let word = view.health.word.to_string().to_uppercase();
    let start = Line::new(tone, format!(" {word}")).and(Tone::Plain, "  ");
    let phase = Line::new(Tone::Faint, format!("{} ", phase(view.frame.phase)));
    let beside_phase = room.saturating_sub(phase.width() + PHASE_GAP);
    let reason = &view.health.reason;
    let mut lines = line::paragraph(start.clone(), Tone::Plain, reason, beside_phase);
    if lines.len() > height.max(1) {
        let whole = gravest(reason, beside_phase.saturating_sub(start.width()));
        let parts = whole.unwrap_or_else(|| {
            let room = room.saturating_sub(start.width());
            gravest(reason, room).unwrap_or_else(|| line::shortened(reason, room))
        });
        lines = vec![start.and(Tone::Plain, parts)];
    }
    if let Some(line) = lines.first_mut() {
        *line = std::mem::take(line).and_right(phase, room);
    }
    lines
}

/// As many parts of a reason as fit, the gravest first; `None` where not one does.
fn gravest(reason: &str, room: usize) -> Option<String> {
    let mut shown: Option<String> = None;
    for part in reason.split("; ") {
        let longer = match &shown {
            None => part.to_owned(),
            Some(shown) => format!("{shown}; {part}"),
        };
        if line::width(&longer) > room {
            break;
        }
        shown = Some(longer);
    }
    shown
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Ramping => "ramping",
        Phase::Paused => "ramp paused",
        Phase::Steady => "steady",
        Phase::Stopping => "stopping",
        Phase::Over => "over",
    }
}

/// What the bottom line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Footer<'a> {
    /// Keys.
    Keys,
    /// Something new.
    Message(&'a str),
    /// Somebody asked to stop.
    StopAsked,
}

pub(crate) fn footer(view: &View<'_>, room: usize, footer: Footer<'_>) -> Line {
    let start = Line::plain(" ");
    match footer {
        _ if view.frame.phase == Phase::Over => start.and(Tone::Plain, "over"),
        Footer::StopAsked => {
            let long = "stopping: requests in flight get 3 s; q again leaves at once";
            let text = if line::width(long) < room {
                long
            } else {
                "stopping; q again: leave"
            };
            start.and(Tone::Focus, line::shortened(text, room.saturating_sub(1)))
        }
        _ if view.frame.phase == Phase::Stopping => {
            start.and(Tone::Plain, "stopping: requests in flight get 3 s")
        }
        Footer::Message(text) => {
            start.and(Tone::Odd, line::shortened(text, room.saturating_sub(1)))
        }
        Footer::Keys => keys(view, start, room),
    }
}

fn keys(view: &View<'_>, start: Line, room: usize) -> Line {
    let paused = view.frame.phase == Phase::Paused;
    let shown = KEYS
        .iter()
        .filter(|key| !view.messages.is_empty() || !key.starts_with('m'));
    let items = shown.map(|key| {
        let key = if paused {
            key.replace("pause", "resume")
        } else {
            (*key).to_owned()
        };
        let (key, what) = key.rsplit_once(' ').unwrap_or((&key, ""));
        Line::plain(key).and(Tone::Faint, format!(" {what}"))
    });
    line::fitted(start, items.collect(), room)
}
