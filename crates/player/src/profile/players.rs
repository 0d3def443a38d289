//! The players that were observed.

use std::time::Duration;

use super::headers;
use super::{
    BeforeList, Burst, Connections, First, FirstVariant, GiveUp, Hole, Honours, InitOrder,
    InitRule, Pace, Pick, PlayRules, Probe, Profile, Reload, ReloadFrom, ReloadWhen, Retries,
    Retry, RunAhead, Start, StartsWith, Switch, TimeLimits,
};
use crate::io::Limits;
use crate::playhead::{ResumeWith, Rules};

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

/// What Chromium wants buffered before it plays on after a stall.
const CHROMIUM: ResumeWith = ResumeWith::Doubling {
    from: ms(200),
    limit: s(3),
};

/// One second, again and again.
const SECOND: &[Duration] = &[s(1)];

/// Waits before the second and each later attempt, doubling to 8 s.
const DOUBLING: &[Duration] = &[s(1), s(2), s(4), s(8)];

impl Profile {
    /// hls.js 1.7 in its default configuration.
    pub fn hls_js() -> Self {
        let retry = |attempts, step, then| Retry {
            waits: DOUBLING,
            fuzz: 0.0,
            attempts: Some(attempts),
            burst: None,
            step,
            then,
        };
        // Segments are looked after every 100 ms, playlists have a timer of their own.
        let tick = Some(ms(100));
        Self {
            name: "hls.js",
            start: Start {
                probe: Probe::None,
                first: First::AtPosition {
                    before: Duration::ZERO,
                },
            },
            reload: Reload {
                changed: 1.0,
                unchanged: 0.5,
                from: ReloadFrom::Schedule,
                last_segment: true,
                after_skip: None,
                when: ReloadWhen::Always,
                together: false,
                step: None,
                conditional: true,
            },
            next_segment: Pace::AtOnce,
            buffer_goal: Some(s(30)),
            concurrency: 1,
            run_ahead: RunAhead::AudioFollowsVideo,
            first_variant: FirstVariant::ThenHighest {
                first: Pick::FirstListed,
                segments: 1,
                switch: Switch::Measured,
            },
            retries: Retries {
                segment_5xx: retry(7, tick, GiveUp::PlayOutThenFail),
                segment_4xx: retry(3, tick, GiveUp::Skip),
                playlist: retry(3, None, GiveUp::PlayOutThenFail),
                first_playlist: retry(2, None, GiveUp::Fail),
                first_segment_4xx: Some(retry(1, None, GiveUp::Skip)),
                first_segment_5xx: None,
                beside_next: false,
            },
            play: Some(PlayRules {
                target: 3.0,
                target_set: None,
                target_growth: s(1),
                target_growth_max: 1.0,
                head: Rules {
                    starts_with: StartsWith::FirstSegment,
                    start_delay: ms(290),
                    resume_delay: ms(30),
                    resume_with: CHROMIUM,
                    nudge: None,
                    hole: Hole::Jump { after: ms(350) },
                },
                before_list: BeforeList::SeekToLive {
                    slack: ms(250),
                    keeps_wait: true,
                },
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
                from: ReloadFrom::AnswerLessMean { half_life: 5.0 },
                last_segment: false,
                after_skip: None,
                when: ReloadWhen::Always,
                together: true,
                step: None,
                conditional: true,
            },
            next_segment: Pace::Tick {
                // One second, and what it takes to look.
                starved: ms(1006),
                full: ms(506),
            },
            buffer_goal: Some(s(10)),
            concurrency: 1,
            run_ahead: RunAhead::OneSegment,
            first_variant: FirstVariant::ThenHighest {
                first: Pick::Under(1_000_000),
                segments: 1,
                switch: Switch::Replace,
            },
            retries: shaka_retries(),
            play: Some(shaka_play()),
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
            step: None,
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
                after_skip: None,
                when: ReloadWhen::Starved,
                together: false,
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
                first_segment_4xx: None,
                first_segment_5xx: None,
                beside_next: false,
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
                after_skip: None,
                when: ReloadWhen::Always,
                together: false,
                step: None,
                conditional: true,
            },
            next_segment: Pace::AtOnce,
            buffer_goal: Some(s(30)),
            concurrency: 1,
            run_ahead: RunAhead::Free,
            first_variant: FirstVariant::ThenHighest {
                first: Pick::FirstListed,
                segments: 1,
                switch: Switch::Append,
            },
            retries: rfc8216_retries(),
            play: Some(PlayRules {
                target: 3.0,
                target_set: None,
                target_growth: Duration::ZERO,
                target_growth_max: 0.0,
                head: Rules {
                    starts_with: StartsWith::FirstSegment,
                    start_delay: Duration::ZERO,
                    resume_delay: Duration::ZERO,
                    resume_with: ResumeWith::Anything,
                    nudge: None,
                    hole: Hole::Jump {
                        after: Duration::ZERO,
                    },
                },
                before_list: BeforeList::SeekToLive {
                    slack: Duration::ZERO,
                    keeps_wait: false,
                },
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

fn shaka_retries() -> Retries {
    let pairs = Retry {
        waits: SECOND,
        fuzz: 0.5,
        attempts: None,
        burst: Some(Burst {
            attempts: 2,
            pause: ms(107),
            waits_too: false,
        }),
        step: None,
        then: GiveUp::Fail,
    };
    let spread = Retry {
        burst: Some(Burst {
            attempts: 2,
            pause: ms(107),
            waits_too: true,
        }),
        ..pairs
    };
    let twice = Retry {
        attempts: Some(2),
        burst: None,
        ..pairs
    };
    Retries {
        segment_5xx: spread,
        segment_4xx: spread,
        playlist: pairs,
        first_playlist: twice,
        first_segment_4xx: None,
        first_segment_5xx: None,
        beside_next: true,
    }
}

fn shaka_play() -> PlayRules {
    PlayRules {
        target: 3.0,
        target_set: None,
        target_growth: Duration::ZERO,
        target_growth_max: 0.0,
        head: Rules {
            starts_with: StartsWith::Position,
            start_delay: ms(60),
            resume_delay: ms(30),
            resume_with: CHROMIUM,
            nudge: Some(ms(1130)),
            hole: Hole::Jump { after: ms(250) },
        },
        before_list: BeforeList::SeekToStart {
            plus: s(5),
            step: ms(250),
            late: ms(40),
        },
    }
}

fn rfc8216_retries() -> Retries {
    Retries {
        segment_5xx: Retry {
            waits: DOUBLING,
            fuzz: 0.0,
            attempts: Some(4),
            burst: None,
            step: None,
            then: GiveUp::Skip,
        },
        segment_4xx: Retry {
            waits: &[],
            fuzz: 0.0,
            attempts: Some(1),
            burst: None,
            step: None,
            then: GiveUp::Skip,
        },
        playlist: Retry {
            waits: &[],
            fuzz: 0.0,
            attempts: Some(1),
            burst: None,
            step: None,
            then: GiveUp::NextReload,
        },
        first_playlist: Retry {
            waits: &[],
            fuzz: 0.0,
            attempts: Some(1),
            burst: None,
            step: None,
            then: GiveUp::Fail,
        },
        first_segment_4xx: None,
        first_segment_5xx: None,
        beside_next: false,
    }
}
