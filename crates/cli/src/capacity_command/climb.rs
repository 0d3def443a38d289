//! From level to level.

use std::time::Duration;

use indicatif::MultiProgress;
use plan::capacity::{self, Margin, Next, Search, Verdict};
use report::capacity::{Blame, End, Judgement, Place};
use report::format::UNKNOWN;
use swarm::{Plan, Refused, Seen, Swarm};
use telemetry::Snapshot;
use telemetry::origin::View;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use transport::Clock;

use super::Asked;
use super::hold::Hold;
use super::in_vain;
use super::progress::{Phase, Progress};
use super::spans::Spans;
use crate::groups;
use crate::origin_metrics::Asking;
use crate::signals::Signals;

/// How often the swarm is looked at; workers publish as often.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long the stream's target duration is waited for, by `--slo default`.
const STREAM_MAX: Duration = Duration::from_secs(30);

/// A search that is over.
pub(super) struct Climbed {
    pub(super) search: Search,
    pub(super) end: End,
    pub(super) objectives: Vec<String>,
    /// What viewers are, in words.
    pub(super) engine: String,
    pub(super) holds: Vec<Hold>,
}

/// Why a level was left before its end.
pub(super) enum Left {
    /// Somebody wants to stop.
    Stopped,
    /// Our own generator was the bottleneck, and that is how it shows.
    Bound(String),
    /// There is nothing to search for.
    InVain(anyhow::Error),
}

/// A swarm that goes from level to level.
pub(super) struct Climb<'a> {
    pub(super) asked: &'a Asked,
    pub(super) swarm: Swarm,
    pub(super) spans: Spans,
    pub(super) progress: Progress,
    looks: Interval,
    signals: Signals,
    asking: Option<Asking>,
}

/// Searches until there is an answer, or somebody stops it.
pub(super) async fn to_the_end(asked: &Asked, progress: &MultiProgress) -> anyhow::Result<Climbed> {
    let mut signals = Signals::new()?;
    let mut plan = asked.settings.plan(None)?;
    plan.shape = asked.shape();
    let asking = tokio::select! {
        ready = get_ready(asked, &mut plan) => ready?,
        () = signals.next() => return Ok(Climbed::stopped(asked)),
    };
    let engine = groups::describe(&asked.settings.groups, &plan);
    let mut looks = interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut climb = Climb {
        asked,
        signals,
        asking,
        swarm: Swarm::start(plan, Clock::start())?,
        spans: Spans::none(),
        progress: Progress::new(asked.quiet, progress),
        looks,
    };
    let mut search = asked.search.clone();
    let mut holds = Vec::new();
    let mut objectives = Vec::new();
    let end = climb.climb(&mut search, &mut holds, &mut objectives).await;
    climb.progress.close();
    let end = end?;
    climb.swarm.stop();
    let (_, ended) = climb.swarm.join();
    ended?;
    Ok(Climbed {
        search,
        end,
        objectives,
        engine,
        holds,
    })
}

/// Begins to ask the origin of itself, and looks for the players of all groups.
async fn get_ready(asked: &Asked, plan: &mut Plan) -> anyhow::Result<Option<Asking>> {
    let settings = &asked.settings;
    let asking = Asking::begin(&settings.origin_metrics, settings.transport()).await?;
    let sizes = asking.as_ref().map(Asking::sizes).unwrap_or_default();
    groups::prepare(&settings.groups, plan, &sizes).await?;
    Ok(asking)
}

impl Climbed {
    /// Nothing was tried.
    fn stopped(asked: &Asked) -> Self {
        Self {
            search: asked.search.clone(),
            end: End::Stopped,
            objectives: Vec::new(),
            engine: UNKNOWN.to_owned(),
            holds: Vec::new(),
        }
    }
}

impl Climb<'_> {
    async fn climb(
        &mut self,
        search: &mut Search,
        holds: &mut Vec<Hold>,
        objectives: &mut Vec<String>,
    ) -> anyhow::Result<End> {
        loop {
            let viewers = match search.next() {
                Next::Hold(viewers) => viewers,
                Next::Over(answer) => return Ok(end(answer.end)),
            };
            let before = holds.last().map(|hold| hold.level.judgement);
            let hold = match self.level(viewers, before, objectives).await {
                Ok(hold) => hold,
                Err(Left::Stopped) => return Ok(End::Stopped),
                Err(Left::InVain(why)) => return Err(why),
                Err(Left::Bound(why)) => self.bound(viewers, why),
            };
            self.progress.say(&hold.level.line());
            search.judged(verdict(&hold));
            holds.push(hold);
        }
    }

    async fn level(
        &mut self,
        viewers: u64,
        before: Option<Judgement>,
        objectives: &mut Vec<String>,
    ) -> Result<Hold, Left> {
        if before == Some(Judgement::Broken) {
            // Who was there suffered: who comes next is not to be judged by it.
            self.go_to(0).await?;
            self.spans.fresh(&self.swarm.seen());
        }
        self.go_to(viewers).await?;
        if objectives.is_empty() {
            self.spans = self.objectives().await?;
            *objectives = self.spans.names();
        }
        self.settle(viewers).await?;
        self.hold(viewers).await
    }

    /// The objectives: those of the default set are a matter of the stream.
    async fn objectives(&mut self) -> Result<Spans, Left> {
        let asked = &self.asked.settings.objectives;
        let patience = Instant::now() + STREAM_MAX;
        loop {
            let seen = self.look_for_life().await?;
            let Some(whose) = Spans::unknown(asked, &seen) else {
                return Ok(Spans::new(asked, &seen));
            };
            if Instant::now() > patience {
                return Err(Left::InVain(in_vain::no_stream(&whose, STREAM_MAX)));
            }
        }
    }

    /// So many viewers have started, or are left.
    async fn go_to(&mut self, viewers: u64) -> Result<(), Left> {
        loop {
            match self.swarm.set_target(viewers) {
                Ok(()) => break,
                Err(Refused::Busy) => _ = self.look().await?,
                Err(Refused::Over) => return Err(Left::InVain(in_vain::over())),
                Err(why @ (Refused::Machine(_) | Refused::TooMany { .. } | Refused::Open)) => {
                    return Err(Left::Bound(why.to_string()));
                }
            }
        }
        let there = |snapshot: &Snapshot| {
            let counts = &snapshot.viewers;
            let waiting = counts.count(base::ViewerState::Waiting);
            let none_is_too_many = viewers > 0 || counts.active() == 0;
            counts.target == viewers && waiting == 0 && none_is_too_many
        };
        loop {
            let snapshot = self.look().await?.all;
            if there(&snapshot) {
                return Ok(());
            }
            self.progress
                .show(Phase::on_the_way(&snapshot.viewers, viewers));
        }
    }

    /// Looks on until the viewers of a level have settled.
    async fn settle(&mut self, viewers: u64) -> Result<(), Left> {
        let (begin, time) = (Instant::now(), self.asked.settle);
        while begin.elapsed() < time {
            let phase = Phase::Settling(viewers, begin.elapsed(), time);
            self.progress.show(phase);
            self.look_for_life().await?;
        }
        Ok(())
    }

    /// The next look at a swarm that is complete: somebody gets something there.
    pub(super) async fn look_for_life(&mut self) -> Result<Seen, Left> {
        let seen = self.look().await?;
        match in_vain::nothing_came(&seen) {
            Some(why) => Err(Left::InVain(why)),
            None => Ok(seen),
        }
    }

    /// The next look at the swarm.
    pub(super) async fn look(&mut self) -> Result<Seen, Left> {
        tokio::select! {
            biased;
            () = self.signals.next() => return Err(Left::Stopped),
            () = self.swarm.over() => return Err(Left::InVain(in_vain::over())),
            _ = self.looks.tick() => {}
        }
        let seen = self.swarm.seen();
        self.spans.observe(&seen);
        let causes = &seen.all.generator.causes;
        if causes.is_empty() {
            return Ok(seen);
        }
        let names: Vec<&str> = causes.keys().map(|cause| cause.name()).collect();
        Err(Left::Bound(format!("it ran out of {}", names.join(", "))))
    }

    /// What the origin says of itself, where it is asked.
    pub(super) fn origin(&self, snapshot: &Snapshot) -> Option<View> {
        let asking = self.asking.as_ref()?;
        Some(asking.view(snapshot))
    }

    /// A level that this machine could not be.
    fn bound(&self, viewers: u64, why: String) -> Hold {
        let blame = Blame {
            place: Place::Generator,
            why,
        };
        Hold::bound(viewers, self.swarm.snapshot().elapsed(), blame)
    }
}

fn verdict(hold: &Hold) -> Verdict {
    let margin = if hold.level.close {
        Margin::Close
    } else {
        Margin::Clear
    };
    match hold.level.judgement {
        Judgement::Held => Verdict::Held(margin),
        Judgement::Broken => Verdict::Broken(margin),
        Judgement::GeneratorBound => Verdict::GeneratorBound,
    }
}

fn end(end: capacity::End) -> End {
    match end {
        capacity::End::Found => End::Found,
        capacity::End::HeldToTheEnd => End::HeldToTheEnd,
        capacity::End::BrokeFromTheStart => End::BrokeFromTheStart,
        capacity::End::GeneratorBound(_) => End::GeneratorBound,
        capacity::End::Unsettled => End::Unsettled,
    }
}
