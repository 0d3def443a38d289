use std::time::Duration;

use base::{Class, Now, ViewerState};

use crate::clock::Clock;
use crate::estimated::{Estimated, Known, Size};
use crate::hist::{Histogram, Micros};
use crate::latency::{self, What};
use crate::occurrences::Occurrences;
use crate::playback::Playback;
use crate::players::{self, Players};
use crate::requests::{self, Sample};
use crate::snapshot::Snapshot;
use crate::viewers::{self, Place, Viewer};
use crate::{slo, throughput};

/// What one worker records. It belongs to that worker alone: nothing here is shared, locked, or
/// allocated on the way of a sample.
///
/// All recorders of a run are made with the same `start`, so that they agree on where Unix seconds
/// begin; of every later [`Now`] only `elapsed` counts.
#[derive(Clone, Debug)]
pub struct Recorder {
    clock: Clock,
    requests: requests::Recorder,
    throughput: throughput::Tracker,
    latency: latency::Recorder,
    viewers: viewers::Recorder,
    playback: Playback,
    players: Option<Players>,
    estimated: Option<Estimated>,
    slo: slo::Tracker,
    lag: Histogram<Micros>,
    stopped: Option<Duration>,
}

impl Recorder {
    /// A recorder for a run that began at `start`.
    pub fn new(start: Now) -> Self {
        let clock = Clock::new(start);
        Self {
            clock,
            requests: requests::Recorder::default(),
            throughput: throughput::Tracker::new(clock),
            latency: latency::Recorder::default(),
            viewers: viewers::Recorder::default(),
            playback: Playback::default(),
            players: None,
            estimated: None,
            slo: slo::Tracker::new(start),
            lag: Histogram::new(),
            stopped: None,
        }
    }

    /// A request begins. It is in flight until [`Recorder::end`].
    #[inline]
    pub fn begin(&mut self, class: Class) {
        self.requests.begin(class);
    }

    /// Bytes of a body arrived.
    #[inline]
    pub fn bytes(&mut self, class: Class, bytes: u64, now: Now) {
        self.requests.bytes(class, bytes);
        if class.is_media() {
            self.throughput.add(bytes, now.elapsed);
        }
    }

    /// Bytes of a body arrived that is not what was asked for: an error's page, a redirect's. They
    /// count as bytes of their class, and are no throughput.
    #[inline]
    pub fn refused_bytes(&mut self, class: Class, bytes: u64) {
        self.requests.bytes(class, bytes);
    }

    /// A request in flight turned out to be of another class, after `bytes` of its body arrived.
    /// (Throughput stays as it was counted.)
    pub fn reclass(&mut self, from: Class, to: Class, bytes: u64) {
        self.requests.reclass(from, to, bytes);
    }

    /// A request ended: of this viewer, where it is one's. It was begun, once, with the same class.
    pub fn end(&mut self, viewer: Option<Place>, sample: &Sample, now: Now) {
        if let Some(viewer) = viewer {
            self.viewers.ended(viewer, sample);
        }
        self.requests.end(sample, self.clock.unix_ms(now.elapsed));
        if let Some(connect) = sample.connect {
            self.latency.record(What::Connect, connect.total());
        }
        if sample.is_answer() {
            self.times(sample);
        }
    }

    fn times(&mut self, sample: &Sample) {
        let mut record = |what, from: Duration, to: Duration| {
            self.latency.record(what, to.saturating_sub(from));
        };
        match sample.class {
            Class::Multivariant | Class::Playlist => {
                record(What::Playlist, sample.due, sample.last_byte);
                record(What::PlaylistSent, sample.sent, sample.last_byte);
            }
            Class::Segment => {
                let first_byte = sample.first_byte.unwrap_or(sample.last_byte);
                record(What::SegmentTtfb, sample.due, first_byte);
                record(What::SegmentTtfbSent, sample.sent, first_byte);
                record(What::SegmentDownload, sample.due, sample.last_byte);
                record(What::SegmentDownloadSent, sample.sent, sample.last_byte);
            }
            Class::Init | Class::Part | Class::Key | Class::Other => {}
        }
    }

    /// How many viewers are wanted of this recorder.
    pub fn set_target(&mut self, viewers: u64) {
        self.viewers.set_target(viewers);
    }

    /// A viewer more, waiting for its turn since `at`. Its `number` is its own in the whole run.
    pub fn add_viewer(&mut self, number: u64, playback: viewers::Playback, at: Duration) -> Viewer {
        self.viewers.add(number, playback, at)
    }

    /// A viewer changes its state at `at`, which may lie before what was recorded last. The first
    /// time it enters `Starting` it has started; from `BackingOff` to `Starting` it restarts; to
    /// `Stalled`, with a playhead, is a stall; the first time in a life that it enters `Playing` is
    /// that life's first picture.
    pub fn enter(&mut self, viewer: &mut Viewer, to: ViewerState, at: Duration) {
        self.viewers.enter(viewer, to, at);
    }

    /// A viewer was told to leave, and does: it is `Ended` from `at` on.
    pub fn leave(&mut self, viewer: &mut Viewer, at: Duration) {
        self.viewers.leave(viewer, at);
    }

    /// A viewer whose turn has not come is not wanted any more: it is taken out of the count. (The
    /// time it waited stays counted. One that has started leaves.)
    pub fn dismiss(&mut self, viewer: Viewer, at: Duration) {
        self.viewers.dismiss(viewer, at);
    }

    /// A viewer is over for good: nothing more is told of it. It stays counted in its state; its row
    /// stays until its place is needed for another, so that a crowd that comes and goes for ever
    /// takes no more room than who is there.
    pub fn retire(&mut self, viewer: Place) {
        self.viewers.retire(viewer);
    }

    /// A viewer saw its first picture `after` it started.
    pub fn startup(&mut self, after: Duration) {
        self.latency.record(What::Startup, after);
    }

    /// A stall ended after `length`.
    pub fn stall_ended(&mut self, length: Duration) {
        self.latency.record(What::Stall, length);
    }

    /// A viewer's live latency, once for each second played.
    pub fn live_latency(&mut self, viewer: Place, latency: Duration) {
        self.viewers.live_latency(viewer, latency);
        self.latency.record(What::LiveLatency, latency);
    }

    /// Glass-to-glass latency, once for each second played, of a source that stamps wall-clock
    /// time. Below zero it counts as zero, and the source's clock as ahead of ours.
    pub fn glass_to_glass(&mut self, series: slo::Series, latency_ms: i64, now: Now) {
        if latency_ms < 0 {
            let unix_ms = self.clock.unix_ms(now.elapsed);
            self.playback
                .clock_ahead
                .merge(&Occurrences::at(1, unix_ms));
        }
        let latency_ms = latency_ms.max(0) as u64;
        self.latency
            .record(What::GlassToGlass, Duration::from_millis(latency_ms));
        self.slo.record(series, latency_ms, now);
    }

    /// Segments were not fetched: they left the window, or every attempt failed.
    pub fn skipped(&mut self, segments: u64, now: Now) {
        self.playback.skipped.merge(&self.happened(segments, now));
    }

    /// Segments arrived after the buffer ran out.
    pub fn late(&mut self, segments: u64, now: Now) {
        self.playback.late.merge(&self.happened(segments, now));
    }

    /// A media playlist announces this target duration.
    pub fn target_duration(&mut self, announced: Duration) {
        let announced_ms = Some(announced.as_millis() as u64);
        let longest_ms = &mut self.playback.target_duration_ms;
        *longest_ms = announced_ms.max(*longest_ms);
    }

    /// A playlist stands still: the origin's fault.
    pub fn stale_playlist(&mut self, now: Now) {
        self.playback.stale_playlists.merge(&self.happened(1, now));
    }

    /// Viewers are watched by what their players log: nothing is measured.
    pub fn estimates(&mut self) {
        self.estimated.get_or_insert_default();
    }

    /// A request of a viewer that is watched by what its player logs. It counts as ended; of its
    /// times nothing is known that would be a latency.
    pub fn estimated(
        &mut self,
        viewer: Place,
        sample: &Sample,
        (known, size): (Known, Size),
        now: Now,
    ) {
        self.viewers.ended(viewer, sample);
        self.requests
            .estimated(sample, self.clock.unix_ms(now.elapsed));
        if sample.class.is_media() {
            self.throughput.add(sample.bytes, now.elapsed);
        }
        let estimated = self.estimated.get_or_insert_default();
        estimated.add(sample.class, known, size);
    }

    /// So many of the requests that ended were our own, to learn what a stream is. Where all are
    /// measured they need no mark.
    pub fn looked(&mut self, class: Class, requests: u64) {
        if let Some(estimated) = &mut self.estimated {
            estimated.looked(class, requests);
        }
    }

    /// A player that is a process of its own ended.
    pub fn player_ended(&mut self, end: &players::End<'_>, now: Now) {
        let unix_ms = self.clock.unix_ms(now.elapsed);
        let players = self.players.get_or_insert_default();
        players.ended(end, unix_ms);
    }

    /// A timer of this worker fired this late.
    pub fn lag(&mut self, late: Duration) {
        self.lag.record(latency::micros(late));
    }

    /// The SLO series of this worker.
    pub fn slo(&mut self) -> &mut slo::Tracker {
        &mut self.slo
    }

    /// The run stops: windows, viewers, play and stall time, and the snapshot's time stay as they
    /// are now, while requests that are still in flight go on to be counted.
    pub fn stop(&mut self, now: Now) {
        if self.stopped.is_none() {
            self.throughput.stop(now.elapsed);
            self.viewers.stop();
            self.stopped = Some(now.elapsed);
        }
    }

    /// Everything so far.
    pub fn snapshot(&mut self, now: Now) -> Snapshot {
        let mut out = Snapshot::default();
        self.snapshot_into(now, &mut out);
        out
    }

    /// As [`Recorder::snapshot`], into memory that is there already: whatever `out` held is
    /// replaced.
    pub fn snapshot_into(&mut self, now: Now, out: &mut Snapshot) {
        let at = self.stopped.unwrap_or(now.elapsed);
        out.started_ms = Some(self.clock.start_ms());
        out.at_ms = Some(self.clock.unix_ms(at));
        out.viewers = self.viewers.counts(at);
        self.viewers.uptime_into(&mut out.uptime);
        self.viewers.roster_into(at, &mut out.roster);
        self.requests.snapshot_into(&mut out.requests);
        self.throughput.snapshot_into(at, &mut out.throughput);
        self.latency.snapshot_into(&mut out.latency);
        out.playback = self.playback;
        out.players.clone_from(&self.players);
        out.estimated.clone_from(&self.estimated);
        self.slo.snapshot_into(&mut out.slo);
        out.generator = crate::Generator {
            lag: std::mem::take(&mut out.generator.lag),
            ..crate::Generator::default()
        };
        self.lag.distribution_into(&mut out.generator.lag);
    }

    fn happened(&self, count: u64, now: Now) -> Occurrences {
        Occurrences::at(count, self.clock.unix_ms(now.elapsed))
    }
}
