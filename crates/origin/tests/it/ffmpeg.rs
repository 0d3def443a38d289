//! The media held against FFmpeg, which knows nothing of our own readers: sixty seconds over the
//! clip's seam and the clock's wrap, through its HLS demuxer, without one word on timestamps.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::common::{body, config, text, uris};
use origin::{Audio, Bitrate, Config, Format, Origin};

/// Segments of two seconds in a minute.
const MINUTE: usize = 30;
/// What FFmpeg says at each reload of an initialisation segment, which it does at every turn.
const REPEATED_INIT: &str = "Found duplicated MOOV Atom. Skipped it";

/// Runs a tool and gives what it wrote; its absence fails with the line to type.
fn run(tool: &str, arguments: &[&str]) -> (String, String) {
    let output = Command::new(tool)
        .args(["-hide_banner", "-v", "warning"])
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{tool}: {error}; type: apt-get install --yes ffmpeg"));
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{tool} {arguments:?}: {}",
        text(&output.stderr)
    );
    (text(&output.stdout), text(&output.stderr))
}

/// What FFmpeg complained of, but for what it says of every fMP4 stream.
fn complaints(stderr: &str) -> Vec<&str> {
    stderr
        .lines()
        .filter(|line| !line.contains(REPEATED_INIT))
        .collect()
}

/// A minute of a stream in a folder, as a playlist that ends.
struct Recording {
    folder: PathBuf,
}

impl Recording {
    fn new(name: &str, config: Config, unix_ms: i64) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        let origin = Origin::new(Config {
            window: MINUTE as u32,
            ..config
        })
        .unwrap();
        for path in origin.playlist_paths() {
            let mut playlist = text(&origin, &path, unix_ms);
            if path != Origin::MULTIVARIANT_PATH {
                assert_eq!(uris(&playlist).len(), MINUTE);
                playlist.push_str("#EXT-X-ENDLIST\n");
                let init = playlist
                    .lines()
                    .find_map(|line| line.strip_prefix("#EXT-X-MAP:URI=\"")?.strip_suffix('"'));
                for uri in uris(&playlist).into_iter().chain(init) {
                    fs::write(
                        folder.join(uri),
                        body(&origin, &format!("/live/{uri}"), unix_ms),
                    )
                    .unwrap();
                }
            }
            fs::write(folder.join(path.trim_start_matches("/live/")), playlist).unwrap();
        }
        Self { folder }
    }

    fn playlist(&self) -> String {
        self.folder.join("master.m3u8").to_str().unwrap().to_owned()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The moment, in the middle of a minute, at which 33 bits of 90 kHz start over.
fn wrap_ms() -> i64 {
    (1 << 33) * 1000 / 90_000 * 18_807 + 30_000
}

fn cases() -> Vec<(String, Config, i64)> {
    let mut cases = Vec::new();
    for (format, format_name) in [(Format::Ts, "ts"), (Format::Fmp4, "fmp4")] {
        for (audio, audio_name) in [(Audio::Muxed, "muxed"), (Audio::Demuxed, "demuxed")] {
            for (unix_ms, time) in [(1_795_259_228_500, "today"), (wrap_ms(), "wrap")] {
                let config = Config {
                    format,
                    audio,
                    ..config()
                };
                cases.push((
                    format!("{format_name}-{audio_name}-{time}"),
                    config,
                    unix_ms,
                ));
            }
        }
    }
    cases
}

#[test]
fn ffmpeg_plays_a_minute_without_a_warning() {
    for (name, config, unix_ms) in cases() {
        let recording = Recording::new(&format!("play-{name}"), config, unix_ms);
        let playlist = recording.playlist();
        for codec in [&["-c", "copy"][..], &[]] {
            let arguments = [&["-i", &playlist], codec, &["-f", "null", "-"]].concat();
            let (_, stderr) = run("ffmpeg", &arguments);
            assert_eq!(complaints(&stderr), Vec::<&str>::new(), "{name} {codec:?}");
        }
    }
}

#[test]
fn ffprobe_counts_every_frame_at_its_time() {
    for (name, config, unix_ms) in cases() {
        let recording = Recording::new(&format!("probe-{name}"), config, unix_ms);
        let playlist = recording.playlist();
        for (kind, step, count) in [("v", 0.04, 1500), ("a", 1024.0 / 48_000.0, 2812)] {
            let (stdout, stderr) = run(
                "ffprobe",
                &[
                    "-select_streams",
                    kind,
                    "-show_entries",
                    "packet=pts_time",
                    "-of",
                    "csv=p=0",
                    &playlist,
                ],
            );
            assert_eq!(complaints(&stderr), Vec::<&str>::new(), "{name}");
            let times: Vec<f64> = stdout
                .lines()
                .filter_map(|line| line.trim_end_matches(',').parse().ok())
                .collect();
            assert!(
                times.len().abs_diff(count) <= 1,
                "{name} {kind}: {} packets",
                times.len()
            );
            for pair in times.windows(2) {
                let gap = pair[1] - pair[0];
                assert!((gap - step).abs() < 0.001, "{name} {kind}: {pair:?}");
            }
        }
    }
}

#[test]
fn ffprobe_sees_what_the_multivariant_playlist_promises() {
    for format in [Format::Ts, Format::Fmp4] {
        let config = Config {
            format,
            variants: vec![Bitrate(2_000_000), Bitrate(1_000_000), Bitrate(400_000)],
            ..config()
        };
        let recording = Recording::new(&format!("promise-{format:?}"), config, 1_795_259_228_500);
        let entries =
            "stream=codec_name,profile,level,width,height,sample_rate,channels,r_frame_rate";
        for (track, video) in [
            ("2000k", "h264,High,1280,720,31,25/1"),
            ("1000k", "h264,High,640,360,30,25/1"),
            ("400k", "h264,High,416,234,13,25/1"),
        ] {
            let playlist = recording.folder.join(format!("{track}.m3u8"));
            let (stdout, _) = run(
                "ffprobe",
                &[
                    "-show_entries",
                    entries,
                    "-of",
                    "csv=p=0",
                    playlist.to_str().unwrap(),
                ],
            );
            let mut streams: Vec<_> = stdout.lines().filter(|line| !line.is_empty()).collect();
            streams.sort_unstable();
            streams.dedup();
            assert_eq!(streams, ["aac,LC,48000,2,0/0", video], "{track}");
        }
    }
}
