//! Help is part of the interface: a change in it is seen.

use crate::common::{LIMIT, liveswarm};

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
    insta::assert_snapshot!("help_origin", help("origin --help"));
}

#[test]
fn every_option_says_what_it_is_without_being_told() {
    let text = help("run --help");
    for option in [
        "--viewers",
        "--ramp-rate",
        "--ramp-jitter",
        "--duration",
        "--player",
        "--variant",
        "--header",
        "--user-agent",
        "--no-cache",
        "--resolve",
        "--insecure",
        "--timeout",
        "--seg-retry",
        "--target-buffer",
        "--restart",
        "--cacert",
        "--workers",
        "--broadcast",
        "--seed",
        "--json",
        "--quiet",
    ] {
        let from = text
            .find(&format!("{option} "))
            .or_else(|| text.find(&format!("{option}\n")))
            .unwrap_or_else(|| panic!("{option} is not in the help"));
        let rest = &text[from + option.len()..];
        let own = &rest[..rest
            .find("\n  -")
            .or(rest.find("\n      --"))
            .unwrap_or(rest.len())];
        let is_switch = matches!(option, "--no-cache" | "--insecure" | "--quiet");
        let shows_default = own.contains("default:");
        let has_none = matches!(option, "--header" | "--resolve" | "--cacert" | "--json");
        assert!(is_switch || has_none || shows_default, "{option}: {own}");
    }
}
