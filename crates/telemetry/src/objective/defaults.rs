use std::time::Duration;

use super::goal::{Aggregate, Bound, Goal, Samples, Scope};
use super::limit::{LIMIT_US_MAX, Micros};
use super::{Listed, Objective};
use crate::slo::Source;

/// The quantiles, in ten-thousandths, that each set bounds: p50, p95, p99.
const QUANTILES: [u32; 3] = [5_000, 9_500, 9_900];
/// What HLS viewers may be behind at each, in thousandths of a target duration. RFC 8216bis
/// (4.4.3.8) keeps players three target durations from the end of the playlist; a healthy hls.js
/// at segments of 2 s stands at 8.05 s.
const VIEWER_HLS_PERMILLE: [u128; 3] = [4_500, 5_000, 6_000];
/// What a delivery may take at each, in milliseconds, by transport.
const DELIVERY_MS: [(&str, [u64; 3]); 5] = [
    ("ll-hls", [500, 1_500, 2_000]),
    ("hls", [2_000, 6_000, 8_000]),
    ("dash", [1_000, 3_000, 4_000]),
    ("websocket", [300, 800, 1_200]),
    ("moq", [80, 200, 400]),
];

/// The objectives of `--slo default`, all on glass-to-glass latency.
///
/// | who measured | transport | p50 | p95 | p99 |
/// |---|---|---|---|---|
/// | `viewer` | `hls` | 4.5 target durations | 5 | 6 |
/// | `origin`, `pushed` | `ll-hls` | 500 ms | 1500 ms | 2000 ms |
/// | | `hls` | 2000 ms | 6000 ms | 8000 ms |
/// | | `dash` | 1000 ms | 3000 ms | 4000 ms |
/// | | `websocket` (`ws`) | 300 ms | 800 ms | 1200 ms |
/// | | `moq` | 80 ms | 200 ms | 400 ms |
///
/// Those of `origin` and `pushed` are for what may not be there: [`super::Watch::status`] has each
/// from its first sample on, so none of them is ever without data. Those of `viewer` always are.
pub fn defaults(target_duration: Duration) -> Vec<Objective> {
    let viewer = VIEWER_HLS_PERMILLE.map(|permille| {
        let us = target_duration.as_micros().saturating_mul(permille) / 1000;
        u64::try_from(us).unwrap_or(u64::MAX).clamp(1, LIMIT_US_MAX)
    });
    let mut all = set(Source::Viewer, "hls", viewer, Listed::Always);
    for source in [Source::Origin, Source::Pushed] {
        for (transport, limits_ms) in DELIVERY_MS {
            let limits_us = limits_ms.map(|ms| ms * 1_000);
            all.extend(set(source, transport, limits_us, Listed::OnceMeasured));
        }
    }
    all
}

fn set(source: Source, transport: &str, limits_us: [u64; 3], listed: Listed) -> Vec<Objective> {
    let goal = |(share, limit)| Goal::Latency {
        samples: Samples::GlassToGlass(Scope {
            transport: Some(transport.to_owned()),
            source,
        }),
        aggregate: Aggregate::Quantile(share),
        bound: Bound::Strict,
        limit: Micros(limit),
    };
    let limits = QUANTILES.into_iter().zip(limits_us);
    limits
        .map(|limit| Objective {
            goal: goal(limit),
            abort: false,
            listed,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(target_duration: Duration) -> Vec<String> {
        let all = defaults(target_duration);
        all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_transport_has_its_limits() {
        let all = written(Duration::from_secs(2));
        assert_eq!(all.len(), 3 + 2 * 5 * 3);
        assert_eq!(
            all[..9],
            [
                "glass_to_glass.p50 < 9s for transport=hls",
                "glass_to_glass.p95 < 10s for transport=hls",
                "glass_to_glass.p99 < 12s for transport=hls",
                "glass_to_glass.p50 < 500ms for transport=ll-hls for source=origin",
                "glass_to_glass.p95 < 1.5s for transport=ll-hls for source=origin",
                "glass_to_glass.p99 < 2s for transport=ll-hls for source=origin",
                "glass_to_glass.p50 < 2s for transport=hls for source=origin",
                "glass_to_glass.p95 < 6s for transport=hls for source=origin",
                "glass_to_glass.p99 < 8s for transport=hls for source=origin",
            ]
        );
        assert_eq!(
            all[all.len() - 6..],
            [
                "glass_to_glass.p50 < 300ms for transport=websocket for source=pushed",
                "glass_to_glass.p95 < 800ms for transport=websocket for source=pushed",
                "glass_to_glass.p99 < 1.2s for transport=websocket for source=pushed",
                "glass_to_glass.p50 < 80ms for transport=moq for source=pushed",
                "glass_to_glass.p95 < 200ms for transport=moq for source=pushed",
                "glass_to_glass.p99 < 400ms for transport=moq for source=pushed",
            ]
        );
    }

    #[test]
    fn whatever_the_target_duration_they_read_back() {
        for ms in [0, 1, 333, 1_001, 6_000, 10_000_000] {
            for text in written(Duration::from_millis(ms)) {
                let back: Objective = text.parse().unwrap();
                assert_eq!(back.to_string(), text);
            }
        }
        assert_eq!(
            written(Duration::MAX)[2],
            "glass_to_glass.p99 < 540s for transport=hls"
        );
    }
}
