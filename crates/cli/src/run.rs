//! One run, from the plan to the exit code.

use admin::{Command, Refused};
use anyhow::Context;
use indicatif::MultiProgress;
use report::Phase;
use swarm::{Swarm, Target, preflight};
use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use transport::Clock;
use tui::Action;

use crate::child::Origin;
use crate::display::Display;
use crate::engine;
use crate::exit::{self, Exit};
use crate::groups;
use crate::herd;
use crate::observer::{self, Observer};
use crate::origin_metrics::Asking;
use crate::output;
use crate::second_rows::SecondRows;
use crate::settings::Settings;
use crate::signals::Signals;
use crate::terminal::LogSink;

/// Commands that wait to be carried out; more are refused.
const COMMANDS_MAX: usize = 16;

/// Runs the swarm and reports on it.
pub(crate) fn run(
    settings: &Settings,
    progress: &MultiProgress,
    log: &LogSink,
) -> anyhow::Result<Exit> {
    check_machine(settings)?;
    output::check_writable(settings)?;
    // Two threads: who reads the HTTP face and who draws do not wait for each other.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("can't start the runtime")?;
    // Who asks the origin of itself shares connections within one thread.
    LocalSet::new().block_on(&runtime, async {
        let mut signals = Signals::new()?;
        let Some(origin) = start_origin(settings, &mut signals).await? else {
            return Ok(Exit::CouldNotRun);
        };
        let screen = (progress, log);
        let exit = watched(settings, screen, &mut signals, origin.as_ref()).await?;
        // Who leaves at once takes the origin down without its leave: dropped, it is killed.
        let Some(exit) = exit else {
            return Ok(Exit::CouldNotRun);
        };
        if let Some(origin) = origin {
            tokio::select! {
                () = origin.end() => {}
                () = signals.next() => {}
            }
        }
        Ok(exit)
    })
}

/// Our own origin, where one is needed. `None`: somebody wants to leave before it has started.
async fn start_origin(
    settings: &Settings,
    signals: &mut Signals,
) -> anyhow::Result<Option<Option<Origin>>> {
    let Some(media) = &settings.own_origin else {
        return Ok(Some(None));
    };
    tokio::select! {
        origin = Origin::start(media) => Ok(Some(Some(origin?))),
        () = signals.next() => Ok(None),
    }
}

/// Refuses what this machine can't do; warns of what may become tight.
fn check_machine(settings: &Settings) -> anyhow::Result<()> {
    if settings.skip_preflight {
        return Ok(());
    }
    for tight in preflight::check(&settings.need(settings.peak()), &settings.have())? {
        tracing::warn!("{tight}");
    }
    Ok(())
}

/// Runs the swarm, then writes what it saw. `None`: somebody left at once.
async fn watched(
    settings: &Settings,
    (progress, log): (&MultiProgress, &LogSink),
    signals: &mut Signals,
    origin: Option<&Origin>,
) -> anyhow::Result<Option<Exit>> {
    let own = origin.map(|origin| Target::new(&origin.url)).transpose()?;
    let shown_url = settings.shown_url(own.as_ref());
    let mut config = settings.shown(&shown_url);
    let mut plan = settings.plan(own.as_ref())?;
    let asking = tokio::select! {
        asking = Asking::begin(&settings.origin_metrics, settings.transport()) => asking?,
        () = signals.next() => return Ok(None),
    };
    let sizes = asking.as_ref().map(Asking::sizes).unwrap_or_default();
    tokio::select! {
        prepared = groups::prepare(&settings.groups, &mut plan, &sizes) => prepared?,
        () = signals.next() => return Ok(None),
    }
    config.engine = groups::describe(&settings.groups, &plan);
    let invitation = settings.groups[0].engine.invitation(&plan.groups[0])?;
    if settings.print_cmd {
        output::print(engine::command_lines(&plan)?)?;
        return Ok(Some(Exit::Fine));
    }
    let herd_at = tokio::select! {
        at = herd::at(settings, &plan) => at?,
        () = signals.next() => return Ok(None),
    };
    let rows = SecondRows::open(settings.files.csv.as_deref())?;
    let mut observer = Observer::new(config, settings.objectives.clone(), rows);
    observer.ask(asking);
    let face = settings.face.bind()?;
    let (sender, commands) = mpsc::channel(COMMANDS_MAX);
    let clock = Clock::start();
    if let Some(at) = herd_at {
        plan.shape = (settings.load()).shape(at.saturating_duration_since(Instant::now()));
    }
    let swarm = Swarm::start(plan, clock)?;
    let display = Display::open(settings, observer.frames(), progress, log, &shown_url)?;
    for line in &invitation {
        display.insist(line);
    }
    let face = face.map(|face| {
        display.say(&face.place());
        observer.take_in(face.pushed());
        face.show(observer.frames(), sender.clone())
    });
    let mut run = Underway {
        control: swarm.control(),
        swarm,
        observer,
        display,
        commands,
        end: settings.duration.map(|length| clock.instant(length)),
        stopping: false,
        asked_to_stop: false,
    };
    let over = run.until_over(signals).await;
    let Underway {
        swarm,
        mut observer,
        display,
        ..
    } = run;
    display.close();
    if !over {
        return Ok(None);
    }
    let (seen, ended) = swarm.end();
    observer.last(seen);
    let counting = origin.filter(|_| settings.own_serves_all());
    let ledger = tokio::select! {
        ledger = last_words(counting, &mut observer) => ledger,
        () = signals.next() => None,
    };
    let exit = conclude(settings, &mut observer, ledger)?;
    if let Some(face) = face {
        face.end().await;
    }
    ended?;
    Ok(Some(exit))
}

/// What the run comes to, said and written.
fn conclude(
    settings: &Settings,
    observer: &mut Observer,
    ledger: Option<report::Ledger>,
) -> anyhow::Result<Exit> {
    let failed = observer.failed();
    let facts = output::facts(&observer.newest().snapshot, failed.len());
    let (exit, reason) = exit::verdict(facts);
    let code = exit as u8;
    observer.over(ledger, report::Exit { code, reason });
    output::write(settings, &observer.newest().run())?;
    observer.end()?;
    Ok(exit)
}

/// What the origin says at the end: what it served, and of itself.
async fn last_words(origin: Option<&Origin>, observer: &mut Observer) -> Option<report::Ledger> {
    let ledger = match origin {
        Some(origin) => own_count(origin).await,
        None => None,
    };
    observer.hear_out().await;
    ledger
}

/// What our own origin says it served. A run is reported on without it too.
async fn own_count(origin: &Origin) -> Option<report::Ledger> {
    match crate::ledger::read(&origin.url).await {
        Ok(ledger) => Some(ledger),
        Err(error) => {
            tracing::error!("{error:#}");
            None
        }
    }
}

/// Whether the program is to end without a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leave {
    NotYet,
    AtOnce,
}

/// A run under way, and who looks after it.
struct Underway {
    swarm: Swarm,
    control: swarm::Control,
    observer: Observer,
    display: Display,
    commands: mpsc::Receiver<Command>,
    /// When its time is up.
    end: Option<Instant>,
    stopping: bool,
    /// By a person, with a signal or a key.
    asked_to_stop: bool,
}

impl Underway {
    /// Lets the swarm run until its time is up, its viewers are over, or somebody stops it.
    /// `false`: somebody wants to leave at once.
    async fn until_over(&mut self, signals: &mut Signals) -> bool {
        let mut turns = turns();
        loop {
            let time_is_up = async {
                match self.end {
                    Some(end) if !self.stopping => tokio::time::sleep_until(end).await,
                    _ => std::future::pending().await,
                }
            };
            let observer = &self.observer;
            let leave = tokio::select! {
                () = self.swarm.over() => return true,
                () = signals.next() => self.asked_to_stop(),
                action = self.display.next(|| observer.newest()) => self.act(action),
                () = time_is_up => self.stop(""),
                Some(command) = self.commands.recv() => self.carry_out(command),
                _ = turns.tick() => self.look(),
            };
            if leave == Leave::AtOnce {
                return false;
            }
        }
    }

    /// A person wants it to end; asked again, to leave at once.
    fn asked_to_stop(&mut self) -> Leave {
        if std::mem::replace(&mut self.asked_to_stop, true) {
            return Leave::AtOnce;
        }
        self.stop("stopping: requests in flight get 3 s; Ctrl-C again leaves at once")
    }

    /// Does what a key asks for.
    fn act(&mut self, action: Action) -> Leave {
        let target = self.control.target();
        let tenth = target.map(|target| (target / 10).max(1));
        let (target, tenth) = (target.unwrap_or_default(), tenth.unwrap_or_default());
        let done = match action {
            Action::Stop => return self.asked_to_stop(),
            Action::Pause => self.control.pause(!self.control.paused()),
            Action::Grow => self.control.set_target(target.saturating_add(tenth)),
            Action::Shrink => self.control.set_target(target.saturating_sub(tenth)),
        };
        if let Err(why) = done {
            self.display.say(&why.to_string());
        }
        Leave::NotYet
    }

    /// Stops the viewers, and says so where there is something to say.
    fn stop(&mut self, why: &str) -> Leave {
        if !std::mem::replace(&mut self.stopping, true) {
            self.swarm.stop();
            if !why.is_empty() {
                self.display.say(why);
            }
        }
        Leave::NotYet
    }

    fn look(&mut self) -> Leave {
        self.observer.observe(self.swarm.seen(), self.phase());
        if let Some(status) = self.observer.abort().filter(|_| !self.stopping) {
            let why = format!("stopping: {} has been broken for 10 s", status.name());
            self.stop(&why);
        }
        Leave::NotYet
    }

    fn phase(&self) -> Phase {
        match (self.stopping, self.control.ramping(), self.control.paused()) {
            (true, ..) => Phase::Stopping,
            (_, true, true) => Phase::Paused,
            (_, true, false) => Phase::Ramping,
            (_, false, _) => Phase::Steady,
        }
    }

    fn carry_out(&mut self, command: Command) -> Leave {
        match command {
            Command::Stop { reply } => {
                self.stop("stopping: requests in flight get 3 s");
                let _ = reply.send(Ok(()));
            }
            Command::Target { viewers, reply } => {
                let done = self.control.set_target(viewers);
                let _ = reply.send(done.map_err(|why| Refused(why.to_string())));
            }
        }
        Leave::NotYet
    }
}

/// The turns at which a frame is made.
fn turns() -> Interval {
    let mut turns = interval_at(Instant::now() + observer::EVERY, observer::EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Skip);
    turns
}
