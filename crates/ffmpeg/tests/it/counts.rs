//! What is derived from a log, held against what the web server served in that run.

use std::collections::BTreeMap;

use crate::capture::{self, Capture};
use base::{Class, Failure, Outcome};
use ffmpeg::estimate::{Event, Request};
use ffmpeg::{Connections, Level, log};

const CLASSES: [Class; 3] = [Class::Playlist, Class::Segment, Class::Init];

fn served(capture: &Capture, class: Class) -> u64 {
    let rows = capture.served();
    rows.iter()
        .filter(|row| capture::class(&row.path) == class)
        .count() as u64
}

fn requests(events: Vec<Event>) -> Vec<Request> {
    let request = |event| match event {
        Event::Request(request) => Some(request),
        _ => None,
    };
    events.into_iter().filter_map(request).collect()
}

#[test]
fn the_captures_are_whole() {
    for capture in capture::all() {
        let label = capture.label();
        assert_eq!(
            served(&capture, Class::Playlist),
            capture.playlists,
            "{label}"
        );
        assert_eq!(served(&capture, Class::Segment), capture.media, "{label}");
        assert_eq!(served(&capture, Class::Init), capture.init, "{label}");
        let media = |row: &&capture::Served| {
            capture::class(&row.path) == Class::Segment && row.status < 300
        };
        let bytes: u64 = capture
            .served()
            .iter()
            .filter(media)
            .map(|row| row.bytes)
            .sum();
        assert_eq!(bytes, capture.media_bytes, "{label}");
    }
}

#[test]
fn at_debug_every_request_is_known() {
    let mut seen = 0;
    for capture in capture::all() {
        if capture.level() != Level::Debug {
            continue;
        }
        let (_, estimate) = capture.watched(capture.config(), |_| true);
        for class in CLASSES {
            let counted = estimate.totals().class(class);
            let expected = served(&capture, class);
            assert_eq!(
                counted.answered(),
                expected,
                "{}: {class:?}",
                capture.label()
            );
        }
        seen += 1;
    }
    assert_eq!(seen, 20);
}

/// As logged, and what a run at a lower level would have logged.
#[test]
fn at_lower_levels_media_is_known_and_at_most_two_playlists_are_missing() {
    for capture in capture::all() {
        for level in [Level::Info, Level::Verbose] {
            if level > capture.level() {
                continue;
            }
            let shown = match level {
                Level::Info => log::Level::Info,
                _ => log::Level::Verbose,
            };
            let mut config = capture.config();
            config.level = level;
            let keep = |line: &log::Line<'_>| line.level.is_some_and(|level| level <= shown);
            let (_, estimate) = capture.watched(config, keep);
            let label = format!("{} at {level:?}", capture.label());
            for class in [Class::Segment, Class::Init] {
                let counted = estimate.totals().class(class);
                assert_eq!(
                    counted.answered(),
                    served(&capture, class),
                    "{label}: {class:?}"
                );
            }
            let playlists = estimate.totals().class(Class::Playlist).answered();
            let missing = served(&capture, Class::Playlist) - playlists;
            if capture.connections() == Connections::Kept {
                assert!(missing <= 2, "{label}: {missing} playlists are missing");
            }
        }
    }
}

#[test]
fn failures_have_the_status_that_was_served() {
    for capture in capture::all() {
        if capture.level() != Level::Debug {
            continue;
        }
        let mut expected: BTreeMap<(String, u16), u64> = BTreeMap::new();
        for row in capture.served() {
            if row.status >= 400 {
                *expected.entry((row.path, row.status)).or_default() += 1;
            }
        }
        let mut found: BTreeMap<(String, u16), u64> = BTreeMap::new();
        let (events, _) = capture.watched(capture.config(), |_| true);
        for request in requests(events) {
            if let Outcome::Failed(Failure::Status(status)) = request.outcome {
                let (_, path) = request.url.split_once("//").unwrap();
                let path = path[path.find('/').unwrap()..].to_owned();
                *found.entry((path, status)).or_default() += 1;
            }
        }
        assert_eq!(found, expected, "{}", capture.label());
    }
}

#[test]
fn one_connection_a_request_tells_bytes_request_by_request() {
    let mut seen = 0;
    for capture in capture::all() {
        if capture.connections() != Connections::PerRequest {
            continue;
        }
        let (events, estimate) = capture.watched(capture.config(), |_| true);
        let requests = requests(events);
        let rows = capture.served();
        let media = |path: &str| capture::class(path) == Class::Segment;
        let rows: Vec<_> = rows.iter().filter(|row| media(&row.path)).collect();
        let found: Vec<_> = requests.iter().filter(|r| r.class.is_media()).collect();
        assert_eq!(found.len(), rows.len(), "{}", capture.label());
        for (request, row) in found.iter().zip(&rows).take(rows.len() - 1) {
            assert!(request.url.ends_with(&row.path), "{}", capture.label());
            let bytes = request.bytes.unwrap();
            assert_eq!(bytes.value, row.bytes, "{}: {}", capture.label(), row.path);
            assert!(bytes.basis.is_measured());
        }
        // The last one was cut when FFmpeg was ended: it read less than was sent.
        let total = estimate.totals().bytes_read.unwrap().value;
        let all: u64 = capture.served().iter().map(|row| row.bytes).sum();
        let last = rows.last().unwrap().bytes;
        assert!(total <= all && total + last >= all, "{}", capture.label());
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn a_closed_port_is_a_failed_connection_each_time() {
    for version in ["5.1", "8.1"] {
        let capture = capture::one(version, "err_refused_debug");
        let (events, estimate) = capture.watched(capture.config(), |_| true);
        let requests = requests(events.clone());
        assert_eq!(requests.len(), 4, "{version}");
        let refused = Outcome::Failed(Failure::ConnectRefused);
        assert!(requests.iter().all(|request| request.outcome == refused));
        assert_eq!(estimate.totals().class(Class::Playlist).answered(), 0);
        assert_eq!(estimate.totals().reconnects, 3);
        assert_eq!(estimate.state(), ffmpeg::estimate::State::Reconnecting);
        let words = Event::InputFailed("Connection refused".to_owned());
        assert!(events.contains(&words), "{version}");
    }
}

#[test]
fn a_missing_playlist_is_told_in_ffmpegs_words() {
    for version in ["5.1", "8.1"] {
        let capture = capture::one(version, "err_manifest404_debug");
        let (events, _) = capture.watched(capture.config(), |_| true);
        let words = Event::InputFailed("Server returned 404 Not Found".to_owned());
        assert!(events.contains(&words), "{version}");
    }
}
