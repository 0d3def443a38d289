//! Open crowds: who comes when, for how long, and what is kept of them.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

mod common;

use std::time::Duration;

use common::{assert_shared, carried_out};
use plan::{Arrivals, Command, Event, Order, Shape, Step, Stripe, WatchTime};
use proptest::prelude::*;

use Step::{Leave, Start};

fn arrivals(rate: &str, watch_time: &str, seed: u64) -> Arrivals {
    let watch_time = watch_time.parse().unwrap();
    Arrivals::new(rate.parse().unwrap(), watch_time, seed)
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// The greatest distance between the share of samples below a value and its chance there
/// (Kolmogorov and Smirnov), times √n: below 1.63 in 99 of 100 cases.
fn distance(mut samples: Vec<f64>, chance_below: impl Fn(f64) -> f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let n = samples.len() as f64;
    let apart = samples.iter().enumerate().map(|(place, sample)| {
        let chance = chance_below(*sample);
        (place as f64 / n - chance)
            .abs()
            .max(((place + 1) as f64 / n - chance).abs())
    });
    apart.fold(0.0, f64::max) * n.sqrt()
}

/// The chance that a standard normal value is below `x`, by adding up its density.
fn normal_below(x: f64) -> f64 {
    let steps = 2_000;
    let width = (x + 8.0).max(0.0) / f64::from(steps);
    let density = |x: f64| (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let sum: f64 = (0..steps)
        .map(|step| density(-8.0 + (f64::from(step) + 0.5) * width))
        .sum();
    sum * width
}

#[test]
fn arrivals_keep_their_rate_and_their_gaps_are_exponential() {
    for seed in [1, 2, 3] {
        let times: Vec<Duration> = arrivals("50/s", "exp:10m", seed)
            .times()
            .take(20_000)
            .collect();
        assert!(times.is_sorted());
        let length = times.last().unwrap().as_secs_f64();
        // 20,000 arrivals take 400 s, give or take √20,000 / 50 s.
        assert!((length - 400.0).abs() < 3.0 * 2.83, "{seed}: {length}");
        let gaps = times
            .windows(2)
            .map(|pair| pair[1].as_secs_f64() - pair[0].as_secs_f64());
        let apart = distance(gaps.collect(), |gap| 1.0 - (-50.0 * gap).exp());
        assert!(apart < 1.63, "{seed}: {apart}");
    }
}

#[test]
fn the_number_in_a_second_varies_as_much_as_it_is_on_average() {
    let mut counts = vec![0_u32; 2_000];
    for at in arrivals("7/s", "exp:10m", 5).times() {
        let Some(count) = counts.get_mut(at.as_secs() as usize) else {
            break;
        };
        *count += 1;
    }
    let n = counts.len() as f64;
    let mean = counts.iter().map(|count| f64::from(*count)).sum::<f64>() / n;
    let off = |count: &u32| (f64::from(*count) - mean).powi(2);
    let variance = counts.iter().map(off).sum::<f64>() / n;
    assert!((mean - 7.0).abs() < 3.0 * (7.0_f64 / n).sqrt(), "{mean}");
    assert!((variance / mean - 1.0).abs() < 0.1, "{variance} of {mean}");
}

#[test]
fn even_arrivals_come_at_equal_gaps_without_drift() {
    let hours = arrivals("3/s:even", "exp:10m", 1).times();
    let after_a_day = 3 * 86_400;
    assert_eq!(hours.clone().next(), Some(Duration::ZERO));
    let at = hours.clone().nth(after_a_day + 1).unwrap();
    assert!(
        (at.as_secs_f64() - 86_400.0 - 1.0 / 3.0).abs() < 1e-9,
        "{at:?}"
    );
    assert_eq!(hours.clone().nth(after_a_day), Some(secs(86_400)));
}

#[test]
fn watch_times_are_those_of_their_distribution() {
    let stays = |watch_time: &str| -> Vec<f64> {
        let arrivals = arrivals("1/s", watch_time, 11);
        (0..20_000)
            .map(|n| arrivals.stay(n).as_secs_f64())
            .collect()
    };
    let fixed = arrivals("1/s", "fixed:90s", 11);
    assert!((0..1_000).all(|n| fixed.stay(n) == secs(90)));
    let exponential = distance(stays("exp:10m"), |stay| 1.0 - (-stay / 600.0).exp());
    assert!(exponential < 1.63, "{exponential}");
    let below = |stay: f64| normal_below((stay / 300.0).ln() / 0.8);
    // A part of them: adding up the density for each is slow.
    let lognormal = distance(stays("lognormal:5m,0.8").split_off(17_000), below);
    assert!(lognormal < 1.63, "{lognormal}");
    for text in ["fixed:1m30s", "exp:10m", "lognormal:5m,0.8"] {
        let watch_time: WatchTime = text.parse().unwrap();
        let mean = watch_time.mean().as_secs_f64();
        let seen = stays(text).iter().sum::<f64>() / 20_000.0;
        assert!((seen / mean - 1.0).abs() < 0.03, "{text}: {seen} of {mean}");
        assert_eq!(watch_time.to_string(), text);
    }
}

#[test]
fn on_average_there_are_rate_times_stay() {
    let shape = Shape::from(arrivals("20/s", "exp:30s", 9));
    let events = carried_out(&shape, Stripe::ALL, &[], secs(1_000));
    let (mut there, mut peak, mut sum) = (0_i64, 0, 0.0);
    let mut last = secs(300);
    for event in &events {
        if event.at > last {
            sum += there as f64 * event.at.saturating_sub(last).as_secs_f64();
            last = event.at;
        }
        there += if matches!(event.step, Start(_)) {
            1
        } else {
            -1
        };
        peak = peak.max(there);
    }
    let mean = sum / last.saturating_sub(secs(300)).as_secs_f64();
    assert!((mean / 600.0 - 1.0).abs() < 0.05, "{mean}");
    let arrivals = shape.arrivals().unwrap();
    let expected = arrivals.peak_within(None);
    assert!(
        (600..=expected as i64).contains(&peak),
        "{peak} of {expected}"
    );
    // Within ten seconds no more than those that came can be there.
    assert!(arrivals.peak_within(Some(secs(10))) < 300);
}

#[test]
fn who_comes_leaves_when_its_time_is_up_and_a_pause_holds_arrivals_only() {
    let shape = Shape::from(arrivals("1/s:even", "fixed:1500ms", 0));
    let order = |at, command| Order {
        at: Duration::from_millis(at),
        command,
    };
    let orders = [
        order(1_200, Command::Pause),
        order(1_300, Command::Target(50)),
        order(4_200, Command::Resume),
    ];
    let events = carried_out(&shape, Stripe::ALL, &orders, Duration::from_millis(6_500));
    let in_ms = |event: &Event| (event.at.as_millis() as u64, event.step);
    assert_eq!(
        events.iter().map(in_ms).collect::<Vec<_>>(),
        [
            (0, Start(0)),
            (1_000, Start(1)),
            (1_500, Leave(0)),
            (2_500, Leave(1)),
            (5_000, Start(2)),
            (6_000, Start(3)),
            (6_500, Leave(2)),
        ]
    );
}

#[test]
fn what_is_no_rate_or_watch_time_is_said() {
    let rates = [
        ("50", "write arrivals as 50/s"),
        ("50/d", "write arrivals as 50/s"),
        ("x/s", "write arrivals as 50/s"),
        ("0/s", "0 arrivals a second can't be planned"),
        ("1e9/s", "at most 100000"),
        ("50/s:odd", "`poisson` or `even`"),
    ];
    for (text, words) in rates {
        let wrong = text.parse::<plan::Rate>().unwrap_err().to_string();
        assert!(wrong.contains(words), "{text}: {wrong}");
    }
    for (text, shown) in [("3000/m", "50/s"), ("36/h:even", "0.01/s:even")] {
        assert_eq!(text.parse::<plan::Rate>().unwrap().to_string(), shown);
    }
    let times = [
        ("10m", "write watch times as fixed:10m"),
        ("exp:10", "`10` is not a length of time"),
        ("exp:0s", "nobody watches for no time"),
        ("lognormal:5m", "lognormal:5m,0.8"),
        ("lognormal:5m,-1", "a number from 0 to 5"),
        ("lognormal:5m,NaN", "a number from 0 to 5"),
        ("weibull:5m", "write watch times as"),
    ];
    for (text, words) in times {
        let wrong = text.parse::<WatchTime>().unwrap_err().to_string();
        assert!(wrong.contains(words), "{text}: {wrong}");
    }
}

proptest! {
    #[test]
    fn workers_share_one_crowd(seed: u64, rate in 1..40_u32, workers in 1..6_u64, paused in 0..20_000_u64) {
        let shape = arrivals(&format!("{rate}/s"), "exp:5s", seed).into();
        let order = |at, command| Order { at: Duration::from_millis(at), command };
        let orders = [order(paused, Command::Pause), order(paused + 2_000, Command::Resume)];
        assert_shared(&shape, workers, &orders, secs(30));
    }
}
