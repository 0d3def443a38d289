//! Features read from what FFmpeg says of itself: as committed, and as installed.

use std::path::Path;
use std::process::Command;

use ffmpeg::Features;
use ffmpeg::features::{Error, Group, PROBES, Printed};

fn committed(version: &str, datetime: bool) -> Features {
    let text = |what: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
        std::fs::read_to_string(folder.join(format!("{version}.{what}.txt"))).unwrap()
    };
    let printed = Printed {
        version: &text("version"),
        help: &text("full"),
        datetime,
    };
    Features::read(printed).unwrap()
}

/// Features of a program, by running it.
pub(crate) fn installed(program: &Path) -> Features {
    let runs = PROBES.map(|args| Command::new(program).args(args).output().unwrap());
    let [version, help, datetime] = &runs;
    let printed = Printed {
        version: &String::from_utf8_lossy(&version.stdout),
        help: &String::from_utf8_lossy(&help.stdout),
        datetime: datetime.status.success(),
    };
    Features::read(printed).unwrap()
}

#[test]
fn options_come_and_go_between_versions() {
    let (old, new) = (committed("5.1", false), committed("9.0", true));
    assert_eq!(old.version().number, Some((5, 1)));
    assert_eq!(new.version().number, Some((9, 0)));
    for (group, name, in_old, in_new) in [
        (Group::Program, "progress", true, true),
        (Group::Program, "stats_period", true, true),
        (Group::Program, "stdin", true, true),
        (Group::Program, "c", true, true),
        (Group::Program, "rw_timeout", false, false),
        (Group::Url, "rw_timeout", true, true),
        (Group::Http, "reconnect_on_network_error", true, true),
        (Group::Http, "reconnect_max_retries", false, true),
        (Group::Http, "user_agent", true, true),
        (Group::Hls, "http_persistent", true, true),
        (Group::Hls, "m3u8_hold_counters", true, true),
        (Group::Hls, "seg_max_retry", false, true),
        // Of the HLS muxer, not of the demuxer.
        (Group::Hls, "hls_time", false, false),
    ] {
        assert_eq!(old.accepts(group, name), in_old, "5.1 {name}");
        assert_eq!(new.accepts(group, name), in_new, "9.0 {name}");
    }
    assert!(!old.datetime() && new.datetime());
}

#[test]
fn installed_ones_are_as_committed() {
    for program in testkit::ffmpegs::all() {
        let features = installed(&program);
        let (major, _) = features.version().number.unwrap();
        for (group, name) in [
            (Group::Program, "progress"),
            (Group::Program, "loglevel"),
            (Group::Url, "rw_timeout"),
            (Group::Http, "reconnect"),
            (Group::Hls, "live_start_index"),
        ] {
            assert!(features.accepts(group, name), "{name}");
        }
        let expected = match major {
            5 => committed("5.1", false),
            9 => committed("9.0", true),
            _ => continue,
        };
        for group in [Group::Http, Group::Hls, Group::Url] {
            for name in [
                "reconnect",
                "seg_max_retry",
                "rw_timeout",
                "respect_retry_after",
            ] {
                let (found, wanted) =
                    (features.accepts(group, name), expected.accepts(group, name));
                assert_eq!(found, wanted, "{program:?} {name}");
            }
        }
        assert_eq!(features.datetime(), expected.datetime());
    }
}

#[test]
fn another_program_is_refused_by_its_own_words() {
    let printed = |version: &'static str, help: &'static str| Printed {
        version,
        help,
        datetime: false,
    };
    let error = Features::read(printed("avconv version 12\nbuilt", "")).unwrap_err();
    assert!(error.to_string().contains("avconv version 12"), "{error}");
    let help =
        "Advanced global options:\n-progress url  write\nhttp AVOptions:\n  -headers <string>\n";
    let error = Features::read(printed("ffmpeg version 5.1.9 Copyright", help)).unwrap_err();
    let without = Error::Without {
        version: "5.1.9".to_owned(),
        what: "the hls demuxer",
    };
    assert_eq!(error, without);
}

#[test]
fn versions_are_read_as_builds_write_them() {
    let help =
        "-progress url\nhttp AVOptions:\n -reconnect x\nhls demuxer AVOptions:\n -max_reload x\n";
    for (text, number) in [
        ("n9.0.2-17-g2a571b6068-20260930", Some((9, 0))),
        ("5.1.9-0+deb12u1", Some((5, 1))),
        ("8.1", Some((8, 1))),
        ("7", Some((7, 0))),
        ("N-108066-ge4c1272711", None),
        ("git-2022-01-01-abc", None),
    ] {
        let version = format!("ffmpeg version {text} Copyright (c) 2000");
        let printed = Printed {
            version: &version,
            help,
            datetime: false,
        };
        let features = Features::read(printed).unwrap();
        assert_eq!(features.version().number, number, "{text}");
        assert_eq!(features.version().text, text);
    }
}
