//! `liveswarm capacity`: the most viewers at which every objective still holds.

mod climb;
mod hold;

use std::time::Duration;

use anyhow::Context;
use plan::capacity::Search;
use plan::{Ramp, Shape};
use report::capacity::{Blame, Capacity, End, Judgement, SCHEMA};
use swarm::{Target, preflight};

use crate::args;
use crate::exit::Exit;
use crate::files;
use crate::settings::{Settings, Usage};
use climb::Climbed;
use hold::Hold;

/// What is asked for, checked.
pub(crate) struct Asked {
    pub(crate) settings: Settings,
    pub(crate) target: Target,
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
        if let Some(option) = asked.useless() {
            return Err(usage(format!("{option} means nothing to a search for capacity")).into());
        }
        let search = Search::new(asked.from, asked.to);
        let search = search.map_err(|why| usage(format!("--from, --to: {why}")))?;
        let run = asked.run;
        if run.objectives.slo.is_empty() {
            let why = "say what is to hold with --slo, such as --slo 'rebuffer_ratio < 0.5%'";
            return Err(usage(why.to_owned()).into());
        }
        let quiet = run.quiet;
        let pace = Ramp::new(0, run.ramp_rate, run.ramp_jitter.0, run.seed);
        let pace = pace.map_err(|why| usage(format!("--ramp-rate: {why}")))?;
        let settings = Settings::new(run)?;
        let Some(target) = &settings.leading().target else {
            let why = "give the URL of the stream whose capacity is searched for";
            return Err(usage(why.to_owned()).into());
        };
        Ok(Self {
            target: target.clone(),
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

    /// The stream, fit to be shown.
    pub(crate) fn shown_url(&self) -> String {
        transport::mask::url(self.target.template())
    }
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
pub(crate) fn search(asked: args::Capacity) -> anyhow::Result<Exit> {
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
    let climbed = runtime.block_on(climb::to_the_end(&asked))?;
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
        mut holds,
    } = climbed;
    let (carried, broken) = search.so_far();
    let at = |viewers: Option<u64>, judgement| {
        let there =
            |hold: &&Hold| Some(hold.level.viewers) == viewers && hold.level.judgement == judgement;
        holds.iter().rev().find(there)
    };
    let held = at(carried, Judgement::Held).map(|hold| &hold.level.figures);
    let broke = at(broken, Judgement::Broken);
    let blame = match end {
        End::GeneratorBound => holds.last().and_then(|hold| hold.generator.clone()),
        _ => broke.and_then(|hold| Blame::of(held, &hold.level.figures)),
    };
    let broke = broke.map_or_else(Vec::new, |hold| hold.broke.clone());
    let (exit, reason) = exit(end);
    Capacity {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        setup: (&asked.settings.shown(&asked.shown_url())).into(),
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
