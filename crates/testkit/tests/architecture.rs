//! The plan of the house, held against what cargo and git say.
//!
//! Which room may use which is read from ARCHITECTURE.md, so that plan and house can't drift
//! apart. Dev-dependencies and `testkit` itself are free.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

/// Rooms that are functions of their arguments: no runtime, no network, no files, no clock.
const PURE: [&str; 9] = [
    "base",
    "ffmpeg",
    "media",
    "plan",
    "telemetry",
    "player",
    "report",
    "origin",
    "sim",
];

/// Packages that bring a runtime, a network or a TLS stack with them.
const IMPURE_PACKAGES: [&str; 16] = [
    "async-std",
    "axum",
    "curl",
    "h2",
    "hyper",
    "hyper-util",
    "mio",
    "native-tls",
    "quinn",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "tokio",
    "tungstenite",
    "ureq",
];

/// What a pure room's own source must not name outside its tests.
const IMPURE_WORDS: [&str; 14] = [
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "std::os::",
    "std::io::stdin",
    "File::open",
    "File::create",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "Instant::now",
    "SystemTime::now",
    "thread_rng",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What cargo knows of this workspace on Linux; no network is needed for what has been built.
static METADATA: LazyLock<Value> = LazyLock::new(|| {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "cargo metadata: {said}");
    serde_json::from_slice(&output.stdout).unwrap()
});

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// The room's name in the plan: the package's without the house's.
fn room(package: &str) -> &str {
    match package {
        "liveswarm" => "cli",
        other => other.strip_prefix("liveswarm-").unwrap_or(other),
    }
}

/// The workspace's packages by room.
fn packages() -> BTreeMap<&'static str, &'static Value> {
    let members: BTreeSet<&str> = list(&METADATA["workspace_members"])
        .iter()
        .map(text)
        .collect();
    list(&METADATA["packages"])
        .iter()
        .filter(|package| members.contains(text(&package["id"])))
        .map(|package| (room(text(&package["name"])), package))
        .collect()
}

/// One row of the plan.
struct Plan {
    level: u32,
    /// None: all rooms.
    may_use: Option<BTreeSet<String>>,
}

fn plan() -> BTreeMap<String, Plan> {
    let document = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rows: BTreeMap<String, Plan> = document
        .lines()
        .skip_while(|line| !line.starts_with("| room"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let columns: Vec<&str> = line.split('|').map(str::trim).collect();
            let words = columns[4];
            let may_use = (words != "all").then(|| {
                words
                    .split(',')
                    .map(|word| word.trim().to_owned())
                    .filter(|word| word != "–")
                    .collect()
            });
            let level = columns[2].parse().unwrap();
            (columns[1].replace('`', ""), Plan { level, may_use })
        })
        .collect();
    assert!(rows.len() > 5, "ARCHITECTURE.md lost its table of rooms");
    rows
}

/// Names of a package's dependencies that are neither for tests nor for its build.
fn uses(package: &Value) -> impl Iterator<Item = &str> {
    list(&package["dependencies"])
        .iter()
        .filter(|dependency| dependency["kind"].is_null())
        .map(|dependency| text(&dependency["name"]))
}

#[test]
fn rooms_use_only_what_the_plan_allows() {
    let plan = plan();
    let packages = packages();
    let mut wrong = Vec::new();
    for (name, package) in &packages {
        if matches!(*name, "testkit" | "xtask") {
            continue;
        }
        let Some(row) = plan.get(*name) else {
            wrong.push(format!("{name} has no row in ARCHITECTURE.md"));
            continue;
        };
        for used in uses(package).map(room) {
            if !packages.contains_key(used) || used == "base" {
                continue;
            }
            let allowed = row.may_use.as_ref().is_none_or(|set| set.contains(used));
            if used == "testkit" || !allowed {
                wrong.push(format!("{name} must not use {used}"));
            }
            if plan.get(used).is_some_and(|below| below.level >= row.level) {
                wrong.push(format!("{name} uses {used}, which is not below it"));
            }
        }
    }
    for name in plan.keys() {
        if !packages.contains_key(name.as_str()) {
            wrong.push(format!(
                "ARCHITECTURE.md has a row for {name}, which is not there"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// All packages that `id` needs to run, each with the one that brings it in.
fn reached(id: &str) -> BTreeMap<&'static str, &'static str> {
    let nodes: BTreeMap<&str, &Value> = list(&METADATA["resolve"]["nodes"])
        .iter()
        .map(|node| (text(&node["id"]), node))
        .collect();
    let names: BTreeMap<&str, &str> = list(&METADATA["packages"])
        .iter()
        .map(|package| (text(&package["id"]), text(&package["name"])))
        .collect();
    let mut reached = BTreeMap::new();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        let by = names[id];
        for dependency in list(&nodes[id]["deps"]) {
            let runs = list(&dependency["dep_kinds"])
                .iter()
                .any(|kind| kind["kind"].is_null());
            let id = text(&dependency["pkg"]);
            if runs && !reached.contains_key(names[id]) {
                reached.insert(names[id], by);
                open.push(id);
            }
        }
    }
    reached
}

#[test]
fn pure_rooms_bring_in_no_runtime_and_no_network() {
    let packages = packages();
    for name in PURE {
        let reached = reached(text(&packages[name]["id"]));
        for impure in IMPURE_PACKAGES {
            let by = reached.get(impure);
            assert!(by.is_none(), "{name} reaches {impure} through {by:?}");
        }
    }
}

/// All Rust files below a folder.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// A file's code without comments and without what stands behind the first `#[cfg(test)]`, which
/// is its end in this house.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    text.split("#[cfg(test)]")
        .next()
        .unwrap()
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn pure_rooms_touch_no_file_socket_clock_or_environment() {
    let mut wrong = Vec::new();
    for name in PURE {
        let mut files = Vec::new();
        sources(&root().join("crates").join(name).join("src"), &mut files);
        assert!(!files.is_empty(), "{name} has no source");
        // A file that only tests include is named so.
        files.retain(|file| file.file_name().is_some_and(|name| name != "tests.rs"));
        for file in files {
            let code = code(&file);
            for word in IMPURE_WORDS.into_iter().filter(|word| code.contains(word)) {
                wrong.push(format!("{}: {word}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_crate_keeps_the_house_s_lints() {
    for (name, package) in packages() {
        let manifest = std::fs::read_to_string(text(&package["manifest_path"])).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{name} does not take the workspace's lints"
        );
        if PURE.contains(&name) {
            let own = root().join("crates").join(name).join("clippy.toml");
            let text = std::fs::read_to_string(own).unwrap_or_default();
            assert!(text.contains("Instant::now"), "{name} bans no clocks");
        }
    }
}

#[test]
fn unsafe_code_stands_in_two_named_modules() {
    // The keyword in pieces, so that this file does not name it.
    let allowed = concat!("unsafe_", "code");
    let mut files = Vec::new();
    sources(&root().join("crates"), &mut files);
    files.retain(|file| code(file).contains(&format!("({allowed}")));
    let named = ["process/src/system.rs", "transport/src/socket_option.rs"];
    files.retain(|file| !named.iter().any(|name| file.ends_with(name)));
    assert!(files.is_empty(), "{files:?}");
}

/// Files that git keeps; none where this is no checkout.
fn kept() -> Option<Vec<PathBuf>> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output()
        .ok()?;
    let names = String::from_utf8(output.stdout).ok()?;
    let files: Vec<PathBuf> = names
        .split_terminator('\0')
        .map(|name| root().join(name))
        .filter(|file| file.is_file())
        .collect();
    (output.status.success() && !files.is_empty()).then_some(files)
}

#[test]
fn no_file_depends_on_the_machine_it_was_written_on() {
    let Some(files) = kept() else {
        println!("no git checkout: nothing to read");
        return;
    };
    // In pieces, so that this file does not hold what it looks for.
    let machine = [
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
        concat!("/wo", "rk/"),
        concat!("/Us", "ers/"),
        concat!("[sou", "rce.crates-io]"),
    ];
    let mut wrong = Vec::new();
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        for word in machine.into_iter().filter(|word| text.contains(word)) {
            wrong.push(format!("{}: {word}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_dependency_comes_from_the_public_registry() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for line in lock.lines().filter(|line| line.starts_with("source = ")) {
        assert_eq!(
            line,
            "source = \"registry+https://github.com/rust-lang/crates.io-index\""
        );
    }
}

#[test]
fn cargo_run_runs_liveswarm() {
    let default: Vec<&str> = list(&METADATA["workspace_default_members"])
        .iter()
        .map(text)
        .collect();
    let liveswarm = text(&packages()["cli"]["id"]);
    assert_eq!(default, [liveswarm], "`cargo run` would ask which binary");
}
