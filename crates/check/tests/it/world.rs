//! A stream that was seen, made of the texts and times of its answers.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use base::{Class, Failure, Now};
use check::{
    Answer, Container, Contents, Exchange, Failed, Findings, Hop, InitSeen, Level, Lines, Load,
    Observed, Playback, Secured, SegmentSeen, Track, TrackKind,
};
use media::hls::{self, ByteRange, MediaPlaylist};
use player::Playlist;
use transport::{Fields, Head, Timings, Version};
use url::Url;

/// When the check began, in Unix milliseconds: Sat, 21 Nov 2026 12:00:00 GMT.
pub(crate) const BEGAN_MS: i64 = 1_795_262_400_000;
/// The number of the first segment of the first list.
pub(crate) const FIRST: u64 = 100;
/// Length of a segment.
pub(crate) const SEGMENT_MS: i64 = 2_000;
/// How many segments a list has.
pub(crate) const WINDOW: u64 = 6;
/// Bytes of a segment of the first variant: 1.9 Mbit/s.
const SEGMENT_BYTES: u64 = 475_000;

/// One answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// When it was asked for.
    pub(crate) at_ms: u64,
    /// How long it took.
    pub(crate) took_ms: u64,
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
    pub(crate) failure: Option<Failure>,
    /// Where it was led from.
    pub(crate) via: Vec<String>,
    pub(crate) reused: bool,
}

/// One segment that came.
#[derive(Clone, Debug)]
pub(crate) struct Media {
    pub(crate) msn: u64,
    pub(crate) reply: Reply,
    pub(crate) bytes: u64,
    pub(crate) contents: Option<Contents>,
}

/// What is there to be seen.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) base: String,
    pub(crate) insecure: bool,
    pub(crate) secured: Option<Secured>,
    pub(crate) entry: Reply,
    /// The list that the viewer followed, each time it came.
    pub(crate) lists: Vec<Reply>,
    pub(crate) segments: Vec<Media>,
    /// The list of the other variant, and a segment of it.
    pub(crate) other: Reply,
    pub(crate) other_segment: Media,
    pub(crate) inits: Vec<InitSeen>,
    pub(crate) playback: Playback,
}

const LIST_HEADERS: &str = "Date: NOW\r\n\
    Content-Type: application/vnd.apple.mpegurl\r\nCache-Control: max-age=1\r\n\
    Access-Control-Allow-Origin: *\r\n";
const SEGMENT_HEADERS: &str = "Content-Type: video/mp2t\r\n\
    Cache-Control: public, max-age=86400\r\nAccess-Control-Allow-Origin: *\r\n";

const MULTIVARIANT: &str = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-INDEPENDENT-SEGMENTS\n\
    #EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1900000,\
    CODECS=\"avc1.4d401f,mp4a.40.2\",RESOLUTION=1280x720\nhigh.m3u8\n\
    #EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS=\"avc1.42c00d,mp4a.40.2\",RESOLUTION=416x234\n\
    low.m3u8\n";

impl Reply {
    pub(crate) fn new(at_ms: u64, headers: &str, body: String) -> Self {
        Self {
            at_ms,
            took_ms: 10,
            status: 200,
            headers: headers.to_owned(),
            body,
            failure: None,
            via: Vec::new(),
            reused: true,
        }
    }

    pub(crate) fn fails(&mut self, failure: Failure) {
        match failure {
            Failure::Status(status) => self.status = status,
            other => self.failure = Some(other),
        }
    }

    fn exchange(
        &self,
        class: Class,
        url: &Url,
        byte_range: Option<ByteRange>,
        bytes: u64,
    ) -> Exchange {
        let led = self
            .via
            .iter()
            .map(|via| hop(self, via.parse().unwrap(), Some(302)));
        let status = self.failure.is_none().then_some(self.status);
        let last = hop(self, url.clone(), status);
        let first = self
            .via
            .first()
            .map_or(url.clone(), |via| via.parse().unwrap());
        let outcome = match self.failure {
            Some(failure) => Err(Failed {
                failure,
                words: failure.to_string(),
            }),
            None => Ok(Answer {
                head: Head {
                    status: self.status,
                    version: Version::Http11,
                    fields: Fields::from_block(self.dated_headers().as_bytes()),
                },
                final_url: Arc::new(url.clone()),
                bytes,
            }),
        };
        Exchange {
            class,
            url: Arc::new(first),
            byte_range,
            hops: led.chain([last]).collect(),
            outcome,
        }
    }

    /// With the date of the server's clock, which agrees with ours.
    fn dated_headers(&self) -> String {
        let at = Duration::from_millis(BEGAN_MS as u64 + self.at_ms + self.took_ms);
        let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + at);
        self.headers.replace("Date: NOW", &format!("Date: {date}"))
    }

    fn load(&self, url: &Url) -> Load {
        let exchange = self.exchange(Class::Playlist, url, None, self.body.len() as u64);
        let came = exchange.answer().is_some();
        let read = came.then(|| {
            let read = hls::parse(self.body.as_bytes(), url, &hls::Variables::default());
            read.map(|playlist| match playlist {
                hls::Playlist::Multivariant(lists) => Playlist::Multivariant(Arc::new(lists)),
                hls::Playlist::Media(list) => Playlist::Media(Arc::new(list)),
            })
        });
        Load {
            exchange,
            lines: Lines::read(self.body.as_bytes()),
            read,
        }
    }
}

fn hop(reply: &Reply, url: Url, status: Option<u16>) -> Hop {
    let at = Duration::from_millis(reply.at_ms);
    let end = Duration::from_millis(reply.at_ms + reply.took_ms);
    Hop {
        url,
        status,
        timings: Timings {
            started: at,
            connect: None,
            sent: Some(at),
            first_byte: status.map(|_| end),
            ended: end,
        },
        reused: reply.reused,
    }
}

impl Media {
    /// A whole segment of two seconds that begins with a keyframe.
    pub(crate) fn new(msn: u64, at_ms: u64, bytes: u64) -> Self {
        let reply = Reply {
            took_ms: 100,
            ..Reply::new(at_ms, SEGMENT_HEADERS, String::new())
        };
        Self {
            msn,
            reply,
            bytes,
            contents: Some(contents(msn)),
        }
    }

    pub(crate) fn contents(&mut self) -> &mut Contents {
        self.contents.as_mut().unwrap()
    }

    fn seen(&self, base: &Url, lists: &[Arc<MediaPlaylist>]) -> SegmentSeen {
        let listed = lists.iter().rev().find_map(|list| list.segment(self.msn));
        let url = listed.map_or_else(
            || base.join("s.ts").unwrap(),
            |listed| Url::clone(&listed.uri),
        );
        let range = listed.and_then(|listed| listed.byte_range);
        SegmentSeen {
            msn: Some(self.msn),
            listed: listed.cloned(),
            exchange: self.reply.exchange(Class::Segment, &url, range, self.bytes),
            contents: self
                .contents
                .clone()
                .filter(|_| self.reply.failure.is_none()),
        }
    }
}

fn contents(msn: u64) -> Contents {
    Contents {
        container: Container::Ts,
        duration: Some(Duration::from_secs(2)),
        start: Some(Duration::from_secs(msn * 2)),
        wrap: Some(Duration::from_secs(95_443)),
        starts_with_keyframe: Some(true),
        codecs: vec!["avc1", "mp4a"],
        problems: Vec::new(),
    }
}

/// A list as it stands when `newer` segments were added to the first one; its newest segment ended
/// 200 ms before.
pub(crate) fn list(newer: u64, name: &str) -> String {
    let first = FIRST + newer;
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{first}\n"
    );
    for msn in first..first + WINDOW {
        let ago = (FIRST + WINDOW) as i64 - msn as i64;
        let begins = BEGAN_MS - 200 - ago * SEGMENT_MS;
        let date = jiff::Timestamp::from_millisecond(begins).unwrap();
        let date = date.strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
        let _ = write!(
            text,
            "#EXT-X-PROGRAM-DATE-TIME:{date}\n#EXTINF:2.000,\n{name}{msn}.ts\n"
        );
    }
    text
}

impl World {
    /// A live stream of two variants with which all is well.
    pub(crate) fn good() -> Self {
        let at = |n: u64| n * 2_000;
        let first = (1..6).map(|n| Media::new(FIRST + 2 + n, at(n) + 50, SEGMENT_BYTES));
        let lists = (0..6).map(|n| Reply::new(at(n), LIST_HEADERS, list(n, "h")));
        Self {
            base: "http://h/live/".to_owned(),
            insecure: false,
            secured: None,
            entry: Reply {
                reused: false,
                ..Reply::new(0, LIST_HEADERS, MULTIVARIANT.to_owned())
            },
            lists: lists.collect(),
            segments: first.collect(),
            other: Reply::new(10_100, LIST_HEADERS, list(5, "l")),
            other_segment: Media::new(FIRST + 10, 10_200, 110_000),
            inits: Vec::new(),
            playback: Playback {
                startup: Some(Duration::from_millis(300)),
                live_latency: Some(Duration::from_secs(6)),
                glass_to_glass_ms: Some(6_400),
                ..Playback::default()
            },
        }
    }

    /// Every list of the followed variant, changed.
    pub(crate) fn each_list(&mut self, change: impl Fn(&str) -> String) {
        for reply in &mut self.lists {
            reply.body = change(&reply.body);
        }
    }

    /// Every list of both variants, changed.
    pub(crate) fn all_lists(&mut self, change: impl Fn(&str) -> String) {
        self.each_list(&change);
        self.other.body = change(&self.other.body);
    }

    /// Every answer that has segments or lists, with other headers.
    pub(crate) fn list_headers(&mut self, change: impl Fn(&str) -> String) {
        for reply in self
            .lists
            .iter_mut()
            .chain([&mut self.other, &mut self.entry])
        {
            reply.headers = change(&reply.headers);
        }
    }

    /// Every segment, changed.
    pub(crate) fn each_segment(&mut self, change: impl Fn(&mut Media)) {
        for segment in self.segments.iter_mut().chain([&mut self.other_segment]) {
            change(segment);
        }
    }

    /// What was seen of it.
    pub(crate) fn observed(&self) -> Observed {
        let base = Url::parse(&self.base).unwrap();
        let at = |name: &str| base.join(name).unwrap();
        let entry = self.entry.load(&at("master.m3u8"));
        let mut observed = Observed {
            url: Arc::new(at("master.m3u8")),
            began: Now::new(Duration::ZERO, BEGAN_MS),
            watched: Duration::from_secs(10),
            insecure: self.insecure,
            secured: self.secured,
            entry: Some(entry),
            tracks: Vec::new(),
            left_out: 0,
            playback: self.playback.clone(),
        };
        if observed.multivariant().is_none() {
            if observed
                .entry
                .as_ref()
                .is_some_and(|entry| entry.media().is_some())
            {
                let mut track = Track::new("the playlist".to_owned(), TrackKind::Only, true);
                track.loads.extend(observed.entry.clone());
                observed.tracks.push(track);
            }
            return observed;
        }
        let mut high = Track::new("variant 1".to_owned(), TrackKind::Variant(0), true);
        high.loads = self
            .lists
            .iter()
            .map(|reply| reply.load(&at("high.m3u8")))
            .collect();
        high.inits.clone_from(&self.inits);
        let lists: Vec<_> = high
            .loads
            .iter()
            .filter_map(|load| load.media().cloned())
            .collect();
        high.segments = self
            .segments
            .iter()
            .map(|it| it.seen(&base, &lists))
            .collect();
        let mut low = Track::new("variant 2".to_owned(), TrackKind::Variant(1), false);
        low.loads = vec![self.other.load(&at("low.m3u8"))];
        let lists: Vec<_> = low
            .loads
            .iter()
            .filter_map(|load| load.media().cloned())
            .collect();
        if !lists.is_empty() {
            low.segments = vec![self.other_segment.seen(&base, &lists)];
        }
        observed.tracks = vec![high, low];
        observed
    }

    /// The verdict on it.
    pub(crate) fn findings(&self) -> Findings {
        Findings::of(&self.observed())
    }
}

/// What is wrong, in words, for messages of tests.
pub(crate) fn wrong(findings: &Findings) -> Vec<String> {
    let bad = findings
        .list()
        .iter()
        .filter(|finding| finding.level > Level::NotChecked);
    bad.map(|it| format!("{} {}: {}", it.level.word(), it.check, it.message))
        .collect()
}
