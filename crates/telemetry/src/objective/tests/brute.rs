//! What the watch says beside what adding up every sample says.

use proptest::prelude::*;

use super::super::State;
use super::*;

/// Which of the metrics.
#[derive(Clone, Copy, Debug)]
enum Metric {
    Glass,
    Download,
    Errors,
    Rebuffer,
}

/// Between two observations: how long, and what was good and bad, each as how far it is from the
/// limit, in thousandths.
type Step = (u64, Vec<u64>, Vec<u64>);

#[derive(Debug)]
struct Case {
    metric: Metric,
    inclusive: bool,
    /// In ten-thousandths.
    quantile: u64,
    limit_ms: u64,
    ppm: u64,
    steps: Vec<Step>,
}

fn case() -> impl Strategy<Value = Case> {
    let metric = prop::sample::select(vec![
        Metric::Glass,
        Metric::Download,
        Metric::Errors,
        Metric::Rebuffer,
    ]);
    let span = prop_oneof![8 => 500..1_500_u64, 1 => 1_500..90_000_u64];
    let good = prop::collection::vec(0..1_000_u64, 0..6);
    let bad = prop_oneof![3 => Just(vec![]), 1 => prop::collection::vec(0..1_000_u64, 0..4)];
    let steps = prop::collection::vec((span, good, bad), 1..120);
    let numbers = (1..10_000_u64, 1..50_000_u64, 1..1_000_000_u64);
    (metric, any::<bool>(), numbers, steps).prop_map(|(metric, inclusive, numbers, steps)| Case {
        metric,
        inclusive,
        quantile: numbers.0,
        limit_ms: numbers.1,
        ppm: numbers.2,
        steps,
    })
}

impl Case {
    fn expression(&self) -> String {
        let op = if self.inclusive { "<=" } else { "<" };
        let quantile = format!("{}.{:02}", self.quantile / 100, self.quantile % 100);
        let ratio = format!("0.{:06}", self.ppm);
        match self.metric {
            Metric::Glass => format!("glass_to_glass.p{quantile} {op} {}ms", self.limit_ms),
            Metric::Download => format!("segment_download.p{quantile} {op} {}ms", self.limit_ms),
            Metric::Errors => format!("error_rate {op} {ratio}"),
            Metric::Rebuffer => format!("rebuffer_ratio {op} {ratio}"),
        }
    }

    fn is_latency(&self) -> bool {
        matches!(self.metric, Metric::Glass | Metric::Download)
    }

    /// Bad ones of a million that are good enough.
    fn allowed(&self) -> u64 {
        if self.is_latency() {
            (10_000 - self.quantile) * 100
        } else {
            self.ppm
        }
    }

    /// The latency of a good sample, or of a bad one, in milliseconds: not so close beyond the
    /// limit that a histogram can't tell.
    fn latency_ms(&self, good: bool, distance: u64) -> u64 {
        let within = if self.inclusive {
            self.limit_ms
        } else {
            self.limit_ms - 1
        };
        if good {
            within * distance / 999
        } else {
            within + within / 64 + 2 + within * distance / 100
        }
    }

    fn record(&self, run: &mut Run, ms: u64, good: bool, distances: &[u64]) {
        for &distance in distances {
            let latency_ms = self.latency_ms(good, distance);
            match (self.metric, good) {
                (Metric::Glass, _) => run.glass(ms, latency_ms, 1),
                (Metric::Download, _) => run.download(latency_ms * 1_000),
                (Metric::Errors, true) => run.ok += 1,
                (Metric::Errors, false) => run.failed += 1,
                (Metric::Rebuffer, true) => run.spend(ViewerState::Playing, 1),
                (Metric::Rebuffer, false) => run.spend(ViewerState::Stalled, 1),
            }
        }
    }

    /// Good and bad ones of all steps that end after `after_ms`, with their ends.
    fn counted(&self, until: usize, after_ms: u64) -> (u64, u64) {
        let (mut end_ms, mut good, mut bad) = (0, 0, 0);
        for step in &self.steps[..=until] {
            end_ms += step.0;
            if end_ms > after_ms {
                good += step.1.len() as u64;
                bad += step.2.len() as u64;
            }
        }
        (good, bad)
    }

    /// The last end of a step that is `window_ms` old, or the run's start.
    fn begin(&self, until: usize, window_ms: u64) -> u64 {
        let ends = self.steps[..=until].iter().scan(0, |end_ms, step| {
            *end_ms += step.0;
            Some(*end_ms)
        });
        let ends: Vec<u64> = ends.collect();
        let now = ends.last().copied().unwrap_or(0);
        let old = ends.into_iter().filter(|end_ms| end_ms + window_ms <= now);
        old.max().unwrap_or(0)
    }

    fn state(&self, (good, bad): (u64, u64)) -> State {
        let (bad, allowed) = (bad * 1_000_000, (good + bad) * self.allowed());
        let strict = !self.inclusive && !self.is_latency();
        match (good + bad == 0, bad < allowed, bad == allowed) {
            (true, ..) => State::Unknown,
            (_, true, _) => State::Met,
            (_, _, true) if !strict => State::Met,
            _ => State::Broken,
        }
    }

    fn burn(&self, (good, bad): (u64, u64)) -> Option<f64> {
        let total = good + bad;
        let share = bad as f64 / total as f64;
        (total > 0).then(|| share / (self.allowed() as f64 / 1e6))
    }

    /// The sample at the quantile's rank, in milliseconds.
    fn quantile_ms(&self, until: usize) -> Option<u64> {
        let steps = &self.steps[..=until];
        let good = steps
            .iter()
            .flat_map(|step| &step.1)
            .map(|&d| self.latency_ms(true, d));
        let bad = steps
            .iter()
            .flat_map(|step| &step.2)
            .map(|&d| self.latency_ms(false, d));
        let mut all: Vec<u64> = good.chain(bad).collect();
        all.sort_unstable();
        let rank = (all.len() as u64 * self.quantile).div_ceil(10_000);
        all.get(rank.max(1) as usize - 1).copied()
    }
}

fn close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1.0),
        (a, b) => a.is_none() && b.is_none(),
    }
}

fn agrees(case: &Case, until: usize, status: &Status) {
    let all = case.counted(until, 0);
    assert_eq!(status.state, case.state(all), "{status:?}");
    let left = case.burn(all).map(|burn| 1.0 - burn);
    assert!(close(status.budget_left, left), "{status:?} {left:?}");
    for (burn, window_ms) in [(status.burn_60s, 60_000), (status.burn_300s, 300_000)] {
        let counted = case.counted(until, case.begin(until, window_ms));
        assert!(
            close(burn, case.burn(counted)),
            "{status:?} {counted:?} in {window_ms} ms"
        );
    }
    if case.is_latency() {
        let exact = case.quantile_ms(until).map(|ms| ms as f64);
        assert_eq!(status.figure.is_some(), exact.is_some());
        if let (Some(figure), Some(exact)) = (status.figure, exact) {
            assert!(
                figure >= exact && figure <= exact * 1.0079 + 0.001,
                "{exact} {status:?}"
            );
            let held = figure < status.limit || (case.inclusive && figure <= status.limit);
            assert_eq!(held, status.state == State::Met, "{status:?}");
        }
    } else {
        let share = (all.0 + all.1 > 0).then(|| all.1 as f64 / (all.0 + all.1) as f64);
        assert!(close(status.figure, share), "{status:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_figure_is_that_of_all_samples(case in case()) {
        let mut watch = watch(&[&case.expression()]);
        let mut run = Run::new();
        let (mut ms, mut since) = (0, None);
        for (place, (span, good, bad)) in case.steps.iter().enumerate() {
            case.record(&mut run, ms, true, good);
            case.record(&mut run, ms, false, bad);
            ms += span;
            watch.observe(&run.snapshot(ms));
            let status = only(&watch);
            agrees(&case, place, &status);
            let present = case.state(case.counted(place, case.begin(place, 60_000)));
            since = (present == State::Broken).then(|| since.unwrap_or(START_MS + ms as i64));
            prop_assert_eq!(status.broken_since_ms, since);
        }
    }
}
