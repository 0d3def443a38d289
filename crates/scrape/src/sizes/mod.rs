//! Sizes of segments, as the origin lists them.
//!
//! A listing has what is live; what has left it is remembered for a while, because whoever asks
//! for a size asks later. A segment is found by the path of its URL: the listing may stand
//! elsewhere, so what counts is the end of that path.

mod listing;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use telemetry::origin::Segments;

pub use listing::{BYTES_MAX, FILES_MAX, File, Listing, NotAListing};

/// How long a segment is remembered that is not listed any more.
pub const REMEMBERED: Duration = Duration::from_mins(5);
/// Segments that are remembered at most: those that were listed last.
pub const KNOWN_MAX: usize = 2 * FILES_MAX;

/// Extensions of media segments.
const SEGMENTS: [&str; 13] = [
    "ts", "m4s", "mp4", "m4v", "m4a", "m4f", "cmfv", "cmfa", "aac", "mp3", "ac3", "ec3", "webm",
];
/// What names of initialisation segments hold.
const INIT: &str = "init";

/// The sizes that are known.
#[derive(Clone, Debug, Default)]
pub struct Sizes {
    known: BTreeMap<Box<str>, Known>,
    /// Numbers of the newest segment of each run of names.
    highest: BTreeMap<String, Vec<u64>>,
    /// Of the newest listing, in order of size.
    listed: Vec<u64>,
    restarts: u64,
    newest: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    bytes: u64,
    seen: Duration,
}

impl Sizes {
    /// Takes in what was listed at `at`.
    pub fn update(&mut self, at: Duration, files: &[File]) {
        let segments: Vec<&File> = files.iter().filter(|file| is_segment(&file.path)).collect();
        if self.is_new_stream(&segments) {
            self.restarts += 1;
            let listed: BTreeSet<&str> = segments.iter().map(|file| file.path.as_str()).collect();
            self.known.retain(|path, _| listed.contains(&**path));
        }
        self.highest = highest(&segments);
        for file in &segments {
            let (bytes, seen) = (file.bytes, at);
            self.known
                .insert(file.path.as_str().into(), Known { bytes, seen });
        }
        self.forget(at);
        self.listed = segments.iter().map(|file| file.bytes).collect();
        self.listed.sort_unstable();
        self.newest = Some(at);
    }

    /// Whether numbers went back, or a segment became smaller: names that were known mean others.
    fn is_new_stream(&self, segments: &[&File]) -> bool {
        let shrank = segments.iter().any(|file| {
            let known = self.known.get(file.path.as_str());
            known.is_some_and(|known| file.bytes < known.bytes)
        });
        let newest = highest(segments);
        let went_back = |(run, before): (&String, &Vec<u64>)| {
            newest.get(run).is_some_and(|numbers| numbers < before)
        };
        shrank || self.highest.iter().any(went_back)
    }

    fn forget(&mut self, at: Duration) {
        self.known
            .retain(|_, known| at.saturating_sub(known.seen) <= REMEMBERED);
        if self.known.len() > KNOWN_MAX {
            let mut seen: Vec<Duration> = self.known.values().map(|known| known.seen).collect();
            seen.sort_unstable_by(|a, b| b.cmp(a));
            let oldest = seen[KNOWN_MAX - 1];
            self.known.retain(|_, known| known.seen >= oldest);
        }
    }

    /// The size of the segment at a URL or a path; query and fragment do not matter. `None` where
    /// it was not listed.
    pub fn of(&self, url: &str) -> Option<u64> {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let path = crate::percent::decoded(path);
        let starts = path.match_indices('/').map(|(at, _)| at + 1);
        let mut ends = std::iter::once(0).chain(starts).map(|start| &path[start..]);
        ends.find_map(|end| self.known.get(end))
            .map(|known| known.bytes)
    }

    /// The median size in the newest listing; `None` where it has no segment.
    pub fn typical(&self) -> Option<u64> {
        let middle = self.listed.len().checked_sub(1)? / 2;
        self.listed.get(middle).copied()
    }

    /// What outputs show as of `now`; `None` before the first listing.
    pub fn segments(&self, now: Duration, stale_from: Duration) -> Option<Segments> {
        let age = now.saturating_sub(self.newest?);
        Some(Segments {
            listed: self.listed.len() as u64,
            known: self.known.len() as u64,
            p50_bytes: self.typical(),
            max_bytes: self.listed.last().copied(),
            restarts: self.restarts,
            age_ms: age.as_millis() as u64,
            stale: age >= stale_from,
        })
    }
}

fn is_segment(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let Some((stem, extension)) = name.rsplit_once('.') else {
        return false;
    };
    SEGMENTS.contains(&extension) && !stem.contains(INIT)
}

/// The greatest numbers in each run of names that differ in nothing but numbers.
fn highest(segments: &[&File]) -> BTreeMap<String, Vec<u64>> {
    let mut highest: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for file in segments {
        let (run, numbers) = apart(&file.path);
        let most = highest.entry(run).or_default();
        if numbers > *most {
            *most = numbers;
        }
    }
    highest
}

/// A name without its numbers, and these.
fn apart(path: &str) -> (String, Vec<u64>) {
    let mut numbers: Vec<u64> = Vec::new();
    let mut run = String::with_capacity(path.len());
    for c in path.chars() {
        let Some(digit) = c.to_digit(10) else {
            run.push(c);
            continue;
        };
        if !run.ends_with('#') {
            run.push('#');
            numbers.push(0);
        }
        if let Some(number) = numbers.last_mut() {
            *number = number.saturating_mul(10).saturating_add(u64::from(digit));
        }
    }
    (run, numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(of: &[(&str, u64)]) -> Vec<File> {
        let file = |&(path, bytes): &(&str, u64)| File {
            path: path.to_owned(),
            bytes,
        };
        of.iter().map(file).collect()
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn a_segment_is_found_by_the_path_of_its_url() {
        let mut sizes = Sizes::default();
        let all = [
            ("720p/a b-1.ts", 70),
            ("480p/a b-1.ts", 40),
            ("c2.m4s", 20),
            ("c.m3u8", 5),
        ];
        sizes.update(secs(0), &files(&all));
        let cases = [
            ("http://h/live/720p/a%20b-1.ts?token=a/c2.m4s#x", Some(70)),
            ("/live/480p/a%20b-1.ts", Some(40)),
            ("480p/a b-1.ts", Some(40)),
            ("https://h/x/c2.m4s", Some(20)),
            ("c2.m4s?", Some(20)),
            ("a b-1.ts", None),
            ("xc2.m4s", None),
            ("c.m3u8", None),
            ("", None),
        ];
        for (url, bytes) in cases {
            assert_eq!(sizes.of(url), bytes, "{url}");
        }
    }

    #[test]
    fn what_left_the_listing_is_remembered_for_a_while() {
        let mut sizes = Sizes::default();
        sizes.update(secs(0), &files(&[("s1.ts", 10), ("s2.ts", 30)]));
        sizes.update(secs(2), &files(&[("s2.ts", 30), ("s3.ts", 50)]));
        assert_eq!([sizes.of("s1.ts"), sizes.of("s3.ts")], [Some(10), Some(50)]);
        let view = sizes.segments(secs(3), secs(6)).unwrap();
        assert_eq!((view.listed, view.known, view.restarts), (2, 3, 0));
        assert_eq!((view.p50_bytes, view.max_bytes), (Some(30), Some(50)));
        assert_eq!((view.age_ms, view.stale), (1000, false));
        sizes.update(secs(302), &files(&[("s200.ts", 9)]));
        assert_eq!([sizes.of("s1.ts"), sizes.of("s3.ts")], [None, Some(50)]);
        assert!(sizes.segments(secs(308), secs(6)).unwrap().stale);
    }

    #[test]
    fn a_new_stream_takes_over_the_names() {
        let before = files(&[
            ("v720/s98.m4s", 10),
            ("v720/s99.m4s", 10),
            ("v480/s99.m4s", 5),
        ]);
        let began_anew: [(&[(&str, u64)], _); 3] = [
            // Numbers begin anew.
            (&[("v720/s1.m4s", 7), ("v480/s1.m4s", 3)], 1),
            // The same numbers, other contents.
            (&[("v720/s99.m4s", 8), ("v480/s99.m4s", 3)], 1),
            // It only goes on, and a file is still written.
            (
                &[
                    ("v720/s99.m4s", 12),
                    ("v720/s100.m4s", 3),
                    ("v480/s100.m4s", 3),
                ],
                0,
            ),
        ];
        for (then, restarts) in began_anew {
            let mut sizes = Sizes::default();
            sizes.update(secs(0), &before);
            sizes.update(secs(2), &files(then));
            let view = sizes.segments(secs(2), secs(6)).unwrap();
            assert_eq!(view.restarts, restarts, "{then:?}");
            let old = (restarts == 0).then_some(10);
            assert_eq!(sizes.of("v720/s98.m4s"), old, "{then:?}");
            for (path, bytes) in then {
                assert_eq!(sizes.of(path), Some(*bytes));
            }
        }
    }

    #[test]
    fn numbers_are_told_apart_from_names() {
        assert_eq!(
            apart("v720_00012.m4s"),
            ("v#_#.m#s".to_owned(), vec![720, 12, 4])
        );
        assert_eq!(
            apart("a99999999999999999999999"),
            ("a#".to_owned(), vec![u64::MAX])
        );
        let cases = [
            "init-720.mp4",
            "a.m3u8",
            "ts",
            "a.ts.tmp",
            "key.bin",
            ".mp4x",
        ];
        assert!(!cases.iter().any(|path| is_segment(path)));
        assert!(is_segment("a/B1.TS") && is_segment("x.cmfv"));
    }

    #[test]
    fn it_is_bounded() {
        let mut sizes = Sizes::default();
        for turn in 0..3 {
            let name = |number| format!("s{}.ts", turn * FILES_MAX + number);
            let files = (0..FILES_MAX).map(|number| File {
                path: name(number),
                bytes: 1,
            });
            sizes.update(secs(turn as u64), &files.collect::<Vec<_>>());
        }
        let view = sizes.segments(secs(2), secs(6)).unwrap();
        assert_eq!(view.known, KNOWN_MAX as u64);
        assert_eq!((sizes.of("s0.ts"), sizes.of("s20001.ts")), (None, Some(1)));
    }
}
