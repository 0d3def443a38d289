//! The ledger equals what clients saw, request for request and byte for byte.

use std::{collections::BTreeMap, path::PathBuf};

use base::Class;
use origin_server::{Account, Count, Ledger};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
};

use crate::client::{Running, small};

/// What one client saw.
type Seen = BTreeMap<(Class, u16), Count>;

fn note(seen: &mut Seen, class: Class, status: u16, bytes: usize) {
    let count = seen.entry((class, status)).or_default();
    *count += Count {
        requests: 1,
        bytes: bytes as u64,
    };
}

fn complete(ledger: &Ledger) -> Seen {
    let rows = ledger.classes.iter().flat_map(|(class, account)| {
        account
            .status
            .iter()
            .map(|(status, tally)| ((*class, *status), tally.complete))
    });
    rows.filter(|(_, count)| count.requests > 0).collect()
}

async fn watch(mut client: crate::client::Client, viewer: usize) -> Seen {
    let mut seen = Seen::new();
    for _ in 0..5 {
        let path = client.newest("400k").await;
        let name = |n: u64| format!("/live/400k-{n}.ts");
        let number: u64 = path.split(['-', '.']).nth(1).unwrap().parse().unwrap();
        let asked = [
            (Class::Multivariant, "/live/master.m3u8".to_owned(), ""),
            (
                Class::Playlist,
                "/live/400k.m3u8".to_owned(),
                "If-None-Match: *\r\n",
            ),
            (Class::Segment, path.clone(), ""),
            (Class::Segment, path, "Range: bytes=100-299\r\n"),
            (Class::Segment, name(number - viewer as u64 % 40), ""),
            (Class::Segment, name(number + 1000), ""),
            (Class::Other, "/files/json/".to_owned(), ""),
            (Class::Other, "/favicon.ico".to_owned(), ""),
        ];
        for (class, path, lines) in asked {
            let response = client.ask("GET", &path, lines).await.unwrap();
            note(&mut seen, class, response.status, response.body.len());
        }
        let head = client.ask("HEAD", "/live/master.m3u8", "").await.unwrap();
        note(&mut seen, Class::Multivariant, head.status, 0);
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_clients_and_the_ledger_agree() {
    let server = Running::start(small()).await;
    let mut viewers = JoinSet::new();
    for viewer in 0..50 {
        let client = server.connect().await;
        viewers.spawn(watch(client, viewer));
    }
    let mut seen = Seen::new();
    while let Some(one) = viewers.join_next().await {
        for (key, count) in one.unwrap() {
            *seen.entry(key).or_default() += count;
        }
    }
    let ledger = server.ledger().await;
    let mut booked = complete(&ledger);
    // `newest` reads a playlist that is not noted: five times a viewer, of whatever length.
    let playlists = booked.remove(&(Class::Playlist, 200)).unwrap();
    assert_eq!(playlists.requests, 250);
    assert_eq!(booked, seen);
    assert_eq!(
        (ledger.total.in_flight, ledger.total.interrupted),
        (0, Count::default())
    );
    assert_eq!(ledger.total.requests, ledger.total.complete.requests);
    let sum: u64 = ledger.classes.values().map(|account| account.bytes).sum();
    assert_eq!(ledger.total.bytes, sum);
}

#[tokio::test]
async fn looking_changes_nothing() {
    let server = Running::start(small()).await;
    let mut client = server.connect().await;
    client.get("/live/master.m3u8").await.unwrap();
    let first = server.ledger().await;
    for path in ["/ledger", "/healthz", "/ledger?x=y"] {
        assert_eq!(client.get(path).await.unwrap().status, 200);
        assert_eq!(client.ask("OPTIONS", path, "").await.unwrap().status, 204);
        assert_eq!(client.ask("DELETE", path, "").await.unwrap().status, 405);
    }
    assert_eq!(server.ledger().await, first);
    assert_eq!(first.total.requests, 1);
    assert_eq!(server.stop().await, first);
}

/// The account of segments once no answer is under way.
async fn settled(server: &Running) -> Account {
    loop {
        let ledger = server.ledger().await;
        if ledger.total.in_flight == 0 {
            return ledger.class(Class::Segment).clone();
        }
    }
}

#[tokio::test]
async fn who_leaves_in_the_middle_is_counted_apart() {
    let server = Running::with_faults(&["segment:throttle=5KB/s"]).await;
    let mut client = server.connect().await;
    let path = client.newest("400k").await;
    let request = format!("GET {path} HTTP/1.1\r\n\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut client.stream, request.as_bytes())
        .await
        .unwrap();
    client.head().await.unwrap();
    let mut some = [0; 400];
    let received = client.stream.read_exact(&mut some).await.unwrap() as u64;
    drop(client);
    let segment = settled(&server).await;
    assert_eq!(
        (segment.requests, segment.complete, segment.ok_2xx),
        (1, Count::default(), 0)
    );
    assert!(
        segment.interrupted.bytes >= received && segment.interrupted.bytes < 100_000,
        "{segment:?}"
    );
    assert_eq!(segment.status[&200].interrupted.requests, 1);
}

/// More than sockets on loopback take at once, so that it goes out in many parts.
#[tokio::test]
async fn a_large_segment_is_counted_by_what_the_socket_took() {
    let mut config = small();
    config.origin.variants = vec![origin::Bitrate(40_000_000)];
    let server = Running::start(config).await;
    let path = server.connect().await.newest("40000k").await;

    let mut leaver = server.connect_narrow(16 << 10).await;
    let request = format!("GET {path} HTTP/1.1\r\n\r\n");
    leaver.stream.write_all(request.as_bytes()).await.unwrap();
    leaver.head().await.unwrap();
    let some = leaver.next(1 << 20).await;
    drop(leaver);
    let left = settled(&server).await;

    let whole = server.connect().await.get(&path).await.unwrap().body;
    let len = whole.len() as u64;
    assert!(len >= 8 << 20, "{len}");
    assert!(whole.starts_with(&some), "parts are in order");
    let interrupted = left.interrupted;
    assert_eq!((left.complete, interrupted.requests), (Count::default(), 1));
    assert!(
        (some.len() as u64..len).contains(&interrupted.bytes),
        "{interrupted:?} of {len}"
    );

    let mut slow = server.connect_narrow(16 << 10).await;
    assert!(slow.get(&path).await.unwrap().body == whole);
    let both = Count {
        requests: 2,
        bytes: 2 * len,
    };
    let segment = settled(&server).await;
    assert_eq!((segment.complete, segment.interrupted), (both, interrupted));
}

/// A file of this test's own, gone at the end with what stands beside it.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder.join("ledger.json"))
    }

    fn config(&self) -> origin_server::Config {
        origin_server::Config {
            ledger: Some(self.0.clone()),
            ..small()
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.0.parent().unwrap());
    }
}

#[tokio::test]
async fn the_file_survives_restarts() {
    let file = File::new("restarts");
    for round in 1..=3 {
        let server = Running::start(file.config()).await;
        let mut client = server.connect().await;
        for _ in 0..10 {
            client.get("/live/master.m3u8").await.unwrap();
        }
        let ledger = server.stop().await;
        assert_eq!(
            (ledger.total.requests, ledger.restarts),
            (round * 10, round - 1)
        );
        let saved: Ledger = serde_json::from_slice(&std::fs::read(&file.0).unwrap()).unwrap();
        assert_eq!(saved.total, ledger.total);
    }
}
