//! A viewer behind a network of its own: its player gets what comes through, when it does.

use std::time::Duration;

use player::spectator;
use tokio::time::Instant;

use crate::support::{Server, World, ok, worker};

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_guests_network_holds_for_its_player_and_for_no_other() {
    worker(|| async {
        let media = "m".repeat(100_000);
        let server = Server::fixed(ok("video/mp2t", &media)).await;
        let world = World::of(&server.url("/"));
        let guest = world.waiting(0, spectator::Config::COPIES);
        let network = "bandwidth=8Mbit/s,latency=30ms".parse().unwrap();
        guest.put_behind(&network, 1);
        guest.begin();
        let path = world.path(&server.url("/s.ts"));
        // Two players of one viewer share its line.
        let (mut one, mut other) = (world.player().await, world.player().await);
        let begun = Instant::now();
        let (first, second) = tokio::join!(one.get(&path), other.get(&path));
        let took = begun.elapsed();
        assert_eq!((first.status(), second.status()), (200, 200));
        // A round trip to connect and one to ask; a millisecond for each 1,000 bytes, of which the
        // line has carried 5,000 already.
        assert!(took >= (30 + 30 + 200 - 5) * MS, "{took:?}");
        let whole = world.whole();
        let bytes: u64 = whole.values().map(|count| count.bytes).sum();
        assert_eq!(bytes, 200_000, "{whole:?}");
    });
}
