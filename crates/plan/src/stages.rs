use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use crate::written::{LENGTH_MAX, Wrong, length};
use crate::{Error, VIEWERS_MAX};

/// Stages that are kept.
const STAGES_MAX: usize = 1_000;

/// A line to a number of viewers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// How long it takes; none at all is a jump.
    pub length: Duration,
    /// How many viewers there are at its end.
    pub viewers: u64,
}

/// How many viewers there are over time: lines between points, as in k6's stages.
///
/// ```text
/// viewers     --stages '1m:1000, 5m:1000, 30s:5000, 0s:2000, 1m:0'
///  5000                x
///                     /|          before the first stage there is nobody; each item is
///  2000              / xx         LENGTH:VIEWERS, a straight line from the point before to so
///  1000   x---------x    \        many viewers; a length of none is a jump, all at one instant
///        /                \
///     0 x------------------x--> t
/// ```
///
/// The number of viewers at an instant is that of the line, rounded: with n viewers there, the next
/// one comes when the line reaches n + 1/2, and the latest one leaves when it falls to n - 1/2. So
/// it is never more than half a viewer off, the two directions mirror each other, and the
/// viewers' time is the area under the line. Instants are worked out from the stage's own
/// beginning in whole nanoseconds, rounded up: nothing adds up to a drift.
///
/// Of a line that falls, the latest to come leave first: who has watched for long goes on, and
/// that is who says how the origin serves those who stay.
#[derive(Clone, PartialEq, Eq)]
pub struct Stages(Arc<[Stage]>);

impl Stages {
    /// Stages, one after the other.
    pub fn new(stages: Vec<Stage>) -> Result<Self, Error> {
        if stages.is_empty() {
            return Err(Error::NoStages);
        }
        if stages.len() > STAGES_MAX {
            return Err(Error::TooManyStages { most: STAGES_MAX });
        }
        if let Some(stage) = stages.iter().find(|stage| stage.viewers > VIEWERS_MAX) {
            return Err(Error::TooManyViewers(stage.viewers));
        }
        let lengths = stages.iter().map(|stage| stage.length);
        let total = lengths.fold(Duration::ZERO, Duration::saturating_add);
        if total > LENGTH_MAX {
            return Err(Error::TooLong);
        }
        Ok(Self(stages.into()))
    }

    /// All `viewers` at the instant `at`: a thundering herd. Where that is the beginning of a
    /// segment, all ask for the same one, which no cache has yet.
    /// No more than [`VIEWERS_MAX`], and within a year.
    pub fn herd(viewers: u64, at: Duration) -> Self {
        let stage = |length, viewers| Stage { length, viewers };
        let all = stage(Duration::ZERO, viewers.min(VIEWERS_MAX));
        Self(Arc::new([stage(at.min(LENGTH_MAX), 0), all]))
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Stage> {
        self.0.iter().copied()
    }

    pub(crate) fn get(&self, place: usize) -> Option<Stage> {
        self.0.get(place).copied()
    }

    /// How long they take together.
    pub fn length(&self) -> Duration {
        self.iter().map(|stage| stage.length).sum()
    }

    /// The most viewers at a moment.
    pub fn peak(&self) -> u64 {
        self.iter().map(|stage| stage.viewers).max().unwrap_or(0)
    }

    /// The same lines, so much higher or lower that their peak is `peak`; where nobody ever comes,
    /// nobody does. No more than [`VIEWERS_MAX`].
    pub fn scaled_to(&self, peak: u64) -> Self {
        let (now, peak) = (u128::from(self.peak().max(1)), peak.min(VIEWERS_MAX));
        let scaled = |stage: Stage| {
            let times = u128::from(stage.viewers) * u128::from(peak);
            // Rounded; a stage is no higher than the peak, so this fits.
            let viewers = ((times + now / 2) / now) as u64;
            Stage { viewers, ..stage }
        };
        Self(self.iter().map(scaled).collect())
    }

    /// How many viewers there are at `at`, everything that is due then done.
    pub fn viewers_at(&self, at: Duration) -> u64 {
        let (mut begin, mut before) = (Duration::ZERO, 0);
        for stage in self.iter() {
            let into = at.saturating_sub(begin);
            if into < stage.length {
                return on_the_line(before, stage, into);
            }
            (begin, before) = (begin + stage.length, stage.viewers);
        }
        before
    }
}

/// The line from `before`, `into` the stage, rounded; halves go where the line goes.
fn on_the_line(before: u64, stage: Stage, into: Duration) -> u64 {
    let apart = u128::from(before.abs_diff(stage.viewers));
    let length = stage.length.as_nanos();
    // Viewers gone by: ⌊x + 1/2⌋, since the k-th comes or goes at k - 1/2.
    let gone = ((2 * apart * into.as_nanos() + length) / (2 * length)) as u64;
    if stage.viewers > before {
        before + gone
    } else {
        before - gone
    }
}

impl FromStr for Stages {
    type Err = Wrong;

    /// `0s:0, 1m:1000, 5m:1000, 30s:5000, 1m:0`.
    fn from_str(text: &str) -> Result<Self, Wrong> {
        let items = text.split(',').enumerate();
        let stages: Result<Vec<_>, _> = items
            .map(|(place, item)| {
                let item = item.trim();
                let wrong = |why| Wrong::new(format!("stage {} `{item}`", place + 1), why);
                item.parse::<Stage>().map_err(wrong)
            })
            .collect();
        Self::new(stages?).map_err(|why| Wrong::new(format!("`{text}`"), why.to_string()))
    }
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((long, viewers)) = text.split_once(':') else {
            return Err("write it as LENGTH:VIEWERS, such as 1m:1000".to_owned());
        };
        let viewers = viewers.trim();
        let wrong = || {
            format!(
                "`{viewers}` is not a number of viewers; write it as 1000, at most {VIEWERS_MAX}"
            )
        };
        Ok(Self {
            length: length(long)?,
            viewers: viewers
                .parse()
                .ok()
                .filter(|viewers| *viewers <= VIEWERS_MAX)
                .ok_or_else(wrong)?,
        })
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = humantime::format_duration(self.length).to_string();
        write!(f, "{}:{}", length.replace(' ', ""), self.viewers)
    }
}

impl fmt::Display for Stages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, stage) in self.iter().enumerate() {
            write!(f, "{}{stage}", if place > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Stages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stages({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(text: &str) -> Stages {
        text.parse().unwrap()
    }

    #[test]
    fn stages_read_as_they_are_written() {
        for text in [
            "0s:0, 1m:1000, 5m:1000, 30s:5000, 1m:0",
            "1h30m:7",
            "500ms:0, 0s:12",
        ] {
            assert_eq!(stages(text).to_string(), text);
        }
        let odd = stages(" 60s : 5 ,1m:0 ");
        assert_eq!(odd.to_string(), "1m:5, 1m:0");
        assert_eq!((odd.length(), odd.peak()), (Duration::from_mins(2), 5));
    }

    #[test]
    fn lines_are_scaled_to_another_peak() {
        for (text, peak, scaled) in [
            ("10s:20, 15s:300, 20s:0", 600, "10s:40, 15s:600, 20s:0"),
            ("10s:20, 15s:300, 20s:0", 10, "10s:1, 15s:10, 20s:0"),
            ("1m:7", 7, "1m:7"),
            ("1m:0", 9, "1m:0"),
            ("1m:3", u64::MAX, "1m:1000000"),
        ] {
            assert_eq!(stages(text).scaled_to(peak).to_string(), scaled);
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let cases = [
            ("", "stage 1 ``: write it as LENGTH:VIEWERS"),
            ("1m:5, 1m", "stage 2 `1m`: write it as LENGTH:VIEWERS"),
            ("1m:5,", "stage 2 ``: write it as LENGTH:VIEWERS"),
            ("1m:5, 60:6", "stage 2 `60:6`: `60` is not a length of time"),
            (
                "1m:many",
                "stage 1 `1m:many`: `many` is not a number of viewers",
            ),
            ("1m:-1", "`-1` is not a number of viewers"),
            ("1m:1000001", "at most 1000000"),
            ("2years:1", "`2years` is longer than a year"),
            ("1y:1, 1y:1", "stages take at most a year"),
        ];
        for (text, words) in cases {
            let wrong = text.parse::<Stages>().unwrap_err().to_string();
            assert!(wrong.contains(words), "{text}: {wrong}");
        }
        let many = vec!["1s:1"; STAGES_MAX + 1].join(",");
        let wrong = many.parse::<Stages>().unwrap_err().to_string();
        assert!(wrong.contains("at most 1000"), "{wrong}");
        assert_eq!(Stages::new(Vec::new()), Err(Error::NoStages));
    }

    #[test]
    fn the_line_is_rounded_and_halves_go_its_way() {
        let up_and_down = stages("4s:2, 1s:2, 4s:0, 0s:9, 1s:9");
        let at = |ms| up_and_down.viewers_at(Duration::from_millis(ms));
        let seen = [
            0, 999, 1_000, 2_999, 3_000, 5_999, 6_000, 7_999, 8_000, 8_999, 9_000, 99_000,
        ]
        .map(at);
        assert_eq!(seen, [0, 0, 1, 1, 2, 2, 1, 1, 0, 0, 9, 9]);
    }

    #[test]
    fn a_herd_comes_at_one_instant() {
        let herd = Stages::herd(500, Duration::from_millis(1_700));
        assert_eq!(herd.viewers_at(Duration::from_millis(1_699)), 0);
        assert_eq!(herd.viewers_at(Duration::from_millis(1_700)), 500);
        let most = Stages::herd(VIEWERS_MAX + 1, Duration::MAX);
        assert_eq!((most.peak(), most.length()), (VIEWERS_MAX, LENGTH_MAX));
    }
}
