//! The players that were observed.

use std::time::Duration;

use super::headers;
use super::{
    BeforeList, Burst, Connections, First, FirstVariant, GiveUp, Hole, Honours, InitOrder,
    InitRule, Pace, PlayRules, Probe, Profile, Reload, ReloadFrom, ReloadWhen, Retries, Retry,
    RunAhead, Start, StartsWith, TimeLimits,
};
use crate::io::Limits;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

const NO_LIMITS: Limits = Limits {
    connect: None,
    first_byte: None,
    stall: None,
    total: None,
};

/// One second, again and again.
const SECOND: &[Duration] = &[s(1)];

/// Waits before the second and each later attempt, doubling to 8 s.
const DOUBLING: &[Duration] = &[s(1), s(2), s(4), s(8)];

impl Profile {
    /// hls.js 1.7 in its default configuration.
    pub fn hls_js() -> Self {
        let retry = |attempts, then| Retry {
            waits: DOUBLING,
            fuzz: 0.0,
            attempts: Some(attempts),
            burst: None,
            then,
        };
        Self {
            name: "hls.js",
            start: Start {
                probe: Probe::None,
                first: First::FromEnd(3),
            },
            reload: Reload {
                changed: 1.0,
                unchanged: 0.5,
                from: ReloadFrom::Schedule,
                last_segment: false,
                when: ReloadWhen::Always,
                step: None,
                conditional: true,
            },
            next_segment: Pace::AtOnce,
            buffer_goal: Some(s(30)),
            concurrency: 1,
            run_ahead: RunAhead::AudioFollowsVideo,
            first_variant: FirstVariant::FirstListed,
            retries: Retries {
                segment_5xx: retry(7, GiveUp::Fail),
                segment_4xx: retry(3, GiveUp::Skip),
                playlist: retry(3, GiveUp::PlayOutThenFail),
                first_playlist: retry(2, GiveUp::Fail),
                first_segment: None,
            },
            play: Some(PlayRules {
                target: 3.0,
                target_growth: 1.0,
                target_growth_max: 1.0,
                starts_with: StartsWith::FirstSegment,
                start_delay: ms(200),
                resume_delay: ms(100),
                hole: Hole::Jump { after: ms(250) },
                before_list: BeforeList::SeekToLive,
            }),
            init: InitRule::Once {
                order: InitOrder::Before,
            },
            connections: Connections::Keep,
            limits: TimeLimits {
                playlist: Limits {
                    first_byte: Some(s(10)),
                    total: Some(s(20)),
                    ..NO_LIMITS
                },
                segment: Limits {
                    first_byte: Some(s(10)),
                    total: Some(s(120)),
                    ..NO_LIMITS
                },
            },
            honours: Honours {
                start: true,
                hold_back: true,
            },
            requests: headers::HLS_JS,
        }
    }

    /// shaka-player 5.2 in its default configuration.
    pub fn shaka() -> Self {
        let pairs = Retry {
            waits: SECOND,
            fuzz: 0.5,
            attempts: None,
            burst: Some(Burst {
                attempts: 2,
                pause: ms(110),
            }),
            then: GiveUp::Fail,
        };
        let twice = Retry {
            attempts: Some(2),
            burst: None,
            ..pairs
        };
        let limits = Limits {
            connect: Some(s(10)),
            first_byte: None,
            stall: Some(s(5)),
            total: Some(s(30)),
        };
        Self {
            name: "shaka",
            start: Start {
                probe: Probe::Middle,
                first: First::AtPosition { before: s(2) },
            },
            reload: Reload {
                changed: 1.0,
                unchanged: 1.0,
                from: ReloadFrom::Request,
                last_segment: false,
                when: ReloadWhen::Always,
                step: None,
                conditional: true,
            },
            next_segment: Pace::Tick {
                starved: s(1),
                full: ms(500),
            },
            buffer_goal: Some(s(10)),
            concurrency: 1,
            run_ahead: RunAhead::OneSegment,
            first_variant: FirstVariant::Under(1_000_000),
            retries: Retries {
                segment_5xx: pairs,
                segment_4xx: pairs,
                playlist: pairs,
                first_playlist: twice,
                first_segment: Some(twice),
            },
            play: Some(PlayRules {
                target: 3.0,
                target_growth: 0.0,
                target_growth_max: 0.0,
                starts_with: StartsWith::Position,
                start_delay: ms(30),
                resume_delay: ms(30),
                hole: Hole::Stall,
                before_list: BeforeList::SeekToStart { plus: s(5) },
            }),
            init: InitRule::Once {
                order: InitOrder::Beside,
            },
            connections: Connections::Keep,
            limits: TimeLimits {
                playlist: limits,
                segment: limits,
            },
            honours: Honours {
                start: true,
                hold_back: true,
            },
            requests: headers::SHAKA,
        }
    }

    /// FFmpeg 5.1 to 9 as `ffmpeg -i URL -c copy -f null -`: a reader that plays nothing.
    pub fn ffmpeg() -> Self {
        let at_once = |attempts, then| Retry {
            waits: &[Duration::ZERO],
            fuzz: 0.0,
            attempts: Some(attempts),
            burst: None,
            then,
        };
        Self {
            name: "ffmpeg",
            start: Start {
                probe: Probe::None,
                first: First::FromEnd(3),
            },
            reload: Reload {
                changed: 1.0,
                unchanged: 0.5,
                from: ReloadFrom::Answer,
                last_segment: true,
                when: ReloadWhen::Starved,
                step: Some(ms(100)),
                conditional: false,
            },
            next_segment: Pace::AtOnce,
            buffer_goal: None,
            concurrency: 2,
            run_ahead: RunAhead::Free,
            first_variant: FirstVariant::AllThenHighest { segments: 2 },
            retries: Retries {
                segment_5xx: at_once(2, GiveUp::Skip),
                segment_4xx: at_once(2, GiveUp::Skip),
                playlist: at_once(3, GiveUp::End),
                first_playlist: at_once(1, GiveUp::Fail),
                first_segment: None,
            },
            play: None,
            init: InitRule::EachReload,
            connections: Connections::CloseFirstNewPerFmp4File,
            limits: TimeLimits {
                playlist: NO_LIMITS,
                segment: NO_LIMITS,
            },
            honours: Honours {
                start: false,
                hold_back: false,
            },
            requests: headers::FFMPEG,
        }
    }

    /// What RFC 8216bis asks of a client, and nothing more.
    pub fn rfc8216() -> Self {
        Self {
            name: "rfc8216",
            start: Start {
                probe: Probe::None,
                first: First::AtPosition {
                    before: Duration::ZERO,
                },
            },
            reload: Reload {
                changed: 1.0,
                unchanged: 0.5,
                from: ReloadFrom::Request,
                last_segment: false,
                when: ReloadWhen::Always,
                step: None,
                conditional: true,
            },
            next_segment: Pace::AtOnce,
            buffer_goal: Some(s(30)),
            concurrency: 1,
            run_ahead: RunAhead::Free,
            first_variant: FirstVariant::FirstListed,
            retries: Retries {
                segment_5xx: Retry {
                    waits: DOUBLING,
                    fuzz: 0.0,
                    attempts: Some(4),
                    burst: None,
                    then: GiveUp::Skip,
                },
                segment_4xx: Retry {
                    waits: &[],
                    fuzz: 0.0,
                    attempts: Some(1),
                    burst: None,
                    then: GiveUp::Skip,
                },
                playlist: Retry {
                    waits: &[],
                    fuzz: 0.0,
                    attempts: Some(1),
                    burst: None,
                    then: GiveUp::NextReload,
                },
                first_playlist: Retry {
                    waits: &[],
                    fuzz: 0.0,
                    attempts: Some(1),
                    burst: None,
                    then: GiveUp::Fail,
                },
                first_segment: None,
            },
            play: Some(PlayRules {
                target: 3.0,
                target_growth: 0.0,
                target_growth_max: 0.0,
                starts_with: StartsWith::FirstSegment,
                start_delay: Duration::ZERO,
                resume_delay: Duration::ZERO,
                hole: Hole::Jump {
                    after: Duration::ZERO,
                },
                before_list: BeforeList::SeekToLive,
            }),
            init: InitRule::Once {
                order: InitOrder::Before,
            },
            connections: Connections::Keep,
            limits: TimeLimits {
                playlist: Limits {
                    connect: Some(s(10)),
                    total: Some(s(20)),
                    ..NO_LIMITS
                },
                segment: Limits {
                    connect: Some(s(10)),
                    total: Some(s(120)),
                    ..NO_LIMITS
                },
            },
            honours: Honours {
                start: true,
                hold_back: true,
            },
            requests: headers::RFC8216,
        }
    }
}
