//! Why a search ends without an answer: there is nothing to search for.

use std::time::Duration;

use anyhow::anyhow;
use report::format::count;
use report::words;
use swarm::Seen;
use telemetry::Snapshot;

/// Requests of a viewer that have to fail before it is said that it gets nothing: more than one
/// life's, so that a hiccup at the start ends no search.
const TRIES: u64 = 3;

/// No viewer is left, and none will start.
pub(super) fn over() -> anyhow::Error {
    anyhow!(
        "no viewer is left: all have ended or failed for good; --restart says when they start again"
    )
}

/// What `whose` objectives are made of was not seen for so long.
pub(super) fn no_stream(whose: &str, patience: Duration) -> anyhow::Error {
    anyhow!(
        "{whose} are made of the stream's target duration, and no media playlist came within {} s; \
         `liveswarm check` says more, and --slo EXPR takes a limit of your own",
        patience.as_secs()
    )
}

/// Why there is nothing to search for: not one request ended well since the beginning, and in every
/// group those that are still at it had several tries each.
pub(super) fn nothing_came(seen: &Seen) -> Option<anyhow::Error> {
    let has_tried = |of: &Snapshot| {
        let requests = of.requests.all();
        requests.ok == 0 && requests.failed >= TRIES * of.viewers.active()
    };
    let requests = seen.all.requests.all();
    let no_hope = requests.failed > 0 && has_tried(&seen.all) && seen.groups.iter().all(has_tried);
    if !no_hope {
        return None;
    }
    let errors = seen.all.requests.errors.iter();
    let most = errors.max_by_key(|error| error.seen.count)?;
    let (what, hint) = words::failure(most.class, most.failure);
    let who = match seen.all.viewers.all() {
        1 => "the one viewer got nothing".to_owned(),
        all => format!("none of {} viewers got anything", count(all)),
    };
    Some(anyhow!(
        "{who}: {what} ({hint}); `liveswarm check` says more"
    ))
}

#[cfg(test)]
mod tests {
    use base::ViewerState::{Failed, Starting};
    use base::{Class, Failure, Now, Outcome, ViewerState};
    use telemetry::viewers::Playback;
    use telemetry::{Recorder, Sample};

    use super::*;

    /// Viewers in these states, and how their requests ended.
    fn crowd(states: &[(u64, ViewerState)], ok: u64, failed: u64) -> Snapshot {
        let now = Now::new(Duration::ZERO, 0);
        let mut recorder = Recorder::new(now);
        for &(viewers, state) in states {
            for number in 0..viewers {
                let mut viewer = recorder.add_viewer(number, Playback::Tracked, now.elapsed);
                recorder.enter(&mut viewer, state, now.elapsed);
            }
        }
        let ok = (0..ok).map(|_| Outcome::Ok);
        let failed = (0..failed).map(|_| Outcome::Failed(Failure::ConnectRefused));
        for outcome in ok.chain(failed) {
            recorder.begin(Class::Multivariant);
            let sample = Sample {
                class: Class::Multivariant,
                outcome,
                status: None,
                bytes: 0,
                due: now.elapsed,
                sent: now.elapsed,
                first_byte: None,
                last_byte: now.elapsed,
                connect: None,
            };
            recorder.end(None, &sample, now);
        }
        recorder.snapshot(now)
    }

    fn of_groups(groups: Vec<Snapshot>) -> Seen {
        let mut all = Snapshot::default();
        for group in &groups {
            all.merge(group);
        }
        Seen { all, groups }
    }

    #[test]
    fn nothing_came_where_all_have_tried_several_times_and_nothing_ended_well() {
        let alone = |of| Seen {
            all: of,
            groups: Vec::new(),
        };
        let at_it = |ok, failed| alone(crowd(&[(5, Starting)], ok, failed));
        for (seen, nothing) in [
            (at_it(0, 0), false),
            (at_it(0, 14), false),
            (at_it(0, 15), true),
            (alone(crowd(&[(1, Starting)], 0, 2)), false),
            (at_it(1, 150), false),
            // Who has failed for good tries no more.
            (alone(crowd(&[(5, Failed)], 0, 10)), true),
            (alone(crowd(&[(5, Failed), (1, Starting)], 0, 10)), true),
            (alone(crowd(&[(5, Failed), (4, Starting)], 0, 10)), false),
        ] {
            let why = nothing_came(&seen);
            assert_eq!(why.is_some(), nothing, "{why:?}");
            let why = why.map_or_else(String::new, |why| why.to_string());
            assert_eq!(why.contains("connection refused"), nothing, "{why}");
        }
    }

    /// Half find nothing at once; the others' origin takes its time to the first answer.
    #[test]
    fn a_group_that_still_waits_may_get_something() {
        let lost = || crowd(&[(5, Starting)], 0, 500);
        let waits = crowd(&[(5, Starting)], 0, 0);
        assert!(nothing_came(&of_groups(vec![lost(), waits])).is_none());
        assert!(nothing_came(&of_groups(vec![lost(), lost()])).is_some());
    }
}
