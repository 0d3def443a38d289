//! The player's own steps.

use std::sync::Arc;
use std::time::Duration;

use base::Now;
use media::hls::{self, MediaPlaylist, Variables};
use player::profile::Profile;
use player::{Config, FetchId, Input, Output, Player, Playlist, VariantChoice};
use url::Url;

use super::{Meter, Step, playlists};

pub(crate) const STEPS: &[Step] = &[Step {
    name: "player step, a live minute",
    run: minute,
}];

/// When the stream's first list was written: the date of its last segment's end.
const BEGIN_UNIX_MS: i64 = 1_795_132_820_000;

/// A player that is given what it asks for at once.
struct Stage {
    player: Player,
    lists: Vec<Arc<MediaPlaylist>>,
    elapsed: Duration,
}

fn minute(meter: &mut Meter) {
    let place = playlists::place();
    let lists = (0..400).map(|first| parsed(&playlists::list(first, 10), &place));
    let mut stage = Stage {
        lists: lists.collect(),
        player: player(&place),
        elapsed: Duration::ZERO,
    };
    // A player that has started, so that each minute is like the next.
    stage.play(Duration::from_mins(1));
    let mut end = Duration::from_mins(1);
    meter.cold(5, || {
        end += Duration::from_mins(1);
        stage.play(end);
    });
}

fn player(place: &Url) -> Player {
    let config = Config {
        profile: Arc::new(Profile::hls_js()),
        url: Arc::new(place.clone()),
        variant: VariantChoice::Profile,
        seed: 1,
        viewer: 1,
    };
    Player::new(config, at(Duration::ZERO))
}

fn at(elapsed: Duration) -> Now {
    Now::new(elapsed, BEGIN_UNIX_MS)
}

fn parsed(text: &str, place: &Url) -> Arc<MediaPlaylist> {
    match hls::parse(text.as_bytes(), place, &Variables::new()) {
        Ok(hls::Playlist::Media(list)) => Arc::new(list),
        other => panic!("{other:?}"),
    }
}

impl Stage {
    fn play(&mut self, end: Duration) {
        while self.elapsed < end {
            self.elapsed = self.settle();
            self.player.handle(at(self.elapsed), Input::Timer);
        }
    }

    /// Answers what is asked for until the player waits; until when.
    fn settle(&mut self) -> Duration {
        let mut asked: Vec<(FetchId, bool)> = Vec::new();
        loop {
            match self.player.poll() {
                Output::Fetch(fetch) => asked.push((fetch.id, fetch.keep_body)),
                Output::Wait { until, .. } => match asked.pop() {
                    Some((id, is_list)) => self.answer(id, is_list),
                    None => return until.unwrap_or_else(|| panic!("the player is through")),
                },
                _ => {}
            }
        }
    }

    fn answer(&mut self, id: FetchId, is_list: bool) {
        let list = &self.lists[self.elapsed.as_secs() as usize / 2];
        let input = if is_list {
            Input::Playlist {
                id,
                playlist: Playlist::Media(Arc::clone(list)),
                final_url: None,
            }
        } else {
            Input::Done { id, bytes: 500_000 }
        };
        self.player.handle(at(self.elapsed), input);
    }
}
