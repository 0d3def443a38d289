//! Speed, headers and caches.

use check::Level::{Error, Ok, Warning};

use super::hold;
use crate::world::World;

#[test]
fn delivery() {
    hold(&[
        ("speed", Error, "took 4.00 s for 2.00 s of media", |world| {
            world.segments[0].reply.took_ms = 4_000;
        }),
        (
            "speed",
            Warning,
            "took 1.50 s for 2.00 s of media",
            |world| {
                world.segments[0].reply.took_ms = 1_500;
            },
        ),
        ("first-byte", Warning, "playlists", |world| {
            world.lists[1].took_ms = 1_500;
        }),
        ("content-type", Warning, "served as text/plain", |world| {
            world.list_headers(|it| it.replace("application/vnd.apple.mpegurl", "text/plain"));
        }),
        (
            "content-type",
            Warning,
            "h103.ts is served as text/html",
            |world| {
                let headers = world.segments[0]
                    .reply
                    .headers
                    .replace("video/mp2t", "text/html");
                world.segments[0].reply.headers = headers;
            },
        ),
        ("cors", Warning, "on playlists and media", |world| {
            world.list_headers(|it| it.replace("Access-Control", "X-Access-Control"));
            world.each_segment(|it| it.reply.headers.clear());
        }),
        ("compression", Warning, "not compressed", |world| {
            world.all_lists(|text| format!("{text}{}", "# a comment\n".repeat(1000)));
        }),
        ("compression", Ok, "compressed", |world| {
            world.all_lists(|text| format!("{text}{}", "# a comment\n".repeat(1000)));
            world.list_headers(|it| format!("{it}Content-Encoding: gzip\r\n"));
        }),
        (
            "cache-playlists",
            Error,
            "caches may keep it 1 min",
            |world| {
                world.list_headers(|it| it.replace("max-age=1", "max-age=100"));
            },
        ),
        (
            "cache-playlists",
            Warning,
            "caches may keep it 2.00 s",
            |world| {
                world.list_headers(|it| it.replace("max-age=1", "max-age=2"));
            },
        ),
        ("cache-playlists", Warning, "no Cache-Control", |world| {
            world.list_headers(|it| it.replace("Cache-Control", "X-Cache-Control"));
        }),
        (
            "cache-playlists",
            Error,
            "out of a cache 9.00 s old",
            |world| {
                world.list_headers(|it| format!("{it}Age: 9\r\n"));
            },
        ),
        ("cache-playlists", Ok, "no-cache", |world| {
            world.list_headers(|it| it.replace("max-age=1", "no-cache"));
        }),
        (
            "cache-segments",
            Warning,
            "no-cache: no shared cache",
            |world| {
                world.each_segment(|it| {
                    "Cache-Control: no-cache\r\n".clone_into(&mut it.reply.headers);
                });
            },
        ),
        ("cache-segments", Warning, "kept for 1.00 s only", |world| {
            world.each_segment(|it| {
                "Cache-Control: max-age=1\r\n".clone_into(&mut it.reply.headers);
            });
        }),
        ("ranges", Error, "HTTP 200 came", |world| {
            ranged(world, 200, 475_000);
        }),
        (
            "ranges",
            Error,
            "9 bytes came of a range of 475000",
            |world| ranged(world, 206, 9),
        ),
        ("ranges", Ok, "as asked", |world| {
            ranged(world, 206, 475_000);
        }),
    ]);
}

/// A stream of byte ranges, whose first segment is answered so.
fn ranged(world: &mut World, status: u16, bytes: u64) {
    world.each_list(|text| {
        let text = text.replace("VERSION:3", "VERSION:4");
        text.replace("#EXTINF", "#EXT-X-BYTERANGE:475000@0\n#EXTINF")
    });
    world
        .segments
        .iter_mut()
        .for_each(|segment| segment.reply.status = 206);
    world.segments[0].reply.status = status;
    world.segments[0].bytes = bytes;
}
