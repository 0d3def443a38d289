use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::estimated::Estimated;
use crate::generator::{Generator, join};
use crate::hist::{Distribution, Seconds};
use crate::latency;
use crate::playback::Playback;
use crate::players::Players;
use crate::roster::Roster;
use crate::{requests, slo, throughput, viewers};

/// Everything that was recorded up to a moment: plain and cumulative, so that any number of
/// readers see the same figures and none changes them. [`Snapshot::default`] holds nothing.
///
/// Merging is commutative and associative, and gives what one recorder that saw everything would
/// have given. Where the parts were taken at different moments, each counts as far as it goes:
/// totals, states and histograms are sums of what each part knows; throughput windows end at the
/// last whole Unix second that all parts have reached that go on ([`throughput::History`]); SLO windows look
/// back from the latest moment. Three things are bounded, and there a merge keeps the same choice
/// in every order: the newest 1,024 samples of an SLO series, 1,024 series, and the 200 slowest
/// viewers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Unix milliseconds when the run began; the earliest of merged ones.
    pub started_ms: Option<i64>,
    /// Unix milliseconds when it was taken; the latest of merged ones.
    pub at_ms: Option<i64>,
    /// Requests, bytes, statuses and errors.
    pub requests: requests::Totals,
    /// Segment bytes over time.
    pub throughput: throughput::History,
    /// Latency histograms.
    pub latency: latency::Set,
    /// Viewers by state, and their time.
    pub viewers: viewers::Counts,
    /// How long lives that ended had lasted, in whole seconds.
    pub uptime: Distribution<Seconds>,
    /// Single viewers: how they keep up, and the slowest.
    pub roster: Roster,
    /// Skipped and late segments, stale playlists.
    pub playback: Playback,
    /// Players that are processes of their own; `None` where none has ended, or there are none.
    #[serde(default)]
    pub players: Option<Players>,
    /// What of the counts is not measured; `None` where all of them are.
    #[serde(default)]
    pub estimated: Option<Estimated>,
    /// The latency SLO series.
    pub slo: slo::Table,
    /// The generator's own health.
    pub generator: Generator,
}

impl Snapshot {
    /// Adds what `other` holds.
    pub fn merge(&mut self, other: &Self) {
        join(&mut self.started_ms, other.started_ms, i64::min);
        join(&mut self.at_ms, other.at_ms, i64::max);
        self.requests.merge(&other.requests);
        self.throughput.merge(&other.throughput);
        self.latency.merge(&other.latency);
        self.viewers.merge(&other.viewers);
        self.uptime.merge(&other.uptime);
        self.roster.merge(&other.roster);
        self.playback.merge(&other.playback);
        if let Some(players) = &other.players {
            self.players.get_or_insert_default().merge(players);
        }
        if let Some(estimated) = &other.estimated {
            self.estimated.get_or_insert_default().merge(estimated);
        }
        self.slo.merge(&other.slo);
        self.generator.merge(&other.generator);
    }

    /// Nothing more will come of its recorder, which did not get to say so: the windows of others
    /// no longer wait for it.
    pub fn close(&mut self) {
        self.throughput.close();
    }

    /// Time from the run's start to this snapshot.
    pub fn elapsed(&self) -> Duration {
        match (self.started_ms, self.at_ms) {
            (Some(start), Some(at)) => Duration::from_millis((at - start).max(0) as u64),
            _ => Duration::ZERO,
        }
    }

    /// The SLO rows as of this snapshot.
    pub fn slo_rows(&self) -> Vec<slo::Row> {
        self.at_ms.map_or_else(Vec::new, |at| self.slo.rows(at))
    }
}
