//! Ctrl-C: whoever waits gives up with an error, so that all that was started is dropped and goes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// How often a wait looks.
const STEP: Duration = Duration::from_millis(20);

static STOPPED: AtomicBool = AtomicBool::new(false);

/// Takes Ctrl-C and SIGTERM; the second one ends the program at once, and its processes get a
/// SIGTERM with it.
pub(crate) fn watch() -> anyhow::Result<()> {
    ctrlc::set_handler(|| {
        if STOPPED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
    .context("can't watch for Ctrl-C")
}

/// An error once somebody wants to stop.
pub(crate) fn check() -> anyhow::Result<()> {
    if STOPPED.load(Ordering::Relaxed) {
        bail!("stopped by a signal");
    }
    Ok(())
}

/// Lets `length` pass.
pub(crate) fn rest(length: Duration) -> anyhow::Result<()> {
    let end = Instant::now() + length;
    loop {
        check()?;
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(STEP));
    }
}

/// Waits until `ready` gives a value, for at most `limit`; `what` names it in the error.
pub(crate) fn until<T>(
    limit: Duration,
    what: &str,
    mut ready: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(value) = ready()? {
            return Ok(value);
        }
        if Instant::now() >= end {
            bail!("waited {limit:?} in vain for {what}");
        }
        rest(STEP)?;
    }
}
