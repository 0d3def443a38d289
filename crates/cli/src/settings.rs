//! What the program needs of what the user typed: parsed once, wrong usage found before anything
//! is started.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use plan::{Mix, Shares};
use player::{Overrides, playhead};
use swarm::preflight::{Have, Need, Security};
use swarm::{Plan, Target};
use transport::{Tls, Verify};

use crate::args::{self, OriginMedia};
use crate::engine::Chosen;
use crate::exit::Exit;
use crate::face;
use crate::files::STANDARD_STREAM;
use crate::objectives::Objectives;
use crate::shape::Planned;
use crate::sources;
use crate::terminal;
use crate::values;

/// How long a run against our own origin takes unless told otherwise.
const OWN_ORIGIN_DURATION: Duration = Duration::from_secs(30);

/// What was typed and can't be done: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(String);

impl Usage {
    pub(crate) fn new(why: String) -> Self {
        Self(why)
    }
}

/// Where viewers go.
#[derive(Debug)]
pub(crate) enum Stream {
    /// To a stream that is there.
    Given(Target),
    /// To an origin that we start.
    Own(OriginMedia),
}

/// Files that are written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    pub(crate) json: Option<PathBuf>,
    pub(crate) report: Option<PathBuf>,
    pub(crate) junit: Option<PathBuf>,
    pub(crate) csv: Option<PathBuf>,
}

impl Files {
    /// Those that were asked for, with their options.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let named = [
            ("--json", &self.json),
            ("--report", &self.report),
            ("--junit", &self.junit),
            ("--csv", &self.csv),
        ];
        let asked = named.into_iter();
        asked.filter_map(|(option, path)| path.as_deref().map(|path| (option, path)))
    }

    /// Whether one of them is standard output.
    pub(crate) fn any_to_stdout(&self) -> bool {
        self.all()
            .any(|(_, path)| path == Path::new(STANDARD_STREAM))
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
    pub(crate) stream: Stream,
    /// How long, ramp included; `None`: until Ctrl-C, or until all viewers are over.
    pub(crate) duration: Option<Duration>,
    pub(crate) files: Files,
    pub(crate) objectives: Objectives,
    pub(crate) face: face::Settings,
    pub(crate) shows: Shows,
    /// Where the origin is asked of itself.
    pub(crate) origin_metrics: scrape::Endpoints,
    pub(crate) engine: Chosen,
    /// Whether what the machine lacks stops the run.
    pub(crate) skip_preflight: bool,
    /// Whether the command line of a player is to be printed, and nothing else.
    pub(crate) print_cmd: bool,
    crowd: Crowd,
}

/// The plan but for its target, which our own origin makes known when it has started.
#[derive(Debug)]
struct Crowd {
    load: Planned,
    kinds: Vec<(player::Profile, u32)>,
    shares: Shares,
    variants: Mix<player::VariantChoice>,
    user_agents: Option<Mix<Arc<str>>>,
    run: Box<args::Run>,
    headers: Vec<(String, String)>,
    transport: transport::Config,
    workers: usize,
}

impl Settings {
    /// Checks everything that can be checked before the run.
    pub(crate) fn new(run: Box<args::Run>) -> anyhow::Result<Self> {
        let usage = |option: &str, why: &dyn std::fmt::Display| Usage(format!("{option}: {why}"));
        let stream = match &run.url {
            Some(url) if run.media.is_set() => {
                let why = "is for our own origin; leave it out, or leave out the URL";
                let url = transport::mask::url(url);
                return Err(Usage(format!("{} {why} {url}", run.media.first_set())).into());
            }
            Some(url) => Stream::Given(
                Target::new(url).map_err(|why| usage(&transport::mask::url(url), &why))?,
            ),
            None => {
                run.media.check().map_err(|why| Usage(format!("{why:#}")))?;
                Stream::Own(run.media.clone())
            }
        };
        let load = Planned::new(&run)?;
        let kinds = values::mix(&run.player).map_err(|why| usage("--player", &why))?;
        let weights: Vec<u32> = kinds.iter().map(|(_, weight)| *weight).collect();
        let shares = Shares::new(&weights).map_err(|why| usage("--player", &why))?;
        let variants = run.variant.0.iter();
        let variants = Mix::new(
            variants
                .map(|(variant, weight)| (variant.0, *weight))
                .collect(),
        )
        .map_err(|why| usage("--variant", &why))?;
        let user_agents = user_agents(&run)?;
        let headers: Result<Vec<_>, _> = run.headers.iter().map(|h| values::header(h)).collect();
        let headers = headers.map_err(|why| usage("--header", &why))?;
        if let Some(text) = &run.user_agent {
            values::header_value("User-Agent", text).map_err(|why| usage("--user-agent", &why))?;
        }
        let own = matches!(stream, Stream::Own(_));
        Ok(Self {
            stream,
            duration: run
                .duration
                .map(|time| time.0)
                .or(load.length())
                .or(own.then_some(OWN_ORIGIN_DURATION)),
            files: Files {
                json: run.json.clone(),
                report: run.report.clone(),
                junit: run.junit.clone(),
                csv: run.csv.clone(),
            },
            objectives: Objectives::new(&run.objectives)?,
            face: face::Settings::of_run(&run.watching, load.peak(None))?,
            shows: Shows::of(&run)?,
            origin_metrics: run.origin_metrics.endpoints()?,
            engine: Chosen::new(&run, rules(&kinds))?,
            skip_preflight: run.engine.skip_preflight,
            print_cmd: run.engine.print_cmd,
            crowd: Crowd {
                load,
                variants,
                user_agents,
                shares,
                headers,
                transport: transport_config(&run)?,
                workers: workers(run.workers),
                kinds,
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

    /// What so many viewers take of a machine.
    pub(crate) fn need(&self, viewers: u64) -> Need {
        let security = match &self.stream {
            Stream::Given(target) => target.security(),
            Stream::Own(_) => Security::Plain,
        };
        let profiles = self.crowd.kinds.iter();
        let connections = profiles.map(|(profile, _)| values::connections(profile));
        let native = Need::native(connections.max().unwrap_or(1), security);
        self.engine.need(viewers, native)
    }

    /// What this machine has for them.
    pub(crate) fn have(&self) -> Have {
        Have::now()
            .from_sources(self.crowd.transport.sources.len())
            .with_gateways(self.crowd.workers)
    }

    /// The headers that were asked for.
    pub(crate) fn headers(&self) -> &[(String, String)] {
        &self.crowd.headers
    }

    /// How the crowd comes and goes.
    pub(crate) fn load(&self) -> &Planned {
        &self.crowd.load
    }

    /// The most viewers there are at a time.
    pub(crate) fn peak(&self) -> u64 {
        self.crowd.load.peak(self.duration)
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
        Ok(Exit::Fine)
    }

    /// The whole plan, towards `target`.
    pub(crate) fn plan(&self, target: Target) -> Plan {
        let crowd = &self.crowd;
        let run = &crowd.run;
        let profiles = crowd.kinds.iter();
        let overrides = Overrides {
            target_buffer: run.target_buffer.map(|time| time.0),
            seg_retry: run.seg_retry,
            timeout: run.timeout.map(|time| time.0),
        };
        Plan {
            engine: swarm::Engine::Native,
            shape: crowd.load.shape(Duration::ZERO),
            profiles: profiles
                .map(|(kind, _)| Arc::new(kind.clone().with(overrides)))
                .collect(),
            shares: crowd.shares.clone(),
            target,
            variants: crowd.variants.clone(),
            headers: crowd.headers.clone(),
            user_agents: crowd.user_agents.clone(),
            no_cache: run.no_cache,
            insecure: run.insecure,
            network: run.network.map(Arc::new),
            broadcast: run.broadcast.as_deref().map(Arc::from),
            restart: match run.restart {
                args::Restart::OnFailure => swarm::Restart::OnFailure,
                args::Restart::Always => swarm::Restart::Always,
                args::Restart::Never => swarm::Restart::Never,
            },
            seed: run.seed,
            workers: crowd.workers,
            transport: crowd.transport.clone(),
        }
    }

    /// What was asked for, fit to be shown: secrets are masked. `url` is masked already.
    pub(crate) fn shown(&self, url: &str) -> report::Config {
        let crowd = &self.crowd;
        let run = &crowd.run;
        let seconds = |time: Option<values::Time>| time.map(|time| time.0.as_secs_f64());
        let header = |(name, value): &(String, String)| {
            format!("{name}: {}", transport::mask::header(name, value))
        };
        report::Config {
            url: url.to_owned(),
            own_origin: matches!(self.stream, Stream::Own(_)),
            viewers: self.peak(),
            ramp_rate: run.ramp_rate,
            ramp_jitter_ms: run.ramp_jitter.0.as_millis() as u64,
            duration_s: self.duration.map(|length| length.as_secs_f64()),
            player: run.player.clone(),
            variant: run.variant.to_string(),
            restart: run.restart.to_string(),
            target_buffer_s: seconds(run.target_buffer),
            seg_retry: run.seg_retry.map(u32::from),
            timeout_s: seconds(run.timeout),
            headers: crowd.headers.iter().map(header).collect(),
            user_agent: (run.user_agent.as_ref())
                .map(|text| transport::mask::header("user-agent", text)),
            no_cache: run.no_cache,
            resolve: run.resolve.iter().map(values::override_text).collect(),
            insecure: run.insecure,
            cacert: run.cacert.as_ref().map(|path| path.display().to_string()),
            workers: crowd.workers as u64,
            broadcast: run.broadcast.clone(),
            seed: run.seed,
            origin: run.media.to_arguments(),
            options: run.options(),
            engine: String::new(),
            slo_require_data: run.objectives.slo_require_data,
        }
    }
}

fn user_agents(run: &args::Run) -> Result<Option<Mix<Arc<str>>>, Usage> {
    if let Some(text) = &run.user_agent {
        return Ok(Some(Mix::one(Arc::from(text.as_str()))));
    }
    let mix = run.user_agent_mix.iter();
    let mix: Vec<_> = mix
        .map(|one| (Arc::from(one.text.as_str()), one.weight))
        .collect();
    if mix.is_empty() {
        return Ok(None);
    }
    let mix = Mix::new(mix).map_err(|why| Usage(format!("--user-agent-mix: {why}")))?;
    Ok(Some(mix))
}

/// How a player that is taken to play moves its playhead: as the first that was asked for, or else
/// as the standard has it.
fn rules(kinds: &[(player::Profile, u32)]) -> Option<playhead::Rules> {
    let first = kinds.first().and_then(|(profile, _)| profile.play);
    let play = first.or(player::Profile::rfc8216().play);
    play.map(|play| play.head)
}

fn workers(asked: Option<u16>) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    asked.map_or(cores, usize::from)
}

fn transport_config(run: &args::Run) -> anyhow::Result<transport::Config> {
    let verify = if run.insecure {
        Verify::Nothing
    } else {
        Verify::Roots
    };
    let mut roots = Vec::new();
    if let Some(path) = &run.cacert {
        let pem = std::fs::read(path)
            .with_context(|| format!("--cacert: can't read {}", path.display()))?;
        roots.push(pem);
    }
    let sources =
        sources::addresses(&run.sources).map_err(|why| Usage(format!("--source: {why}")))?;
    Ok(transport::Config {
        tls: Tls::new(verify, &roots).context("--cacert")?,
        overrides: run.resolve.clone(),
        sources: sources.into(),
    })
}
