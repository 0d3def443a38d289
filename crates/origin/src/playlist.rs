//! The text of playlists (RFC 8216bis).

use std::fmt::Write;

use crate::{
    Audio, Config, Format,
    asset::{AAC_SAMPLES, Asset, FRAME_RATE, SAMPLE_RATE},
    date,
    grid::Grid,
    route,
    track::{AUDIO_NAME, Track},
};

/// The audio group that variants name when sound travels apart.
const AUDIO_GROUP: &str = "sound";

fn version(format: Format) -> u8 {
    match format {
        // Decimal EXTINF.
        Format::Ts => 3,
        // EXT-X-MAP outside of I-frame playlists.
        Format::Fmp4 => 6,
    }
}

/// The multivariant playlist.
pub(crate) fn multivariant(config: &Config, asset: &Asset, grid: Grid, tracks: &[Track]) -> String {
    let peak = |track: &Track| (track.renderer.segment_len_max() * 8000).div_ceil(grid.segment_ms);
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:{}\n#EXT-X-INDEPENDENT-SEGMENTS\n",
        version(config.format)
    );
    let sound = tracks.iter().find(|track| track.picture.is_none());
    if sound.is_some() {
        let uri = route::playlist_name(AUDIO_NAME);
        let _ = writeln!(
            text,
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{AUDIO_GROUP}\",NAME=\"Sound\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"{uri}\""
        );
    }
    for track in tracks {
        let Some(picture) = track.picture.map(|place| &asset.pictures[place]) else {
            continue;
        };
        let (width, height) = picture.description.size().unwrap_or_default();
        let _ = write!(
            text,
            "#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=\"{},{}\",RESOLUTION={width}x{height},FRAME-RATE={FRAME_RATE}.000",
            peak(track) + sound.map_or(0, peak),
            track.total_bitrate,
            picture.codec,
            asset.sound.codec,
        );
        if config.audio == Audio::Demuxed {
            let _ = write!(text, ",AUDIO=\"{AUDIO_GROUP}\"");
        }
        let _ = writeln!(text, "\n{}", route::playlist_name(&track.name));
    }
    text
}

/// The media playlist of `track` while `newest` is its newest segment; without one, an empty list.
pub(crate) fn media(config: &Config, grid: Grid, track: &Track, newest: Option<u64>) -> String {
    let mut segments = newest
        .map(|newest| grid.listed(newest))
        .into_iter()
        .flatten()
        .peekable();
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:{}\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:{}\n#EXT-X-INDEPENDENT-SEGMENTS\n",
        version(config.format),
        grid.segment_ms.div_ceil(1000),
        segments.peek().copied().unwrap_or(0),
    );
    if config.format == Format::Fmp4 {
        let _ = writeln!(text, "#EXT-X-MAP:URI=\"{}\"", route::init_name(&track.name));
    }
    for n in segments {
        let (start_ms, seconds) = span(grid, track, n);
        let _ = writeln!(
            text,
            "#EXT-X-PROGRAM-DATE-TIME:{}\n#EXTINF:{seconds:.6},\n{}",
            date::iso(start_ms),
            route::segment_name(&track.name, n, config.format)
        );
    }
    text
}

/// When segment `n` begins, in Unix milliseconds, and how many seconds it lasts. Of sound alone:
/// by its frames, which meet the grid only every 640 ms.
fn span(grid: Grid, track: &Track, n: u64) -> (u64, f64) {
    if track.picture.is_some() {
        return (grid.start_ms(n), grid.segment_ms as f64 / 1000.0);
    }
    let frames = grid.aac_frames(n);
    let samples = (frames.end - frames.start) * AAC_SAMPLES;
    (grid.aac_start_ms(n), samples as f64 / SAMPLE_RATE as f64)
}
