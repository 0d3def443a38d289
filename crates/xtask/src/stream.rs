//! Streams made of one segment of an exact size: as long as a bench wants, or live.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use anyhow::Context;

use crate::bench::Lab;

/// Segments that a live playlist lists.
const WINDOW: u64 = 6;

/// An MPEG-TS packet; null packets (ISO/IEC 13818-1, 2.4.1) fill the segments.
const PACKET: usize = 188;

/// Writes the segment that all others are: `bytes` of null packets.
fn write_segment(folder: &Path, bytes: u64) -> anyhow::Result<()> {
    let mut packet = [0xff; PACKET];
    packet[..4].copy_from_slice(&[0x47, 0x1f, 0xff, 0x10]);
    let content: Vec<u8> = packet.into_iter().cycle().take(bytes as usize).collect();
    std::fs::write(folder.join("segment.ts"), content).context("can't write a segment")
}

/// A folder with a recorded stream, `list.m3u8`, of `segments` segments of `bytes` each.
pub(crate) fn recorded(lab: &Lab, segments: u64, bytes: u64) -> anyhow::Result<PathBuf> {
    let folder = lab.folder("recorded")?;
    write_segment(&folder, bytes)?;
    let mut text = String::from(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-PLAYLIST-TYPE:VOD\n",
    );
    for number in 0..segments {
        writeln!(text, "#EXTINF:2,\nseg-{number}.ts")?;
    }
    text.push_str("#EXT-X-ENDLIST\n");
    std::fs::write(folder.join("list.m3u8"), text)?;
    Ok(folder)
}

/// A live stream, `list.m3u8`: a thread moves its playlist on.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) folder: PathBuf,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<anyhow::Result<()>>>,
}

impl Live {
    /// Segments of `length` at `bitrate` bits a second.
    pub(crate) fn start(lab: &Lab, bitrate: u64, length: Duration) -> anyhow::Result<Self> {
        let folder = lab.folder("live")?;
        write_segment(&folder, bitrate * length.as_millis() as u64 / 8_000)?;
        let now = write_list(&folder, length)?;
        let (stop, stopped) = channel();
        let moved = folder.clone();
        let thread = std::thread::Builder::new()
            .name("live".to_owned())
            .spawn(move || {
                let mut until_next = now;
                while stopped.recv_timeout(until_next) == Err(RecvTimeoutError::Timeout) {
                    until_next = write_list(&moved, length)?;
                }
                Ok(())
            })?;
        Ok(Self {
            folder,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Ends it, and says whether it moved to the end.
    pub(crate) fn end(mut self) -> anyhow::Result<()> {
        drop(self.stop.take());
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(moved)) => moved.context("the live playlist stood still"),
            _ => anyhow::bail!("the live playlist's thread came down"),
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Writes the playlist as it is at this moment; how long it stays so.
fn write_list(folder: &Path, length: Duration) -> anyhow::Result<Duration> {
    let now = SystemTime::UNIX_EPOCH.elapsed()?;
    let number = (now.as_millis() / length.as_millis()) as u64;
    std::fs::write(folder.join("list.new"), list(number, length))?;
    // At one go: nobody reads half a list.
    std::fs::rename(folder.join("list.new"), folder.join("list.m3u8"))?;
    Ok((length * (number as u32 + 1)).saturating_sub(now))
}

/// The list whose newest segment ended when segment `number` began.
fn list(number: u64, length: Duration) -> String {
    let first = number - WINDOW;
    let seconds = length.as_secs_f64();
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:{first}\n",
        seconds.ceil()
    );
    for number in first..number {
        let _ = write!(text, "#EXTINF:{seconds:.3},\nseg-{number}.ts\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_its_window() {
        let text = list(100, Duration::from_secs(2));
        assert!(text.contains("TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:94\n"));
        assert_eq!(text.matches("#EXTINF:2.000,\n").count() as u64, WINDOW);
        assert!(text.ends_with("seg-99.ts\n"));
    }
}
