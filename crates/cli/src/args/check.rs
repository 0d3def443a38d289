//! `liveswarm check`: which stream is looked at, and how.

use std::path::PathBuf;

use clap::Args;

use super::Log;
use crate::connect::Connect;
use crate::values;

const AFTER_HELP: &str = "\
Examples:
  liveswarm check http://host/live/master.m3u8
  liveswarm check https://host/live/master.m3u8 --header 'Authorization: Bearer abc' --strict
  liveswarm check http://host/live/master.m3u8 --duration 60s --json - | jq '.findings[].message'

What is looked at: redirects, TLS, kept connections; both kinds of playlist, from reload to reload;
dates and clocks; segments (TS, fMP4) and their timestamps, keyframes and codecs; bit rates declared
and measured; variants beside each other; caching, CORS, compression; and how the viewer fared.
RFC 8216bis in a line is draft-pantos-hls-rfc8216bis, by clause.

Exit codes: 0 fine, or warnings only; 1 could not run; 2 wrong usage; 3 errors were found (with
--strict: or warnings).";

/// Look at a stream with one viewer, and say what is wrong with it before a crowd comes.
///
/// The viewer watches as a plain client of RFC 8216bis does; then each other variant and rendition
/// is looked at once. It fetches only what the stream's own playlists name. Ctrl-C ends it early,
/// with a verdict on what was seen.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Check {
    /// The stream: a multivariant or media playlist, http or https
    pub(crate) url: String,

    /// How long the viewer watches [default: 10s, or three target durations where that is longer]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub(crate) duration: Option<values::Time>,

    /// Warnings count as errors: exit code 3
    #[arg(long)]
    pub(crate) strict: bool,

    /// A request header; repeat it for more
    #[arg(
        short = 'H',
        long = "header",
        value_name = "K: V",
        help_heading = "Requests"
    )]
    pub(crate) headers: Vec<String>,

    /// The User-Agent header [default: liveswarm and its version]
    #[arg(long, value_name = "TEXT", help_heading = "Requests")]
    pub(crate) user_agent: Option<String>,

    #[command(flatten)]
    pub(crate) connect: Connect,

    /// Write the verdict as JSON (schema liveswarm.check/1) to this file; - is standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) json: Option<PathBuf>,

    /// No progress, only the verdict
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) log: Log,
}
