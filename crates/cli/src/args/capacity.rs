//! A search for the most viewers that a stream carries.

use clap::{Arg, Args};

use super::Run;
use crate::values;

const AFTER_HELP: &str = "\
A level is a number of viewers, held and judged by every objective over its own time alone. From
--from on the search steps up until one breaks, then halves what lies between; a level that was
close, and the one that would be the answer, is held again. After a level that broke, all viewers
leave and fresh ones start, so that what it did to them is not held against the next.

Such as:
  liveswarm capacity http://host/live/master.m3u8 --slo 'rebuffer_ratio < 0.5%'
  liveswarm capacity http://host/live/master.m3u8 --from 50 --to 2000 --hold 1m --json found.json \\
    --slo 'segment_download.p95 < 1s' --slo 'error_rate < 0.1%'

Exit codes:
  0  found, or all that was to be tried held
  1  could not run, stopped before the end, or undecided (hold each level for longer)
  2  wrong usage
  4  our own generator was the bottleneck before the stream was
  5  not even the fewest viewers were carried";

/// Find the most viewers at which every objective still holds.
#[derive(Debug, Args)]
#[command(
    after_help = AFTER_HELP,
    args_override_self = true,
    mut_args(fit),
)]
pub(crate) struct Capacity {
    /// The fewest viewers that are tried
    #[arg(long, default_value_t = 100, value_name = "N", help_heading = "Search")]
    pub(crate) from: u64,

    /// The most viewers that are tried
    #[arg(
        long,
        default_value_t = 20_000,
        value_name = "N",
        help_heading = "Search"
    )]
    pub(crate) to: u64,

    /// How long a level is judged for
    #[arg(long, default_value = "30s", value_name = "DURATION", help_heading = "Search",
        value_parser = values::duration)]
    pub(crate) hold: values::Time,

    /// How long a level settles, once all its viewers have started, before it is judged
    #[arg(long, default_value = "10s", value_name = "DURATION", help_heading = "Search",
        value_parser = values::duration)]
    pub(crate) settle: values::Time,

    #[command(flatten)]
    pub(crate) run: Box<Run>,
}

/// Viewers of a run that is not told.
const VIEWERS_UNSAID: u64 = 100;
/// Options of a run that a search has no use for.
const HIDDEN: [&str; 37] = [
    "origin_metrics",
    "nginx_metrics",
    "origin_metrics_host",
    "segment_sizes_url",
    "per_viewer_metrics",
    "engine",
    "exec",
    "ffmpeg",
    "ffmpeg_args",
    "print_cmd",
    "measure",
    "assume_playback",
    "restart_on_stall",
    "viewers",
    "duration",
    "stages",
    "arrivals",
    "watch_time",
    "thundering_herd",
    "plan_only",
    "config",
    "scenario",
    "print_scenario",
    "tui",
    "no_tui",
    "admin_listen",
    "admin_token",
    "push_token",
    "insecure_listen",
    "junit",
    "csv",
    "format",
    "segment",
    "window",
    "variants",
    "demuxed_audio",
    "faults",
];

/// An option of a run, as a search has it.
fn fit(arg: Arg) -> Arg {
    match arg.get_id().as_str() {
        "url" => arg
            .required(true)
            .help("The stream: a multivariant or media playlist, http or https")
            .long_help(None),
        "json" => arg
            .help("Write what was found as JSON (schema liveswarm.capacity/1) to this file")
            .long_help(None),
        id if HIDDEN.contains(&id) => arg.hide(true),
        _ => arg,
    }
}

impl Capacity {
    /// The first option that was typed and means nothing to a search.
    pub(crate) fn useless(&self) -> Option<&'static str> {
        let (run, load) = (&self.run, &self.run.load);
        let typed = [
            (run.engine.kind != super::Kind::Native, "--engine"),
            (run.viewers != VIEWERS_UNSAID, "--viewers"),
            (run.duration.is_some(), "--duration"),
            (load.stages.is_some(), "--stages"),
            (load.arrivals.is_some(), "--arrivals"),
            (load.thundering_herd, "--thundering-herd"),
            (load.plan_only, "--plan-only"),
            (run.config.is_some(), "--config"),
            (run.scenario.is_some(), "--scenario"),
            (run.watching.tui, "--tui"),
            (run.watching.no_tui, "--no-tui"),
            (run.watching.per_viewer_metrics, "--per-viewer-metrics"),
            (
                !run.origin_metrics.to_arguments().is_empty(),
                "--origin-metrics and its kin",
            ),
            (run.watching.face.admin_listen.is_some(), "--admin-listen"),
            (run.junit.is_some(), "--junit"),
            (run.csv.is_some(), "--csv"),
        ];
        let first = typed.into_iter().find(|(typed, _)| *typed);
        first.map(|(_, option)| option)
    }
}
