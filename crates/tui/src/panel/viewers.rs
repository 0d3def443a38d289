//! The ramp, and viewers by state.

use base::ViewerState;
use report::{format, words};

use crate::chart;
use crate::line::{self, Line};
use crate::look::Tone;
use crate::table::Title;
use crate::view::View;

/// The ramp's bar at its longest.
const BAR_MAX: usize = 40;
/// Room for the words beside the bar.
const BESIDE_BAR: usize = 36;
/// The name of a state, its count and its share, beside its bar.
const BESIDE_STATE: usize = 30;
/// From this width on each state has a bar.
const BARS_FROM: usize = 40;

pub(super) fn summary(view: &View<'_>) -> Vec<Line> {
    let mut items = states(view);
    items.push(Line::plain(started(view)));
    items
}

pub(super) fn heights(room: usize) -> Vec<usize> {
    if room < BARS_FROM {
        return vec![3];
    }
    vec![3, 2 + ViewerState::COUNT]
}

pub(super) fn lines(view: &View<'_>, title: Title, room: usize, height: usize) -> Vec<Line> {
    let mut lines = vec![title.line("", room), ramp(view, room)];
    if height < 2 + ViewerState::COUNT || room < BARS_FROM {
        let mut states = states(view);
        if states.is_empty() {
            states.push(Line::new(Tone::Faint, "none yet"));
        }
        lines.extend(line::wrapped(line::label("now"), states, room));
    } else {
        let viewers = &view.snapshot().viewers;
        lines.extend(viewers.iter().map(|of| state_bar(of, viewers.all(), room)));
    }
    lines
}

fn started(view: &View<'_>) -> String {
    let viewers = &view.snapshot().viewers;
    let [started, target] = [viewers.started, viewers.target].map(format::count);
    if viewers.started > viewers.target {
        return format!("{started} started, {target} wanted");
    }
    format!("{started} of {target} started")
}

fn ramp(view: &View<'_>, room: usize) -> Line {
    let viewers = &view.snapshot().viewers;
    let share = viewers.started as f64 / viewers.target.max(1) as f64;
    let label = line::label("ramp");
    let length = room.saturating_sub(label.width() + BESIDE_BAR).min(BAR_MAX);
    let mut start = label;
    if length > 0 {
        start = start
            .and(Tone::Plain, chart::bar(share, length))
            .and(Tone::Plain, " ");
    }
    let mut items = vec![Line::plain(started(view))];
    if viewers.restarts > 0 {
        items.push(Line::new(
            Tone::Odd,
            format::things(viewers.restarts, "restart", "restarts"),
        ));
    }
    line::fitted(start, items, room)
}

/// States that have viewers, in words.
fn states(view: &View<'_>) -> Vec<Line> {
    let some = view
        .snapshot()
        .viewers
        .iter()
        .filter(|&(_, count)| count > 0);
    some.map(|(state, count)| {
        Line::new(
            tone(state),
            format!("{} {}", words::state(state), format::count(count)),
        )
    })
    .collect()
}

fn state_bar((state, count): (ViewerState, u64), all: u64, room: usize) -> Line {
    let share = (all > 0).then(|| count as f64 / all as f64);
    let tone = if count > 0 { tone(state) } else { Tone::Faint };
    let percent = format::or_unknown(share, format::percent);
    let text = format!("{:>10} {percent:>8} ", format::count(count));
    let line = line::label(words::state(state)).and(tone, text);
    let length = room
        .saturating_sub(BESIDE_STATE + line::INDENT)
        .min(BAR_MAX);
    let full = (share.unwrap_or(0.0) * length as f64).ceil() as usize;
    line.and(tone, "█".repeat(full.min(length)))
}

fn tone(state: ViewerState) -> Tone {
    match state {
        ViewerState::Playing => Tone::Good,
        ViewerState::Stalled | ViewerState::BackingOff => Tone::Odd,
        ViewerState::Failed => Tone::Bad,
        ViewerState::Waiting | ViewerState::Starting | ViewerState::Ended => Tone::Plain,
    }
}
