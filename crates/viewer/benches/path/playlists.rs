//! Reading playlists.

use std::fmt::Write as _;
use std::hint::black_box;

use media::hls::{self, Variables};
use url::Url;

use super::{Meter, Step};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "playlist parse, 10 segments",
        run: |meter| parse(meter, 10, 50),
    },
    Step {
        name: "playlist parse, 1,000 segments",
        run: |meter| parse(meter, 1_000, 2),
    },
];

/// A live list of `count` segments from number `first` on, a date on each.
pub(crate) fn list(first: u64, count: u64) -> String {
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{first}\n"
    );
    for number in first..first + count {
        let (hour, minute) = (number / 1_800 % 24, number / 30 % 60);
        let second = number % 30 * 2;
        let _ = write!(
            text,
            "#EXT-X-PROGRAM-DATE-TIME:2026-11-20T{hour:02}:{minute:02}:{second:02}.000Z\n\
             #EXTINF:2.000,\nseg_{number:06}.ts\n"
        );
    }
    text
}

/// Where the list is.
pub(crate) fn place() -> Url {
    let text = "http://media.example.com:8080/live/stream-1/720p/index.m3u8";
    Url::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn parse(meter: &mut Meter, count: u64, times: u64) {
    let (text, place, variables) = (list(100, count), place(), Variables::new());
    meter.run(times, || {
        hls::parse(black_box(text.as_bytes()), &place, &variables)
    });
}
