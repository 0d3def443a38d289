//! Help is part of the interface: a change in it is seen.

use crate::common::{LIMIT, liveswarm};

/// Options that take a value and have no default: not given, there is none. A new option is in
/// this list, or its help says its default.
const OPTIONAL: [&str; 30] = [
    "--config",
    "--scenario",
    "--exec",
    "--ffmpeg-arg",
    "--restart-on-stall",
    "--origin-metrics",
    "--nginx-metrics",
    "--origin-metrics-host",
    "--segment-sizes-url",
    "--stages",
    "--arrivals",
    "--watch-time",
    "--header",
    "--user-agent-mix",
    "--network",
    "--resolve",
    "--source",
    "--cacert",
    "--json",
    "--report",
    "--junit",
    "--csv",
    "--slo",
    "--admin-token",
    "--push-token",
    "--fault",
    "--ledger",
    "--html",
    "--compare",
    "--fail-on-regression",
];

fn help(arguments: &str) -> String {
    let ended = liveswarm()
        .args(arguments)
        .env("COLUMNS", "100")
        .finish(LIMIT)
        .expect("liveswarm runs");
    assert_eq!(ended.code, Some(0), "{ended}");
    ended.stdout
}

#[test]
fn help_is_as_it_was() {
    insta::assert_snapshot!("help", help("--help"));
    insta::assert_snapshot!("help_run", help("run --help"));
    insta::assert_snapshot!("help_capacity", help("capacity --help"));
    insta::assert_snapshot!("help_check", help("check --help"));
    insta::assert_snapshot!("help_gateway", help("gateway --help"));
    insta::assert_snapshot!("help_origin", help("origin --help"));
    insta::assert_snapshot!("help_report", help("report --help"));
}

/// An option as help has it.
#[derive(Debug)]
struct Entry {
    name: String,
    takes_value: bool,
    /// Its lines joined.
    said: String,
}

/// The options of a help text, without `--help` itself.
fn options(text: &str) -> Vec<Entry> {
    let mut options: Vec<Entry> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        let words = line.trim_start();
        let is_head = line.starts_with("  ") && words.starts_with('-') && !words.starts_with("- ");
        let name = words.split(' ').find(|word| word.starts_with("--"));
        if let Some(name) = name.filter(|_| is_head) {
            options.push(Entry {
                name: name.trim_end_matches('.').to_owned(),
                takes_value: words.contains(" <"),
                said: words.split_once("   ").unwrap_or_default().1.to_owned(),
            });
            is_open = true;
        } else if !line.is_empty() && !line.starts_with("        ") {
            is_open = false;
        } else if let Some(option) = options.last_mut().filter(|_| is_open) {
            option.said = format!("{} {words}", option.said);
        }
    }
    options.retain(|option| option.name != "--help");
    options
}

#[test]
fn every_option_says_what_it_is_without_being_told() {
    for (arguments, least) in [
        ("run --help", 40),
        ("check --help", 10),
        ("gateway --help", 15),
        ("origin --help", 12),
        ("report --help", 5),
    ] {
        let text = help(arguments);
        let options = options(&text);
        assert!(options.len() >= least, "{arguments}: {options:#?}");
        for option in options {
            assert!(option.said.trim().len() > 10, "{option:?}");
            let has_default = option.said.contains("[default: ");
            if option.takes_value {
                let is_optional = OPTIONAL.contains(&option.name.as_str());
                assert_eq!(has_default, !is_optional, "{option:?}");
            }
        }
    }
}
