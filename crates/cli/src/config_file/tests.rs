use proptest::prelude::*;

use super::file::{Content, File};
use super::*;
use crate::args;

const PATH: &str = "load.toml";

fn file(text: &str, scenario: bool) -> File<'_> {
    File {
        option: if scenario { "--scenario" } else { "--config" },
        path: PATH,
        text,
        scenario,
    }
}

fn with_command<T>(then: impl FnOnce(&clap::Command) -> T) -> T {
    let command = Cli::command();
    then(command.find_subcommand("run").unwrap())
}

fn read(text: &str, scenario: bool) -> Result<Content, String> {
    with_command(|run| file(text, scenario).read(run)).map_err(|error| error.to_string())
}

fn arguments(text: &str) -> Result<Vec<String>, String> {
    let content = read(text, false)?;
    Ok(content
        .run
        .into_iter()
        .flat_map(|entry| entry.typed)
        .collect())
}

/// What a scenario and a command line come to.
fn merged(text: &str, typed: &str) -> Result<Run, String> {
    let words = shlex::split(&format!("liveswarm run {typed}")).unwrap();
    let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
    with_command(|command| {
        let file = file(text, true);
        let content = file.read(command)?;
        let matches = Cli::command().try_get_matches_from(&words).unwrap();
        let cli = Cli::from_arg_matches(&matches).unwrap();
        let Command::Run(run) = cli.command else {
            unreachable!("it is run")
        };
        let matches = matches.subcommand_matches("run");
        let typed = Typed::new(command, &words, matches, &run);
        let typed = &typed;
        let merge = Merge {
            command,
            file,
            typed,
        };
        merge.run(&content)
    })
    .map_err(|error: Error| error.to_string())
}

#[test]
fn entries_are_what_would_be_typed() {
    let text = "url = 'http://h/a.m3u8'\nviewers = 500\nramp-rate = 0.5\nduration = '90s'\n\
                no-cache = true\ninsecure = false\nheader = ['A: b', 'C: d']\n";
    assert_eq!(
        arguments(text).unwrap(),
        [
            "http://h/a.m3u8",
            "--viewers=500",
            "--ramp-rate=0.5",
            "--duration=90s",
            "--no-cache",
            "--header=A: b",
            "--header=C: d",
        ]
    );
}

#[test]
fn what_is_wrong_is_pointed_at() {
    let cases = [
        (
            "viewers = 5\nviewer = 6",
            "load.toml:2:1: there is no option `viewer`; did you mean `viewers`?",
        ),
        ("zzz = 6", "liveswarm run --help"),
        ("config = 'x'", "there is no option `config`"),
        ("\nno-cache = 1", "load.toml:2:12: this is true or false"),
        ("viewers = [1]", "load.toml:1:11: this is text or a number"),
        ("viewers = 0", "load.toml:1:11: invalid value '0'"),
        ("duration = 'soon'", "load.toml:1:12: invalid value 'soon'"),
        (
            "header = ['a', 5, {}]",
            "load.toml:1:19: this is text or a number",
        ),
        ("viewers = ", "load.toml:1:"),
        ("a = 1\na = 2", "load.toml:2:1"),
        ("é = 'ü", "load.toml:1:"),
        ("player = 'vlc'", "load.toml:1:10: there is no player `vlc`"),
        ("url = 'h/a'", "load.toml:1:7:"),
        ("slo = ['startup.p95 <']", "load.toml:1:7:"),
        (
            "[[group]]\nname = 'a'",
            "load.toml:1:3: groups are for a scenario",
        ),
    ];
    for (text, words) in cases {
        let error = arguments(text).unwrap_err();
        assert!(error.contains(words), "{text}: {error}");
    }
    let error = arguments("a = 1\nviewers = 'many'").unwrap_err();
    assert!(error.contains("there is no option `a`"), "{error}");
}

#[test]
fn the_place_is_marked() {
    let error = arguments("viewers = 'many'").unwrap_err();
    let lines: Vec<&str> = error.lines().skip(2).collect();
    assert_eq!(lines, ["  1 | viewers = 'many'", "    |           ^^^^^^"]);
}

#[test]
fn lines_with_secrets_are_not_repeated() {
    for text in [
        "header = ['Authorization hush']",
        "header = [\n'Authorization: hush', 5]",
        "header = [\n'X: hush',\n 'Cookie=hush']",
        "url = 'ftp://me:hush@h/'",
        "admin-token = ['hush']",
        "exec = 'curl -H hush'",
        "user-agent-mix = ['7=hush', {}]",
        "ffmpeg-arg = ['hush', {}]",
        "nginx-metrics = ['http://me:hush@h/']",
        "\theader = [\"Authorization: Bearer hush\", {}]",
        "header = [\n\t\"Authorization: hush\", {}",
        "header = [\n\t\"Authorization: hush\", {}]",
        "header = ['''\nCookie: hush''', {}]",
        "group = [{ name = \"a\", header = [\"Cookie: hush\"], weigth = 2 }]",
        "group = [{ name = \"a\", weigth = 2, header = [\"Cookie: hush\"] }]",
    ] {
        let error = read(text, true).unwrap_err();
        assert!(error.contains("load.toml:"), "{error}");
        assert!(!error.contains("hush"), "{text}: {error}");
    }
}

const THREE: &str = "\
viewers = 10
player = 'shaka'
header = ['X-All: 1']
restart = 'never'

[[group]]
name = 'phones'
weight = 7
variant = 'lowest'
header = ['X-Group: phones']

[[group]]
name = 'boxes'
weight = 2
player = 'rfc8216'
no-cache = true

[[group]]
name = 'far'
url = 'http://far/a.m3u8'
";

#[test]
fn a_group_is_a_run_of_its_own() {
    let run = merged(THREE, "http://near/a.m3u8 --seed 7 --timeout 3s").unwrap();
    assert_eq!((run.viewers, run.seed, run.groups.len()), (10, 7, 3));
    let names: Vec<_> = run
        .groups
        .iter()
        .map(|group| (&*group.name, group.weight))
        .collect();
    assert_eq!(names, [("phones", 7), ("boxes", 2), ("far", 1)]);
    let [phones, boxes, far] = &run.groups[..] else {
        unreachable!("there are three")
    };
    assert_eq!(phones.run.headers, ["X-All: 1", "X-Group: phones"]);
    assert_eq!(boxes.run.headers, ["X-All: 1"]);
    assert_eq!(
        (&*phones.run.player, &*boxes.run.player),
        ("shaka", "rfc8216")
    );
    assert_eq!((phones.run.no_cache, boxes.run.no_cache), (false, true));
    assert_eq!(
        phones.options,
        [
            "--player=shaka",
            "--header=X-All: 1",
            "--restart=never",
            "--variant=lowest",
            "--header=X-Group: phones"
        ]
    );
    assert_eq!(
        boxes.options,
        [
            "--header=X-All: 1",
            "--restart=never",
            "--player=rfc8216",
            "--no-cache"
        ]
    );
    assert_eq!(phones.run.url.as_deref(), Some("http://near/a.m3u8"));
    assert_eq!(far.run.url.as_deref(), Some("http://far/a.m3u8"));
    assert_eq!((phones.own_url, far.own_url), (false, true));
    assert_eq!(
        (&*phones.place, &*far.place),
        ("load.toml:7", "load.toml:19")
    );
    for group in &run.groups {
        assert_eq!(group.run.restart, args::Restart::Never);
        assert_eq!(group.run.timeout.unwrap().0.as_secs(), 3);
    }
}

#[test]
fn objectives_of_a_group_are_its_own() {
    let text = "slo = ['error_rate < 1%']\n\
                [[group]]\nname = 'a'\nslo = ['startup.p95 < 4s abort', 'default']\n\
                [[group]]\nname = 'b'\n\
                [[group]]\nname = 'c'\nslo = 'error_rate < 1%'\n";
    let run = merged(text, "--slo 'rebuffer_ratio < 2%'").unwrap();
    assert_eq!(
        run.objectives.slo,
        ["error_rate < 1%", "rebuffer_ratio < 2%"]
    );
    let own: Vec<&[String]> = run.groups.iter().map(|group| &*group.slo).collect();
    let none: [&str; 0] = [];
    assert_eq!(own[0], ["startup.p95 < 4s abort", "default"]);
    assert_eq!(own[1], none);
    assert_eq!(own[2], ["error_rate < 1%"]);
    let told = run.groups.iter().flat_map(|group| &group.options);
    assert!(told.clone().all(|option| !option.contains("slo")));
    let settings = crate::settings::Settings::new(Box::new(run)).unwrap();
    assert_eq!(settings.objectives.list(None).len(), 2);
    let groups = settings.objectives.groups().iter();
    let groups: Vec<_> = groups
        .map(|of| (of.place, &*of.name, of.set.list(None).len()))
        .collect();
    assert_eq!(groups, [(0, "a", 1), (2, "c", 1)]);
}

#[test]
fn what_is_typed_wins_in_every_group() {
    let run = merged(THREE, "--player hls.js --variant 1 -H 'X-Typed: 1' -n 4").unwrap();
    assert_eq!(run.viewers, 4);
    for group in &run.groups {
        assert_eq!(group.run.player, "hls.js");
        assert_eq!(group.run.variant.to_string(), "1");
        assert_eq!(group.run.headers.last().unwrap(), "X-Typed: 1");
        // What is replaced is not said of the group.
        let mut told = group.options.iter();
        assert!(
            !told.any(|option| option.starts_with("--player") || option.starts_with("--variant"))
        );
        assert!(group.options.contains(&"--header=X-All: 1".to_owned()));
    }
    assert_eq!(
        run.typed,
        ["--player=hls.js", "--variant=1", "--header=X-Typed: 1"]
    );
}

#[test]
fn a_group_replaces_what_stands_above_it() {
    let text = "no-cache = true\nuser-agent = 'all/1'\nengine = 'exec'\n\
                [[group]]\nname = 'a'\nno-cache = false\nengine = 'native'\n\
                [[group]]\nname = 'b'\nexec = 'mpv {url}'\nuser-agent-mix = ['1=b/1']\n";
    let run = merged(text, "").unwrap();
    let [a, b] = &run.groups[..] else {
        unreachable!("there are two")
    };
    assert!(!a.run.no_cache && b.run.no_cache);
    assert_eq!(
        (a.run.engine.kind, b.run.engine.kind),
        (args::Kind::Native, args::Kind::Exec)
    );
    assert_eq!(a.run.user_agent.as_deref(), Some("all/1"));
    assert_eq!((&b.run.user_agent, b.run.user_agent_mix.len()), (&None, 1));
    let typed = merged(text, "--user-agent typed/1 --engine native").unwrap();
    for group in &typed.groups {
        assert_eq!(group.run.user_agent.as_deref(), Some("typed/1"));
        assert!(group.run.user_agent_mix.is_empty());
    }
}

#[test]
fn viewers_scale_the_shape_of_a_scenario() {
    let stages = "stages = '10s:30, 1m:300, 10s:0'";
    let scaled = merged(stages, "-n 10").unwrap();
    assert_eq!(
        scaled.load.stages.unwrap().to_string(),
        "10s:1, 1m:10, 10s:0"
    );
    let arrivals = "arrivals = '60/m'\nwatch-time = 'fixed:100s'";
    let scaled = merged(arrivals, "--viewers 20").unwrap();
    assert_eq!(scaled.load.arrivals.unwrap().to_string(), "0.2/s");
    assert_eq!(scaled.load.watch_time.unwrap().to_string(), "fixed:1m40s");
    let other = merged(stages, "--arrivals 1/s --watch-time fixed:10s").unwrap();
    assert!(other.load.stages.is_none() && other.load.arrivals.is_some());
    let herd = merged(arrivals, "-n 20 --thundering-herd").unwrap();
    assert!(herd.load.arrivals.is_none() && herd.load.thundering_herd);
}

#[test]
fn what_drops_the_shape_of_a_scenario_is_refused() {
    let shapes = [
        "stages = '10s:30'",
        "arrivals = '60/m'\nwatch-time = 'fixed:100s'",
        "thundering-herd = true",
    ];
    for shape in shapes {
        for typed in ["--ramp-jitter 1s", "-n 20 --ramp-jitter 1s"] {
            let error = merged(&format!("seed = 1\n{shape}"), typed).unwrap_err();
            for words in ["load.toml:2:1: --ramp-jitter", "-n N scales", "--stages"] {
                assert!(error.contains(words), "{shape} {typed}: {error}");
            }
        }
    }
    for shape in &shapes[1..] {
        let error = merged(shape, "-n 300 --ramp-rate 50").unwrap_err();
        assert!(error.contains("--ramp-rate leaves no room"), "{error}");
    }
    // These go together.
    let paced = merged(shapes[0], "--ramp-rate 50").unwrap();
    assert!(paced.load.stages.is_some());
    assert!(merged("viewers = 5", "--ramp-rate 50 --ramp-jitter 1s").is_ok());
    assert!(merged("thundering-herd = false", "--ramp-rate 50").is_ok());
}

#[test]
fn options_of_an_engine_are_for_the_groups_that_take_them() {
    let text = "engine = 'exec'\nexec = 'mpv {url}'\nrestart-on-stall = '5s'\n\
                seg-retry = 2\n\
                [[group]]\nname = 'a'\n\
                [[group]]\nname = 'b'\nengine = 'native'\n\
                [[group]]\nname = 'c'\nengine = 'ffmpeg'\n";
    let run = merged(text, "--ffmpeg /opt/ffmpeg --target-buffer 9s").unwrap();
    let seen = run.groups.iter().map(|group| {
        let engine = &group.run.engine;
        let of_process = (engine.exec.is_some(), engine.ffmpeg.is_some());
        let of_ours = (group.run.seg_retry, group.run.target_buffer.is_some());
        (of_process, engine.restart_on_stall.is_some(), of_ours)
    });
    let expected = [
        ((true, false), true, (None, false)),
        ((false, false), false, (Some(2), true)),
        ((false, true), true, (None, false)),
    ];
    assert_eq!(seen.collect::<Vec<_>>(), expected);
    let told = |n: usize, option: &str| {
        let mut told = run.groups[n].options.iter();
        told.any(|told| told.starts_with(option))
    };
    assert!(told(0, "--exec") && !told(1, "--exec") && !told(1, "--restart-on-stall"));
    assert!(told(1, "--seg-retry") && !told(0, "--seg-retry"));
    crate::settings::Settings::new(Box::new(run)).unwrap();
}

#[test]
fn options_of_an_engine_that_nobody_takes_are_refused() {
    let two = "[[group]]\nname = 'a'\n[[group]]\nname = 'b'\n";
    for (text, typed) in [
        (format!("restart-on-stall = '5s'\n{two}"), ""),
        (two.to_owned(), "--ffmpeg /opt/ffmpeg"),
        (
            format!("{two}ffmpeg-arg = ['-v']\n[[group]]\nname = 'c'\nengine = 'ffmpeg'\n"),
            "",
        ),
    ] {
        let run = merged(&text, typed).unwrap();
        let error = crate::settings::Settings::new(Box::new(run)).unwrap_err();
        assert!(error.is::<crate::settings::Usage>(), "{error:#}");
    }
}

/// A scenario of so many groups.
fn groups(count: usize) -> String {
    let group = |n| format!("[[group]]\nname = 'g{n}'\n");
    (0..count).map(group).collect()
}

/// Each of the scenarios is refused in such words.
fn refused(cases: &[(String, &str)]) {
    let unlike = cases.iter().filter_map(|(text, words)| {
        let error = merged(text, "").map_or_else(|error| error, |run| format!("{run:?}"));
        (!error.contains(words)).then(|| format!("{words} is not in:\n{error}\nof:\n{text}"))
    });
    let unlike: Vec<String> = unlike.collect();
    assert!(unlike.is_empty(), "{}", unlike.join("\n\n"));
}

#[test]
fn what_is_wrong_with_a_scenario_is_pointed_at() {
    let two = |entry: &str| format!("[[group]]\nname = 'a'\n[[group]]\nname = 'b'\n{entry}\n");
    let cases = [
        (
            two("playr = 'shaka'"),
            "load.toml:5:1: there is no option `playr`; did you mean `player`?",
        ),
        (
            two("seed = 7"),
            "load.toml:5:1: `seed` is for the whole run: put it above",
        ),
        (two("slo = ['error_rate < 1%', 'x']"), "load.toml:5:7: "),
        (
            two("slo = ['glass_to_glass.p95 < 1s for source=pushed']"),
            "load.toml:5:7: what an origin or somebody else pushes is of no group",
        ),
        (
            two("slo-require-data = true"),
            "load.toml:5:1: `slo-require-data` is for the whole run",
        ),
        (
            two("viewers = 7"),
            "load.toml:5:1: how many viewers a group has follows from its weight",
        ),
        (
            two("stages = '1m:5'"),
            "load.toml:5:1: `stages` is for the whole run",
        ),
        (
            two("scenario = 'soak'"),
            "load.toml:5:1: there is no option `scenario`",
        ),
        (
            two("player = 'vlc'"),
            "load.toml:5:10: there is no player `vlc`",
        ),
        (
            two("variant = 'best'"),
            "load.toml:5:11: invalid value 'best'",
        ),
        (
            two("no-cache = 'yes'"),
            "load.toml:5:12: this is true or false",
        ),
        (
            two("timeout = [3]"),
            "load.toml:5:11: this is text or a number",
        ),
        (
            two("weight = 0"),
            "load.toml:5:10: a weight is a whole number from 1 to 10000",
        ),
        (
            two("weight = 0.5"),
            "load.toml:5:10: a weight is a whole number",
        ),
        (
            two("weight = '7'"),
            "load.toml:5:10: a weight is a whole number",
        ),
        (
            two("weight = 10001"),
            "load.toml:5:10: a weight is a whole number",
        ),
        (
            two("[[group]]\nname = 'a'"),
            "load.toml:6:8: there is a group `a` already",
        ),
        (
            two("[[group]]\nweight = 2"),
            "load.toml:5:1: a group has a name",
        ),
        (
            two("[[group]]\nname = ''"),
            "load.toml:6:8: a name has 1 to 64 characters",
        ),
        (two("[[group]]\nname = 7"), "load.toml:6:8: a name is text"),
        (
            two("engine = 'exec'"),
            "load.toml:4:8: group `b`: the following required arguments",
        ),
        (two("engine = 'exec'\nexec = 'mpv'"), "load.toml:6:8:"),
        (
            "seed = 1\narrivals = '5/s'".to_owned(),
            "load.toml:2:1: the following required arguments were not provided: --watch-time",
        ),
    ];
    refused(&cases);
}

#[test]
fn what_are_no_groups_is_pointed_at() {
    let cases = [
        ("group = []".to_owned(), "load.toml:1:9: no group at all"),
        ("group = 5".to_owned(), "load.toml:1:9: groups are tables"),
        (
            "group = [5]".to_owned(),
            "load.toml:1:10: a group is a table",
        ),
        (
            "[group]\nname = 'a'".to_owned(),
            "load.toml:1:1: groups are tables",
        ),
        (
            groups(33),
            "33 groups are too many; a scenario has at most 32",
        ),
        (
            "stages = '1m:5'\nviewers = 5\n".to_owned(),
            "load.toml:2:1: the argument '--stages",
        ),
    ];
    refused(&cases);
    assert_eq!(merged(&groups(32), "").unwrap().groups.len(), 32);
}

#[test]
fn a_scenario_that_is_nowhere_names_those_that_are_ready() {
    let error = Source::scenario("tune-in").err().unwrap().to_string();
    for ready in ready::READY {
        assert!(error.contains(ready.name), "{error}");
    }
}

#[test]
fn ready_scenarios_are_what_they_say() {
    for ready in ready::READY {
        let source = Source::scenario(ready.name).unwrap();
        let run = merged(&source.text, "").unwrap();
        assert!(run.groups.len() > 1, "{}", ready.name);
        let settings = crate::settings::Settings::new(Box::new(run)).unwrap();
        assert!(
            settings.peak() <= 300,
            "{}: {}",
            ready.name,
            settings.peak()
        );
        assert!(settings.own_origin.is_some(), "{}", ready.name);
        let given = merged(&source.text, "http://127.0.0.1:9/a.m3u8").unwrap();
        let settings = crate::settings::Settings::new(Box::new(given)).unwrap();
        assert!(settings.own_origin.is_none(), "{}", ready.name);
    }
}

/// Pieces of files, right and wrong.
const PIECES: [&str; 16] = [
    "[[group]]\n",
    "[group]\n",
    "name = 'a'\n",
    "name = 'ü'\n",
    "weight = 3\n",
    "weight = -1\n",
    "player = 'shaka'\n",
    "header = ['A: b',\n 'é']\n",
    "viewers = 0x10\n",
    "stages = '1m:5'\n",
    "url = 'http://h/a'\n",
    "no-cache = true\n",
    "= \n",
    "\u{2028}",
    "engine = 'exec'\n",
    "group = [{}, []]\n",
];

proptest! {
    #[test]
    fn any_file_is_read_or_refused_with_its_line(
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..8),
        noise in "\\PC{0,12}",
        at in any::<prop::sample::Index>(),
    ) {
        let mut text: String = pieces.concat();
        let mut place = at.index(text.len() + 1);
        while !text.is_char_boundary(place) {
            place -= 1;
        }
        text.insert_str(place, &noise);
        if let Err(error) = read(&text, true) {
            let line = error.strip_prefix("--scenario: load.toml:").map(|rest| {
                rest.chars().take_while(char::is_ascii_digit).collect::<String>()
            });
            let line: usize = line.unwrap_or_default().parse().unwrap();
            prop_assert!(line >= 1 && line <= text.matches('\n').count() + 1, "{}", error);
        }
    }
}

/// What a file and a command line of a search come to.
fn searched(text: &str, typed: &str) -> Result<args::Capacity, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mix.toml");
    std::fs::write(&path, text).unwrap();
    let typed = typed.replace("MIX", &path.display().to_string());
    let words = shlex::split(&format!("liveswarm capacity {typed}")).unwrap();
    let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
    let cli = parse(&words).map_err(|error| error.to_string())?;
    let Command::Capacity(asked) = cli.command else {
        unreachable!("it is capacity")
    };
    Ok(*asked)
}

const CROWD: &str = "\
stages = '1m:500'
duration = '10m'
thundering-herd = false
ramp-rate = 7
csv = 'rows.csv'
player = 'shaka'
slo = ['error_rate < 1%', 'startup.p95 < 3s', 'stall.p95 < 2s']

[[group]]
name = 'near'
weight = 2
slo = ['startup.p50 < 1s', 'error_rate < 2%']

[[group]]
name = 'far'
url = 'http://far/a.m3u8'
player = 'rfc8216'
network = '4g'
";

#[test]
fn a_search_takes_who_watches_and_what_is_to_hold_and_leaves_the_shape() {
    let typed = "http://near/a.m3u8 --scenario MIX --to 500 --slo 'playlist.p95 < 2s' --timeout 3s";
    let asked = searched(CROWD, typed).unwrap();
    let not_judged = ["startup.p95 < 3s", "stall.p95 < 2s", "startup.p50 < 1s"];
    assert_eq!(asked.not_judged, not_judged);
    assert_eq!(asked.set_aside, ["stages", "duration", "csv"]);
    assert_eq!((asked.useless.as_deref(), asked.to), (None, 500));
    let run = &asked.run;
    assert_eq!(run.objectives.slo, ["error_rate < 1%", "playlist.p95 < 2s"]);
    assert!(run.load.stages.is_none() && run.duration.is_none() && run.files.csv.is_none());
    assert!((run.ramp_rate - 7.0).abs() < f64::EPSILON);
    let [near, far] = &run.groups[..] else {
        unreachable!("there are two")
    };
    assert_eq!((near.weight, far.weight), (2, 1));
    assert_eq!((&*near.run.player, &*far.run.player), ("shaka", "rfc8216"));
    assert_eq!(near.run.url.as_deref(), Some("http://near/a.m3u8"));
    assert_eq!(far.run.url.as_deref(), Some("http://far/a.m3u8"));
    assert!(near.run.timeout.is_some() && far.run.network.is_some());
    assert_eq!(near.slo, ["error_rate < 2%"]);
}

#[test]
fn a_search_takes_options_in_a_file_as_a_run_does() {
    let text = "url = 'http://h/a.m3u8'\nviewers = 9\nplayer = 'shaka'\nno-cache = true\n";
    let asked = searched(text, "--config MIX --player hls.js").unwrap();
    assert_eq!(asked.set_aside, ["viewers"]);
    assert_eq!(asked.run.url.as_deref(), Some("http://h/a.m3u8"));
    assert_eq!((&*asked.run.player, asked.run.no_cache), ("hls.js", true));
    let groups = searched(CROWD, "--config MIX").unwrap_err();
    assert!(groups.contains("groups are for a scenario"), "{groups}");
    let wrong = searched("[[group]]\nname = 'a'\nstages = '1m:5'", "--scenario MIX").unwrap_err();
    assert!(wrong.contains("`stages` is for the whole run"), "{wrong}");
}

#[test]
fn what_is_typed_and_means_nothing_to_a_search_is_noted() {
    for (typed, useless) in [
        ("http://h/a.m3u8 -n 100", Some("--viewers")),
        ("http://h/a.m3u8 --stages 1m:5", Some("--stages")),
        ("http://h/a.m3u8 --fault segment:503", Some("--fault")),
        (
            "--scenario nowhere.toml --print-scenario",
            Some("--print-scenario"),
        ),
        ("http://h/a.m3u8 --engine ffmpeg --measure gateway", None),
        ("http://h/a.m3u8 --origin-metrics http://h/metrics", None),
    ] {
        let asked = searched("", typed).unwrap();
        assert_eq!(asked.useless.as_deref(), useless, "{typed}");
    }
}
