use std::sync::Arc;
use std::time::Duration;

use player::{Profile, VariantChoice};

use crate::link::Link;
use crate::log::Keep;
use crate::rules::Violation;

/// One simulation. Equal settings give equal event logs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// How many viewers come.
    pub viewers: u64,
    /// How many of them a second.
    pub ramp_rate: f64,
    /// How long it lasts, in stream time.
    pub length: Duration,
    /// Wall clock at its beginning, Unix milliseconds.
    pub start_unix_ms: i64,
    /// Which players they use, with weights.
    pub crowd: Vec<(Arc<Profile>, u32)>,
    /// Which variant they watch.
    pub variant: VariantChoice,
    /// What a viewer does that is over.
    pub restart: Restart,
    /// The network of each viewer.
    pub link: Link,
    /// What is served, and what goes wrong with it.
    pub origin: origin::Config,
    /// What is kept of the event log.
    pub keep: Keep,
}

/// Which viewers come back, after a backoff.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    /// Those that failed.
    #[default]
    OnFailure,
    /// Those that failed or ended.
    Always,
    /// None.
    Never,
}

impl Default for Settings {
    /// Ten hls.js viewers for a minute, at an origin of low bitrates, over a good network.
    fn default() -> Self {
        let mbit = [400_000, 200_000].map(origin::Bitrate);
        Self {
            seed: 1,
            viewers: 10,
            ramp_rate: 10.0,
            length: Duration::from_mins(1),
            // No whole second and no beginning of a segment.
            start_unix_ms: 1_800_000_000_321,
            crowd: vec![(Arc::new(Profile::hls_js()), 1)],
            variant: VariantChoice::default(),
            restart: Restart::default(),
            link: Link::default(),
            origin: origin::Config {
                variants: mbit.to_vec(),
                ..origin::Config::default()
            },
            keep: Keep::Digest,
        }
    }
}

/// Why a simulation ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The origin can't serve that.
    #[error("origin: {0}")]
    Origin(#[from] origin::Error),
    /// The crowd can't come like that.
    #[error("crowd: {0}")]
    Plan(#[from] plan::Error),
    /// An invariant does not hold.
    #[error(transparent)]
    Violation(#[from] Box<Violation>),
}
