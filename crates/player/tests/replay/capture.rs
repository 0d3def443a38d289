//! The captures as they are on disk: requests, playlist states, what a browser player reported.

use std::path::{Path, PathBuf};

/// One request of the recording.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) at: f64,
    pub(crate) status: u16,
    pub(crate) took: f64,
    pub(crate) file: String,
    pub(crate) complete: bool,
}

/// A playlist state, and when it appeared.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) at: f64,
    pub(crate) list: String,
    pub(crate) first: u64,
    pub(crate) last: u64,
}

/// One row of what a browser player reported.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) at: f64,
    pub(crate) position: f64,
    pub(crate) state: String,
    pub(crate) latency: Option<f64>,
}

/// One case of one player.
#[derive(Clone, Debug)]
pub(crate) struct Capture {
    pub(crate) player: &'static str,
    pub(crate) case: &'static str,
    pub(crate) requests: Vec<Recorded>,
    pub(crate) published: Vec<Published>,
    pub(crate) rows: Vec<Row>,
}

/// Where the captures are: the copy in this folder, or the whole collection beside the workspace.
pub(crate) fn folder() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    [
        here.join("tests/captures"),
        here.join("../../../shared/fixtures/players"),
    ]
    .into_iter()
    .find(|path| path.is_dir())
}

impl Capture {
    pub(crate) fn read(folder: &Path, player: &'static str, case: &'static str) -> Self {
        let path = |kind: &str| folder.join(player).join(format!("{case}.{kind}.tsv"));
        let requests = rows(&path("requests")).into_iter().map(|row| Recorded {
            at: number(&row[0]),
            status: number(&row[1]) as u16,
            took: number(&row[3]),
            file: row[5].clone(),
            complete: row[7].trim() != "0",
        });
        let published = rows(&path("playlist")).into_iter().map(|row| {
            let last = segment_number(&row[3]);
            Published {
                at: number(&row[0]),
                list: row[1].clone(),
                first: last + 1 - row[4].trim().parse::<u64>().expect("a count"),
                last,
            }
        });
        let state = rows(&path("state")).into_iter().map(|row| Row {
            at: number(&row[0]),
            position: number(&row[1]),
            state: row[4].clone(),
            latency: row[6].parse().ok(),
        });
        Self {
            player,
            case,
            requests: requests.collect(),
            published: published.collect(),
            rows: state.collect(),
        }
    }

    /// When the first request was made.
    pub(crate) fn start(&self) -> f64 {
        self.requests[0].at
    }

    /// When the last one was.
    pub(crate) fn end(&self) -> f64 {
        self.requests.last().expect("requests").at
    }
}

/// `seg00076.ts` is 76, `v800_00052.m4s` is 52.
pub(crate) fn segment_number(file: &str) -> u64 {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let digits = &stem[stem.len().saturating_sub(5)..];
    digits.parse().expect("a segment's number")
}

pub(crate) fn is_segment(file: &str) -> bool {
    (file.ends_with(".ts") || file.ends_with(".m4s")) && !file.starts_with("init")
}

fn rows(path: &Path) -> Vec<Vec<String>> {
    let Ok(text) = std::fs::read_to_string(path) else {
        return Vec::new();
    };
    text.lines()
        .skip(1)
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect()
}

fn number(text: &str) -> f64 {
    text.trim().parse().expect("a number")
}
