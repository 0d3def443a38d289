//! Viewers: those that are admitted, and those that come by themselves.

use base::ViewerState;
use gateway::{ABSENCE_MAX, Config, Error, Guests};

use player::spectator;

use crate::support::{Server, World, admission, ok, url, worker};

#[test]
fn a_guest_is_served_while_it_lives() {
    worker(|| async {
        let server = Server::fixed(ok("video/mp2t", "media")).await;
        let world = World::of(&server.url("/"));
        let guest = world.waiting(0, spectator::Config::COPIES);
        let path = world.path(&server.url("/s.ts"));
        let mut player = world.player().await;
        assert_eq!(guest.state(), ViewerState::Waiting);
        assert_eq!(
            player.get(&path).await.status(),
            404,
            "its turn has not come"
        );
        guest.begin();
        assert_eq!(guest.state(), ViewerState::Starting);
        assert_eq!(player.get(&path).await.status(), 200);
        guest.over(ViewerState::BackingOff);
        assert_eq!(player.get(&path).await.status(), 404, "its player is gone");
        guest.begin();
        assert_eq!(player.get(&path).await.status(), 200);
        guest.leave();
        let counts = world.snapshot().viewers;
        assert_eq!((counts.started, counts.restarts), (1, 1));
        assert_eq!((counts.exits.failed, counts.exits.left), (1, 1));
        assert!(
            guest
                .url(&url(&server.url("/s.ts")))
                .as_str()
                .ends_with(&path)
        );
    });
}

#[test]
fn a_number_is_one_guests() {
    worker(|| async {
        let world = World::of("http://127.0.0.1:1/");
        let guest = world.guest(0);
        let at = world.shared.clock.elapsed();
        let token = {
            let mut recorder = world.shared.recorder.borrow_mut();
            recorder.add_viewer(1, telemetry::viewers::Playback::Untracked, at)
        };
        let shared = std::rc::Rc::clone(&world.shared);
        let diary = viewer::Diary::new(shared, 0, "stream", "hls", token);
        let refused = world
            .gateway
            .admit(diary, admission(spectator::Config::COPIES));
        assert!(matches!(refused, Err(Error::Taken { number: 0 })));
        drop(guest);
        let _again = world.guest(0);
    });
}

#[test]
fn anybody_may_come_up_to_a_limit() {
    worker(|| async {
        let server = Server::fixed(ok("video/mp2t", "media")).await;
        let world = World::with(Config {
            origins: vec![url(&server.url("/"))],
            guests: Guests::Anyone {
                max: 2,
                player: spectator::Config::COPIES,
                broadcast: "stream".to_owned(),
            },
            ..Config::default()
        });
        let mut player = world.player().await;
        let path = |number| world.gateway.path_for(number, &url(&server.url("/s.ts")));
        for number in [4, 9, 4] {
            assert_eq!(player.get(&path(number)).await.status(), 200);
        }
        let refused = player.get(&path(5)).await;
        assert_eq!(refused.status(), 503);
        assert!(refused.text().contains("2 viewers"), "{}", refused.text());
        let counts = world.snapshot().viewers;
        assert_eq!((counts.started, counts.untracked.all()), (2, 2));
    });
}

/// Who comes by itself is gone after a while without a request, and may come again.
#[test]
fn somebody_who_stays_away_has_left() {
    worker(|| async {
        let server = Server::fixed(ok("video/mp2t", "media")).await;
        let world = World::with(Config {
            origins: vec![url(&server.url("/"))],
            guests: Guests::Anyone {
                max: 1,
                player: spectator::Config::COPIES,
                broadcast: "stream".to_owned(),
            },
            ..Config::default()
        });
        let path = world.path(&server.url("/s.ts"));
        assert_eq!(world.player().await.get(&path).await.status(), 200);
        let left = || world.snapshot().viewers.exits.left;
        tokio::time::pause();
        tokio::time::sleep(ABSENCE_MAX / 2).await;
        assert_eq!(left(), 0);
        tokio::time::sleep(ABSENCE_MAX).await;
        assert_eq!(left(), 1);
        tokio::time::resume();
        assert_eq!(world.player().await.get(&path).await.status(), 200);
        assert_eq!(world.snapshot().viewers.started, 1);
    });
}
