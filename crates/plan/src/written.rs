//! What people write, and where it is wrong.

use std::time::Duration;

/// No length is longer than this: a year.
pub(crate) const LENGTH_MAX: Duration = Duration::from_hours(366 * 24);

/// Why a text says no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {why}")]
pub struct Wrong {
    /// Which part of the text, as it was written.
    pub place: String,
    /// What is wrong with it, and what would be right.
    pub why: String,
}

impl Wrong {
    pub(crate) fn new(place: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            why: why.into(),
        }
    }
}

/// `500ms`, `90s`, `1h30m`; `0s` is none.
pub(crate) fn length(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let length = humantime::parse_duration(text)
        .map_err(|_| format!("`{text}` is not a length of time; write it as 500ms, 90s or 5m"))?;
    if length > LENGTH_MAX {
        return Err(format!("`{text}` is longer than a year"));
    }
    Ok(length)
}
