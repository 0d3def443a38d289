//! The captures of `tests/captures`, as tests read them.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base::{Class, Now};
use ffmpeg::estimate::{Config, Event};
use ffmpeg::{Connections, Estimate, Level, log};

/// One line of `captures.tsv`.
pub(crate) struct Capture {
    pub(crate) version: String,
    pub(crate) name: String,
    pub(crate) playlists: u64,
    pub(crate) media: u64,
    pub(crate) init: u64,
    pub(crate) media_bytes: u64,
}

/// What nginx wrote of one request.
pub(crate) struct Served {
    pub(crate) status: u16,
    pub(crate) bytes: u64,
    pub(crate) path: String,
}

/// Every capture there is.
pub(crate) fn all() -> Vec<Capture> {
    let table = fs::read_to_string(folder().join("captures.tsv")).unwrap();
    let rows: Vec<Capture> = table.lines().skip(1).map(capture).collect();
    assert!(rows.len() >= 24, "captures are missing");
    rows
}

/// One of them.
pub(crate) fn one(version: &str, name: &str) -> Capture {
    let fits = |capture: &Capture| capture.version == version && capture.name == name;
    all().into_iter().find(fits).unwrap()
}

fn capture(row: &str) -> Capture {
    let cells: Vec<&str> = row.split('\t').collect();
    let [version, name, playlists, media, init, media_bytes] = cells[..] else {
        panic!("{row:?} has another number of columns");
    };
    Capture {
        version: version.to_owned(),
        name: name.to_owned(),
        playlists: playlists.parse().unwrap(),
        media: media.parse().unwrap(),
        init: init.parse().unwrap(),
        media_bytes: media_bytes.parse().unwrap(),
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures")
}

fn unpacked(path: &Path) -> Vec<u8> {
    let file = fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(file);
    reader.read_to_end(&mut bytes).unwrap();
    bytes
}

impl Capture {
    pub(crate) fn label(&self) -> String {
        format!("{} {}", self.version, self.name)
    }

    pub(crate) fn level(&self) -> Level {
        match self.name.rsplit('_').next() {
            Some("info") => Level::Info,
            Some("verbose") => Level::Verbose,
            Some("debug") => Level::Debug,
            other => panic!("{other:?} is no level"),
        }
    }

    pub(crate) fn connections(&self) -> Connections {
        if self.name.contains("persistent0") {
            Connections::PerRequest
        } else {
            Connections::Kept
        }
    }

    pub(crate) fn log(&self) -> Vec<u8> {
        let name = format!("{}/{}.stderr.log.gz", self.version, self.name);
        unpacked(&folder().join(name))
    }

    pub(crate) fn progress(&self) -> Vec<u8> {
        let name = format!("{}/{}.progress.log.gz", self.version, self.name);
        unpacked(&folder().join(name))
    }

    pub(crate) fn served(&self) -> Vec<Served> {
        let name = format!("{}/{}.served.tsv", self.version, self.name);
        let text = fs::read_to_string(folder().join(name)).unwrap();
        let row = |row: &str| {
            let cells: Vec<&str> = row.split('\t').collect();
            Served {
                status: cells[1].parse().unwrap(),
                bytes: cells[2].parse().unwrap(),
                path: cells[5].to_owned(),
            }
        };
        text.lines().skip(1).map(row).collect()
    }

    /// The URL it was given, as its log says.
    pub(crate) fn url(&self) -> String {
        let log = self.log();
        let text = String::from_utf8_lossy(&log);
        let from = text.find("Input #0, hls, from '").map(|at| at + 21);
        let from = from.or_else(|| text.find("Opening an input file: ").map(|at| at + 23));
        let rest = &text[from.unwrap()..];
        let end = rest.find(['\'', '\n']).unwrap();
        rest[..end].trim_end_matches('.').to_owned()
    }

    pub(crate) fn config(&self) -> Config {
        Config {
            url: self.url(),
            multivariant: false,
            level: self.level(),
            connections: self.connections(),
        }
    }

    /// Every event of a viewer that logs what `keep` lets through, and the viewer at its end.
    pub(crate) fn watched(
        &self,
        config: Config,
        keep: impl Fn(&log::Line<'_>) -> bool,
    ) -> (Vec<Event>, Estimate) {
        let bytes = self.log();
        let mut estimate = Estimate::new(config, Now::default());
        let mut events = Vec::new();
        let mut now = Now::default();
        for raw in bytes.split(|&b| b == b'\n' || b == b'\r') {
            now = date(raw).map_or(now, |elapsed| Now::new(elapsed, 0));
            let line = log::parse(raw);
            if !raw.is_empty() && keep(&line) {
                estimate.log(&line, now);
                events.extend(std::iter::from_fn(|| estimate.poll(|_| None)));
            }
        }
        estimate.stopping();
        estimate.ended(now);
        events.extend(std::iter::from_fn(|| estimate.poll(|_| None)));
        (events, estimate)
    }
}

/// Time of day of a line that begins with a date.
pub(crate) fn date(line: &[u8]) -> Option<Duration> {
    let text = std::str::from_utf8(line.get(..23)?).ok()?;
    let mut parts = text.split([' ', ':']).skip(1);
    let mut next = || parts.next()?.parse::<f64>().ok();
    let (hours, minutes, seconds) = (next()?, next()?, next()?);
    Duration::try_from_secs_f64(hours * 3600.0 + minutes * 60.0 + seconds).ok()
}

/// The class of a path in these captures.
pub(crate) fn class(path: &str) -> Class {
    testkit::served::class(path)
}
