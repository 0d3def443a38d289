//! FFmpeg of several versions, as a web server recorded what it served: watched from outside, it is
//! seen for what it was.

#![expect(
    clippy::unwrap_used,
    clippy::format_push_string,
    reason = "a test: it stops where a capture is not what it should be, and says what it left out"
)]

#[expect(dead_code, reason = "shared with other tests, which need the rest")]
mod scene;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base::{Class, ViewerState};
use player::spectator::{Config, Extent};
use player::{Because, Event};
use scene::{Scene, ms};

/// Target duration of the captured stream, in milliseconds.
const TARGET_MS: u64 = 2_000;

/// One row: when, in milliseconds since the first, which status, and which file.
struct Row {
    at: u64,
    status: u16,
    file: String,
}

/// The segment that the file is.
fn number(file: &str) -> Option<u64> {
    file.strip_prefix("seg")?.strip_suffix(".ts")?.parse().ok()
}

fn read(path: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut first = None;
    let rows = text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let at = (cells[0].parse::<f64>().unwrap() * 1000.0) as u64;
        Row {
            at: at - *first.get_or_insert(at),
            status: cells[1].parse().unwrap(),
            file: cells[5].rsplit('/').next().unwrap().to_owned(),
        }
    });
    rows.collect()
}

/// A list that ends with the last segment that was asked for before the next list was.
fn list(rows: &[Row], place: usize) -> String {
    let next = rows[place + 1..]
        .iter()
        .position(|row| number(&row.file).is_none());
    let until = next.map_or(rows.len(), |next| place + 1 + next);
    let last = rows[..until]
        .iter()
        .filter_map(|row| number(&row.file))
        .max();
    let last = last.unwrap();
    let first = last.saturating_sub(9);
    let mut text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{first}\n");
    for number in first..=last {
        text += &format!("#EXTINF:2,\nseg{number:05}.ts\n");
    }
    text
}

fn watch(rows: &[Row]) -> Scene {
    let mut scene = Scene::new(Config::COPIES);
    for (place, row) in rows.iter().enumerate() {
        let class = scene
            .spectator
            .class_of(&scene::url(&row.file), Extent::WHOLE);
        let expected = match (place, number(&row.file)) {
            (0, _) => Class::Multivariant,
            (_, Some(_)) => Class::Segment,
            (_, None) => Class::Playlist,
        };
        assert_eq!(class, expected, "{} at {}", row.file, row.at);
        match (number(&row.file), row.status) {
            (None, _) => drop(scene.list(row.at, &row.file, &list(rows, place))),
            (Some(_), 200 | 206) => drop(scene.got(row.at, &row.file)),
            (Some(_), status) => drop(scene.lost(row.at, &row.file, status)),
        }
    }
    scene
}

/// Instants at which a new segment came, and how long it was until the next.
fn gaps(rows: &[Row]) -> Vec<(u64, u64)> {
    let came = rows
        .iter()
        .filter(|row| row.status < 300 && number(&row.file).is_some());
    let came: Vec<u64> = came.map(|row| row.at).collect();
    came.windows(2)
        .map(|two| (two[0], two[1] - two[0]))
        .collect()
}

/// Segments that were asked for, never came, and had others after them.
fn given_up(rows: &[Row]) -> usize {
    let numbers = |came: bool| {
        let rows = rows.iter().filter(move |row| (row.status < 300) == came);
        rows.filter_map(|row| number(&row.file))
            .collect::<BTreeSet<u64>>()
    };
    let (came, failed) = (numbers(true), numbers(false));
    let last = came.last().copied().unwrap_or(0);
    failed
        .difference(&came)
        .filter(|lost| **lost < last)
        .count()
}

fn judge(rows: &[Row]) {
    let scene = watch(rows);
    let stalls: Vec<u64> = gaps(rows)
        .into_iter()
        .filter(|(_, gap)| *gap > 3 * TARGET_MS)
        .map(|(at, _)| at + 3 * TARGET_MS)
        .collect();
    let seen = scene.states().into_iter();
    let seen: Vec<u64> = seen
        .filter(|(state, _)| *state == ViewerState::Stalled)
        .map(|(_, at)| at)
        .collect();
    assert_eq!(seen, stalls);
    let mut lost = 0;
    let mut stale = Vec::new();
    for event in &scene.events {
        match event {
            Event::Skipped { segments, because } => {
                assert_eq!(*because, Because::GivenUp);
                lost += *segments as usize;
            }
            Event::StalePlaylist { age, first: true } => stale.push(*age),
            _ => {}
        }
    }
    assert_eq!(lost, given_up(rows));
    // Each standstill is named in time.
    assert!(stale.len() >= stalls.len(), "{stale:?}");
    assert!(
        stale.iter().all(|age| *age <= ms(3 * TARGET_MS)),
        "{stale:?}"
    );
}

#[test]
fn what_the_server_served_is_what_is_seen() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/ffmpeg");
    if !folder.is_dir() {
        println!("skipped: no captures of FFmpeg here");
        return;
    }
    let mut judged = 0;
    for version in ["5.1", "8.1", "9.0"] {
        let files = std::fs::read_dir(folder.join(version)).unwrap();
        let files = files.map(|file| file.unwrap().path());
        let mut files: Vec<PathBuf> = files
            .filter(|path| path.to_string_lossy().ends_with(".served.tsv"))
            .collect();
        files.sort();
        for file in files {
            let rows = read(&file);
            // Without media there is no list to be made up.
            if rows.iter().any(|row| number(&row.file).is_some()) {
                println!("{}", file.display());
                judge(&rows);
                judged += 1;
            }
        }
    }
    assert!(judged >= 15, "{judged}");
}
