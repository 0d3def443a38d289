//! The law that everything else leans on: a run split over any number of recorders, its snapshots
//! merged in any order and any grouping, is the snapshot of one recorder that saw it all.

use std::time::Duration;

use base::{Class, Failure, Now, Outcome, ViewerState};
use proptest::prelude::*;
use proptest::sample::Index;
use telemetry::slo::{Key, Source};
use telemetry::viewers::{Place, Playback};
use telemetry::{Connect, Recorder, Sample, Snapshot, Viewer};

const PARTS: usize = 4;

/// What happens to a recorder. Places are of the requests and viewers that the recorder has.
#[derive(Clone, Debug)]
enum Event {
    Begin {
        of: Index,
        class: Class,
    },
    Bytes {
        of: Index,
        bytes: u64,
    },
    End {
        of: Index,
        outcome: Outcome,
        status: Option<u16>,
        took: [u64; 4],
        connected: bool,
    },
    Target(u64),
    AddViewer(Playback),
    Enter {
        of: Index,
        to: ViewerState,
        ago: u64,
    },
    Leave(Index),
    Dismiss(Index),
    Startup(u64),
    StallEnded(u64),
    LiveLatency {
        of: Index,
        us: u64,
    },
    GlassToGlass {
        key: usize,
        latency: i64,
    },
    Skipped(u64),
    Late(u64),
    StalePlaylist,
    Lag(u64),
    Reclass {
        of: Index,
        to: Class,
    },
}

fn class() -> impl Strategy<Value = Class> {
    prop::sample::select(&Class::ALL[..])
}

fn failure() -> impl Strategy<Value = Failure> {
    prop_oneof![
        (400..600_u16).prop_map(Failure::Status),
        Just(Failure::Dns),
        Just(Failure::Reset),
        Just(Failure::Truncated),
        Just(Failure::InvalidPlaylist),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => Just(Outcome::Ok),
        1 => failure().prop_map(Outcome::Failed),
        1 => Just(Outcome::Cancelled),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let of = any::<Index>;
    let state = prop::sample::select(&ViewerState::ALL[1..]);
    let playback = prop_oneof![Just(Playback::Tracked), Just(Playback::Untracked)];
    let status = prop::option::of(prop::sample::select(
        &[200_u16, 206, 302, 304, 404, 503][..],
    ));
    let took = prop::array::uniform4(0..3_000_000_u64);
    prop_oneof![
        6 => (of(), class()).prop_map(|(of, class)| Event::Begin { of, class }),
        6 => (of(), 0..9_999_999_u64).prop_map(|(of, bytes)| Event::Bytes { of, bytes }),
        5 => (of(), outcome(), status, took, any::<bool>()).prop_map(
            |(of, outcome, status, took, connected)| {
                Event::End { of, outcome, status, took, connected }
            }),
        1 => (0..50_u64).prop_map(Event::Target),
        2 => playback.prop_map(Event::AddViewer),
        6 => (of(), state, 0..400_u64).prop_map(|(of, to, ago)| Event::Enter { of, to, ago }),
        1 => of().prop_map(Event::Leave),
        1 => of().prop_map(Event::Dismiss),
        1 => (0..20_000_000_u64).prop_map(Event::Startup),
        1 => (0..900_000_000_u64).prop_map(Event::StallEnded),
        2 => (of(), 0..90_000_000_u64).prop_map(|(of, us)| Event::LiveLatency { of, us }),
        4 => (0..3_usize, -50..20_000_i64)
            .prop_map(|(key, latency)| Event::GlassToGlass { key, latency }),
        1 => (1..5_u64).prop_map(Event::Skipped),
        1 => (1..5_u64).prop_map(Event::Late),
        1 => Just(Event::StalePlaylist),
        1 => (0..100_000_u64).prop_map(Event::Lag),
        1 => (of(), class()).prop_map(|(of, to)| Event::Reclass { of, to }),
    ]
}

/// A pause before an event: mostly short, at times longer than what the recorders keep.
fn pause() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0..300_u64, 3 => 0..9_000_u64, 1 => 0..500_000_u64]
}

/// Requests and viewers of one part, by place.
#[derive(Default)]
struct Part {
    requests: Vec<Request>,
    viewers: Vec<Viewer>,
}

/// A request in flight.
struct Request {
    class: Class,
    bytes: u64,
    viewer: Option<Place>,
}

impl Part {
    fn tell(&mut self, recorder: &mut Recorder, event: &Event, number: u64, now: Now) {
        match *event {
            Event::Begin { of, class } => {
                recorder.begin(class);
                // Who waits has no requests: its place is given to another when it is dismissed.
                let viewer = pick(&mut self.viewers, of)
                    .filter(|viewer| viewer.state() != ViewerState::Waiting)
                    .map(|viewer| viewer.place());
                self.requests.push(Request {
                    class,
                    bytes: 0,
                    viewer,
                });
            }
            Event::Bytes { of, bytes } => {
                if let Some(request) = pick(&mut self.requests, of) {
                    recorder.bytes(request.class, bytes, now);
                    request.bytes += bytes;
                }
            }
            Event::Reclass { of, to } => {
                if let Some(request) = pick(&mut self.requests, of) {
                    recorder.reclass(request.class, to, request.bytes);
                    request.class = to;
                }
            }
            Event::End {
                of,
                outcome,
                status,
                took,
                connected,
            } => {
                if !self.requests.is_empty() {
                    let request = self.requests.remove(of.index(self.requests.len()));
                    let end = End {
                        class: request.class,
                        bytes: request.bytes,
                        outcome,
                        status,
                        took,
                        connected,
                    };
                    recorder.end(request.viewer, &end.sample(now), now);
                }
            }
            Event::AddViewer(playback) => {
                let viewer = recorder.add_viewer(number, playback, now.elapsed);
                self.viewers.push(viewer);
            }
            Event::Leave(of) => {
                if let Some(viewer) = pick(&mut self.viewers, of) {
                    recorder.leave(viewer, now.elapsed);
                }
            }
            Event::Dismiss(of) => {
                if !self.viewers.is_empty() {
                    let viewer = self.viewers.remove(of.index(self.viewers.len()));
                    recorder.dismiss(viewer, now.elapsed);
                }
            }
            Event::LiveLatency { of, us } => {
                if let Some(viewer) = pick(&mut self.viewers, of) {
                    recorder.live_latency(viewer.place(), Duration::from_micros(us));
                }
            }
            Event::Enter { of, to, ago } => {
                if let Some(viewer) = pick(&mut self.viewers, of) {
                    let at = now.elapsed.saturating_sub(Duration::from_millis(ago));
                    recorder.enter(viewer, to, at);
                }
            }
            ref figure => tell_figure(recorder, figure, now),
        }
    }
}

fn tell_figure(recorder: &mut Recorder, event: &Event, now: Now) {
    match *event {
        Event::Target(viewers) => recorder.set_target(viewers),
        Event::Startup(us) => recorder.startup(Duration::from_micros(us)),
        Event::StallEnded(us) => recorder.stall_ended(Duration::from_micros(us)),
        Event::GlassToGlass { key, latency } => {
            let key = Key::new(["/a", "/b", "/c"][key], "hls", Source::Viewer);
            let series = recorder.slo().series(&key, now);
            recorder.glass_to_glass(series, latency, now);
        }
        Event::Skipped(segments) => recorder.skipped(segments, now),
        Event::Late(segments) => recorder.late(segments, now),
        Event::StalePlaylist => recorder.stale_playlist(now),
        Event::Lag(us) => recorder.lag(Duration::from_micros(us)),
        _ => unreachable!("told by the part"),
    }
}

struct End {
    class: Class,
    bytes: u64,
    outcome: Outcome,
    status: Option<u16>,
    took: [u64; 4],
    connected: bool,
}

impl End {
    fn sample(&self, now: Now) -> Sample {
        let [download, first_byte, sent, connect] = self.took.map(Duration::from_micros);
        Sample {
            class: self.class,
            outcome: self.outcome,
            status: self.status,
            bytes: self.bytes,
            due: now.elapsed.saturating_sub(download),
            sent: now.elapsed.saturating_sub(sent),
            first_byte: Some(now.elapsed.saturating_sub(first_byte)),
            last_byte: now.elapsed,
            connect: self.connected.then_some(Connect {
                dns: connect,
                ..Connect::default()
            }),
        }
    }
}

fn pick<T>(list: &mut [T], of: Index) -> Option<&mut T> {
    let place = (!list.is_empty()).then(|| of.index(list.len()));
    place.map(|place| &mut list[place])
}

fn now(ms: u64, start_ms: i64) -> Now {
    Now::new(Duration::from_millis(ms), start_ms)
}

/// What a run recorded: as one, and in parts.
struct Run {
    whole: Snapshot,
    parts: Vec<Snapshot>,
}

fn run(start_ms: i64, events: &[(u64, usize, Event)], stop: bool) -> Run {
    let mut one = Recorder::new(now(0, start_ms));
    let mut many = vec![one.clone(); PARTS];
    let mut of_one: Vec<Part> = (0..PARTS).map(|_| Part::default()).collect();
    let mut of_many: Vec<Part> = (0..PARTS).map(|_| Part::default()).collect();
    let mut target = [0; PARTS];
    let mut ms = 0;
    for (place, (pause, part, event)) in events.iter().enumerate() {
        ms += pause;
        let now = now(ms, start_ms);
        if stop && place == events.len() / 2 {
            one.stop(now);
            for recorder in &mut many {
                recorder.stop(now);
            }
        }
        of_many[*part].tell(&mut many[*part], event, place as u64, now);
        // Each part wants its own share of viewers; one recorder is told the sum.
        if let Event::Target(viewers) = event {
            target[*part] = *viewers;
            one.set_target(target.iter().sum());
        } else {
            of_one[*part].tell(&mut one, event, place as u64, now);
        }
    }
    let end = now(ms + 777, start_ms);
    // A recorder that was read before says the same as one that was not.
    let mut used = one.snapshot(now(ms / 2, start_ms));
    one.snapshot_into(end, &mut used);
    Run {
        whole: used,
        parts: many
            .iter_mut()
            .map(|recorder| recorder.snapshot(end))
            .collect(),
    }
}

/// Merges neighbours and strangers, in an order that `picks` draws, until one is left.
fn merge_all(mut parts: Vec<Snapshot>, picks: &[(Index, Index)]) -> Snapshot {
    for (a, b) in picks {
        if parts.len() == 1 {
            break;
        }
        let other = parts.swap_remove(a.index(parts.len()));
        let place = b.index(parts.len());
        parts[place].merge(&other);
    }
    let mut all = Snapshot::default();
    for part in &parts {
        all.merge(part);
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_split_merged_in_any_order_is_the_whole(
        start_ms in 1_700_000_000_000..1_700_000_005_000_i64,
        events in prop::collection::vec((pause(), 0..PARTS, event()), 0..300),
        stop: bool,
        picks in prop::collection::vec(any::<(Index, Index)>(), 0..PARTS),
    ) {
        let run = run(start_ms, &events, stop);
        let merged = merge_all(run.parts, &picks);
        prop_assert_eq!(&merged, &run.whole);
        prop_assert_eq!(merged.throughput.windows(), run.whole.throughput.windows());
        prop_assert_eq!(merged.slo_rows(), run.whole.slo_rows());

        let all = merged.requests.all();
        prop_assert_eq!(all.requests(), all.ok + all.failed + all.cancelled + all.in_flight);
        let ended: u64 = merged.requests.statuses.iter()
            .map(|status| status.whole.requests + status.broken.requests)
            .sum();
        prop_assert_eq!(ended, all.ended());
        let failed: u64 = merged.requests.errors.iter().map(|error| error.seen.count).sum();
        prop_assert_eq!(failed, all.failed);

        let text = serde_json::to_string(&merged).unwrap();
        prop_assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), merged);
    }

    /// Grouping does not matter even between snapshots that share nothing: other starts, other
    /// moments.
    #[test]
    fn merging_is_associative_and_commutative(
        runs in prop::array::uniform3((
            1_700_000_000_000..1_700_000_900_000_i64,
            prop::collection::vec((pause(), 0..PARTS, event()), 0..120),
        )),
    ) {
        let [a, b, c] = runs.map(|(start_ms, events)| run(start_ms, &events, false).whole);
        let join = |x: &Snapshot, y: &Snapshot| { let mut x = x.clone(); x.merge(y); x };
        prop_assert_eq!(join(&a, &b), join(&b, &a));
        prop_assert_eq!(join(&join(&a, &b), &c), join(&a, &join(&b, &c)));
        prop_assert_eq!(join(&a, &Snapshot::default()), a.clone());
        prop_assert_eq!(join(&Snapshot::default(), &a), a);
    }
}
