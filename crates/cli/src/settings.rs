//! What the program needs of what the user typed: parsed once, wrong usage found before anything
//! is started.

use std::time::Duration;

use plan::Shares;
use swarm::preflight::{Have, Need};
use swarm::{Plan, Target};

use crate::args::{self, OriginMedia};
use crate::exit::Exit;
use crate::face;
use crate::files::Files;
use crate::groups::Group;
use crate::objectives::Objectives;
use crate::output;
use crate::shape::Planned;
use crate::sources;
use crate::terminal;
use crate::values;

/// How long a run against our own origin takes unless told otherwise.
const OWN_ORIGIN_DURATION: Duration = Duration::from_secs(30);

/// What stands in place of what each group of a scenario has for itself.
const BY_GROUP: &str = "by group";

/// What was typed and can't be done: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(String);

impl Usage {
    pub(crate) fn new(why: String) -> Self {
        Self(why)
    }
}

/// What is shown of a run while it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    /// The dashboard.
    Dashboard,
    /// The progress block or lines.
    Progress,
    /// Nothing.
    Nothing,
}

impl Shows {
    fn of(run: &args::Run) -> anyhow::Result<Self> {
        let shows = match (run.quiet, run.watching.tui, run.watching.no_tui) {
            (true, ..) => Self::Nothing,
            (_, true, _) if terminal::is_usable() => Self::Dashboard,
            (_, true, _) => {
                let why = "--tui: the dashboard needs a terminal for standard input and error";
                return Err(Usage(why.to_owned()).into());
            }
            (_, _, true) => Self::Progress,
            _ if terminal::is_usable() => Self::Dashboard,
            _ => Self::Progress,
        };
        Ok(shows)
    }
}

/// One run.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Those that the crowd is made of: one, or those of a scenario.
    pub(crate) groups: Vec<Group>,
    /// What our own origin is to serve, where one is needed.
    pub(crate) own_origin: Option<OriginMedia>,
    /// How long, ramp included; `None`: until Ctrl-C, or until all viewers are over.
    pub(crate) duration: Option<Duration>,
    pub(crate) files: Files,
    pub(crate) objectives: Objectives,
    pub(crate) face: face::Settings,
    pub(crate) shows: Shows,
    /// Where the origin is asked of itself.
    pub(crate) origin_metrics: scrape::Endpoints,
    /// Whether what the machine lacks stops the run.
    pub(crate) skip_preflight: bool,
    /// Whether the command line of a player is to be printed, and nothing else.
    pub(crate) print_cmd: bool,
    crowd: Crowd,
}

/// What all viewers have in common.
#[derive(Debug)]
struct Crowd {
    load: Planned,
    /// Which group the n-th viewer is of.
    shares: Shares,
    run: Box<args::Run>,
    transport: transport::Config,
    workers: usize,
}

impl Settings {
    /// Checks everything that can be checked before the run.
    pub(crate) fn new(mut run: Box<args::Run>) -> anyhow::Result<Self> {
        let groups = Group::all(&mut run)?;
        let weights: Vec<u32> = groups.iter().map(|group| group.weight).collect();
        let shares = Shares::new(&weights).map_err(|why| Usage(format!("weights: {why}")))?;
        let own_origin = own_origin(&run, &groups)?;
        let load = Planned::new(&run)?;
        let own = own_origin.is_some();
        let objectives = objectives(&run, &groups)?;
        Ok(Self {
            groups,
            duration: run
                .duration
                .map(|time| time.0)
                .or(load.length())
                .or(own.then_some(OWN_ORIGIN_DURATION)),
            own_origin,
            files: run.files.clone(),
            objectives,
            face: face::Settings::of_run(&run.watching, load.peak(None))?,
            shows: Shows::of(&run)?,
            origin_metrics: run.origin_metrics.endpoints()?,
            skip_preflight: run.engine.skip_preflight,
            print_cmd: run.engine.print_cmd,
            crowd: Crowd {
                load,
                shares,
                transport: transport_config(&run)?,
                workers: workers(run.workers),
                run,
            },
        })
    }

    /// How connections are made that are no viewer's.
    pub(crate) fn transport(&self) -> transport::Config {
        transport::Config {
            sources: transport::Config::default().sources,
            ..self.crowd.transport.clone()
        }
    }

    /// What so many viewers take of a machine, all groups together.
    pub(crate) fn need(&self, viewers: u64) -> Need {
        self.divided(viewers)
            .map(|(group, own)| group.need(own))
            .sum()
    }

    /// What this machine has for them.
    pub(crate) fn have(&self) -> Have {
        Have::now()
            .from_sources(self.crowd.transport.sources.len())
            .with_gateways(self.crowd.workers)
    }

    /// Whether our own origin serves all viewers, so that its count can be held against theirs.
    pub(crate) fn own_serves_all(&self) -> bool {
        self.groups.iter().all(|group| group.target.is_none())
    }

    /// How the crowd comes and goes.
    pub(crate) fn load(&self) -> &Planned {
        &self.crowd.load
    }

    /// The most viewers there are at a time.
    pub(crate) fn peak(&self) -> u64 {
        self.crowd.load.peak(self.duration)
    }

    /// The group of the first viewer: the largest.
    pub(crate) fn leading(&self) -> &Group {
        &self.groups[self.crowd.shares.of(0)]
    }

    /// The group that needs most viewers for one of its own to be among them, whoever they are, and
    /// how many.
    pub(crate) fn rarest(&self) -> Option<(&Group, u64)> {
        let groups = self.groups.iter().enumerate();
        let all =
            groups.filter_map(|(place, group)| Some((group, self.crowd.shares.one_in(place)?)));
        all.max_by_key(|(_, viewers)| *viewers)
    }

    /// Each group, with how many of so many viewers it has.
    fn divided(&self, viewers: u64) -> impl Iterator<Item = (&Group, u64)> {
        let groups = self.groups.iter().enumerate();
        groups.map(move |(place, group)| (group, self.crowd.shares.count(place, viewers)))
    }

    /// Whether the plan is to be drawn, and nothing else.
    pub(crate) fn is_plan_only(&self) -> bool {
        self.crowd.run.load.plan_only
    }

    /// Draws the plan.
    pub(crate) fn draw_plan(&self) -> anyhow::Result<Exit> {
        self.crowd
            .load
            .draw(self.crowd.run.duration.map(|time| time.0))?;
        for (group, viewers) in self.divided(self.peak()) {
            if group.is_of_scenario() {
                let viewers = report::format::count(viewers);
                let name = &group.name;
                output::print(format!("  group {name}: {viewers} when they are most"))?;
            }
        }
        Ok(Exit::Fine)
    }

    /// The whole plan; `own`: the stream of our own origin, where there is one.
    pub(crate) fn plan(&self, own: Option<&Target>) -> anyhow::Result<Plan> {
        let crowd = &self.crowd;
        let groups = self.groups.iter().map(|group| group.plan(own));
        Ok(Plan {
            groups: groups.collect::<Result<_, _>>()?,
            shares: crowd.shares.clone(),
            shape: crowd.load.shape(Duration::ZERO),
            insecure: crowd.run.connect.insecure,
            seed: crowd.run.seed,
            workers: crowd.workers,
            transport: crowd.transport.clone(),
        })
    }

    /// The stream, fit to be shown: of several that of most viewers.
    pub(crate) fn shown_url(&self, own: Option<&Target>) -> String {
        let leading = self.leading();
        // What is the run's is shown before what is a group's own.
        let shared = self.groups.iter().find(|group| !group.has_own_url());
        let target = shared.unwrap_or(leading).target.as_ref().or(own);
        target.map_or_else(String::new, |target| {
            transport::mask::url(target.template())
        })
    }

    /// What was asked for, fit to be shown: secrets are masked. `url` is masked already.
    pub(crate) fn shown(&self, url: &str) -> report::Config {
        let run = &self.crowd.run;
        let seconds = |time: Option<values::Time>| time.map(|time| time.0.as_secs_f64());
        let header = |(name, value): &(String, String)| {
            format!("{name}: {}", transport::mask::header(name, value))
        };
        let groups: Vec<report::Group> = self
            .divided(self.peak())
            .filter(|(group, _)| group.is_of_scenario())
            .map(|(group, viewers)| group.shown(viewers))
            .collect();
        let by_group = !groups.is_empty();
        let unless_by_group = |text: String| {
            if by_group { BY_GROUP.to_owned() } else { text }
        };
        let own_headers = self.groups[0].headers.iter().filter(|_| !by_group);
        report::Config {
            url: url.to_owned(),
            own_origin: self.own_origin.is_some(),
            viewers: self.peak(),
            load: run.load.words(),
            ramp_rate: run.ramp_rate,
            ramp_jitter_ms: run.ramp_jitter.0.as_millis() as u64,
            duration_s: self.duration.map(|length| length.as_secs_f64()),
            player: unless_by_group(run.player.clone()),
            variant: unless_by_group(run.variant.to_string()),
            restart: unless_by_group(run.restart.to_string()),
            target_buffer_s: seconds(run.target_buffer),
            seg_retry: run.seg_retry.map(u32::from),
            timeout_s: seconds(run.timeout),
            headers: own_headers.map(header).collect(),
            user_agent: (run.user_agent.as_ref().filter(|_| !by_group))
                .map(|text| transport::mask::header("user-agent", text)),
            no_cache: run.no_cache,
            resolve: run
                .connect
                .resolve
                .iter()
                .map(values::override_text)
                .collect(),
            insecure: run.connect.insecure,
            cacert: (run.connect.cacert.as_ref()).map(|path| path.display().to_string()),
            workers: self.crowd.workers as u64,
            broadcast: run.broadcast.clone(),
            seed: run.seed,
            origin: run.media.to_arguments(),
            options: if by_group {
                run.options_of_scenario()
            } else {
                run.options()
            },
            engine: String::new(),
            groups,
            slo_require_data: run.objectives.slo_require_data,
        }
    }
}

/// What the run is held against, and what its groups are.
fn objectives(run: &args::Run, groups: &[Group]) -> Result<Objectives, Usage> {
    let mut objectives = Objectives::new(&run.objectives)?;
    for (place, group) in groups.iter().enumerate() {
        objectives.add_group(place, &group.name, group.slo())?;
    }
    Ok(objectives)
}

/// What our own origin is to serve, where viewers have nowhere else to go.
fn own_origin(run: &args::Run, groups: &[Group]) -> Result<Option<OriginMedia>, Usage> {
    if groups.iter().any(|group| group.target.is_none()) {
        run.media.check().map_err(|why| Usage(format!("{why:#}")))?;
        return Ok(Some(run.media.clone()));
    }
    if !run.media.is_set() {
        return Ok(None);
    }
    let option = run.media.first_set();
    let why = match &run.url {
        Some(url) => {
            let url = transport::mask::url(url);
            format!("{option} is for our own origin; leave it out, or leave out the URL {url}")
        }
        None => format!("{option} is for our own origin, and every group has a URL of its own"),
    };
    Err(Usage(why))
}

fn workers(asked: Option<u16>) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    asked.map_or(cores, usize::from)
}

fn transport_config(run: &args::Run) -> anyhow::Result<transport::Config> {
    let plain = run.connect.transport()?;
    let sources =
        sources::addresses(&run.sources).map_err(|why| Usage(format!("--source: {why}")))?;
    Ok(transport::Config {
        sources: sources.into(),
        ..plain
    })
}
