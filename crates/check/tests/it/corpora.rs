//! Real playlists of public projects: all are judged, and what is known to be wrong is found.

use std::path::{Path, PathBuf};

use check::Level;

use crate::world::{World, wrong};

/// Beside the checkout, where they are.
fn corpora() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let found = folder.is_dir().then_some(folder);
    if found.is_none() {
        println!("no corpora beside the checkout: skipped");
    }
    found
}

fn playlists(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            playlists(&path, into);
        } else if path.extension().is_some_and(|it| it == "m3u8") {
            into.push(path);
        }
    }
}

/// A stream whose first playlist is this text, or whose lists are where it is a media playlist.
fn world(body: &str) -> World {
    let mut world = World::good();
    if body.contains("#EXTINF") {
        world.each_list(|_| body.to_owned());
        world.segments.clear();
    } else {
        body.clone_into(&mut world.entry.body);
    }
    world
}

#[test]
fn every_real_playlist_is_judged() {
    let Some(folder) = corpora() else {
        return;
    };
    let mut files = Vec::new();
    playlists(&folder, &mut files);
    assert!(files.len() > 100, "{} playlists only", files.len());
    let mut clean = 0;
    for file in &files {
        let body = std::fs::read(file).unwrap();
        let body = String::from_utf8_lossy(&body);
        let world = world(&body);
        let findings = world.findings();
        assert!(!check::text(&world.observed(), &findings, check::Style::Plain).is_empty());
        let about = [
            "multivariant",
            "bandwidth",
            "groups",
            "playlists",
            "version",
        ];
        let errors = findings.list().iter().filter(|it| it.level == Level::Error);
        clean += usize::from(!errors.clone().any(|it| about.contains(&it.check.as_str())));
    }
    // They are examples of parsers: more of them are right than wrong.
    assert!(
        clean * 2 > files.len(),
        "{clean} of {} without an error",
        files.len()
    );
}

#[test]
fn what_is_known_to_be_wrong_is_found() {
    let Some(folder) = corpora() else {
        return;
    };
    for (file, check) in [
        ("m3u8-parser/invalidTargetDuration.m3u8", "target-duration"),
        ("m3u8-parser/missingExtinf.m3u8", "playlists"),
        ("m3u8-parser/twoMediaSequences.m3u8", "playlists"),
        ("m3u8-parser/manifestNoExtM3u.m3u8", "playlists"),
        ("m3u8-parser/versionInvalid.m3u8", "playlists"),
        ("eyevinn-hls-m3u8/media-playlist-with-gap.m3u8", "gaps"),
    ] {
        let path = folder.join(file);
        let Ok(body) = std::fs::read_to_string(&path) else {
            println!("{file} is not among the corpora: skipped");
            continue;
        };
        let findings = world(&body).findings();
        let mut found = findings.of_check(check);
        let is_found = found.any(|finding| finding.level > Level::NotChecked);
        assert!(is_found, "{file}: {:#?}", wrong(&findings));
    }
}
