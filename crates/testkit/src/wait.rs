//! Waiting for another process, with a limit: the one place that polls.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

/// How often a condition is looked at.
const STEP: Duration = Duration::from_millis(10);

/// Looks at `ready` until it gives a value, for at most `limit`; `what` names the condition in
/// the error.
pub fn until<T>(
    limit: Duration,
    what: &str,
    mut ready: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let began = Instant::now();
    loop {
        if let Some(value) = ready()? {
            return Ok(value);
        }
        if began.elapsed() >= limit {
            bail!("waited {limit:?} in vain for {what}");
        }
        thread::sleep(STEP);
    }
}

/// Does something at each step for as long as `length`: what a rough world does to a process,
/// not a wait for something to become true.
pub fn every(
    step: Duration,
    length: Duration,
    mut act: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let began = Instant::now();
    while began.elapsed() < length {
        act()?;
        thread::sleep(step);
    }
    Ok(())
}
