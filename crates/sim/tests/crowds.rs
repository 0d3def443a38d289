//! Crowds of every profile, in every weather. Each run checks itself after every step.
#![expect(clippy::print_stdout, reason = "a run prints its seed")]

use std::sync::Arc;
use std::time::Duration;

use base::ViewerState;
use origin::{Audio, Bitrate, Format};
use player::{Profile, VariantChoice};
use sim::{Keep, Report, Restart, Settings, Weather};
use telemetry::What;

fn everybody() -> Vec<(Arc<Profile>, u32)> {
    let weights = [4, 3, 2, 1];
    Profile::all()
        .map(Arc::new)
        .into_iter()
        .zip(weights)
        .collect()
}

fn weather(name: &str) -> &'static Weather {
    let found = Weather::ALL.iter().find(|weather| weather.name == name);
    found.unwrap_or_else(|| panic!("no weather is called {name}"))
}

fn run(what: &str, settings: &Settings) -> Report {
    println!("{what}: seed {}", settings.seed);
    match sim::run(settings) {
        Ok(report) => report,
        Err(error) => panic!("{what}: {error}"),
    }
}

fn in_state(report: &Report, state: ViewerState) -> u64 {
    report.snapshot.viewers.count(state)
}

fn failed(report: &Report) -> u64 {
    report.snapshot.requests.all().failed
}

fn max_s(report: &Report, what: What) -> f64 {
    report.snapshot.latency.of(what).max().unwrap_or(0) as f64 / 1e6
}

#[test]
fn a_hundred_viewers_for_ten_minutes_in_clear_weather() {
    let settings = Settings {
        seed: 3,
        viewers: 100,
        ramp_rate: 20.0,
        length: Duration::from_mins(10),
        crowd: everybody(),
        ..Settings::default()
    };
    let report = run("clear", &weather("clear").over(settings).unwrap());
    println!("{report}");
    assert_eq!(in_state(&report, ViewerState::Playing), 100);
    assert_eq!(report.snapshot.viewers.stalls, 0);
    assert_eq!(failed(&report), 0);
    assert_eq!(report.snapshot.viewers.restarts, 0);
    let played = report.snapshot.viewers.play_time().unwrap();
    // Eighty of them have a playhead; they arrived within five seconds and start within two.
    assert!(played > 80 * Duration::from_secs(600 - 7), "{played:?}");
    assert!(max_s(&report, What::GlassToGlass) < 5.0 * 2.0);
}

#[test]
fn a_hundred_viewers_for_ten_minutes_in_any_weather_twice_the_same() {
    let settings = Settings {
        seed: 4,
        viewers: 100,
        ramp_rate: 20.0,
        length: Duration::from_mins(10),
        crowd: everybody(),
        keep: Keep::Text,
        ..Settings::default()
    };
    let settings = weather("everything").over(settings).unwrap();
    let report = run("everything", &settings);
    println!("{report}");
    let again = run("everything, again", &settings);
    assert_eq!(report.digest, again.digest);
    assert!(report.log == again.log, "the logs differ");
    assert_eq!(report.snapshot, again.snapshot);
    assert_eq!(report.steps, again.steps);
    let other = Settings {
        seed: 5,
        viewers: 5,
        ..settings.clone()
    };
    let few = Settings {
        viewers: 5,
        ..settings
    };
    assert_ne!(run("another seed", &other).digest, run("few", &few).digest);
}

#[test]
fn every_profile_in_every_weather() {
    for weather in Weather::ALL {
        for profile in Profile::all() {
            let what = format!("{}, {}", profile.name, weather.name);
            let settings = Settings {
                seed: 11,
                viewers: 3,
                ramp_rate: 2.0,
                length: Duration::from_mins(3),
                crowd: vec![(Arc::new(profile), 1)],
                ..Settings::default()
            };
            let report = run(&what, &weather.over(settings).unwrap());
            if weather.is_fair {
                assert_eq!(
                    in_state(&report, ViewerState::Playing),
                    3,
                    "{what}\n{report}"
                );
                let ratio = report.rebuffer_ratio().unwrap_or(0.0);
                assert!(ratio < 0.1, "{what}\n{report}");
            }
        }
    }
}

/// Containers, ladders, durations and windows in which nothing should go wrong.
#[test]
fn every_profile_with_every_kind_of_stream() {
    for profile in Profile::all().map(Arc::new) {
        for (format, audio) in [
            (Format::Ts, Audio::Muxed),
            (Format::Ts, Audio::Demuxed),
            (Format::Fmp4, Audio::Muxed),
            (Format::Fmp4, Audio::Demuxed),
        ] {
            for (segment_s, window) in [(1, 10), (2, 5), (2, 20), (4, 6), (6, 4)] {
                let what = format!(
                    "{}, {format:?}, {audio:?}, {window} × {segment_s} s",
                    profile.name
                );
                let settings = Settings {
                    seed: 21,
                    viewers: 2,
                    ramp_rate: 0.7,
                    length: Duration::from_secs(100),
                    crowd: vec![(Arc::clone(&profile), 1)],
                    origin: origin::Config {
                        format,
                        audio,
                        segment: Duration::from_secs(segment_s),
                        window,
                        variants: vec![Bitrate(300_000), Bitrate(400_000)],
                        ..origin::Config::default()
                    },
                    ..Settings::default()
                };
                let report = run(&what, &settings);
                assert_eq!(
                    in_state(&report, ViewerState::Playing),
                    2,
                    "{what}\n{report}"
                );
                // Sound that begins a few milliseconds before the picture may run out as it starts.
                assert!(max_s(&report, What::Stall) < 0.1, "{what}\n{report}");
                assert!(report.snapshot.viewers.stalls <= 2, "{what}\n{report}");
                assert_eq!(failed(&report), 0, "{what}\n{report}");
                let latency_s = max_s(&report, What::GlassToGlass);
                assert!(latency_s < 5.5 * segment_s as f64 + 1.0, "{what}\n{report}");
            }
        }
    }
}

#[test]
fn storms() {
    for seed in 0..150 {
        run("storm", &Settings::storm(seed).unwrap());
    }
}

/// Everything answers 503 for half a minute; then all is well again.
#[test]
fn a_crowd_comes_back_after_an_outage() {
    let period_ms = 1_000_000;
    let settings = Settings {
        seed: 31,
        viewers: 40,
        ramp_rate: 20.0,
        length: Duration::from_mins(3),
        // The outage begins a minute into the run.
        start_unix_ms: 1_800_000 * period_ms - 60_000,
        crowd: everybody(),
        restart: Restart::Always,
        origin: origin::Config {
            faults: vec!["all:503:30s/1000s".parse().unwrap()],
            ..Settings::default().origin
        },
        ..Settings::default()
    };
    let report = run("outage", &settings);
    println!("{report}");
    assert_eq!(in_state(&report, ViewerState::Playing), 40);
    assert!(report.snapshot.viewers.restarts > 0);
    assert!(report.snapshot.viewers.stalls > 0);
    assert!(failed(&report) > 0);
}

/// Nothing aligns the reloads of a crowd: in the fifth minute they are as spread as viewers came.
#[test]
fn reloads_stay_spread() {
    for profile in Profile::all() {
        let name = profile.name;
        let settings = Settings {
            seed: 41,
            viewers: 60,
            // Arrivals are spread evenly over the target duration: 1/7.3 s is no part of it.
            ramp_rate: 7.3,
            length: Duration::from_mins(5),
            crowd: vec![(Arc::new(profile), 1)],
            variant: VariantChoice::Lowest,
            keep: Keep::Text,
            ..Settings::default()
        };
        let log = run(name, &settings).log.unwrap();
        let mut of_tenth = [0_u32; 10];
        for line in log
            .lines()
            .filter(|line| line.contains(" fetch ") && line.contains(" playlist "))
        {
            let at: f64 = line.split(' ').next().unwrap().parse().unwrap();
            if at > 240.0 {
                of_tenth[(at.rem_euclid(2.0) * 5.0) as usize] += 1;
            }
        }
        let sum: u32 = of_tenth.iter().sum();
        println!("{name}: {of_tenth:?}");
        assert!(sum > 60 * 25, "{name}: {sum} reloads in the last minute");
        let most = of_tenth.iter().max().unwrap() * 10;
        let least = of_tenth.iter().min().unwrap() * 10;
        assert!(most < 2 * sum && 4 * least > sum, "{name}: {of_tenth:?}");
    }
}
