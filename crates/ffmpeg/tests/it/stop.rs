//! Requests under way when FFmpeg is ended: whole, or given up.

use base::{Now, Outcome};
use ffmpeg::estimate::{Basis, Config, Event, Figure};
use ffmpeg::{Connections, Estimate, Level, log};
use rstest::rstest;

/// The origin's word for the size of every segment.
const SIZE: u64 = 52264;

/// A request that was announced and sent, on a connection of its own.
fn sent(name: &str, number: usize) -> [String; 2] {
    [
        format!("[hls @ 0x1] [info] Opening 'http://h/{name}' for reading"),
        format!("[http @ 0x{number:x}] [debug] request: GET /{name} HTTP/1.1"),
    ]
}

fn closed(bytes: u64) -> String {
    format!("[AVIOContext @ 0x3] [verbose] Statistics: {bytes} bytes read, 0 seeks")
}

/// Feeds words that stand for lines: a name is a request of it, a number a connection closed after
/// so many bytes, `stop` is where FFmpeg is asked to end.
fn watched(words: &str) -> Estimate {
    let now = Now::default();
    let config = Config {
        url: "http://h/master.m3u8".to_owned(),
        multivariant: true,
        level: Level::Debug,
        connections: Connections::PerRequest,
    };
    let mut estimate = Estimate::new(config, now);
    for (number, word) in words.split_whitespace().enumerate() {
        let lines = match word.parse() {
            _ if word == "stop" => {
                estimate.stopping();
                continue;
            }
            Ok(bytes) => vec![closed(bytes)],
            Err(_) => sent(word, number).to_vec(),
        };
        for line in lines {
            estimate.log(&log::parse(line.as_bytes()), now);
        }
    }
    estimate.ended(now);
    estimate
}

/// What became of each request but the first, whose connection stays open.
fn ends(words: &str, size: Option<u64>) -> Vec<(String, Outcome, Option<Figure<u64>>)> {
    let mut estimate = watched(words);
    let stated = |url: &str| size.filter(|_| !url.contains("m3u8"));
    let events = std::iter::from_fn(|| estimate.poll(stated));
    let requests = events.filter_map(|event| match event {
        Event::Request(request) => Some((request.url, request.outcome, request.bytes)),
        _ => None,
    });
    let mut ends: Vec<_> = requests.collect();
    for (url, ..) in &mut ends {
        *url = url.rsplit('/').next().unwrap().to_owned();
    }
    ends.retain(|(name, ..)| name != "master.m3u8");
    ends
}

const OK: Outcome = Outcome::Ok;
const CUT: Outcome = Outcome::Cancelled;

#[rstest]
#[case::read_before_the_stop("1.ts 52264 stop 112", Some(SIZE), &[("1.ts", OK, Some(52264))])]
#[case::cut("1.ts stop 40696 112", Some(SIZE), &[("1.ts", CUT, Some(40696))])]
#[case::read_to_its_end("1.ts stop 52264 112", Some(SIZE), &[("1.ts", OK, Some(52264))])]
#[case::of_unknown_size("1.ts stop 52264 112", None, &[("1.ts", CUT, Some(52264))])]
#[case::read_before_another_was_opened(
    "1.ts stop 50000 live.m3u8 321 2.ts 40696 112",
    None,
    &[("1.ts", OK, Some(50000)), ("live.m3u8", OK, Some(321)), ("2.ts", CUT, Some(40696))]
)]
#[case::two_at_once_in_their_order(
    "1.ts 2.ts stop 52264 0 112",
    Some(SIZE),
    &[("1.ts", OK, Some(52264)), ("2.ts", CUT, Some(0))]
)]
#[case::killed("1.ts stop", Some(SIZE), &[("1.ts", CUT, None)])]
fn what_is_under_way_at_the_stop_is_whole_only_if_that_is_known(
    #[case] words: &str,
    #[case] size: Option<u64>,
    #[case] expected: &[(&str, Outcome, Option<u64>)],
) {
    let words = format!("master.m3u8 live.m3u8 200 {words}");
    let ends = ends(&words, size);
    let (list, rest) = ends.split_first().unwrap();
    assert_eq!(*list, ("live.m3u8".into(), OK, Some(Figure::measured(200))));
    let named = |&(name, outcome, bytes): &(&str, Outcome, Option<u64>)| {
        (name.to_owned(), outcome, bytes.map(Figure::measured))
    };
    let expected: Vec<_> = expected.iter().map(named).collect();
    assert_eq!(rest, expected);
}

#[test]
fn a_size_that_was_not_read_is_marked_as_stated() {
    // The connection of the first playlist is not followed to its end.
    let mut estimate = watched("master.m3u8 live.m3u8 200");
    let events = std::iter::from_fn(|| estimate.poll(|_| Some(112)));
    let mut sizes = events.filter_map(|event| match event {
        Event::Request(request) => request.bytes,
        _ => None,
    });
    let first = sizes.next().unwrap();
    assert_eq!((first.value, first.basis), (112, Basis::Stated));
}
