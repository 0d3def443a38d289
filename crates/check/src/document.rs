//! The verdict as JSON.

use base::Class;
use serde::{Deserialize, Serialize};

use crate::exchange::Exchange;
use crate::finding::{Finding, Level};
use crate::findings::Findings;
use crate::observed::Observed;

/// The name of the schema, and its version.
pub const SCHEMA: &str = "liveswarm.check/1";

/// What is written. `None` is unknown, never zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version of liveswarm.
    pub version: String,
    /// The stream, masked.
    pub url: String,
    /// When the check began (RFC 3339, UTC).
    pub started_at: Option<String>,
    /// When the check began, in Unix milliseconds.
    pub started_ms: i64,
    /// How long the viewer watched, in seconds.
    pub watched_s: f64,
    /// The worst level: `ok`, `warning` or `error`.
    pub verdict: Level,
    /// How many findings are of each level.
    pub counts: Counts,
    /// What was measured.
    pub figures: Figures,
    /// Every finding, by area.
    pub findings: Vec<Finding>,
}

/// How many findings are of each level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Looked at, and fine.
    pub ok: usize,
    /// Not looked at.
    pub not_checked: usize,
    /// Warnings.
    pub warning: usize,
    /// Errors.
    pub error: usize,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// Whether the stream is live.
    pub live: Option<bool>,
    /// The kinds of its segments.
    pub containers: Vec<String>,
    /// `EXT-X-TARGETDURATION`, in seconds.
    pub target_duration_s: Option<f64>,
    /// How much media the first list lists, in seconds.
    pub window_s: Option<f64>,
    /// Media playlists that came.
    pub playlists: usize,
    /// Segments that came.
    pub segments: usize,
    /// Bytes of body of all that came, as they came.
    pub bytes: u64,
    /// From the viewer's start to its first frame, in milliseconds.
    pub startup_ms: Option<f64>,
    /// The latest distance from the live edge, in milliseconds.
    pub live_latency_ms: Option<f64>,
    /// The latest distance from the capture, in milliseconds.
    pub glass_to_glass_ms: Option<i64>,
    /// The longest time to the first byte of a playlist, in milliseconds.
    pub playlist_first_byte_ms_max: Option<f64>,
    /// The longest time to the first byte of a segment, in milliseconds.
    pub segment_first_byte_ms_max: Option<f64>,
}

/// The verdict as a document.
pub fn document(observed: &Observed, findings: &Findings) -> Document {
    let count = |level| findings.count(level);
    let started = jiff::Timestamp::from_millisecond(observed.began.unix_ms).ok();
    Document {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        url: transport::mask::url(observed.url.as_str()),
        started_at: started.map(|at| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()),
        started_ms: observed.began.unix_ms,
        watched_s: observed.watched.as_secs_f64(),
        verdict: findings.worst(),
        counts: Counts {
            ok: count(Level::Ok),
            not_checked: count(Level::NotChecked),
            warning: count(Level::Warning),
            error: count(Level::Error),
        },
        figures: figures(observed),
        findings: findings.list().to_vec(),
    }
}

/// The verdict as JSON text, ending with a line break.
pub fn json(observed: &Observed, findings: &Findings) -> String {
    let document = document(observed, findings);
    // Its keys are text and its numbers finite: it can always be written.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn figures(observed: &Observed) -> Figures {
    let list = observed.tracks.iter().find_map(|track| track.latest());
    let answers = |of: fn(Class) -> bool| {
        let exchanges = observed.exchanges().filter(move |it| of(it.class));
        exchanges.filter(|it| it.answer().is_some())
    };
    let first_byte_max = |of: fn(Class) -> bool| {
        let times = answers(of).filter_map(Exchange::first_byte);
        times.max().map(|time| time.as_secs_f64() * 1e3)
    };
    let playback = &observed.playback;
    let ms = |time: std::time::Duration| time.as_secs_f64() * 1e3;
    let mut containers: Vec<String> = Vec::new();
    for track in &observed.tracks {
        for contents in track
            .segments
            .iter()
            .filter_map(|seen| seen.contents.as_ref())
        {
            let name = contents.container.name().to_owned();
            if !containers.contains(&name) {
                containers.push(name);
            }
        }
    }
    Figures {
        live: observed.is_live(),
        containers,
        target_duration_s: list.map(|list| list.target_duration.as_secs_f64()),
        window_s: list.map(|list| list.duration().as_secs_f64()),
        playlists: answers(|class| class == Class::Playlist).count(),
        segments: answers(Class::is_media).count(),
        bytes: answers(|_| true)
            .filter_map(|exchange| exchange.answer())
            .map(|answer| answer.bytes)
            .sum(),
        startup_ms: playback.startup.map(ms),
        live_latency_ms: playback.live_latency.map(ms),
        glass_to_glass_ms: playback.glass_to_glass_ms,
        playlist_first_byte_ms_max: first_byte_max(Class::is_playlist),
        segment_first_byte_ms_max: first_byte_max(Class::is_media),
    }
}
