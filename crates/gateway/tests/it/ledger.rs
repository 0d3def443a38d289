//! Held against our own origin's ledger: a crowd of connections, ranges, conditions and faults.

use std::collections::BTreeMap;

use base::Class;
use origin_server::Ledger;
use testkit::served::Count;
use tokio::task::JoinSet;

use crate::support::{Player, World, url, worker};

/// Whole answers by class and status, as the origin counts them.
fn complete(ledger: &Ledger) -> BTreeMap<(Class, u16), Count> {
    let rows = ledger.classes.iter().flat_map(|(class, account)| {
        account.status.iter().map(|(status, tally)| {
            let count = Count {
                requests: tally.complete.requests,
                bytes: tally.complete.bytes,
            };
            ((*class, *status), count)
        })
    });
    rows.filter(|(_, count)| count.requests > 0).collect()
}

/// Fetches playlists and segments as they are named, over one connection; every tenth segment with
/// a range.
async fn watch(mut player: Player, base: url::Url, rounds: usize) {
    let target = |url: &url::Url| url[url::Position::BeforePath..].to_owned();
    let main = player.get(&target(&base)).await;
    let variant = main.text().lines().find(|line| !line.starts_with('#'));
    let list_at = base.join(variant.unwrap()).unwrap();
    for round in 0..rounds {
        let list = player.get(&target(&list_at)).await;
        if list.status() != 200 {
            continue;
        }
        let names = list.text().lines().filter(|line| !line.starts_with('#'));
        for (n, name) in names.enumerate().skip(round % 3) {
            let at = list_at.join(name).unwrap();
            let fields = if n % 10 == 0 {
                "Range: bytes=0-\r\n"
            } else {
                ""
            };
            player.ask("GET", &target(&at), fields).await;
        }
        player.ask("HEAD", &target(&list_at), "").await;
    }
}

fn a_crowd_equals_the_ledger(config: origin::Config) {
    worker(|| async {
        let server = origin_server::bind(origin_server::Config {
            origin: config,
            ..origin_server::Config::default()
        })
        .await
        .unwrap();
        let main = server.urls()[0].clone();
        let seen_by_it = server.watch();
        tokio::task::spawn_local(server.run_until(std::future::pending()));
        let world = World::of(&main);
        let guests: Vec<_> = (0..20).map(|number| world.guest(number)).collect();
        let mut crowd = JoinSet::new();
        for guest in &guests {
            for _ in 0..2 {
                crowd.spawn_local(watch(world.player().await, guest.url(&url(&main)), 3));
            }
        }
        crowd.join_all().await;
        for guest in &guests {
            guest.settled().await;
        }
        let ledger = seen_by_it.ledger();
        assert_eq!(world.whole(), complete(&ledger));
        let all = world.snapshot().requests.all();
        assert!(all.ok > 400, "{all:?}");
        assert_eq!(all.in_flight + all.cancelled, 0);
        assert_eq!(world.gateway.own_share().count(), all.requests());
    });
}

#[test]
fn a_crowd_on_ts_equals_the_ledger() {
    a_crowd_equals_the_ledger(origin::Config::default());
}

#[test]
fn a_crowd_on_fmp4_equals_the_ledger() {
    a_crowd_equals_the_ledger(origin::Config {
        format: origin::Format::Fmp4,
        ..origin::Config::default()
    });
}

#[test]
fn injected_faults_are_counted_exactly() {
    let faults = ["segment:503:20%", "segment:404:10%"];
    let faults = faults.iter().map(|text| text.parse().unwrap()).collect();
    a_crowd_equals_the_ledger(origin::Config {
        faults,
        ..origin::Config::default()
    });
}
