//! How asking one URL goes.

use std::time::Duration;

use telemetry::origin::Source;

/// What is this many intervals old is stale.
pub const STALE_INTERVALS: u32 = 3;
/// An error is shown up to this many letters.
const ERROR_LETTERS_MAX: usize = 300;

/// The attempts to read one URL.
#[derive(Clone, Debug)]
pub struct Attempts {
    url: String,
    every: Duration,
    since: Duration,
    newest: Option<Duration>,
    readings: u64,
    failures: u64,
    error: Option<String>,
}

impl Attempts {
    /// None yet at `url`, which is fit to be shown and is asked each `every` from `since` on.
    pub fn new(url: String, every: Duration, since: Duration) -> Self {
        Self {
            url,
            every,
            since,
            newest: None,
            readings: 0,
            failures: 0,
            error: None,
        }
    }

    /// One gave something, at `at`.
    pub fn read(&mut self, at: Duration) {
        self.newest = Some(at);
        self.readings += 1;
        self.error = None;
    }

    /// One gave nothing.
    pub fn failed(&mut self, why: String) {
        self.failures += 1;
        let short = why.char_indices().nth(ERROR_LETTERS_MAX);
        self.error = Some(match short {
            Some((end, _)) => format!("{}…", &why[..end]),
            None => why,
        });
    }

    /// When the newest reading was; `None` before the first.
    pub fn newest(&self) -> Option<Duration> {
        self.newest
    }

    /// The age from which on readings are stale.
    pub fn stale_from(&self) -> Duration {
        self.every * STALE_INTERVALS
    }

    /// What outputs show of it as of `now`.
    pub fn source(&self, now: Duration) -> Source {
        let age = self.newest.map(|at| now.saturating_sub(at));
        let silent = age.unwrap_or(now.saturating_sub(self.since));
        Source {
            url: self.url.clone(),
            readings: self.readings,
            failures: self.failures,
            resets: 0,
            age_ms: age.map(|age| age.as_millis() as u64),
            stale: silent >= self.stale_from(),
            error: self.error.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_stale_too() {
        let secs = Duration::from_secs;
        let mut attempts = Attempts::new("u".to_owned(), secs(2), secs(10));
        let before = attempts.source(secs(15));
        assert_eq!((before.stale, before.age_ms), (false, None));
        assert!(attempts.source(secs(16)).stale);
        attempts.read(secs(16));
        assert!(!attempts.source(secs(17)).stale);
        attempts.failed("ü".repeat(ERROR_LETTERS_MAX + 1));
        let error = attempts.source(secs(17)).error.unwrap();
        assert_eq!(error.chars().count(), ERROR_LETTERS_MAX + 1);
    }
}
