//! Getting to the stream, and its first playlist.

use base::Failure;
use check::Level::{Error, NotChecked, Ok, Warning};
use check::{Secured, Validity};

use super::hold;
use crate::world::{BEGAN_MS, World, list};

#[test]
fn reaching_it() {
    hold(&[
        ("answer", Error, "HTTP 404", |world| {
            world.entry.fails(Failure::Status(404));
        }),
        ("answer", Error, "connect refused", |world| {
            world.entry.fails(Failure::ConnectRefused);
        }),
        ("redirects", Warning, "behind 2 redirects", |world| {
            world.entry.via = vec!["http://a/".to_owned(), "http://b/".to_owned()];
        }),
        ("redirects", Error, "from https to http", |world| {
            world.entry.via = vec!["https://h/".to_owned()];
        }),
        ("redirects", Warning, "anew at each reload", |world| {
            for reply in &mut world.lists {
                reply.via = vec!["http://a/high.m3u8".to_owned()];
            }
        }),
        ("tls", NotChecked, "not looked at", |world| {
            "https://h/live/".clone_into(&mut world.base);
        }),
        ("tls", NotChecked, "--insecure", |world| {
            "https://h/live/".clone_into(&mut world.base);
            world.insecure = true;
        }),
        (
            "tls",
            Ok,
            "TLS 1.3, trusted here, the certificate holds for 89 days",
            |world| {
                secured(world, 0, 90);
            },
        ),
        ("tls", Warning, "expires in 8 days", |world| {
            secured(world, 0, 9);
        }),
        ("tls", Error, "expired 3 days ago", |world| {
            secured(world, -50, -3);
        }),
        ("tls", Error, "does not hold yet", |world| {
            secured(world, 2, 50);
        }),
        ("tls", Warning, "part of the stream", |world| {
            world.entry.via = vec!["https://h/".to_owned()];
        }),
        ("keep-alive", Warning, "only 0 of", |world| {
            for reply in world.lists.iter_mut().chain([&mut world.other]) {
                reply.reused = false;
            }
            world.each_segment(|segment| segment.reply.reused = false);
        }),
    ]);
}

/// Served over TLS, with a certificate that holds between these days from the check on.
fn secured(world: &mut World, from: i64, to: i64) {
    "https://h/live/".clone_into(&mut world.base);
    world.secured = Some(Secured {
        version: Some("TLS 1.3"),
        validity: Some(Validity {
            not_before_ms: BEGAN_MS + from * 86_400_000,
            not_after_ms: BEGAN_MS + to * 86_400_000,
        }),
    });
}

#[test]
fn the_multivariant_playlist() {
    hold(&[
        ("multivariant", Error, "HTML page", |world| {
            "<!doctype html><html></html>".clone_into(&mut world.entry.body);
        }),
        ("multivariant", Error, "body is empty", |world| {
            world.entry.body.clear();
        }),
        ("multivariant", Error, "DASH manifest", |world| {
            "<?xml version=\"1.0\"?><MPD></MPD>".clone_into(&mut world.entry.body);
        }),
        ("multivariant", Error, "byte order mark", |world| {
            world.entry.body.insert(0, '\u{feff}');
        }),
        ("multivariant", Error, "more than once", |world| {
            world.entry.body = world
                .entry
                .body
                .replace("#EXTM3U\n", "#EXTM3U\n#EXT-X-VERSION:3\n");
        }),
        ("multivariant", Error, "needs 8", |world| {
            world
                .entry
                .body
                .push_str("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n");
        }),
        (
            "multivariant",
            Warning,
            "a URI without EXT-X-STREAM-INF",
            |world| {
                world.entry.body.push_str("more.m3u8\n");
            },
        ),
        (
            "multivariant",
            NotChecked,
            "straight to a media playlist",
            |world| {
                world.entry.body = list(0, "h");
            },
        ),
        ("bandwidth", Error, "variant 2 has no BANDWIDTH", |world| {
            world.entry.body = world.entry.body.replace("BANDWIDTH=500000,", "");
        }),
        ("bandwidth", Error, "higher AVERAGE-BANDWIDTH", |world| {
            world.entry.body = world.entry.body.replace("WIDTH=1900000", "WIDTH=2900000");
        }),
        (
            "codecs",
            Warning,
            "variant 1 (2.00 Mbit/s) has no CODECS",
            |world| {
                world.entry.body = world
                    .entry
                    .body
                    .replace("CODECS=\"avc1.4d401f,mp4a.40.2\",", "");
            },
        ),
        (
            "resolution",
            Warning,
            "variant 2 (500 kbit/s) has no RESOLUTION",
            |world| {
                world.entry.body = world.entry.body.replace(",RESOLUTION=416x234", "");
            },
        ),
        ("groups", Error, "AUDIO group \"snd\"", |world| {
            world.entry.body = world
                .entry
                .body
                .replace(",RESOLUTION=416x234", ",AUDIO=\"snd\"");
        }),
        ("groups", Error, "rendition 1 has no NAME", |world| {
            world
                .entry
                .body
                .push_str("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\"\n");
        }),
        (
            "groups",
            Error,
            "two renditions with DEFAULT=YES",
            |world| {
                let line = "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"n\",DEFAULT=YES\n";
                world.entry.body.push_str(&line.repeat(2));
            },
        ),
    ]);
}
