//! The case's origin and network, made anew from the recording, around the model.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

use base::{Failure, Now};
use media::hls::{self, Variables};
use player::profile::Profile;
use player::{Config, Event, Fetch, FetchId, Input, Output, Player, Playlist, VariantChoice};
use url::Url;

use crate::capture::{Capture, Recorded, is_segment, segment_number};

/// Wall clock at second 0 of a recording.
pub(crate) const UNIX_MS: i64 = 1_800_000_000_000;
/// How long an answer takes that the recording timed at nothing.
const QUICK: f64 = 0.002;

/// One request of the model.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) at: f64,
    pub(crate) file: String,
    pub(crate) status: u16,
    pub(crate) cancelled: bool,
}

/// How the model is run.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) profile: Profile,
    /// Goes over to that variant at that instant.
    pub(crate) switch: Option<(f64, u16)>,
    pub(crate) end: f64,
    pub(crate) seed: u64,
}

/// What a run of the model gave.
pub(crate) struct Run {
    pub(crate) made: Vec<Made>,
    pub(crate) events: Vec<(f64, Event)>,
    /// Instant, glass-to-glass in seconds: one per second played.
    pub(crate) latency: Vec<(f64, f64)>,
}

pub(crate) struct World<'a> {
    capture: &'a Capture,
    pub(crate) base: Url,
    lists: BTreeMap<(String, usize), Arc<hls::MediaPlaylist>>,
    pub(crate) multivariant: Option<Arc<hls::Multivariant>>,
    /// Recorded attempts for a file that no request of the model has taken up.
    unused: BTreeMap<String, Vec<Recorded>>,
    /// Phase of the outages of case H.
    outage: f64,
}

impl<'a> World<'a> {
    pub(crate) fn new(capture: &'a Capture) -> Self {
        let base = Url::parse("http://origin.example/live/index.m3u8").expect("a URL");
        let mut unused: BTreeMap<String, Vec<Recorded>> = BTreeMap::new();
        for request in capture.requests.iter().rev() {
            let of_file = unused.entry(request.file.clone()).or_default();
            of_file.push(request.clone());
        }
        Self {
            capture,
            multivariant: multivariant(&base, capture.case),
            base,
            lists: BTreeMap::new(),
            unused,
            outage: outage_phase(capture),
        }
    }

    /// Runs the model from the recording's first request to `end`.
    pub(crate) fn run(mut self, setup: &Setup) -> Run {
        let Setup {
            profile,
            switch,
            end,
            seed,
        } = setup.clone();
        let start = self.capture.start();
        let url = if self.multivariant.is_some() {
            self.base.clone()
        } else {
            self.base.join("stream.m3u8").expect("a URL")
        };
        let config = Config {
            profile: Arc::new(profile),
            url: Arc::new(url),
            variant: VariantChoice::Profile,
            seed,
            viewer: 1,
        };
        let mut player = Player::new(config, now(start));
        let mut queue: BinaryHeap<Reverse<(Duration, u64, usize)>> = BinaryHeap::new();
        let mut inputs: Vec<Option<Input>> = Vec::new();
        let mut run = Run {
            made: Vec::new(),
            events: Vec::new(),
            latency: Vec::new(),
        };
        let mut place_of: BTreeMap<FetchId, usize> = BTreeMap::new();
        let mut validators: BTreeMap<String, usize> = BTreeMap::new();
        let mut switch = switch.map(|(at, index)| (secs(at), index));
        let mut time = secs(start);
        let end = secs(end);
        loop {
            let until = loop {
                match player.poll() {
                    Output::Fetch(fetch) => {
                        let at = time.as_secs_f64();
                        let (made, answers) = self.answer(&fetch, at, &mut validators);
                        place_of.insert(fetch.id, run.made.len());
                        run.made.push(made);
                        for (after, input) in answers {
                            let when = secs(at + after).max(time);
                            queue.push(Reverse((when, inputs.len() as u64, inputs.len())));
                            inputs.push(Some(input));
                        }
                    }
                    Output::Cancel { id } => run.made[place_of[&id]].cancelled = true,
                    Output::Event(event) => {
                        if let Event::Second {
                            at,
                            glass_to_glass_ms: Some(ms),
                            ..
                        } = event
                        {
                            run.latency.push((at.as_secs_f64(), ms as f64 / 1000.0));
                        }
                        run.events.push((time.as_secs_f64(), event));
                    }
                    Output::Wait { until, .. } => break until,
                }
            };
            let next = queue.peek().map(|Reverse((when, _, _))| *when);
            let candidates = [next, until, switch.map(|(at, _)| at)];
            let Some(when) = candidates.into_iter().flatten().min() else {
                break;
            };
            if when > end {
                break;
            }
            time = when;
            if let Some((_, index)) = switch.filter(|(at, _)| *at <= when) {
                switch = None;
                player.choose_variant(index, Now::new(time, UNIX_MS));
            } else if next == Some(when) {
                let Reverse((_, _, place)) = queue.pop().expect("peeked");
                let input = inputs[place].take().expect("once");
                player.handle(Now::new(time, UNIX_MS), input);
            } else {
                player.handle(Now::new(time, UNIX_MS), Input::Timer);
            }
        }
        run
    }

    /// What the origin of the case answers, and when.
    fn answer(
        &mut self,
        fetch: &Fetch,
        at: f64,
        validators: &mut BTreeMap<String, usize>,
    ) -> (Made, Vec<(f64, Input)>) {
        let file = fetch
            .url
            .path_segments()
            .and_then(|mut parts| parts.next_back())
            .unwrap_or_default()
            .to_owned();
        let id = fetch.id;
        let recorded = self.unused.get_mut(&file).and_then(Vec::pop);
        // The answer comes when it came in the recording, where the request is the same: what
        // the machine took between two requests does not add up over a minute.
        let behind = recorded.as_ref().map_or(0.0, |recorded| recorded.at - at);
        let behind = if (0.0..1.0).contains(&behind) {
            behind
        } else {
            0.0
        };
        let status = self.status(&file, at + behind);
        let own = self.took(&file, recorded.as_ref(), status);
        let took = own + behind;
        let mut made = Made {
            at,
            file: file.clone(),
            status,
            cancelled: false,
        };
        if status != 200 {
            let failure = Failure::Status(status);
            return (made, vec![(took, Input::Failed { id, failure })]);
        }
        if file == "index.m3u8" {
            let lists = Arc::clone(self.multivariant.as_ref().expect("case B"));
            let playlist = Playlist::Multivariant(lists);
            let final_url = None;
            return (
                made,
                vec![(
                    took,
                    Input::Playlist {
                        id,
                        playlist,
                        final_url,
                    },
                )],
            );
        }
        if file.ends_with(".m3u8") {
            let state = self.state_at(&file, at + behind);
            if fetch.conditional && validators.get(&file) == Some(&state) {
                made.status = 304;
                return (made, vec![(took, Input::Unchanged { id })]);
            }
            validators.insert(file.clone(), state);
            let playlist = Playlist::Media(self.list(&file, state));
            let final_url = None;
            return (
                made,
                vec![(
                    took,
                    Input::Playlist {
                        id,
                        playlist,
                        final_url,
                    },
                )],
            );
        }
        let head = (took - own + self.head_after(at)).min(took);
        let answers = vec![
            (head, Input::Head { id, status: 200 }),
            (took, Input::Done { id, bytes: 500_000 }),
        ];
        (made, answers)
    }

    fn status(&self, file: &str, at: f64) -> u16 {
        match self.capture.case {
            "D" if is_segment(file) => match segment_number(file) % 10 {
                5 => 503,
                9 => 404,
                _ => 200,
            },
            "H" if (at - self.outage).rem_euclid(20.0) < 6.0 => 503,
            _ => 200,
        }
    }

    fn took(&self, file: &str, recorded: Option<&Recorded>, status: u16) -> f64 {
        let paced = match self.capture.case {
            "C1" => 1.3,
            "C2" => 2.9,
            _ => QUICK,
        };
        if status != 200 || !is_segment(file) {
            return QUICK;
        }
        match recorded {
            Some(recorded) if recorded.complete => recorded.took.max(QUICK),
            _ => paced,
        }
    }

    /// The head of a paced answer on a connection that was used before comes late: nginx counts
    /// what it has sent on it against the limit. Measured where FFmpeg opens one more segment as
    /// soon as the head of the present one is there.
    fn head_after(&self, at: f64) -> f64 {
        if at - self.capture.start() < 1.0 {
            return QUICK;
        }
        match self.capture.case {
            "C1" => 0.08,
            "C2" => 0.185,
            _ => QUICK,
        }
    }

    pub(crate) fn state_at(&self, file: &str, at: f64) -> usize {
        let of_list = self.capture.published.iter().enumerate();
        of_list
            .filter(|(_, state)| state.list == file && state.at <= at)
            .map(|(place, _)| place)
            .next_back()
            .unwrap_or(usize::MAX)
    }

    pub(crate) fn list(&mut self, file: &str, state: usize) -> Arc<hls::MediaPlaylist> {
        let key = (file.to_owned(), state);
        if let Some(list) = self.lists.get(&key) {
            return Arc::clone(list);
        }
        let text = if self.capture.case == "F" {
            vod()
        } else {
            live(self.capture, file, state)
        };
        let base = self.base.join(file).expect("a URL");
        let parsed = hls::parse(text.as_bytes(), &base, &Variables::default());
        let hls::Playlist::Media(list) = parsed.expect("our own text") else {
            panic!("a media playlist");
        };
        let list = Arc::new(list);
        self.lists.insert(key, Arc::clone(&list));
        list
    }
}

pub(crate) fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds.max(0.0))
}

pub(crate) fn now(seconds: f64) -> Now {
    Now::new(secs(seconds), UNIX_MS)
}

pub(crate) fn extinf(case: &str) -> f64 {
    if case == "B" { 4.0 } else { 2.0 }
}

fn vod() -> String {
    let mut text = String::from("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n");
    for number in 0..30 {
        text += &format!("#EXTINF:2.0,\nseg{number:05}.ts\n");
    }
    text + "#EXT-X-ENDLIST\n"
}

/// The list of one state: nominal durations; dates by publication.
fn live(capture: &Capture, file: &str, state: usize) -> String {
    let state = &capture.published[state];
    let duration = extinf(capture.case);
    let prefix = file.trim_end_matches(".m3u8");
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{duration}\n#EXT-X-MEDIA-SEQUENCE:{}\n",
        state.first
    );
    if capture.case == "B" {
        text += &format!("#EXT-X-MAP:URI=\"init_{prefix}.mp4\"\n");
    }
    for number in state.first..=state.last {
        let ms = UNIX_MS + (date(capture, file, number) * 1000.0) as i64;
        let name = if capture.case == "B" {
            format!("{prefix}_{number:05}.m4s")
        } else {
            format!("seg{number:05}.ts")
        };
        let stamp = stamp(ms);
        text += &format!("#EXT-X-PROGRAM-DATE-TIME:{stamp}\n#EXTINF:{duration:.6},\n{name}\n");
    }
    text
}

/// Publication less EXTINF. Segments of which no publication is known, or that were published
/// late (several at once, after a pause), follow on from their neighbours.
fn date(capture: &Capture, file: &str, number: u64) -> f64 {
    let duration = extinf(capture.case);
    let mut dates: BTreeMap<u64, f64> = BTreeMap::new();
    for state in capture.published.iter().filter(|state| state.list == file) {
        let known = dates.last_key_value().map(|(last, at)| (*last, *at));
        match known {
            None => {
                for back in state.first..=state.last {
                    let ahead = (state.last - back) as f64 * duration;
                    dates.insert(back, state.at - duration - ahead);
                }
            }
            Some((last, at)) => {
                for next in last + 1..=state.last {
                    let chained = at + (next - last) as f64 * duration;
                    let stamped = state.at - duration;
                    let late = stamped - chained > 1.0 || state.last > last + 1;
                    dates.insert(next, if late { chained } else { stamped });
                }
            }
        }
    }
    dates[&number]
}

/// RFC 3339, for times after 1970.
fn stamp(unix_ms: i64) -> String {
    let days = unix_ms.div_euclid(86_400_000);
    let ms = unix_ms.rem_euclid(86_400_000);
    // Civil from days (Howard Hinnant).
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        ms / 3_600_000,
        ms / 60_000 % 60,
        ms / 1000 % 60,
        ms % 1000
    )
}

fn multivariant(base: &Url, case: &str) -> Option<Arc<hls::Multivariant>> {
    if case != "B" {
        return None;
    }
    let mut text = String::from(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",\
         DEFAULT=YES,URI=\"audio.m3u8\"\n",
    );
    for (bandwidth, name) in [(985_600, "v800"), (435_600, "v300"), (2_305_600, "v2000")] {
        text += &format!(
            "#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},CODECS=\"avc1.64001f,mp4a.40.2\",AUDIO=\"a\"\n\
             {name}.m3u8\n"
        );
    }
    match hls::parse(text.as_bytes(), base, &Variables::default()) {
        Ok(hls::Playlist::Multivariant(lists)) => Some(Arc::new(lists)),
        other => panic!("{other:?}"),
    }
}

/// Everything answers 503 for 6 s out of every 20 s: since when, by the recorded answers.
fn outage_phase(capture: &Capture) -> f64 {
    if capture.case != "H" {
        return 0.0;
    }
    let fits = |phase: f64| {
        capture.requests.iter().all(|request| {
            let down = (request.at - phase).rem_euclid(20.0) < 6.0;
            down == (request.status == 503)
        })
    };
    let fitting: Vec<f64> = (0..4000)
        .map(|step| f64::from(step) * 0.005)
        .filter(|phase| fits(*phase))
        .collect();
    // The middle of the span, which may wrap.
    let first = fitting.first().copied().unwrap_or(0.0);
    let last = fitting.last().copied().unwrap_or(0.0);
    f64::midpoint(first, last)
}
