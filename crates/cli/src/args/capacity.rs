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
  liveswarm capacity http://host/live/master.m3u8 --scenario steady-evening
  liveswarm capacity http://host/live/master.m3u8 --from 5 --to 200 --engine ffmpeg \\
    --slo 'segment_download.p95 < 1s'

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

    /// The first option that was typed and means nothing to a search.
    #[arg(skip)]
    pub(crate) useless: Option<String>,

    /// What of the file means nothing to a search.
    #[arg(skip)]
    pub(crate) set_aside: Vec<String>,

    /// The objectives of the file by which no level can be judged.
    #[arg(skip)]
    pub(crate) not_judged: Vec<String>,
}

/// Options of a run that mean nothing to a search: it says itself how many viewers there are when,
/// and writes nothing while it goes on.
const OF_NO_USE: [&str; 25] = [
    "segment_sizes_url",
    "per_viewer_metrics",
    "print_cmd",
    "viewers",
    "duration",
    "stages",
    "arrivals",
    "watch_time",
    "thundering_herd",
    "plan_only",
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

/// Whether an option of a run, by its id, means nothing to a search.
pub(crate) fn is_of_no_use(id: &str) -> bool {
    OF_NO_USE.contains(&id)
}

/// An option of a run, as a search has it.
fn fit(arg: Arg) -> Arg {
    match arg.get_id().as_str() {
        "url" => arg
            .required_unless_present_any(["scenario", "config"])
            .help(
                "The stream: a multivariant or media playlist, http or https; with a scenario: of \
                 the groups that have none of their own",
            )
            .long_help(None),
        "scenario" => arg
            .help(
                "Who watches: the groups of a scenario, in their shares, at every level; a file, or \
                 tune-in-storm, steady-evening, flash-crowd, soak. Its objectives count beside \
                 those that are typed; its load is put aside",
            )
            .long_help(None),
        "config" => arg
            .help(
                "Options in a TOML file, each by its long name; what is typed here wins. What it \
                 says of the load is put aside",
            )
            .long_help(None),
        "json" => arg
            .help("Write what was found as JSON (schema liveswarm.capacity/1) to this file")
            .long_help(None),
        // It takes one value of two.
        "measure" => arg.hide(true),
        id if is_of_no_use(id) => arg.hide(true),
        _ => arg,
    }
}
