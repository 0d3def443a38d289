//! What the data path costs in instructions, counted by valgrind's callgrind.
//!
//! Instructions are the same on a busy machine and on an idle one, so this can stand in CI where a
//! stopwatch can't. They are not the same for every compiler, hence its version beside them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use clap::Args;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::root::root;
use crate::{liveswarm, process};

/// Where the figures are that a change is held against.
const COMMITTED: &str = "bench/instructions.json";

const SCHEMA: &str = "liveswarm.instructions/1";

/// How much a step may grow.
const GROWTH_MAX: f64 = 0.10;

/// Count the instructions of each step of the data path, and hold them against committed figures
///
/// Fails where a step grew by more than 10 %. A compiler of another version counts differently:
/// where it alone is the reason, commit its figures.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Write the figures down as those to be held against
    #[arg(long)]
    bless: bool,
}

/// The figures, and what they depend on beside the code.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Counted {
    /// [`SCHEMA`].
    schema: String,
    /// The compiler that built what was counted.
    rustc: String,
    valgrind: String,
    /// Instructions of one step, by its name.
    steps: BTreeMap<String, f64>,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Same,
    /// Shares by which it changed.
    Grew(f64),
    Shrank(f64),
    New,
    Gone,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let valgrind = process::find("valgrind")
        .context("valgrind is not installed; to have it: apt-get install valgrind")?;
    let bench = liveswarm::executable(&[
        "--profile=instructions",
        "--package=liveswarm-viewer",
        "--bench=path",
    ])?;
    let counted = Counted {
        schema: SCHEMA.to_owned(),
        rustc: told("rustc", "--version")?,
        valgrind: told(&valgrind, "--version")?,
        steps: count_all(&valgrind, &bench)?,
    };
    let file = root().join(COMMITTED);
    if arguments.bless {
        return bless(&file, &counted);
    }
    let committed = std::fs::read(&file).with_context(|| {
        format!("can't read {COMMITTED}; `cargo xtask instructions --bless` makes it")
    })?;
    let committed: Counted = serde_json::from_slice(&committed).context(COMMITTED)?;
    Ok(judge(&committed, &counted))
}

fn bless(file: &Path, counted: &Counted) -> anyhow::Result<ExitCode> {
    let mut text = serde_json::to_string_pretty(counted)?;
    text.push('\n');
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(file, text).with_context(|| format!("can't write {COMMITTED}"))?;
    println!(
        "{COMMITTED} has the figures of {} steps",
        counted.steps.len()
    );
    Ok(ExitCode::SUCCESS)
}

/// Prints how each step stands.
fn judge(committed: &Counted, counted: &Counted) -> ExitCode {
    let verdicts = compare(&committed.steps, &counted.steps);
    let figure = |steps: &BTreeMap<String, f64>, name: &str| {
        steps
            .get(name)
            .map_or("–".to_owned(), |count| format!("{count:.0}"))
    };
    println!(
        "{:<34}{:>14}{:>14}",
        "instructions of a step", "committed", "now"
    );
    for (name, verdict) in &verdicts {
        let (before, now) = (figure(&committed.steps, name), figure(&counted.steps, name));
        let says = match verdict {
            Verdict::Same => String::new(),
            Verdict::Grew(by) => format!("  GREW by {:.0} %", by * 100.0),
            Verdict::Shrank(by) => format!("  {:.0} % less", by * 100.0),
            Verdict::New => "  NEW".to_owned(),
            Verdict::Gone => "  GONE".to_owned(),
        };
        println!("{name:<34}{before:>14}{now:>14}{says}");
    }
    let any = |wanted: fn(&Verdict) -> bool| verdicts.values().any(wanted);
    if any(|verdict| matches!(verdict, Verdict::Shrank(_))) {
        println!("Steps cost less: write that down with `cargo xtask instructions --bless`.");
    }
    if !any(|verdict| matches!(verdict, Verdict::Grew(_) | Verdict::New | Verdict::Gone)) {
        return ExitCode::SUCCESS;
    }
    eprintln!(
        "{COMMITTED} says otherwise. Where a step has to cost more than {:.0} % more, or steps came \
         or went, write it down with `cargo xtask instructions --bless`, and say why in the commit.",
        GROWTH_MAX * 100.0
    );
    for (name, before, now) in [
        ("rustc", &committed.rustc, &counted.rustc),
        ("valgrind", &committed.valgrind, &counted.valgrind),
    ] {
        if before != now {
            eprintln!(
                "The figures are of {before}, and this is {now}: {name} alone may be the reason."
            );
        }
    }
    ExitCode::FAILURE
}

fn compare(
    committed: &BTreeMap<String, f64>,
    counted: &BTreeMap<String, f64>,
) -> BTreeMap<String, Verdict> {
    let names = committed.keys().chain(counted.keys()).cloned();
    let verdict = |name: &str| match (committed.get(name), counted.get(name)) {
        (Some(before), Some(now)) => change(*before, *now),
        (None, _) => Verdict::New,
        (_, None) => Verdict::Gone,
    };
    names.map(|name| (name.clone(), verdict(&name))).collect()
}

fn change(before: f64, now: f64) -> Verdict {
    match () {
        () if now > before * (1.0 + GROWTH_MAX) => Verdict::Grew(now / before - 1.0),
        () if now < before * (1.0 - GROWTH_MAX) => Verdict::Shrank(1.0 - now / before),
        () => Verdict::Same,
    }
}

/// Counts each step, as many at a time as there are cores.
fn count_all(valgrind: &Path, bench: &Path) -> anyhow::Result<BTreeMap<String, f64>> {
    let names = Command::new(bench)
        .output()
        .context("can't start the bench")?;
    let names = String::from_utf8(names.stdout)?;
    let names: Vec<&str> = names.lines().collect();
    let folder = TempDir::with_prefix("liveswarm-instructions-")?;
    let home = folder.path();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut steps = BTreeMap::new();
    for some in names.chunks(cores) {
        let counts: Vec<anyhow::Result<f64>> = std::thread::scope(|scope| {
            let count = |name| scope.spawn(move || count(valgrind, bench, name, home));
            let threads: Vec<_> = some.iter().copied().map(count).collect();
            let counts = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
            counts
                .map(|count| count.unwrap_or_else(|_| bail!("a thread came down")))
                .collect()
        });
        for (name, count) in some.iter().zip(counts) {
            steps.insert(
                (*name).to_owned(),
                count.with_context(|| format!("step `{name}`"))?,
            );
        }
    }
    Ok(steps)
}

/// Instructions of one step.
fn count(valgrind: &Path, bench: &Path, name: &str, folder: &Path) -> anyhow::Result<f64> {
    let file: PathBuf = folder.join(name.replace(' ', "-"));
    let run = Command::new(valgrind)
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .arg("--toggle-collect=path::measured")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .args([bench, Path::new(name)])
        // glibc copies with what the processor has; this is what any has.
        .env(
            "GLIBC_TUNABLES",
            "glibc.cpu.hwcaps=-AVX2,-AVX512F,-ERMS,-FSRM",
        )
        .output()
        .context("can't start valgrind")?;
    let said = String::from_utf8_lossy(&run.stdout);
    let times: f64 = said
        .trim()
        .parse()
        .with_context(|| format!("it said {said}{}", String::from_utf8_lossy(&run.stderr)))?;
    let profile = std::fs::read_to_string(&file).context("callgrind wrote no file")?;
    let total = total(&profile).context("callgrind's file has no total")?;
    anyhow::ensure!(total > 0.0, "nothing was counted: is the gate inlined?");
    Ok((total / times * 10.0).round() / 10.0)
}

/// The total of a callgrind profile.
fn total(profile: &str) -> Option<f64> {
    let lines = profile.lines();
    let mut totals = lines.filter_map(|line| {
        let rest = line
            .strip_prefix("totals: ")
            .or_else(|| line.strip_prefix("summary: "))?;
        rest.trim().parse().ok()
    });
    totals.next()
}

/// The first line of what a program tells.
fn told(program: impl AsRef<std::ffi::OsStr>, argument: &str) -> anyhow::Result<String> {
    let program = program.as_ref();
    let told = Command::new(program).arg(argument).output();
    let told = told.with_context(|| format!("can't start {}", program.display()))?;
    let text = String::from_utf8(told.stdout)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_beyond_a_tenth_is_told_and_so_is_the_opposite() {
        assert_eq!(change(1_000.0, 1_100.0), Verdict::Same);
        assert!(matches!(change(1_000.0, 1_101.0), Verdict::Grew(by) if by > 0.1));
        assert_eq!(change(1_000.0, 900.0), Verdict::Same);
        assert!(matches!(change(1_000.0, 890.0), Verdict::Shrank(_)));
    }

    #[test]
    fn steps_that_come_and_go_are_named() {
        let steps = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 1.0)).collect();
        let verdicts = compare(&steps(&["a", "b"]), &steps(&["b", "c"]));
        let verdicts: Vec<Verdict> = verdicts.into_values().collect();
        assert_eq!(verdicts, [Verdict::Gone, Verdict::Same, Verdict::New]);
    }

    #[test]
    fn the_total_is_read() {
        assert_eq!(
            total("version: 1\nsummary: 12\nfn=x\n1 2\ntotals: 12\n"),
            Some(12.0)
        );
        assert_eq!(total("version: 1\n"), None);
    }
}
