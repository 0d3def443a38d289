//! `liveswarm capacity`: the most viewers at which every objective still holds.

mod climb;
mod hold;
mod in_vain;
mod progress;
mod spans;

use std::io::Write;
use std::time::Duration;

use anyhow::Context;
use indicatif::MultiProgress;
use plan::capacity::Search;
use plan::{Ramp, Shape};
use report::capacity::{Capacity, End, Judgement, SCHEMA};
use swarm::preflight;
use tokio::task::LocalSet;

use crate::args;
use crate::exit::Exit;
use crate::files;
use crate::groups::Group;
use crate::objectives::unfit_for_a_level;
use crate::settings::{Settings, Usage};
use climb::Climbed;
use hold::Hold;

/// What is asked for, checked.
pub(crate) struct Asked {
    pub(crate) settings: Settings,
    pub(crate) search: Search,
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) hold: Duration,
    pub(crate) settle: Duration,
    /// How viewers of a level come and go.
    pub(crate) pace: Ramp,
    /// Whether levels are told of as they end.
    pub(crate) quiet: bool,
}

impl Asked {
    fn new(asked: args::Capacity) -> anyhow::Result<Self> {
        let usage = Usage::new;
        if let Some(option) = asked.useless {
            return Err(usage(format!("{option} means nothing to a search for capacity")).into());
        }
        let search = Search::new(asked.from, asked.to);
        let search = search.map_err(|why| usage(format!("--from, --to: {why}")))?;
        let run = asked.run;
        check_objectives(&run)?;
        let quiet = run.quiet;
        let pace = Ramp::new(0, run.ramp_rate, run.ramp_jitter.0, run.seed);
        let pace = pace.map_err(|why| usage(format!("--ramp-rate: {why}")))?;
        let settings = Settings::new(run)?;
        check_groups(&settings.groups)?;
        check_all_are_there(&settings, asked.from)?;
        Ok(Self {
            settings,
            search,
            from: asked.from,
            to: asked.to,
            hold: asked.hold.0,
            settle: asked.settle.0,
            pace,
            quiet,
        })
    }

    /// Nobody, until a level asks for them.
    pub(crate) fn shape(&self) -> Shape {
        self.pace.into()
    }
}

/// Refuses groups that can't be searched for.
fn check_groups(groups: &[Group]) -> Result<(), Usage> {
    for group in groups {
        let of = if group.is_of_scenario() {
            format!("group `{}`: ", group.name)
        } else {
            String::new()
        };
        if group.target.is_none() {
            return Err(Usage::new(format!(
                "{of}give the URL of the stream whose capacity is searched for"
            )));
        }
        if group.engine.is_estimated() {
            return Err(Usage::new(format!(
                "{of}--measure logs gives estimates, by which no level can be judged; leave it \
                 out: through the gateway figures are exact"
            )));
        }
    }
    Ok(())
}

/// Refuses levels so small that a group may have nobody there: that is another mix.
fn check_all_are_there(settings: &Settings, from: u64) -> Result<(), Usage> {
    match settings.rarest() {
        Some((group, viewers)) if from < viewers => Err(Usage::new(format!(
            "--from {from}: among fewer than {viewers} viewers there may be none of group `{}`; \
             begin with --from {viewers}",
            group.name
        ))),
        _ => Ok(()),
    }
}

/// What of the file is not the search's, a line for each reason.
fn set_aside(asked: &args::Capacity) -> String {
    let of_load = "a search says itself how many viewers there are when, and writes what it found";
    let of_load = asked.set_aside.iter().map(|name| (name.as_str(), of_load));
    let not_judged = asked.not_judged.iter();
    let not_judged = not_judged.filter_map(|text| Some((text.as_str(), unfit_for_a_level(text)?)));
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, why) in of_load.chain(not_judged) {
        match reasons.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, names)) => names.push(name),
            None => reasons.push((why, vec![name])),
        }
    }
    let lines = reasons.into_iter();
    let lines =
        lines.map(|(why, names)| format!("put aside of the file: {} ({why})\n", names.join(", ")));
    lines.collect::<Vec<_>>().concat()
}

/// Refuses objectives that a good level has no sample of.
fn check_objectives(run: &args::Run) -> Result<(), Usage> {
    let slo = &run.objectives.slo;
    let mut unfit = (slo.iter()).filter_map(|text| Some((text, unfit_for_a_level(text)?)));
    if let Some((objective, why)) = unfit.next() {
        return Err(Usage::new(format!(
            "--slo {objective}: {why}, and without a sample no level holds; judge it in a run of so \
             many viewers, or the search by segment_download, rebuffer_ratio or error_rate"
        )));
    }
    let of_groups = run.groups.iter().any(|group| !group.slo.is_empty());
    if slo.is_empty() && !of_groups {
        let why = "say what is to hold with --slo, such as --slo 'rebuffer_ratio < 0.5%'";
        return Err(Usage::new(why.to_owned()));
    }
    Ok(())
}

/// Refuses what this machine can't even begin with; says where it will end.
fn check_machine(asked: &Asked) -> anyhow::Result<()> {
    if asked.settings.skip_preflight {
        return Ok(());
    }
    let (settings, have) = (&asked.settings, asked.settings.have());
    let check = |viewers| preflight::check(&settings.need(viewers), &have);
    check(asked.from).context("--from: this machine can't be so many viewers")?;
    match check(asked.to) {
        Err(short) => {
            tracing::warn!("the search ends at this machine's limit, before --to: {short}");
        }
        Ok(tight) => tight.iter().for_each(|tight| tracing::warn!("{tight}")),
    }
    Ok(())
}

/// Searches, and says what was found.
pub(crate) fn search(asked: args::Capacity, progress: &MultiProgress) -> anyhow::Result<Exit> {
    // First: it may be the reason of what is refused. Where nobody reads it, the document still
    // says what was done.
    let _ = std::io::stderr().write_all(set_aside(&asked).as_bytes());
    let asked = Asked::new(asked)?;
    for (option, path) in asked.settings.files.all() {
        files::check_writable(option, path)?;
    }
    check_machine(&asked)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("can't start the runtime")?;
    // Who asks the origin of itself shares connections within one thread.
    let climbed = LocalSet::new().block_on(&runtime, climb::to_the_end(&asked, progress))?;
    conclude(&asked, climbed)
}

fn conclude(asked: &Asked, climbed: Climbed) -> anyhow::Result<Exit> {
    let found = document(asked, climbed);
    let files = &asked.settings.files;
    if files.any_to_stdout() {
        files::put(std::io::stderr().lock(), &found.text())?;
    } else {
        files::put(std::io::stdout().lock(), &found.text())?;
    }
    if let Some(path) = &files.json {
        files::write("--json", path, &found.json())?;
    }
    if let Some(path) = &files.report {
        files::write("--report", path, &found.html())?;
    }
    Ok(exit(found.end).0)
}

fn document(asked: &Asked, climbed: Climbed) -> Capacity {
    let Climbed {
        search,
        end,
        objectives,
        engine,
        mut holds,
    } = climbed;
    let settings = &asked.settings;
    let config = report::Config {
        engine,
        ..settings.shown(&settings.shown_url(None))
    };
    let (carried, broken) = search.so_far();
    let at = |viewers: Option<u64>, judgement| {
        let there =
            |hold: &&Hold| Some(hold.level.viewers) == viewers && hold.level.judgement == judgement;
        holds.iter().rev().find(there)
    };
    let held = at(carried, Judgement::Held);
    let broke = at(broken, Judgement::Broken);
    let blame = match end {
        End::GeneratorBound => holds.last().and_then(|hold| hold.generator.clone()),
        _ => broke.and_then(|hold| hold.blame(held)),
    };
    let broke = broke.map_or_else(Vec::new, |hold| hold.broke.clone());
    let (exit, reason) = exit(end);
    Capacity {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        setup: (&config).into(),
        search: report::capacity::Search {
            from: asked.from,
            to: asked.to,
            hold_s: asked.hold.as_secs_f64(),
            settle_s: asked.settle.as_secs_f64(),
            objectives,
        },
        carried,
        broken,
        end,
        broke,
        blame,
        levels: holds.drain(..).map(|hold| hold.level).collect(),
        exit: report::capacity::Exit {
            code: exit as u8,
            reason: reason.to_owned(),
        },
    }
}

/// The exit code, with its reason in words.
fn exit(end: End) -> (Exit, &'static str) {
    match end {
        End::Found => (Exit::Fine, "found"),
        End::HeldToTheEnd => (Exit::Fine, "all that was to be tried held"),
        End::Unsettled => (
            Exit::CouldNotRun,
            "judged now one way and now the other; hold each level for longer (--hold)",
        ),
        End::BrokeFromTheStart => (Exit::ObjectiveBroken, "the fewest viewers were not carried"),
        End::GeneratorBound => (Exit::GeneratorBound, "the generator was the bottleneck"),
        End::Stopped => (Exit::CouldNotRun, "stopped before the end"),
    }
}
