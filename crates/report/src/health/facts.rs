//! What decides the word.

use std::borrow::Cow;
use std::time::Duration;

use base::ViewerState;
use telemetry::objective::{State, Status};
use telemetry::{Cause, timeline};

use super::{Health, Word};
use crate::format::{count, percent, seconds, things};
use crate::run::Run;
use crate::words;

/// What happened this long ago, in milliseconds, still counts as what happens.
const RECENT_MS: u64 = 10_000;
/// More failed requests than this share of those that ended are too many.
const FAILED_SHARE_MAX: f64 = 0.01;

/// What is known of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts<'a> {
    /// The reason of the exit, where the run has ended.
    exit: Option<&'a str>,
    bottleneck: Option<Cause>,
    started: u64,
    playing: u64,
    stalled: u64,
    backing_off: u64,
    failed: u64,
    ended: u64,
    recent: Recent,
    broken: Vec<Cow<'a, str>>,
}

/// What happened of late.
#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    /// How long that is; `None`: since the run began.
    span_ms: Option<u64>,
    requests_ok: u64,
    requests_failed: u64,
    stalls: u64,
    skipped: u64,
    stale_playlists: u64,
}

impl<'a> Facts<'a> {
    pub(super) fn of(run: &Run<'a>) -> Self {
        let viewers = &run.snapshot.viewers;
        let broken = run.objectives.iter();
        Self {
            exit: run.exit.map(|exit| exit.reason),
            bottleneck: run.snapshot.generator.causes.keys().next().copied(),
            started: viewers.started,
            playing: viewers.count(ViewerState::Playing),
            stalled: viewers.count(ViewerState::Stalled),
            backing_off: viewers.count(ViewerState::BackingOff),
            failed: viewers.count(ViewerState::Failed),
            ended: viewers.count(ViewerState::Ended),
            recent: Recent::of(run),
            broken: broken
                .filter(|status| status.state == State::Broken || status.broken_since_ms.is_some())
                .map(Status::name)
                .collect(),
        }
    }

    pub(super) fn judge(&self) -> Health {
        if let Some(reason) = self.exit {
            return Health::new(Word::Over, reason);
        }
        if let Some(cause) = self.bottleneck {
            return Health::new(Word::GeneratorBound, words::cause(cause));
        }
        let nobody_watches = self.playing + self.ended == 0;
        let troubles = self.troubles();
        if nobody_watches && self.stalled + self.backing_off + self.failed > 0 {
            return Health::new(
                Word::Failing,
                format!("no viewer plays: {}", self.unwell().join(", ")),
            );
        }
        if !troubles.is_empty() {
            return Health::new(Word::Degraded, troubles.join("; "));
        }
        self.well(nobody_watches)
    }

    /// Where nothing is wrong: whether it has begun.
    fn well(&self, nobody_watches: bool) -> Health {
        match (nobody_watches, self.started, self.playing) {
            (true, 0, _) => Health::new(Word::WarmingUp, "no viewer has started"),
            (true, started, _) => Health::new(
                Word::WarmingUp,
                format!(
                    "nothing plays yet: {} started",
                    things(started, "viewer", "viewers")
                ),
            ),
            (false, _, 0) => Health::new(Word::Healthy, "viewers have watched to the end"),
            (false, started, playing) => Health::new(
                Word::Healthy,
                format!(
                    "{} of {} play",
                    count(playing),
                    things(started, "viewer", "viewers")
                ),
            ),
        }
    }

    /// Viewers that do not watch though they should, by state.
    fn unwell(&self) -> Vec<String> {
        let states = [
            (self.failed, ViewerState::Failed),
            (self.backing_off, ViewerState::BackingOff),
            (self.stalled, ViewerState::Stalled),
        ];
        let some = states.into_iter().filter(|&(viewers, _)| viewers > 0);
        some.map(|(viewers, state)| format!("{} {}", count(viewers), words::state(state)))
            .collect()
    }

    /// What is not as it should be, the gravest first.
    fn troubles(&self) -> Vec<String> {
        let mut troubles = Vec::new();
        let unwell = self.unwell();
        if !unwell.is_empty() {
            let of = things(self.started, "viewer", "viewers");
            troubles.push(format!("{} of {of}", unwell.join(", ")));
        }
        let when = self.recent.when();
        let recent = [
            (self.recent.stalls, "stall", "stalls"),
            (self.recent.skipped, "segment skipped", "segments skipped"),
            (
                self.recent.stale_playlists,
                "stale playlist",
                "stale playlists",
            ),
        ];
        if let Some(share) = self.recent.failed_share()
            && share > FAILED_SHARE_MAX
        {
            troubles.push(format!("{} of requests failed {when}", percent(share)));
        }
        for (seen, one, many) in recent {
            if seen > 0 {
                troubles.push(format!("{} {when}", things(seen, one, many)));
            }
        }
        // Before anybody plays, what is measured against is not there yet.
        if self.playing > 0
            && let Some((first, more)) = self.broken.split_first()
        {
            let more = match more.len() as u64 {
                0 => String::new(),
                more => format!(" and {} more", count(more)),
            };
            troubles.push(format!("objective broken: {first}{more}"));
        }
        troubles
    }
}

impl Recent {
    fn of(run: &Run<'_>) -> Self {
        match run.timeline.last() {
            Some(newest) => {
                let since = newest.elapsed_ms.saturating_sub(RECENT_MS);
                let rows = run.timeline.iter().rev();
                rows.take_while(|row| row.elapsed_ms > since)
                    .fold(Self::default(), |sum, row| sum.with(row))
            }
            None => Self::whole(run),
        }
    }

    fn whole(run: &Run<'_>) -> Self {
        let all = run.snapshot.requests.all();
        let playback = &run.snapshot.playback;
        Self {
            span_ms: None,
            requests_ok: all.ok,
            requests_failed: all.failed,
            stalls: run.snapshot.viewers.stalls,
            skipped: playback.skipped.count,
            stale_playlists: playback.stale_playlists.count,
        }
    }

    fn with(self, row: &timeline::Row) -> Self {
        Self {
            span_ms: Some(self.span_ms.unwrap_or(0) + row.span_ms),
            requests_ok: self.requests_ok + row.playlists_ok + row.segments_ok,
            requests_failed: self.requests_failed + row.failed,
            stalls: self.stalls + row.stalls,
            skipped: self.skipped + row.skipped,
            stale_playlists: self.stale_playlists + row.stale_playlists,
        }
    }

    fn failed_share(&self) -> Option<f64> {
        let judged = self.requests_ok + self.requests_failed;
        (judged > 0).then(|| self.requests_failed as f64 / judged as f64)
    }

    fn when(&self) -> String {
        match self.span_ms {
            // Spans are true, and a second is never exactly one.
            Some(ms) => {
                let whole = Duration::from_secs((ms + 500) / 1000);
                format!("in the last {}", seconds(whole.max(Duration::from_secs(1))))
            }
            None => "so far".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn playing(viewers: u64) -> Facts<'static> {
        Facts {
            started: viewers,
            playing: viewers,
            ..Facts::default()
        }
    }

    fn recent(recent: Recent) -> Facts<'static> {
        Facts {
            recent: Recent {
                span_ms: Some(9_960),
                ..recent
            },
            ..playing(100)
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "it is a table")]
    fn a_word_and_its_reason() {
        use Word::{Degraded, Failing, GeneratorBound, Healthy, Over, WarmingUp};
        let none = Recent::default();
        let cases: Vec<(Facts<'_>, Word, &str)> = vec![
            (Facts::default(), WarmingUp, "no viewer has started"),
            (
                Facts {
                    started: 3,
                    ..Facts::default()
                },
                WarmingUp,
                "nothing plays yet: 3 viewers started",
            ),
            // Objectives are not held against what has not begun.
            (
                Facts {
                    started: 3,
                    broken: vec!["a < 1s".into()],
                    ..Facts::default()
                },
                WarmingUp,
                "nothing plays yet: 3 viewers started",
            ),
            (playing(100), Healthy, "100 of 100 viewers play"),
            (
                Facts {
                    started: 2,
                    ended: 2,
                    ..Facts::default()
                },
                Healthy,
                "viewers have watched to the end",
            ),
            // Before anything was played, failed requests are no warming up.
            (
                Facts {
                    started: 1,
                    recent: Recent {
                        requests_failed: 1,
                        ..none
                    },
                    ..Facts::default()
                },
                Degraded,
                "100 % of requests failed so far",
            ),
            (
                Facts {
                    stalled: 7,
                    backing_off: 2,
                    failed: 1,
                    ..playing(90)
                },
                Degraded,
                "1 failed, 2 backing off, 7 stalled of 90 viewers",
            ),
            // Some watched to the end, so not all fail.
            (
                Facts {
                    started: 9,
                    ended: 8,
                    failed: 1,
                    ..Facts::default()
                },
                Degraded,
                "1 failed of 9 viewers",
            ),
            (
                Facts {
                    broken: ["a < 1s", "b < 2s", "c < 3s"].map(Cow::from).to_vec(),
                    ..playing(5)
                },
                Degraded,
                "objective broken: a < 1s and 2 more",
            ),
            (
                Facts {
                    started: 5,
                    stalled: 5,
                    ..Facts::default()
                },
                Failing,
                "no viewer plays: 5 stalled",
            ),
            (
                Facts {
                    started: 5,
                    failed: 4,
                    backing_off: 1,
                    ..Facts::default()
                },
                Failing,
                "no viewer plays: 4 failed, 1 backing off",
            ),
            (
                Facts {
                    bottleneck: Some(Cause::Descriptors),
                    stalled: 5,
                    ..Facts::default()
                },
                GeneratorBound,
                "no file descriptor was left: raise the limit (ulimit -n)",
            ),
            (
                Facts {
                    exit: Some("fine"),
                    bottleneck: Some(Cause::Lag),
                    ..playing(1)
                },
                Over,
                "fine",
            ),
        ];
        for (facts, word, reason) in cases {
            assert_eq!(facts.judge(), Health::new(word, reason), "{facts:?}");
        }
    }

    #[test]
    fn what_happened_of_late() {
        use Word::{Degraded, Healthy};
        let none = Recent::default();
        let cases: Vec<(Facts<'_>, Word, &str)> = vec![
            (
                recent(Recent { stalls: 1, ..none }),
                Degraded,
                "1 stall in the last 10 s",
            ),
            (
                recent(Recent {
                    skipped: 2,
                    stale_playlists: 3,
                    ..none
                }),
                Degraded,
                "2 segments skipped in the last 10 s; 3 stale playlists in the last 10 s",
            ),
            (
                recent(Recent {
                    requests_ok: 989,
                    requests_failed: 11,
                    ..none
                }),
                Degraded,
                "1.10 % of requests failed in the last 10 s",
            ),
            (
                recent(Recent {
                    requests_ok: 990,
                    requests_failed: 10,
                    ..none
                }),
                Healthy,
                "100 of 100 viewers play",
            ),
        ];
        for (facts, word, reason) in cases {
            assert_eq!(facts.judge(), Health::new(word, reason), "{facts:?}");
        }
    }

    #[test]
    fn recent_is_the_end_of_the_timeline() {
        let row = |elapsed_ms| timeline::Row {
            elapsed_ms,
            span_ms: 1_000,
            stalls: 1,
            ..timeline::Row::default()
        };
        let rows: Vec<std::sync::Arc<timeline::Row>> = (1..=60)
            .map(|n| std::sync::Arc::new(row(n * 1_000)))
            .collect();
        let (config, snapshot) = Default::default();
        let mut run = Run {
            version: "",
            config: &config,
            snapshot: &snapshot,
            groups: &[],
            timeline: &rows,
            objectives: &[],
            ledger: None,
            origin_metrics: None,
            exit: None,
        };
        let of = Recent::of(&run);
        assert_eq!((of.span_ms, of.stalls), (Some(10_000), 10));
        run.timeline = &rows[..1];
        let of = Recent::of(&run);
        assert_eq!((of.span_ms, of.stalls), (Some(1_000), 1));
        assert_eq!(of.when(), "in the last 1 s");
        run.timeline = &[];
        assert_eq!(Recent::of(&run).span_ms, None);
    }
}
