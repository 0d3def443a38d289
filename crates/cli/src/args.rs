//! What the user typed. `settings` turns it into what the program needs.
#![expect(clippy::doc_markdown, reason = "most of it is help, which is text")]

mod capacity;
mod check;
mod engine;
mod gateway;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

pub(crate) use capacity::{Capacity, is_of_no_use};

use crate::connect::Connect;
use crate::files::Files;
use crate::origin_metrics;
use crate::shape::Load;
use crate::sources::Source;
use crate::values;

pub(crate) use check::Check;
pub(crate) use engine::{Engine, Kind, Measure, masked};
pub(crate) use gateway::{Door, Gateway};

/// A load tester for live video: how many viewers a stream carries, how fast and how late they
/// see it, and why not more.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, subcommand_required = true, arg_required_else_help = true,
    after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  liveswarm run                                    a hundred viewers at an origin of our own
  liveswarm run http://host/live/master.m3u8 -n 500 --ramp-rate 50 --duration 5m
  liveswarm run http://host/live/master.m3u8 --engine ffmpeg -n 20
  liveswarm run http://host/live/master.m3u8 --slo 'glass_to_glass.p95 < 8s' --junit slo.xml
  liveswarm check http://host/live/master.m3u8     what is wrong with the stream, before the load
  liveswarm gateway http://host/live/master.m3u8   what any player does that opens its URL
  liveswarm capacity http://host/live/master.m3u8 --slo 'rebuffer_ratio < 0.5%'
  liveswarm origin --listen 127.0.0.1:17080        the origin alone
  liveswarm report run.json --html run.html        a page from the JSON of a run

`liveswarm run --help` explains every option and the exit codes.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Box<Run>),
    Capacity(Box<Capacity>),
    Check(Check),
    Gateway(Box<Gateway>),
    Origin(Origin),
    Report(Report),
}

// clap takes a bare n in braces for a line break; with the n in bold it is left alone.
const RUN_AFTER_HELP: &str = "\
Durations are written as people write them: 500ms, 90s, 5m, 1h30m.
LIVESWARM_LOG sets log levels by module, such as viewer=debug,transport=trace.
{\u{1b}[1mn\u{1b}[0m} in the URL, in a header or in --exec is the viewer's number, from 0.

Exit codes:
  0  fine
  1  could not run
  2  wrong usage
  3  the run ended but its result is bad: every viewer failed, or nothing was played
  4  the generator was the bottleneck, so the figures are not to be trusted
     (10 s with scheduling lag p99 above 50 ms or a worker above 90 % CPU, or out of
     descriptors or ports)
  5  an objective (--slo) was not met
When several hold: 1 and 2 first, then 4, then 3, then 5.";

/// Send a swarm of viewers at a live stream and say what they saw.
///
/// Without a URL it starts an origin of its own on a free loopback port, and shows that origin's
/// own count beside the viewers'. Ctrl-C ends the run early: requests in flight get 3 s to finish,
/// then the summary is printed; a second Ctrl-C leaves at once.
#[derive(Clone, Debug, Args)]
#[command(after_help = RUN_AFTER_HELP, args_override_self = true)]
pub(crate) struct Run {
    /// The stream: a multivariant or media playlist, http or https [default: an origin of our own]
    pub(crate) url: Option<String>,

    /// How many viewers
    #[arg(short = 'n', long, default_value_t = 100, value_name = "N", help_heading = "Load",
        value_parser = clap::value_parser!(u64).range(1..=plan::VIEWERS_MAX))]
    pub(crate) viewers: u64,

    /// Viewers started per second
    #[arg(
        long,
        default_value_t = 20.0,
        value_name = "PER_SECOND",
        help_heading = "Load"
    )]
    pub(crate) ramp_rate: f64,

    /// Each start is moved by up to this much within its slot, and never past it (1/rate)
    #[arg(long, default_value = "200ms", value_name = "DURATION", help_heading = "Load",
        value_parser = values::duration)]
    pub(crate) ramp_jitter: values::Time,

    /// How long the run takes, ramp included [default: 30s without a URL, else until Ctrl-C]
    #[arg(long, value_name = "DURATION", help_heading = "Load", value_parser = values::duration)]
    pub(crate) duration: Option<values::Time>,

    #[command(flatten)]
    pub(crate) load: Load,

    /// What a viewer that ended does: start again with backoff, or not
    #[arg(
        long,
        value_enum,
        default_value = "on-failure",
        help_heading = "Load",
        value_name = "WHEN"
    )]
    pub(crate) restart: Restart,

    /// Worker threads, each with its own viewers [default: one per core]
    #[arg(long, value_name = "N", help_heading = "Load",
        value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) workers: Option<u16>,

    /// Seed of every random choice: same seed, same starts, same retries
    #[arg(long, default_value_t = 1, help_heading = "Load")]
    pub(crate) seed: u64,

    /// The player that viewers imitate: hls.js, shaka, ffmpeg or rfc8216; several with weights
    /// make a mixed crowd, such as hls.js=7,shaka=2,ffmpeg=1
    #[arg(
        long,
        default_value = "hls.js",
        value_name = "PROFILE",
        help_heading = "Viewers"
    )]
    pub(crate) player: String,

    /// Which variant is watched: profile (the player's own start, then the highest), all, highest,
    /// lowest, first, or an index from 0 in the order of the playlist; several with weights are
    /// watched by the viewers of each player alike, such as highest=7,lowest=3
    #[arg(long, default_value = "profile", value_name = "CHOICE", help_heading = "Viewers",
        value_parser = values::variants)]
    pub(crate) variant: values::Variants,

    /// Buffer ahead of the playhead that a viewer fills [default: the profile's]
    #[arg(long, value_name = "DURATION", help_heading = "Viewers", value_parser = values::duration)]
    pub(crate) target_buffer: Option<values::Time>,

    /// How often a failed segment is tried again [default: the profile's]
    #[arg(long, value_name = "N", help_heading = "Viewers")]
    pub(crate) seg_retry: Option<u16>,

    /// Time limit of one request [default: the profile's]
    #[arg(long, value_name = "DURATION", help_heading = "Viewers", value_parser = values::duration)]
    pub(crate) timeout: Option<values::Time>,

    /// A request header; repeat it for more. One that the profile sends too takes its place
    #[arg(
        short = 'H',
        long = "header",
        value_name = "K: V",
        help_heading = "Requests"
    )]
    pub(crate) headers: Vec<String>,

    /// The User-Agent header [default: the profile's]
    #[arg(long, value_name = "TEXT", help_heading = "Requests")]
    pub(crate) user_agent: Option<String>,

    /// One of several User-Agents, with its weight, such as '7=Mozilla/5.0 (X11)'; repeat it for more
    #[arg(long, value_name = "WEIGHT=TEXT", help_heading = "Requests",
        conflicts_with = "user_agent", value_parser = values::weighted)]
    pub(crate) user_agent_mix: Vec<values::Weighted>,

    /// Send `Cache-Control: no-cache` and `Pragma: no-cache` with every request
    #[arg(long, help_heading = "Requests")]
    pub(crate) no_cache: bool,

    #[command(flatten)]
    pub(crate) connect: Connect,

    /// Connect from these addresses of this machine, viewers taking turns: an address, a range such
    /// as 127.0.0.2-127.0.0.9, or a network interface; repeat it for more. One address has about
    /// 28,000 ports towards one server
    #[arg(
        long = "source",
        value_name = "ADDR|FROM-TO|INTERFACE",
        help_heading = "Requests"
    )]
    pub(crate) sources: Vec<Source>,

    /// The network that each viewer is behind, as it sees it: bandwidth of all its connections
    /// together, a round trip that is added, a share of packets that get lost, such as
    /// bandwidth=4Mbit/s,latency=40ms,loss=0.5%; or edge, 3g, 3g-fast, 4g, lte, dsl, cable or fios,
    /// WebPageTest's, alone or before parts that differ. An estimate, not packet by packet
    #[arg(long, value_name = "NETWORK", help_heading = "Viewers")]
    pub(crate) network: Option<transport::Network>,

    /// The name under which latency is kept [default: the URL's path without its last part]
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub(crate) broadcast: Option<String>,

    /// Options in a TOML file, each by its long name (viewers = 500, slo = ["startup.p95 < 2s"]);
    /// what is typed here wins
    #[arg(long, value_name = "FILE", help_heading = "Load")]
    pub(crate) config: Option<PathBuf>,

    /// A scenario: a TOML file as of --config with tables of groups of viewers ([[group]], each with
    /// its own player, variant, headers, URL, engine), or a ready one: tune-in-storm,
    /// steady-evening, flash-crowd, soak. -n N scales it; what is typed here wins in every group
    #[arg(
        long,
        value_name = "FILE|NAME",
        help_heading = "Load",
        conflicts_with = "config"
    )]
    pub(crate) scenario: Option<String>,

    /// Print the scenario's file, and end
    #[arg(long, requires = "scenario", help_heading = "Load")]
    pub(crate) print_scenario: bool,

    /// The groups of the scenario.
    #[arg(skip)]
    pub(crate) groups: Vec<Group>,

    /// With a scenario: what of the command line says what viewers are, or would add to the file.
    #[arg(skip)]
    pub(crate) typed: Vec<String>,

    /// The scenario's file, where it is only to be printed.
    #[arg(skip)]
    pub(crate) scenario_text: Option<String>,

    #[command(flatten)]
    pub(crate) engine: Engine,

    #[command(flatten)]
    pub(crate) objectives: Objectives,

    #[command(flatten)]
    pub(crate) watching: Watching,

    #[command(flatten)]
    pub(crate) origin_metrics: origin_metrics::Arguments,

    #[command(flatten)]
    pub(crate) files: Files,

    /// No progress, only the summary
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) log: Log,

    #[command(flatten)]
    pub(crate) media: OriginMedia,
}

/// A group of viewers of a scenario.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) weight: u32,
    /// File and line, for messages.
    pub(crate) place: String,
    /// Whether its URL is its own.
    pub(crate) own_url: bool,
    /// What it is held against alone.
    pub(crate) slo: Vec<String>,
    /// What the file says of its viewers, above it and in its table, each as one word.
    pub(crate) options: Vec<String>,
    /// The run that it would be by itself.
    pub(crate) run: Run,
}

/// What the run is held against.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Objectives")]
pub(crate) struct Objectives {
    /// An objective, such as 'glass_to_glass.p95 < 8s', 'rebuffer_ratio < 0.5%' or
    /// 'error_rate < 0.1% abort'; `default` for a set that fits the stream; repeat it for more
    #[arg(long, value_name = "EXPR")]
    pub(crate) slo: Vec<String>,

    /// An objective without a single sample is not met
    #[arg(long)]
    pub(crate) slo_require_data: bool,
}

/// How the run is watched while it goes on.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Watching")]
pub(crate) struct Watching {
    /// The dashboard in the terminal [default: on a terminal]
    #[arg(long, conflicts_with = "quiet")]
    pub(crate) tui: bool,

    /// The progress block instead
    #[arg(long, conflicts_with = "tui")]
    pub(crate) no_tui: bool,

    #[command(flatten)]
    pub(crate) face: Face,

    /// Prometheus series for each viewer, of at most 200
    #[arg(long)]
    pub(crate) per_viewer_metrics: bool,
}

/// The HTTP face.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Watching")]
pub(crate) struct Face {
    /// Where the dashboard for browsers, /metrics and /api/v1 are served, or off
    /// [default: 127.0.0.1:17091, or a free port where that is taken]
    #[arg(long, value_name = "ADDR|off")]
    pub(crate) admin_listen: Option<values::Listen>,

    /// Bearer token for what reveals or changes the run
    #[arg(
        long,
        value_name = "TOKEN",
        env = "LIVESWARM_ADMIN_TOKEN",
        hide_env_values = true
    )]
    pub(crate) admin_token: Option<String>,

    /// Bearer token for pushed latency samples only
    #[arg(
        long,
        value_name = "TOKEN",
        env = "LIVESWARM_PUSH_TOKEN",
        hide_env_values = true
    )]
    pub(crate) push_token: Option<String>,

    /// Listen beyond loopback without a token
    #[arg(long)]
    pub(crate) insecure_listen: bool,
}

/// Make a report of a run's JSON, or compare two runs.
#[derive(Debug, Args)]
#[command(after_help = REPORT_AFTER_HELP)]
pub(crate) struct Report {
    /// The JSON of a run, as --json wrote it; - is standard input
    pub(crate) run: PathBuf,

    /// Write an HTML page
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,

    /// Write the objectives as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// Write the rows over time as CSV
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,

    /// Print what differs in this later run
    #[arg(long, value_name = "FILE")]
    pub(crate) compare: Option<PathBuf>,

    /// Exit with 5 where a figure of the later run is worse by more than this, such as 10%; with 1
    /// where the runs were not asked for the same, so that it can't be told
    #[arg(long, value_name = "PERCENT", requires = "compare", value_parser = values::percent)]
    pub(crate) fail_on_regression: Option<f64>,
}

const REPORT_AFTER_HELP: &str = "\
Examples:
  liveswarm report run.json --html run.html
  liveswarm report before.json --compare after.json --fail-on-regression 10%

Exit codes: 0 fine, 1 a file can't be read or written, or runs that are to be judged can't be
compared, 2 wrong usage, 5 a figure got worse.";

/// What the origin serves; `run` without a URL passes it to the origin that it starts.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Our own origin")]
pub(crate) struct OriginMedia {
    /// Container of the segments: ts or fmp4 [default: ts]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,

    /// Length of a segment [default: 2s]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub(crate) segment: Option<values::Time>,

    /// Segments in a media playlist [default: 10]
    #[arg(long, value_name = "N")]
    pub(crate) window: Option<u32>,

    /// Bit rates of the variants [default: 2M,1M,400k]
    #[arg(long, value_name = "BITRATES")]
    pub(crate) variants: Option<String>,

    /// Audio as a rendition of its own
    #[arg(long)]
    pub(crate) demuxed_audio: bool,

    /// A fault to serve, such as segment:503:10% (`liveswarm origin --help` explains them); repeat
    /// it for more
    #[arg(long = "fault", value_name = "FAULT")]
    pub(crate) faults: Vec<String>,
}

const ORIGIN_AFTER_HELP: &str = "\
A fault reads TARGET:ACTION[:SHARE][:WINDOW]:
  TARGET  all, multivariant, playlist, init, segment, other; segment@400k for one variant
  ACTION  a status (503), delay=2s, throttle=100KB/s, truncate, reset, close, stale
  SHARE   10% of requests, or 1/10: segments whose number is a multiple of ten
  WINDOW  6s/20s: in the first 6 s of each 20 s
Such as segment:503:10%, playlist:delay=500ms, all:503:6s/20s, playlist:stale:15s/60s.

Also served: /ledger (what was served, by class and status), /files/json/, /healthz.";

/// An origin has a face only where one is asked for, unlike a run.
const ORIGIN_FACE_HELP: &str = "Where the dashboard for browsers, /metrics and /api/v1 are served, \
    such as 127.0.0.1:17092 [default: off]";
const ORIGIN_FAULT_HELP: &str =
    "A fault to serve, such as segment:503:10%, as explained below; repeat it for more";

/// Serve a live stream of our own: a test picture with a running counter, for ever.
///
/// What is live follows from the clock: two origins with the same options serve the same bytes.
#[derive(Debug, Args)]
#[command(
    after_help = ORIGIN_AFTER_HELP,
    mut_arg("admin_listen", |arg| arg.help(ORIGIN_FACE_HELP)),
    mut_arg("faults", |arg| arg.help(ORIGIN_FAULT_HELP)),
    mut_arg("verbose", |arg| arg.help("Say more: -v, -vv or -vvv; /ledger has what was served")),
)]
pub(crate) struct Origin {
    /// Where to listen; port 0 takes a free one
    #[arg(
        long,
        default_value = "127.0.0.1:17080",
        value_name = "ADDR",
        value_parser = values::socket,
        help_heading = "Server"
    )]
    pub(crate) listen: std::net::SocketAddr,

    /// Keep the ledger of what was served in this file, over restarts
    #[arg(long, value_name = "FILE", help_heading = "Server")]
    pub(crate) ledger: Option<PathBuf>,

    /// End when standard input does: how `run` takes its origin with it
    #[arg(long, hide = true)]
    pub(crate) until_stdin_closes: bool,

    #[command(flatten)]
    pub(crate) face: Face,

    #[command(flatten)]
    pub(crate) media: OriginMedia,

    #[command(flatten)]
    pub(crate) log: Log,
}

/// Logs.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Log {
    /// Say more: -v what viewers do, -vv every request, -vvv everything
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) verbose: u8,

    /// Write logs to this file [default: standard error]
    #[arg(long, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Restart {
    /// After a failure
    OnFailure,
    /// After a failure, and after the end of a stream
    Always,
    /// Never
    Never,
}

impl std::fmt::Display for Restart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::OnFailure => "on-failure",
            Self::Always => "always",
            Self::Never => "never",
        })
    }
}

impl Run {
    /// The options that the summary has no line of its own for, each as one word.
    pub(crate) fn options(&self) -> Vec<String> {
        let agents = self.user_agent_mix.iter();
        let agents = agents.map(|values::Weighted { text, weight }| {
            let shown = transport::mask::header("user-agent", text);
            format!("--user-agent-mix={weight}={shown}")
        });
        let sources = self.sources.iter();
        let sources = sources.map(|source| format!("--source={source}"));
        let load = self.load.to_arguments().into_iter();
        let network = self.network.iter();
        let load = load.chain(network.map(|network| format!("--network={network}")));
        let load = load.chain(self.engine.to_arguments());
        let asked = self.origin_metrics.to_arguments();
        load.chain(sources).chain(agents).chain(asked).collect()
    }

    /// The same of a scenario, whose groups say what viewers are.
    pub(crate) fn options_of_scenario(&self) -> Vec<String> {
        let scenario = self.scenario.iter();
        let scenario = scenario.map(|name| format!("--scenario={name}"));
        let load = self.load.to_arguments().into_iter();
        let asked = self.origin_metrics.to_arguments();
        let typed = self.typed.iter().map(|option| masked(option));
        scenario.chain(load).chain(asked).chain(typed).collect()
    }
}

impl OriginMedia {
    /// These options as they are typed, to be passed on.
    pub(crate) fn to_arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                arguments.push(format!("--{name}={value}"));
            }
        };
        put("format", self.format.clone());
        put("segment", self.segment.map(|time| time.to_string()));
        put("window", self.window.map(|window| window.to_string()));
        put("variants", self.variants.clone());
        for fault in &self.faults {
            put("fault", Some(fault.clone()));
        }
        if self.demuxed_audio {
            arguments.push("--demuxed-audio".to_owned());
        }
        arguments
    }

    /// Whether anything was asked of our own origin.
    pub(crate) fn is_set(&self) -> bool {
        !self.to_arguments().is_empty()
    }

    /// The first of these options that was typed, for a message.
    pub(crate) fn first_set(&self) -> String {
        let all = self.to_arguments();
        let first = all.first().map(String::as_str).unwrap_or_default();
        first.split('=').next().unwrap_or_default().to_owned()
    }

    /// Whether our own origin can serve this.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        origin::Origin::new(self.config()?)?;
        Ok(())
    }

    /// What our own origin is to serve.
    pub(crate) fn config(&self) -> anyhow::Result<origin::Config> {
        let mut config = origin::Config::default();
        if let Some(format) = &self.format {
            config.format = format.parse().map_err(anyhow::Error::msg)?;
        }
        if let Some(segment) = self.segment {
            config.segment = segment.0;
        }
        if let Some(window) = self.window {
            config.window = window;
        }
        if let Some(variants) = &self.variants {
            let variants = variants.split(',').map(str::parse);
            config.variants = variants.collect::<Result<_, _>>()?;
        }
        if self.demuxed_audio {
            config.audio = origin::Audio::Demuxed;
        }
        for fault in &self.faults {
            config.faults.push(fault.parse()?);
        }
        Ok(config)
    }
}
