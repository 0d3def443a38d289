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

/// Lets `length` pass: what a rough world takes of a process, not a wait for something to become
/// true.
pub fn pass(length: Duration) {
    thread::sleep(length);
}
