//! Media that was read, on the playlist's timeline: logged, or inferred from advancing `out_time`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use base::Now;
use media::Timeline;
use media::hls::MediaPlaylist;

use crate::Level;

/// How many logged URLs wait for the playlist in which they stand.
const WAITING_MAX: usize = 8;

/// FFmpeg begins with this segment from the end (`-live_start_index -3`).
const FIRST_FROM_END: usize = 3;

/// A log that has been silent for so many target durations, while so much media was written beyond
/// what it told of, has missed requests.
const SLACK: u32 = 2;

/// Where the viewer is on the timeline.
#[derive(Debug)]
pub(super) struct Segments {
    timeline: Timeline,
    /// Media requests are logged: only what was clearly missed is inferred.
    logged: bool,
    /// Logged URLs that no playlist has had yet.
    waiting: VecDeque<String>,
    /// Where on the timeline `out_time` zero lies.
    anchor: Option<Duration>,
    /// Number after the newest segment that is accounted for.
    next: Option<u64>,
    written: Duration,
    /// When a segment's request was logged last (time since the run began).
    heard: Duration,
}

impl Segments {
    pub(super) fn new(level: Level) -> Self {
        Self {
            timeline: Timeline::new(),
            logged: level >= Level::Info,
            waiting: VecDeque::new(),
            anchor: None,
            next: None,
            written: Duration::ZERO,
            heard: Duration::ZERO,
        }
    }

    pub(super) fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    pub(super) fn target_duration(&self) -> Option<Duration> {
        self.timeline.list().map(|list| list.target_duration)
    }

    /// Where on the timeline media of this `out_time` lies.
    pub(super) fn position(&self, out_time: Duration) -> Option<Duration> {
        Some(self.anchor? + out_time)
    }

    /// Takes the playlist; answers whether it has new media.
    pub(super) fn playlist(&mut self, list: Arc<MediaPlaylist>, now: Now) -> bool {
        let Ok(change) = self.timeline.update(list, now) else {
            return false;
        };
        let waiting = std::mem::take(&mut self.waiting);
        for url in waiting {
            self.place(&url);
        }
        if self.anchor.is_none() && !self.logged {
            let first = self.timeline.nth_from_end(FIRST_FROM_END);
            self.anchor = first.map(|entry| entry.start);
            self.next = first.map(|entry| entry.msn);
        }
        change.new_segments > 0
    }

    /// A segment's request was logged.
    pub(super) fn request(&mut self, url: &str, now: Now) {
        self.heard = now.elapsed;
        self.place(url);
    }

    fn place(&mut self, url: &str) {
        let Some(msn) = self.number_of(url) else {
            if self.waiting.len() == WAITING_MAX {
                self.waiting.pop_front();
            }
            self.waiting.push_back(url.to_owned());
            return;
        };
        if self.anchor.is_none() {
            self.anchor = self.timeline.segment(msn).map(|entry| entry.start);
        }
        self.next = self.next.max(Some(msn + 1));
    }

    fn number_of(&self, url: &str) -> Option<u64> {
        let list = self.timeline.list()?;
        let at = list
            .segments
            .iter()
            .rposition(|segment| segment.uri.as_str() == url)?;
        Some(list.first_msn() + at as u64)
    }

    /// `out_time` has come so far: hands on the URL of each segment it has gone into without a
    /// logged request.
    pub(super) fn wrote(&mut self, out_time: Duration, now: Now, mut each: impl FnMut(&str)) {
        self.written = self.written.max(out_time);
        let (Some(position), Some(next)) = (self.position(self.written), self.next) else {
            return;
        };
        // Logged requests come before what they bring, but the list we have may be older than
        // FFmpeg's; durations are rounded. Where timestamps jump, a log that goes on is right.
        let slack = if self.logged {
            self.target_duration().unwrap_or_default() * SLACK
        } else {
            Duration::ZERO
        };
        if now.elapsed.saturating_sub(self.heard) < slack {
            return;
        }
        let mut after = next;
        for entry in self.timeline.from(next) {
            if entry.start + slack >= position {
                break;
            }
            each(entry.segment.uri.as_str());
            after = entry.msn + 1;
        }
        self.next = Some(after);
    }
}
