use std::sync::Arc;
use std::time::Duration;

use base::Rng;
use origin::{Audio, Bitrate, Format};
use player::{Profile, VariantChoice};

use crate::link::Link;
use crate::settings::{Restart, Settings};

/// Faults that a storm draws from.
const FAULTS: [&str; 24] = [
    "segment:503:10%",
    "segment:503:1/7",
    "segment:404:1/9",
    "segment:404:5%",
    "segment:throttle=30KB/s:20%",
    "segment:throttle=90KB/s",
    "segment:delay=3s:10%",
    "segment:truncate:5%",
    "segment:reset:5%",
    "segment:close:5%",
    "init:503:30%",
    "init:404:20%",
    "playlist:503:10%",
    "playlist:404:3%",
    "playlist:stale:12s/31s",
    "playlist:stale:5s/9s",
    "playlist:delay=4s:5%",
    "playlist:truncate:5%",
    "multivariant:503:30%",
    "multivariant:close:20%",
    "all:503:3s/17s",
    "all:close:20s/70s",
    "all:delay=700ms",
    "all:reset:2%",
];

impl Settings {
    /// Settings in which everything is drawn by `seed`: players, network, faults, container,
    /// ladder, windows. Short, so that thousands can be run.
    ///
    /// # Errors
    /// None, unless a fault of the table does not read.
    pub fn storm(seed: u64) -> Result<Self, origin::Error> {
        let mut dice = Dice(Rng::nth(0x7374_6f72_6d00, seed));
        let profiles = Profile::all();
        let crowd = profiles.into_iter().map(|profile| {
            let weight = dice.one_of(&[0, 1, 1, 2]);
            (Arc::new(profile), weight)
        });
        let mut crowd: Vec<_> = crowd.collect();
        if crowd.iter().all(|(_, weight)| *weight == 0) {
            crowd[0].1 = 1;
        }
        let mut origin = origin::Config {
            format: dice.one_of(&[Format::Ts, Format::Fmp4]),
            audio: dice.one_of(&[Audio::Muxed, Audio::Demuxed]),
            segment: Duration::from_secs(dice.one_of(&[1, 2, 2, 4, 6])),
            window: dice.one_of(&[3, 4, 6, 10, 20]),
            variants: dice.one_of(&[
                vec![Bitrate(400_000)],
                vec![Bitrate(250_000), Bitrate(400_000)],
                vec![Bitrate(400_000), Bitrate(250_000), Bitrate(300_000)],
            ]),
            seed,
            ..origin::Config::default()
        };
        for _ in 0..dice.one_of(&[0, 0, 1, 2, 4]) {
            origin.faults.push(dice.one_of(&FAULTS).parse()?);
        }
        Ok(Self {
            seed,
            viewers: dice.one_of(&[1, 3, 6]),
            ramp_rate: dice.one_of(&[0.2, 5.0, 1_000.0]),
            length: Duration::from_secs(dice.one_of(&[40, 90, 150])),
            start_unix_ms: 1_800_000_000_000 + dice.0.between(0.0, 60_000.0) as i64,
            crowd,
            variant: dice.one_of(&[
                VariantChoice::Profile,
                VariantChoice::Profile,
                VariantChoice::All,
                VariantChoice::Lowest,
                VariantChoice::First,
                VariantChoice::Index(7),
            ]),
            restart: dice.one_of(&[Restart::OnFailure, Restart::Always, Restart::Never]),
            link: dice.link(),
            origin,
            ..Self::default()
        })
    }
}

struct Dice(Rng);

impl Dice {
    fn one_of<T: Clone>(&mut self, of: &[T]) -> T {
        let place = (self.0.unit() * of.len() as f64) as usize;
        of[place.min(of.len() - 1)].clone()
    }

    fn link(&mut self) -> Link {
        let share = [0.0, 0.0, 0.0, 0.01, 0.1];
        let ms = Duration::from_millis;
        Link {
            latency: ms(self.one_of(&[0, 5, 40, 300, 1_500])),
            jitter: ms(self.one_of(&[0, 3, 50, 900])),
            bandwidth: self.one_of(&[None, None, Some(30_000), Some(80_000), Some(1_000_000)]),
            loss: self.one_of(&share),
            refused: self.one_of(&share),
            reset: self.one_of(&share),
            paused: self.one_of(&share),
            pause: ms(self.one_of(&[800, 4_000, 40_000])),
        }
    }
}
