//! Real exporters: what they tell is what happened.

use testkit::TempDir;
use testkit::exporter::Exporter;
use testkit::http;
use testkit::nginx::{Config, Nginx};

use crate::asked::{Asking, run};
use scrape::Options;

/// A segment of this many bytes.
const BYTES: usize = 12_345;

fn nginx() -> (TempDir, Nginx) {
    let folder = TempDir::with_prefix("liveswarm-scrape-").unwrap();
    std::fs::create_dir(folder.path().join("v")).unwrap();
    std::fs::write(folder.path().join("v/s1.ts"), vec![0; BYTES]).unwrap();
    std::fs::write(folder.path().join("s2.ts"), vec![0; 5]).unwrap();
    std::fs::write(folder.path().join("live.m3u8"), "#EXTM3U\n").unwrap();
    let nginx = Nginx::start(folder.path(), Config::plain()).unwrap();
    (folder, nginx)
}

#[test]
fn nginx_says_it_answered_every_request_that_was_sent() {
    const SENT: u64 = 137;
    let (_folder, nginx) = nginx();
    let exporter = Exporter::nginx(&nginx).unwrap();
    run(async {
        let asking = Asking::metrics(&exporter.url());
        let first = asking.until(|view| view.sources[0].readings > 0).await;
        for _ in 0..SENT {
            assert_eq!(
                http::get(nginx.addr(), "/live/v/s1.ts").unwrap().status,
                200
            );
        }
        let before = asking.scraper.view().sources[0].readings;
        let view = asking.until(|view| view.sources[0].readings > before).await;
        let server = view.server.unwrap();
        // Each reading after the first is a request too, and has a connection of its own, or not.
        let own = view.sources[0].readings - 1;
        assert_eq!(first.server.unwrap().requests, Some(0));
        assert_eq!(server.requests, Some(SENT + own));
        let accepted = server.accepted.unwrap();
        assert!((SENT..=SENT + own).contains(&accepted), "{accepted}");
        // All of them were of one interval or two, however long those were.
        assert!(server.requests_per_s.unwrap().max > 0.0);
        assert_eq!((server.reading, server.writing), (Some(0), Some(1)));
        assert_eq!((view.host, view.sent.len()), (None, 0));
    });
}

#[test]
fn nginx_that_stops_is_said_by_its_exporter() {
    let (_folder, mut nginx) = nginx();
    let exporter = Exporter::nginx(&nginx).unwrap();
    run(async {
        let asking = Asking::metrics(&exporter.url());
        asking.until(|view| view.sources[0].readings > 0).await;
        nginx.kill();
        let view = asking.until(|view| view.sources[0].stale).await;
        let error = view.sources[0].error.clone().unwrap();
        assert!(error.contains("nginx_up 0"), "{error}");
        assert!(view.server.unwrap().connections.unwrap().stale);
    });
}

#[test]
fn this_machine_is_told_of() {
    let exporter = Exporter::node().unwrap();
    run(async {
        let asking = Asking::metrics(&exporter.url());
        let fits =
            |host: &telemetry::origin::Host| host.cpu.is_some() && host.network_out.is_some();
        let view = asking
            .until(|view| view.host.as_ref().is_some_and(fits))
            .await;
        let host = view.host.unwrap();
        let text = std::fs::read_to_string("/proc/meminfo").unwrap();
        let kibibytes: u64 = text.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert_eq!(host.memory_bytes, Some(kibibytes * 1024));
        let shares = [host.cpu.unwrap().newest, host.memory.unwrap().newest];
        assert!(
            shares.iter().all(|share| (0.0..=1.0).contains(share)),
            "{shares:?}"
        );
        assert_eq!(view.server, None);
    });
}

#[test]
fn nginx_lists_the_sizes_of_segments() {
    let (folder, nginx) = nginx();
    run(async {
        let asking = Asking::at(&Options {
            segment_sizes: Some(&nginx.listing_url()),
            ..Options::default()
        });
        let view = asking.until(|view| view.segments.is_some()).await;
        let segments = view.segments.unwrap();
        assert_eq!((segments.listed, segments.p50_bytes), (2, Some(5)));
        assert_eq!(segments.max_bytes, Some(BYTES as u64));
        let url = format!("{}?session=5", nginx.url("v/s1.ts"));
        assert_eq!(asking.scraper.segment_sizes().of(&url), Some(BYTES as u64));
        // Whoever asks may be a worker's thread.
        let sizes = asking.scraper.segment_sizes();
        let asked = std::thread::spawn(move || sizes.of("/s2.ts"));
        assert_eq!(asked.join().unwrap(), Some(5));
        std::fs::remove_file(folder.path().join("v/s1.ts")).unwrap();
        std::fs::write(folder.path().join("s3.ts"), vec![0; 7]).unwrap();
        let left = |view: &telemetry::origin::View| view.segments.unwrap().max_bytes == Some(7);
        asking.until(left).await;
        assert_eq!(asking.scraper.segment_sizes().of(&url), Some(BYTES as u64));
    });
}
