//! A live HLS stream that an `FFmpeg` process writes into a folder.
//!
//! A short clip is encoded once and then copied for ever, so a stream costs about 1 % of a core.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::child::{self, Guard};
use crate::wait;

/// How many segments a stream lists when it is handed over.
const READY_SEGMENTS: usize = 3;

/// Kind of segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// MPEG transport stream.
    Ts,
    /// Fragmented MP4, with an init section.
    Fmp4,
}

/// Where the sound is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audio {
    /// In the segments of the variant.
    Muxed,
    /// A rendition with a playlist of its own.
    Demuxed,
}

/// What the stream is like.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Kind of segment.
    pub container: Container,
    /// Length of a segment, in whole seconds.
    pub segment_s: u32,
    /// How many segments the playlist lists.
    pub window: u32,
    /// Bits a second of the picture.
    pub video_bps: u32,
    /// Where the sound is.
    pub audio: Audio,
}

impl Config {
    /// One-second segments, a window of eight, about 900 kbit/s.
    pub fn short(container: Container) -> Self {
        Self {
            container,
            segment_s: 1,
            window: 8,
            video_bps: 800_000,
            audio: Audio::Muxed,
        }
    }
}

/// A running stream. `master.m3u8` is the multivariant playlist.
#[derive(Debug)]
pub struct Live {
    process: Guard,
    home: TempDir,
    config: Config,
}

impl Live {
    /// Starts a stream and waits until its playlists list three segments, as a viewer who comes
    /// to a running event would find it.
    pub fn start(config: Config) -> anyhow::Result<Self> {
        let program = child::find("ffmpeg", "ffmpeg")?;
        let home = TempDir::with_prefix("liveswarm-live-")?;
        fs::create_dir(home.path().join("out"))?;
        encode_clip(&program, home.path(), config)?;
        let mut command = child::command(&program);
        command
            .current_dir(home.path().join("out"))
            .args(arguments(config))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(home.path().join("ffmpeg.log"))?);
        let process = Guard::spawn(&mut command)?;
        let mut live = Self {
            process,
            home,
            config,
        };
        live.await_segments(READY_SEGMENTS)?;
        Ok(live)
    }

    /// The folder that holds playlists and segments.
    pub fn folder(&self) -> std::path::PathBuf {
        self.home.path().join("out")
    }

    /// Stops the writer in its tracks: the playlist stays as it is, and is still served.
    pub fn freeze(&mut self) -> anyhow::Result<()> {
        self.process.signal(Signal::STOP)
    }

    /// Lets a frozen writer go on. It makes up for lost time at once, as `FFmpeg` does.
    pub fn thaw(&mut self) -> anyhow::Result<()> {
        self.process.signal(Signal::CONT)
    }

    /// Waits until every playlist lists at least `count` segments.
    pub fn await_segments(&mut self, count: usize) -> anyhow::Result<()> {
        let limit = Duration::from_secs(u64::from(self.config.segment_s)) * (count as u32 + 2)
            + Duration::from_secs(20);
        let folder = self.folder();
        let log = self.home.path().join("ffmpeg.log");
        wait::until(limit, "the live stream to list its segments", || {
            if let Some(status) = self.process.status()? {
                let said = fs::read_to_string(&log).unwrap_or_default();
                bail!("ffmpeg ended with {status}: {said}");
            }
            Ok(listed(&folder, self.config.audio)?.filter(|listed| *listed >= count))
        })?;
        Ok(())
    }
}

/// The number of segments that the shortest media playlist lists; none while one is missing.
fn listed(folder: &Path, audio: Audio) -> anyhow::Result<Option<usize>> {
    if !folder.join("master.m3u8").exists() {
        return Ok(None);
    }
    let names: &[&str] = match audio {
        Audio::Muxed => &["index.m3u8"],
        Audio::Demuxed => &["video.m3u8", "audio.m3u8"],
    };
    let mut fewest = usize::MAX;
    for name in names {
        let file = folder.join(name);
        if !file.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(file)?;
        fewest = fewest.min(text.matches("#EXTINF").count());
    }
    Ok(Some(fewest))
}

/// Frames a second of the clip.
const FRAME_RATE: u32 = 25;

/// Length of the clip, in segments.
const CLIP_SEGMENTS: u32 = 6;

fn encode_clip(program: &Path, home: &Path, config: Config) -> anyhow::Result<()> {
    let frames = (FRAME_RATE * config.segment_s).to_string();
    let rate = config.video_bps.to_string();
    let length = (CLIP_SEGMENTS * config.segment_s).to_string();
    let picture = format!("testsrc2=size=320x180:rate={FRAME_RATE}");
    let output = Command::new(program)
        .args(["-hide_banner", "-loglevel", "error", "-nostdin", "-y"])
        .args(["-f", "lavfi", "-i", &picture])
        .args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"])
        .args(["-t", &length, "-c:v", "libx264", "-preset", "ultrafast"])
        .args(["-tune", "zerolatency", "-pix_fmt", "yuv420p"])
        .args(["-g", &frames, "-keyint_min", &frames, "-sc_threshold", "0"])
        .args(["-b:v", &rate, "-minrate", &rate, "-maxrate", &rate])
        .args(["-bufsize", &rate, "-x264-params", "nal-hrd=cbr"])
        .args(["-c:a", "aac", "-b:a", "96k"])
        .arg(home.join("clip.mp4"))
        .output()
        .context("could not start ffmpeg")?;
    if !output.status.success() {
        bail!(
            "ffmpeg could not make a clip: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

fn arguments(config: Config) -> Vec<String> {
    let mut arguments = words("-hide_banner -loglevel warning -nostdin -re -stream_loop -1");
    arguments.extend(words("-i ../clip.mp4 -map 0:v -map 0:a -c copy -f hls"));
    arguments.extend(words(
        "-hls_delete_threshold 10 -master_pl_name master.m3u8",
    ));
    arguments.extend(words(
        "-hls_flags delete_segments+program_date_time+temp_file+independent_segments",
    ));
    arguments.extend(words(&format!(
        "-hls_time {} -hls_list_size {}",
        config.segment_s, config.window
    )));
    let extension = match config.container {
        Container::Ts => "ts",
        Container::Fmp4 => {
            arguments.extend(words(
                "-hls_segment_type fmp4 -hls_fmp4_init_filename init.mp4",
            ));
            "m4s"
        }
    };
    match config.audio {
        Audio::Muxed => {
            arguments.push("-hls_segment_filename".to_owned());
            arguments.push(format!("seg_%05d.{extension}"));
            arguments.push("index.m3u8".to_owned());
        }
        Audio::Demuxed => {
            arguments.push("-var_stream_map".to_owned());
            arguments.push(
                "a:0,agroup:sound,name:audio,default:yes v:0,agroup:sound,name:video".to_owned(),
            );
            arguments.push("-hls_segment_filename".to_owned());
            arguments.push(format!("%v_%05d.{extension}"));
            arguments.push("%v.m3u8".to_owned());
        }
    }
    arguments
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
