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
        let origin = match &settings.stream {
            Stream::Given(_) => None,
            Stream::Own(media) => Some(Origin::start(media).await?),
        };
        let result = watched(settings, progress, &mut signals, origin.as_ref()).await;
        if let Some(origin) = origin {
            origin.end().await;
        }
        result
    })
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

async fn watched(
    settings: &Settings,
    progress: &MultiProgress,
    signals: &mut Signals,
    origin: Option<&Origin>,
) -> anyhow::Result<Exit> {
    let target = match (&settings.stream, origin) {
        (Stream::Given(target), _) => target.clone(),
        (Stream::Own(_), Some(origin)) => Target::new(&origin.url)?,
        (Stream::Own(_), None) => anyhow::bail!("the origin is not there"),
    };
    let shown_url = transport::mask::url(target.template());
    let clock = Clock::start();
    let swarm = Swarm::start(settings.plan(target), clock)?;
    let mut progress = Progress::new(settings, progress, &shown_url);
    if !until_over(settings, &swarm, signals, &mut progress, clock).await {
        return Ok(Exit::CouldNotRun);
    }
    progress.finish();
    let snapshot = swarm.join()?;
    let ledger = match origin {
        Some(origin) => own_count(origin).await,
        None => None,
    };
    let (exit, reason) = exit::verdict(output::facts(&snapshot));
    let run = report::Run {
        version: env!("CARGO_PKG_VERSION"),
        config: &settings.shown(&shown_url),
        snapshot: &snapshot,
        ledger: ledger.as_ref(),
        exit: Some(report::Exit {
            code: exit as u8,
            reason,
        }),
    };
    output::write(settings, &run)?;
    Ok(exit)
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
                if stopping {
                    return false;
                }
                tracing::info!("stopping; once more to leave at once");
                stopping = true;
                swarm.stop();
            }
            () = time_is_up => {
                stopping = true;
                swarm.stop();
            }
            () = progress.next_turn() => progress.show(&swarm.snapshot()),
        }
    }
}
