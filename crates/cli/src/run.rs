//! One run, from the plan to the exit code.

use anyhow::Context;
use indicatif::MultiProgress;
use swarm::{Swarm, Target, preflight};
use transport::Clock;

use crate::child::Origin;
use crate::exit::{self, Exit};
use crate::output;
use crate::progress::Progress;
use crate::settings::{Settings, Stream};
use crate::signals::Signals;

/// Runs the swarm and reports on it.
pub(crate) fn run(settings: &Settings, progress: &MultiProgress) -> anyhow::Result<Exit> {
    check_machine(settings)?;
    output::check_writable(settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("can't start the runtime")?;
    runtime.block_on(async {
        let mut signals = Signals::new()?;
        let Some(origin) = start_origin(settings, &mut signals).await? else {
            return Ok(Exit::CouldNotRun);
        };
        let exit = watched(settings, progress, &mut signals, origin.as_ref()).await?;
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
    let Stream::Own(media) = &settings.stream else {
        return Ok(Some(None));
    };
    tokio::select! {
        origin = Origin::start(media) => Ok(Some(Some(origin?))),
        () = signals.next() => Ok(None),
    }
}

/// Refuses what this machine can't do; warns of what may become tight.
fn check_machine(settings: &Settings) -> anyhow::Result<()> {
    let viewers = settings.ramp().viewers();
    let need = |connections_each| preflight::Need {
        viewers,
        connections_each,
    };
    preflight::check(need(1))?;
    if let Err(tight) = preflight::check(need(settings.connections_each)) {
        tracing::warn!("this may become tight, if every viewer opens all its connections: {tight}");
    }
    Ok(())
}

/// Runs the swarm, then writes what it saw. `None`: somebody left at once.
async fn watched(
    settings: &Settings,
    progress: &MultiProgress,
    signals: &mut Signals,
    origin: Option<&Origin>,
) -> anyhow::Result<Option<Exit>> {
    let target = match (&settings.stream, origin) {
        (Stream::Given(target), _) => target.clone(),
        (Stream::Own(_), Some(origin)) => Target::new(&origin.url)?,
        (Stream::Own(_), None) => anyhow::bail!("the origin is not there"),
    };
    let shown_url = transport::mask::url(target.template());
    let clock = Clock::start();
    let swarm = Swarm::start(settings.plan(target), clock)?;
    let mut progress = Progress::new(settings, progress, &shown_url);
    let over = until_over(settings, &swarm, signals, &mut progress, clock).await;
    progress.finish();
    if !over {
        return Ok(None);
    }
    let (snapshot, ended) = swarm.join();
    let ledger = match origin {
        Some(origin) => tokio::select! {
            ledger = own_count(origin) => ledger,
            () = signals.next() => None,
        },
        None => None,
    };
    let (exit, reason) = exit::verdict(output::facts(&snapshot));
    let run = report::Run {
        version: env!("CARGO_PKG_VERSION"),
        config: &settings.shown(&shown_url),
        snapshot: &snapshot,
        timeline: &[],
        objectives: &[],
        ledger: ledger.as_ref(),
        exit: Some(report::Exit {
            code: exit as u8,
            reason,
        }),
    };
    output::write(settings, &run)?;
    ended?;
    Ok(Some(exit))
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

/// Lets the swarm run until its time is up, its viewers are over, or somebody stops it. `false`:
/// somebody wants to leave at once.
async fn until_over(
    settings: &Settings,
    swarm: &Swarm,
    signals: &mut Signals,
    progress: &mut Progress,
    clock: Clock,
) -> bool {
    let end = settings.duration.map(|length| clock.instant(length));
    let mut signalled = false;
    let mut stopping = false;
    loop {
        let time_is_up = async {
            match end {
                Some(end) if !stopping => tokio::time::sleep_until(end).await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            () = swarm.over() => return true,
            () = signals.next() => {
                if signalled {
                    return false;
                }
                signalled = true;
                stopping = true;
                swarm.stop();
                progress.say("stopping: requests in flight get 3 s; Ctrl-C again leaves at once");
            }
            () = time_is_up => {
                stopping = true;
                swarm.stop();
            }
            () = progress.next_turn() => progress.show(&swarm.snapshot()),
        }
    }
}
