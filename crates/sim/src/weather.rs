use std::time::Duration;

use crate::link::Link;
use crate::settings::Settings;

/// A mixture of what can go wrong, on the network and at the origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weather {
    /// What it is called.
    pub name: &'static str,
    /// The network of each viewer.
    pub link: Link,
    /// Faults of the origin, as [`origin::Fault`] is written.
    pub faults: &'static [&'static str],
    /// Whether viewers can be expected to play most of the time.
    pub is_fair: bool,
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const GOOD: Link = Link {
    latency: ms(20),
    jitter: ms(5),
    bandwidth: None,
    loss: 0.0,
    refused: 0.0,
    reset: 0.0,
    paused: 0.0,
    pause: Duration::ZERO,
};

impl Weather {
    /// All of them, the best first. Bandwidths are meant for the bitrates of
    /// [`Settings::default`].
    pub const ALL: &'static [Self] = &[
        Self {
            name: "clear",
            link: GOOD,
            faults: &[],
            is_fair: true,
        },
        Self {
            name: "far away",
            link: Link {
                latency: ms(280),
                jitter: ms(120),
                bandwidth: Some(200_000),
                ..GOOD
            },
            faults: &[],
            is_fair: true,
        },
        Self {
            name: "lossy",
            link: Link {
                latency: ms(60),
                jitter: ms(60),
                bandwidth: Some(150_000),
                loss: 0.05,
                ..GOOD
            },
            faults: &[],
            is_fair: true,
        },
        Self {
            name: "too slow",
            link: Link {
                bandwidth: Some(40_000),
                ..GOOD
            },
            faults: &[],
            is_fair: false,
        },
        Self {
            name: "flaky connections",
            link: Link {
                refused: 0.05,
                reset: 0.05,
                paused: 0.05,
                pause: ms(3_000),
                ..GOOD
            },
            faults: &[],
            is_fair: false,
        },
        Self {
            name: "frozen bodies",
            link: Link {
                paused: 0.02,
                pause: ms(300_000),
                ..GOOD
            },
            faults: &[],
            is_fair: false,
        },
        Self {
            name: "some 503",
            link: GOOD,
            faults: &["segment:503:5%", "playlist:503:2%"],
            is_fair: false,
        },
        Self {
            name: "every tenth segment missing",
            link: GOOD,
            faults: &["segment:404:1/10"],
            is_fair: false,
        },
        Self {
            name: "every tenth segment 503",
            link: GOOD,
            faults: &["segment:503:1/10"],
            is_fair: false,
        },
        Self {
            name: "outages",
            link: GOOD,
            faults: &["all:503:6s/40s"],
            is_fair: false,
        },
        Self {
            name: "standing playlists",
            link: GOOD,
            faults: &["playlist:stale:15s/60s"],
            is_fair: true,
        },
        Self {
            name: "slow origin",
            link: GOOD,
            faults: &["segment:throttle=60KB/s:30%", "all:delay=1500ms:10%"],
            is_fair: false,
        },
        Self {
            name: "cut answers",
            link: GOOD,
            faults: &["all:truncate:3%", "all:reset:3%", "all:close:3%"],
            is_fair: false,
        },
        Self {
            name: "everything",
            link: Link {
                latency: ms(80),
                jitter: ms(80),
                bandwidth: Some(120_000),
                loss: 0.02,
                refused: 0.02,
                reset: 0.02,
                paused: 0.02,
                pause: ms(6_000),
            },
            faults: &[
                "segment:503:3%",
                "segment:404:1/25",
                "playlist:stale:9s/50s",
                "playlist:503:2%",
                "all:close:1%",
                "all:truncate:1%",
                "segment:delay=2s:5%",
                "all:503:4s/90s",
            ],
            is_fair: false,
        },
    ];

    /// The settings under this weather.
    ///
    /// # Errors
    /// A fault that does not read.
    pub fn over(&self, mut settings: Settings) -> Result<Settings, origin::Error> {
        let faults = self.faults.iter().map(|text| text.parse());
        settings.origin.faults = faults.collect::<Result<_, _>>()?;
        settings.origin.seed = settings.seed;
        settings.link = self.link;
        Ok(settings)
    }
}
