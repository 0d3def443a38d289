//! What one step of a live viewer costs.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::format_push_string,
    reason = "a benchmark"
)]

use std::sync::Arc;
use std::time::Duration;

use base::Now;
use criterion::{Criterion, criterion_group, criterion_main};
use media::hls::{self, MediaPlaylist, Variables};
use player::profile::Profile;
use player::{Config, FetchId, Input, Output, Player, Playlist, VariantChoice};
use url::Url;

fn list(base: &Url, last: u64) -> Arc<MediaPlaylist> {
    let first = last - 5;
    let mut text = format!(
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{first}\n\
         #EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:{:02}:{:02}Z\n",
        first * 2 / 60 % 60,
        first * 2 % 60
    );
    for number in first..=last {
        text.push_str(&format!("#EXTINF:2,\nseg{number}.ts\n"));
    }
    match hls::parse(text.as_bytes(), base, &Variables::default()) {
        Ok(hls::Playlist::Media(parsed)) => Arc::new(parsed),
        other => unreachable!("{other:?}"),
    }
}

/// Answers whatever is asked for at once; returns how many inputs that took.
fn settle(player: &mut Player, now: Now, list: &Arc<MediaPlaylist>) -> (u32, Option<Duration>) {
    let mut asked: Vec<(FetchId, bool)> = Vec::with_capacity(4);
    let mut inputs = 0;
    loop {
        match player.poll() {
            Output::Fetch(fetch) => asked.push((fetch.id, fetch.keep_body)),
            Output::Wait { until, .. } => {
                let Some((id, is_list)) = asked.pop() else {
                    return (inputs, until);
                };
                inputs += 1;
                let input = if is_list {
                    Input::Playlist {
                        id,
                        playlist: Playlist::Media(Arc::clone(list)),
                        final_url: None,
                    }
                } else {
                    Input::Done { id, bytes: 1 }
                };
                player.handle(now, input);
            }
            _ => {}
        }
    }
}

fn ten_minutes(profile: &Arc<Profile>, lists: &[Arc<MediaPlaylist>], url: &Arc<Url>) -> u32 {
    let config = Config {
        profile: Arc::clone(profile),
        url: Arc::clone(url),
        variant: VariantChoice::Profile,
        seed: 1,
        viewer: 1,
    };
    let at = |elapsed: Duration| Now::new(elapsed, 1_767_225_600_000);
    let mut elapsed = Duration::ZERO;
    let mut player = Player::new(config, at(elapsed));
    let mut inputs = 0;
    while elapsed < Duration::from_mins(10) {
        let list = &lists[elapsed.as_secs() as usize / 2];
        let (count, until) = settle(&mut player, at(elapsed), list);
        inputs += count + 1;
        elapsed = until.expect("live");
        player.handle(at(elapsed), Input::Timer);
    }
    inputs
}

fn step(criterion: &mut Criterion) {
    let url = Arc::new(Url::parse("http://origin.example/live/list.m3u8").expect("a URL"));
    let lists: Vec<_> = (0..302).map(|number| list(&url, number + 10)).collect();
    for profile in Profile::all() {
        let profile = Arc::new(profile);
        let inputs = ten_minutes(&profile, &lists, &url);
        let name = format!("ten live minutes of {} ({inputs} inputs)", profile.name);
        criterion.bench_function(&name, |bencher| {
            bencher.iter(|| ten_minutes(&profile, &lists, &url));
        });
    }
}

criterion_group!(benches, step);
criterion_main!(benches);
