//! Media playlists, as they stand and from reload to reload.

use base::Failure;
use check::Level::{Error, NotChecked, Ok, Warning};

use super::hold;
use crate::world::list;

#[test]
fn media_playlists() {
    hold(&[
        (
            "playlists-answer",
            Error,
            "variant 1: 1 of 6 loads failed: HTTP 503",
            |world| {
                world.lists[2].fails(Failure::Status(503));
            },
        ),
        ("playlists", Error, "not an HLS playlist", |world| {
            "gone".clone_into(&mut world.lists[2].body);
        }),
        ("playlists", Error, "multivariant playlist where", |world| {
            world.other.body = world.entry.body.clone();
        }),
        ("playlists", Error, "a segment without EXTINF", |world| {
            world.all_lists(|text| text.replacen("#EXTINF:2.000,\n", "", 1));
        }),
        (
            "playlists",
            Error,
            "EXT-X-PROGRAM-DATE-TIME does not read",
            |world| {
                world.all_lists(|text| format!("{text}#EXT-X-PROGRAM-DATE-TIME:noon\n"));
            },
        ),
        ("playlists", Error, "lacks a required attribute", |world| {
            world.all_lists(|text| {
                text.replacen("#EXTINF", "#EXT-X-MAP:BYTERANGE=\"5\"\n#EXTINF", 1)
            });
        }),
        ("playlists", Error, "other kind of playlist", |world| {
            world.all_lists(|text| format!("{text}#EXT-X-STREAM-INF:BANDWIDTH=1\n"));
        }),
        (
            "version",
            Error,
            "there is no EXT-X-VERSION, but a fractional EXTINF needs 3",
            |world| {
                world.all_lists(|text| text.replace("#EXT-X-VERSION:3\n", ""));
            },
        ),
        (
            "version",
            Error,
            "EXT-X-VERSION is 3, but EXT-X-MAP needs 6",
            |world| {
                world
                    .all_lists(|text| text.replacen("#EXTINF", "#EXT-X-MAP:URI=\"i\"\n#EXTINF", 1));
            },
        ),
    ]);
}

#[test]
fn what_media_playlists_list() {
    hold(&[
        (
            "target-duration",
            Error,
            "there is no EXT-X-TARGETDURATION",
            |world| {
                world.all_lists(|text| text.replace("#EXT-X-TARGETDURATION:2\n", ""));
            },
        ),
        (
            "target-duration",
            Error,
            "a segment lasts 3.50 s",
            |world| {
                world.all_lists(|text| text.replacen("EXTINF:2.000", "EXTINF:3.500", 1));
            },
        ),
        ("target-duration", Error, "no whole number", |world| {
            world.all_lists(|text| text.replace("TARGETDURATION:2", "TARGETDURATION:2.5"));
        }),
        (
            "target-duration",
            Warning,
            "it is 4.00 s, but no segment is longer than 2.00 s",
            |world| {
                world.all_lists(|text| text.replace("TARGETDURATION:2", "TARGETDURATION:4"));
            },
        ),
        (
            "window",
            Error,
            "less than three target durations",
            |world| {
                world.all_lists(|text| shortened(text, 2));
            },
        ),
        ("window", Error, "no segment is listed", |world| {
            world.all_lists(|text| text[..text.find("#EXTINF").unwrap()].to_owned());
        }),
        (
            "window",
            Warning,
            "less than three target durations",
            |world| {
                world.all_lists(|text| {
                    let start = text.find("#EXT-X-MEDIA-SEQUENCE").unwrap();
                    let end = start + text[start..].find('\n').unwrap() + 1;
                    shortened(&text.replace(&text[start..end], ""), 2)
                });
            },
        ),
        ("type", Error, "EXT-X-ENDLIST is missing", |world| {
            world
                .all_lists(|text| text.replacen("#EXTINF", "#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF", 1));
        }),
        ("type", Error, "segments were removed", |world| {
            world.all_lists(|text| {
                text.replacen("#EXTINF", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXTINF", 1)
            });
        }),
        ("type", Ok, "on demand", |world| {
            world.all_lists(|text| format!("{text}#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-ENDLIST\n"));
        }),
        ("gaps", Warning, "1 of 6 segments", |world| {
            world.all_lists(|text| text.replacen("#EXTINF", "#EXT-X-GAP\n#EXTINF", 1));
        }),
        ("not-looked-at", NotChecked, "AES-128", |world| {
            let key = "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF";
            world.all_lists(|text| text.replacen("#EXTINF", key, 1));
        }),
        ("not-looked-at", NotChecked, "partial segments", |world| {
            world.all_lists(|text| {
                text.replacen("#EXTINF", "#EXT-X-PART-INF:PART-TARGET=0.5\n#EXTINF", 1)
            });
        }),
    ]);
}

/// A list with so many segments.
fn shortened(text: &str, segments: usize) -> String {
    let mut ends = text
        .match_indices(".ts\n")
        .map(|(at, name)| at + name.len());
    text[..ends.nth(segments - 1).unwrap()].to_owned()
}

#[test]
fn from_reload_to_reload() {
    hold(&[
        ("moving", Error, "stale: nothing new for", |world| {
            for reply in &mut world.lists {
                reply.body = list(0, "h");
            }
        }),
        ("moving", NotChecked, "not watched for long", |world| {
            world.lists.truncate(1);
        }),
        ("moving", NotChecked, "has ended", |world| {
            world.all_lists(|text| format!("{text}#EXT-X-ENDLIST\n"));
        }),
        (
            "media-sequence",
            Error,
            "it went back from 104 to 102",
            |world| {
                world.lists[5].body = list(2, "h");
            },
        ),
        ("media-sequence", Warning, "came and went", |world| {
            world.lists[5].body = list(50, "h");
        }),
        ("same-segments", Error, "got another URI", |world| {
            world.lists[3].body = list(3, "x");
        }),
        ("same-segments", Error, "got another EXTINF", |world| {
            world.lists[3].body = list(3, "h").replacen("2.000", "1.900", 1);
        }),
        ("same-segments", Error, "got another date", |world| {
            world.lists[3].body = list(3, "h").replacen(".800Z", ".700Z", 1);
        }),
        ("same-segments", Error, "EXT-X-DISCONTINUITY", |world| {
            world.lists[3].body = list(3, "h").replace("#EXTINF", "#EXT-X-DISCONTINUITY\n#EXTINF");
        }),
        (
            "target-kept",
            Error,
            "it changed from 2.00 s to 3.00 s",
            |world| {
                world.lists[3].body = list(3, "h").replace("DURATION:2", "DURATION:3");
            },
        ),
        ("discontinuities", Error, "went back from 7 to 0", |world| {
            let with = "#EXT-X-DISCONTINUITY-SEQUENCE:7\n#EXT-X-MEDIA";
            world.lists[2].body = list(2, "h").replace("#EXT-X-MEDIA", with);
        }),
        (
            "discontinuities",
            Error,
            "had discontinuity number 0 and has 3",
            |world| {
                let with = "#EXT-X-DISCONTINUITY-SEQUENCE:3\n#EXT-X-MEDIA";
                world.lists[5].body = list(5, "h").replace("#EXT-X-MEDIA", with);
            },
        ),
    ]);
}
