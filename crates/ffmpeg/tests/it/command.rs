//! Command lines: what is in them, and that FFmpeg and a shell take them.

use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::time::Duration;

use ffmpeg::features::Printed;
use ffmpeg::{Command, Connections, Features, Level, Reconnect, Select, shell_line};

use crate::features::installed;

fn viewer<'a>(headers: &'a [(String, String)], extra: &'a [String]) -> Command<'a> {
    Command {
        url: "http://127.0.0.1:1/live/index.m3u8?a=1&b=it's",
        user_agent: Some("liveswarm/viewer-7"),
        headers,
        select: Select::Variant(2),
        level: Level::Debug,
        connections: Connections::PerRequest,
        reconnect: Some(Reconnect {
            delay_max: Duration::from_secs(5),
        }),
        timeout: Some(Duration::from_secs(15)),
        progress_every: Duration::from_secs(1),
        extra,
    }
}

#[test]
fn the_level_is_the_one_that_stands_last() {
    for (words, level) in [
        ("-seekable 0", None),
        ("-loglevel error", Some(Level::Error)),
        ("-v repeat+level+info -seekable 0", Some(Level::Info)),
        ("-loglevel debug -v quiet", Some(Level::Error)),
        ("-loglevel 48", Some(Level::Debug)),
        ("-loglevel", None),
        ("-v loud", None),
    ] {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        assert_eq!(Level::of_words(&words), level, "{words:?}");
    }
}

fn features(program: &[&str], http: &[&str]) -> Features {
    let list = |names: &[&str]| -> String {
        let lines: Vec<String> = names.iter().map(|name| format!("-{name} x  y")).collect();
        lines.join(
            "
",
        )
    };
    let help = format!(
        "{}\nhttp AVOptions:\n{}\nhls demuxer AVOptions:\n-max_reload x\n",
        list(program),
        list(http)
    );
    let printed = Printed {
        version: "ffmpeg version 4.2 x",
        help: &help,
        datetime: false,
    };
    Features::read(printed).unwrap()
}

#[test]
fn an_unknown_option_is_never_passed() {
    let features = features(&["loglevel", "progress"], &["headers"]);
    let headers = [("X-A".to_owned(), "b c".to_owned())];
    let args = viewer(&headers, &[]).args(&features).unwrap();
    let expected = [
        "-loglevel",
        "repeat+level+debug",
        "-progress",
        "pipe:1",
        "-headers",
        "X-A: b c\r\n",
        "-i",
        "http://127.0.0.1:1/live/index.m3u8?a=1&b=it's",
        "-map",
        "0:p:2",
        "-c",
        "copy",
        "-f",
        "null",
        "-",
    ];
    assert_eq!(args, expected);
}

#[test]
fn what_a_viewer_can_not_be_watched_without_is_an_error() {
    let features = features(&["loglevel"], &["headers"]);
    let error = viewer(&[], &[]).args(&features).unwrap_err();
    assert!(error.to_string().contains("-progress"), "{error}");
}

#[test]
fn a_header_can_not_bring_others_with_it() {
    let features = features(&["loglevel", "progress"], &["headers"]);
    for (name, value) in [("A", "b\r\nC: d"), ("", "x"), ("A\n", "b")] {
        let headers = [(name.to_owned(), value.to_owned())];
        let answer = viewer(&headers, &[]).args(&features);
        assert!(answer.is_err(), "{name:?}: {value:?}");
    }
}

#[test]
fn what_the_person_adds_stands_last_before_the_input() {
    let features = features(&["loglevel", "progress"], &["headers"]);
    let extra = ["-live_start_index", "-1"].map(str::to_owned);
    let args = viewer(&[], &extra).args(&features).unwrap();
    let at = args.iter().position(|arg| arg == "-i").unwrap();
    assert_eq!(args[at - 2..at], extra);
}

/// FFmpeg refuses a command line before it opens the input; a closed port is as far as it gets.
#[test]
fn every_installed_ffmpeg_takes_the_whole_command_line() {
    let headers = [("X-Test".to_owned(), "a, b".to_owned())];
    for program in testkit::ffmpegs::all() {
        let features = installed(&program);
        let args = viewer(&headers, &[]).args(&features).unwrap();
        for option in [
            "-nostdin",
            "-nostats",
            "-rw_timeout",
            "-http_persistent",
            "-stats_period",
        ] {
            assert!(args.iter().any(|arg| arg == option), "{program:?} {option}");
        }
        // Without waiting for it to connect again.
        let extra = ["-reconnect_delay_max", "0"].map(str::to_owned);
        let args = viewer(&headers, &extra).args(&features).unwrap();
        let run = Process::new(&program).args(&args).output().unwrap();
        let log = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(log.contains("Connection refused"), "{program:?}: {log}");
        assert!(!log.contains("Unrecognized option"), "{log}");
    }
}

#[test]
fn a_shell_takes_the_line_apart_into_the_same_words() {
    let hard = [
        "plain",
        "",
        "two words",
        "it's",
        "''",
        "$HOME `id` \\ \"q\"",
        "a\nb",
        "*?[x]",
        "~",
        "#c",
        "A=b",
        "!x",
        "-é",
        "tab\there",
        "http://h/p?a=1&b=2;c|d>e<f(g)",
    ];
    let mut words = vec!["printf", "%s\\0"];
    words.extend(hard);
    let line = shell_line(words.iter().copied());
    let shell = Process::new("sh")
        .args(["-c", &line])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(shell.stdout).unwrap();
    let found: Vec<&str> = text.split('\0').collect();
    assert_eq!(found[..hard.len()], hard);
    assert_eq!(found.len(), hard.len() + 1);
}

#[test]
fn a_program_whose_path_looks_like_an_assignment_is_quoted() {
    let line = shell_line(["A=b/ffmpeg", "-i"]);
    assert_eq!(line, "'A=b/ffmpeg' -i");
    assert!(!Path::new(&line).exists());
}
