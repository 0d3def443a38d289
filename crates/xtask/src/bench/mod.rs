//! Benches: each starts what it needs on loopback, measures, and tells rows of figures.
//!
//! What is compared is measured in one run, in turn, A B A B, so that a busy machine slows both
//! sides down. Where CPU time is told, it is that of the process and not of the machine.

mod cost;
mod crowd;
mod drain;
mod memory;
mod origin;
mod players;
mod soak;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use anyhow::bail;
use clap::Args;
use tempfile::TempDir;

use crate::figures::{Measured, Row, SCHEMA};
use crate::machine::{self, Machine};
use crate::root::root;
use crate::{liveswarm, peers, stop, table};

/// Rounds of a full run: enough for a middle one.
const ROUNDS: usize = 3;

/// Measure liveswarm against its peers on loopback
///
/// Each bench prints a table with minimum, median and maximum of its rounds, and writes
/// bench/NAME.json. Ctrl-C ends it and all that it started.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Which benches [default: all that take minutes, not those that take longer]
    names: Vec<String>,

    /// The same, as an option
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,

    /// One short round each: whether it works, and nothing to quote
    #[arg(long)]
    quick: bool,

    /// How often each pair is measured
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=99))]
    rounds: Option<u8>,

    /// List the benches
    #[arg(long)]
    list: bool,

    /// Where the JSON goes
    #[arg(long, value_name = "FOLDER", default_value = "bench")]
    out: PathBuf,

    /// A binary that is there, instead of one built for this
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,

    /// Another build, for `builds`
    #[arg(long, value_name = "FILE")]
    before: Option<PathBuf>,

    /// How long the soak takes
    #[arg(long, default_value_t = 20, value_name = "MINUTES",
        value_parser = clap::value_parser!(u64).range(2..=24 * 60))]
    minutes: u64,
}

/// One bench.
struct Bench {
    name: &'static str,
    what: &'static str,
    /// What runs beside ours.
    peers: &'static [&'static str],
    /// Whether it is run unless asked for by name.
    default: bool,
    run: fn(&Lab) -> anyhow::Result<Vec<Row>>,
}

const BENCHES: [Bench; 9] = [
    drain::PLAIN,
    drain::TLS,
    drain::BUILDS,
    origin::ORIGIN,
    memory::MEMORY,
    players::PLAYERS,
    crowd::CROWD,
    cost::COST,
    soak::SOAK,
];

/// Where a bench takes place.
pub(crate) struct Lab {
    home: TempDir,
    binary: PathBuf,
    before: Option<PathBuf>,
    out: PathBuf,
    quick: bool,
    rounds: Option<usize>,
    minutes: u64,
    folders: Cell<u32>,
    skipped: Cell<Vec<String>>,
}

impl Lab {
    /// A folder that goes with the bench.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// A new folder in it.
    pub(crate) fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let number = self.folders.get();
        self.folders.set(number + 1);
        let folder = self.home().join(format!("{name}-{number}"));
        std::fs::create_dir(&folder)?;
        Ok(folder)
    }

    /// The `liveswarm` under measurement.
    pub(crate) fn binary(&self) -> &Path {
        &self.binary
    }

    fn rounds(&self) -> usize {
        self.rounds_or(ROUNDS)
    }

    /// As many rounds as were asked for, or else `full`.
    fn rounds_or(&self, full: usize) -> usize {
        self.rounds.unwrap_or(self.choose(full, 1))
    }

    /// `full`, or in a quick run `quick`.
    fn choose<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }

    fn seconds(&self, full: u64, quick: u64) -> Duration {
        Duration::from_secs(self.choose(full, quick))
    }

    /// Where a peer is; where it is not installed, that is said in the table.
    fn peer(&self, name: &str) -> Option<PathBuf> {
        let found = crate::process::find(name);
        if found.is_none() {
            self.skip(peers::missing(name));
        }
        found
    }

    fn skip(&self, why: String) {
        let mut skipped = self.skipped.take();
        skipped.push(why);
        self.skipped.set(skipped);
    }
}

/// Runs the benches that were asked for.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if arguments.list {
        for bench in &BENCHES {
            println!("{:<10}{}", bench.name, bench.what);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = chosen(arguments)?;
    let binary = match &arguments.binary {
        Some(file) => std::path::absolute(file)?,
        None => liveswarm::build()?,
    };
    let mut missed = 0;
    for bench in chosen {
        let measured = measure(bench, arguments, &binary)?;
        print!("{}", table::text(&measured));
        missed += measured
            .rows
            .iter()
            .filter(|row| row.reached() == Some(false))
            .count();
    }
    // A figure that fell short is told, not hidden in a table; those of a quick run say nothing.
    if missed > 0 && !arguments.quick {
        eprintln!("{missed} figures fell short of what is to be reached");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether there is a bench of that name.
pub(crate) fn is_one(name: &str) -> bool {
    BENCHES.iter().any(|bench| bench.name == name)
}

fn chosen(arguments: &Arguments) -> anyhow::Result<Vec<&'static Bench>> {
    let names: Vec<&String> = arguments.names.iter().chain(&arguments.only).collect();
    for name in &names {
        if !is_one(name) {
            let all: Vec<&str> = BENCHES.iter().map(|bench| bench.name).collect();
            bail!(
                "there is no bench `{name}`; take some of {}",
                all.join(", ")
            );
        }
    }
    let wanted = |bench: &&Bench| match names.as_slice() {
        [] => bench.default,
        names => names.iter().any(|name| bench.name == name.as_str()),
    };
    Ok(BENCHES.iter().filter(wanted).collect())
}

fn measure(bench: &Bench, arguments: &Arguments, binary: &Path) -> anyhow::Result<Measured> {
    eprintln!("{}: {}", bench.name, bench.what);
    let out = root().join(&arguments.out);
    let lab = Lab {
        home: TempDir::with_prefix("liveswarm-bench-")?,
        binary: binary.to_owned(),
        before: arguments.before.clone(),
        out: out.clone(),
        quick: arguments.quick,
        rounds: arguments.rounds.map(usize::from),
        minutes: arguments.minutes,
        folders: Cell::default(),
        skipped: Cell::default(),
    };
    let machine = Machine::now();
    let began = Instant::now();
    let began_s = SystemTime::UNIX_EPOCH.elapsed()?.as_secs();
    let rows = (bench.run)(&lab)?;
    stop::check()?;
    let measured = Measured {
        schema: SCHEMA.to_owned(),
        bench: bench.name.to_owned(),
        what: bench.what.to_owned(),
        command: command(bench, arguments),
        quick: arguments.quick,
        began_s,
        took_s: began.elapsed().as_secs(),
        machine,
        versions: versions(bench, binary)?,
        rows,
        skipped: lab.skipped.take(),
    };
    measured.write(&out)?;
    Ok(measured)
}

fn command(bench: &Bench, arguments: &Arguments) -> String {
    let mut command = format!("cargo xtask bench {}", bench.name);
    if arguments.quick {
        command.push_str(" --quick");
    }
    if let Some(rounds) = arguments.rounds {
        let _ = write!(command, " --rounds {rounds}");
    }
    if bench.name == drain::BUILDS.name {
        command.push_str(" --before FILE");
    }
    if bench.name == soak::SOAK.name {
        let _ = write!(command, " --minutes {}", arguments.minutes);
    }
    command
}

fn versions(bench: &Bench, binary: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let own = std::process::Command::new(binary)
        .arg("--version")
        .output()?;
    let own = String::from_utf8_lossy(&own.stdout).trim().to_owned();
    let mut versions = BTreeMap::from([("liveswarm".to_owned(), own)]);
    for peer in bench.peers {
        if let Some(version) = peers::version(peer) {
            versions.insert((*peer).to_owned(), version);
        }
    }
    Ok(versions)
}

/// Says what is done at this moment.
fn say(text: &str) {
    eprintln!("  {text}");
}

/// What others do on this machine, for a person who waits for figures.
fn warn_of_load() {
    if let Some(load) = machine::load().filter(|load| *load > 0.5) {
        say(&format!(
            "the machine is busy (load {load:.1}): ratios hold, the rest may not"
        ));
    }
}
