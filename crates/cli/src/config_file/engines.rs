//! Options of one engine in a scenario of several: they are for the groups that can take them.

use super::file;
use crate::args::{Group, Kind, Measure, Run};

/// An option that not every engine takes.
struct OfEngine {
    name: &'static str,
    /// Whether viewers of this kind take it.
    fits: fn(Kind) -> bool,
    /// Leaves it out.
    clear: fn(&mut Run),
}

const OPTIONS: [OfEngine; 8] = [
    OfEngine {
        name: "exec",
        fits: |kind| kind == Kind::Exec,
        clear: |run| run.engine.exec = None,
    },
    OfEngine {
        name: "ffmpeg",
        fits: |kind| kind == Kind::Ffmpeg,
        clear: |run| run.engine.ffmpeg = None,
    },
    OfEngine {
        name: "ffmpeg-arg",
        fits: |kind| kind == Kind::Ffmpeg,
        clear: |run| run.engine.ffmpeg_args.clear(),
    },
    OfEngine {
        name: "measure",
        fits: |kind| kind == Kind::Ffmpeg,
        clear: |run| run.engine.measure = Measure::Gateway,
    },
    OfEngine {
        name: "assume-playback",
        fits: |kind| kind != Kind::Native,
        clear: |run| run.engine.assume_playback = false,
    },
    OfEngine {
        name: "restart-on-stall",
        fits: |kind| kind != Kind::Native,
        clear: |run| run.engine.restart_on_stall = None,
    },
    OfEngine {
        name: "target-buffer",
        fits: |kind| kind == Kind::Native,
        clear: |run| run.target_buffer = None,
    },
    OfEngine {
        name: "seg-retry",
        fits: |kind| kind == Kind::Native,
        clear: |run| run.seg_retry = None,
    },
];

/// What is typed, or stands above the groups, is left out where a group's engine does not take it
/// and another group's does. What no group takes stays, and so does what a group says itself: these
/// are mistakes, and refused as such. `tables` are those of `groups`.
pub(super) fn leave_to_others(groups: &mut [Group], tables: &[file::Group]) {
    for option in &OPTIONS {
        let takes = |group: &Group| (option.fits)(group.run.engine.kind);
        if !groups.iter().any(takes) {
            continue;
        }
        for (group, table) in groups.iter_mut().zip(tables) {
            let says = table.entries.iter().any(|entry| entry.name == option.name);
            if !says && !takes(group) {
                (option.clear)(&mut group.run);
                group.options.retain(|typed| name_of(typed) != option.name);
            }
        }
    }
}

/// The long name in one word of a command line.
fn name_of(typed: &str) -> &str {
    let name = typed.split('=').next().unwrap_or_default();
    name.trim_start_matches("--")
}
