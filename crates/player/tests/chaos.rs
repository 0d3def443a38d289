//! Whatever the server does, the contract holds: nothing panics, each request is resolved once, no
//! more are in flight than allowed, the playhead never goes back, time only passes to a deadline.
//! (`lab` watches all of it after every step.)
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::format_push_string,
    reason = "a test"
)]
#![allow(dead_code, reason = "the lab serves other tests too")]

mod lab;

use std::sync::Arc;
use std::time::Duration;

use base::{Failure, Rng, ViewerState};
use lab::{Answer, Lab, live, ms, vod};
use player::profile::Profile;
use player::{Config, Event, Fetch, Input, VariantChoice};
use proptest::prelude::*;
use url::Url;

const END: Duration = Duration::from_secs(150);

/// A server with bad days.
#[derive(Clone, Debug)]
struct Weather {
    seed: u64,
    profile: usize,
    variant: usize,
    /// Shares of answers that fail, that are slow, of lists that are old, broken or empty.
    failing: f64,
    slow: f64,
    stale: f64,
    broken: f64,
    ladder: bool,
    ended: bool,
    window: u64,
    tags: usize,
    stop_at: Option<u64>,
    choose_at: Option<u64>,
}

const TAGS: [&str; 6] = [
    "",
    "#EXT-X-START:TIME-OFFSET=-3\n",
    "#EXT-X-START:TIME-OFFSET=1000\n",
    "#EXT-X-SERVER-CONTROL:HOLD-BACK=9\n",
    "#EXT-X-MAP:URI=\"init.mp4\"\n",
    "#EXT-X-KEY:METHOD=AES-128,URI=\"key\"\n#EXT-X-GAP\n",
];

fn weather() -> impl Strategy<Value = Weather> {
    let shares = (0.0..0.6, 0.0..0.5, 0.0..0.5, 0.0..0.2);
    let shape = (
        any::<bool>(),
        prop::bool::weighted(0.3),
        1_u64..12,
        0..TAGS.len(),
    );
    let acts = (
        prop::option::weighted(0.2, 0_u64..120_000),
        prop::option::weighted(0.3, 0_u64..120_000),
    );
    (any::<u64>(), 0_usize..4, 0_usize..6, shares, shape, acts).prop_map(
        |(seed, profile, variant, shares, shape, acts)| Weather {
            seed,
            profile,
            variant,
            failing: shares.0,
            slow: shares.1,
            stale: shares.2,
            broken: shares.3,
            ladder: shape.0,
            ended: shape.1,
            window: shape.2,
            tags: shape.3,
            stop_at: acts.0,
            choose_at: acts.1,
        },
    )
}

impl Weather {
    fn config(&self) -> Config {
        let variants = [
            VariantChoice::Profile,
            VariantChoice::All,
            VariantChoice::Highest,
            VariantChoice::Lowest,
            VariantChoice::First,
            VariantChoice::Index(7),
        ];
        Config {
            profile: Arc::new(Profile::all()[self.profile].clone()),
            url: Arc::new(Url::parse("http://x/").expect("a URL")),
            variant: variants[self.variant],
            seed: self.seed,
            viewer: 3,
        }
    }

    fn list(&self, name: &str, now: Duration, rng: &mut Rng) -> String {
        let tags = TAGS[self.tags];
        if rng.unit() < self.broken {
            let broken = [
                "<html>",
                "",
                "#EXTM3U\n#EXT-X-TARGETDURATION:2\n",
                "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:1\n#EXTINF:2,\nx.ts\n",
                "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n",
            ];
            return broken[rng.next_u64() as usize % broken.len()].to_owned();
        }
        let text = if self.ended {
            vod(self.window * 3, tags)
        } else if rng.unit() < self.stale {
            live(now / 2, self.window, tags)
        } else {
            live(now, self.window, tags)
        };
        text.replace("seg", &format!("{name}-"))
    }

    fn answer(&self, file: &str, fetch: &Fetch, now: Duration, rng: &mut Rng) -> Answer {
        let after = if rng.unit() < self.slow {
            ms(rng.next_u64() % 9000)
        } else {
            ms(rng.next_u64() % 30)
        };
        if rng.unit() < self.failing && (!fetch.first || self.seed.is_multiple_of(4)) {
            let failures = [
                Failure::Status(404),
                Failure::Status(503),
                Failure::ReadTimedOut,
                Failure::Reset,
                Failure::InvalidPlaylist,
            ];
            return Answer::Fail(failures[rng.next_u64() as usize % failures.len()], after);
        }
        match file.strip_suffix(".m3u8") {
            _ if fetch.conditional && rng.unit() < 0.1 => Answer::Unchanged(after),
            Some("index") if self.ladder => Answer::List(ladder(), after),
            Some(name) => Answer::List(self.list(name, now, rng), after),
            None => Answer::Body(after),
        }
    }
}

fn ladder() -> String {
    let mut text = String::from(
        "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",URI=\"audio.m3u8\"\n",
    );
    for (bandwidth, name) in [(900_000, "mid"), (300_000, "low"), (2_000_000, "high")] {
        text += &format!("#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},AUDIO=\"a\"\n{name}.m3u8\n");
    }
    text
}

/// A whole life, as text.
fn live_through(weather: &Weather) -> (String, Vec<(Duration, Event)>, ViewerState) {
    let mut rng = Rng::new(weather.seed);
    let mut lab = Lab::new(weather.config(), "index.m3u8", |file, fetch, now| {
        weather.answer(file, fetch, now, &mut rng)
    });
    let mut steps = 0;
    let (mut stop, mut choose) = (weather.stop_at, weather.choose_at);
    let mut noise = Rng::new(!weather.seed);
    while lab.step(END) {
        steps += 1;
        assert!(steps < 60_000, "it does not rest");
        let at = lab.now.as_millis() as u64;
        if noise.unit() < 0.05 {
            lab.give(Input::Timer);
        }
        if choose.is_some_and(|choose| choose <= at) {
            choose = None;
            let now = base::Now::new(lab.now, lab::UNIX_MS);
            lab.player.choose_variant(1, now);
            lab.give(Input::Timer);
        }
        if stop.is_some_and(|stop| stop <= at) {
            stop = None;
            lab.give(Input::Stop);
        }
    }
    let log: Vec<String> = lab
        .asked
        .iter()
        .map(|(at, file, fetch)| format!("{at:?} {file} {:?} {:?}", fetch.class, fetch.due))
        .collect();
    (log.join("\n"), lab.events.clone(), lab.player.state())
}

/// Playing and standing still make up the time between the first frame and the end.
fn check_account(events: &[(Duration, Event)], end: ViewerState) -> Result<(), TestCaseError> {
    let mut last: Option<(ViewerState, Duration)> = None;
    let mut seconds = 0_u64;
    let mut playing = Duration::ZERO;
    for (_, event) in events {
        match event {
            Event::State { to, at } => {
                if let Some((from, since)) = last {
                    prop_assert!(*at >= since, "states out of order: {events:?}");
                    prop_assert!(from != *to, "no change: {events:?}");
                    if from == ViewerState::Playing {
                        playing += at.saturating_sub(since);
                    }
                }
                last = Some((*to, *at));
            }
            Event::Second { .. } => seconds += 1,
            Event::Seek { from, to } => prop_assert!(to > from),
            _ => {}
        }
    }
    if let Some((state, _)) = last {
        prop_assert_eq!(state, end);
        if state != ViewerState::Playing && seconds > 0 {
            prop_assert_eq!(seconds, playing.as_secs());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_contract_holds_in_any_weather(weather in weather()) {
        let (log, events, state) = live_through(&weather);
        check_account(&events, state)?;
        let (again, events_again, _) = live_through(&weather);
        prop_assert_eq!(log, again, "same seed, another life");
        prop_assert_eq!(events, events_again);
    }
}
