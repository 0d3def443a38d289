//! `liveswarm gateway`: which stream passes through it, and to whom.

use std::net::SocketAddr;

use clap::{Args, Parser};

use super::{Cli, Command, Log, Objectives, Run, Watching};
use crate::connect::Connect;
use crate::files::Files;
use crate::values;

const AFTER_HELP: &str = "\
Examples:
  liveswarm gateway http://host/live/master.m3u8
  liveswarm gateway https://host/live/master.m3u8 --listen 0.0.0.0:17081 --json seen.json

Open the URL that it prints in VLC, mpv, a browser's player, or on a TV with --listen. The number in
its path, after /v/, is the viewer's: give each player another one.
Only origins that the stream's URL and its playlists name are fetched, and where those redirect
to. Exit codes are those of run.";

/// Measure any player: it plays through a gateway of ours, which says what it fetched and lived
/// through.
///
/// The same figures, dashboard and summary as of a run. Startup, stalls and latency follow from what
/// the player fetched when: a player that is paused looks like one that stalls. It ends with Ctrl-C,
/// or after --duration.
#[derive(Debug, Args)]
#[command(
    after_help = AFTER_HELP,
    mut_arg("csv", |csv| csv.help("Write a row a second as CSV while it is open; - is standard output")),
)]
pub(crate) struct Gateway {
    /// The stream: a multivariant or media playlist, http or https
    pub(crate) url: String,

    /// Where players come to; port 0 takes a free one. Beyond loopback every path begins with a
    /// token
    #[arg(long, default_value = "127.0.0.1:17081", value_name = "ADDR",
        value_parser = values::socket)]
    pub(crate) listen: SocketAddr,

    /// The token in every path [default: none on loopback, elsewhere one made up]
    #[arg(
        long,
        value_name = "TOKEN",
        env = "LIVESWARM_GATEWAY_TOKEN",
        hide_env_values = true
    )]
    pub(crate) token: Option<String>,

    /// The most players
    #[arg(long, default_value_t = 64, value_name = "N")]
    pub(crate) players: u16,

    /// How long it is open [default: until Ctrl-C]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub(crate) duration: Option<values::Time>,

    /// A request header, added to what players send or in its place; repeat it for more
    #[arg(
        short = 'H',
        long = "header",
        value_name = "K: V",
        help_heading = "Requests"
    )]
    pub(crate) headers: Vec<String>,

    #[command(flatten)]
    pub(crate) connect: Connect,

    #[command(flatten)]
    pub(crate) objectives: Objectives,

    #[command(flatten)]
    pub(crate) watching: Watching,

    /// The name under which latency is kept [default: the URL's path without its last part]
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub(crate) broadcast: Option<String>,

    #[command(flatten)]
    pub(crate) files: Files,

    /// No progress, only the summary
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) log: Log,
}

/// Who may come to a gateway, and where to.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) listen: SocketAddr,
    pub(crate) token: Option<String>,
    pub(crate) players: u16,
}

impl Gateway {
    /// The run that this is: one whose viewers come by themselves.
    pub(crate) fn into_run(self) -> (Box<Run>, Door) {
        let door = Door {
            listen: self.listen,
            token: self.token,
            players: self.players,
        };
        let mut run = plain_run();
        run.url = Some(self.url);
        run.viewers = 0;
        run.workers = Some(1);
        run.duration = self.duration;
        run.headers = self.headers;
        run.connect = self.connect;
        run.objectives = self.objectives;
        run.watching = self.watching;
        run.broadcast = self.broadcast;
        run.files = self.files;
        run.quiet = self.quiet;
        run.log = self.log;
        (run, door)
    }
}

/// A run of which nothing was said.
fn plain_run() -> Box<Run> {
    match Cli::parse_from(["liveswarm", "run"]).command {
        Command::Run(run) => run,
        _ => unreachable!("`run` is the run command"),
    }
}
