//! The engine as it is typed, and what the swarm needs of it.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ffmpeg::{Connections, Features, Level, Reconnect};
use player::playhead;
use swarm::Group;
use swarm::engine::{Arguments, Engine, Ffmpeg, Measure, ProcessEngine, Reported, Sizes};
use swarm::preflight::{self, Need};

use crate::args::{self, Kind};
use crate::entrance::Entrance;
use crate::settings::Usage;

/// Where FFmpeg is looked for unless it is said.
const FFMPEG: &str = "ffmpeg";
/// How long FFmpeg waits between two tries of its own at most.
const RECONNECT_DELAY_MAX: Duration = Duration::from_secs(5);
/// How often FFmpeg tells of its progress.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// What viewers are to be made of.
#[derive(Clone, Debug)]
pub(crate) enum Chosen {
    Native,
    Ffmpeg(Process, Vec<String>),
    Exec(Process, Vec<String>),
    /// Viewers that come by themselves.
    Guests(Box<Entrance>),
}

/// What is known of a process before it is looked for.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    program: OsString,
    play: Option<playhead::Rules>,
    measure: args::Measure,
    restart_on_stall: Option<Duration>,
    timeout: Option<Duration>,
    trusted: Option<PathBuf>,
}

impl Chosen {
    /// `rules`: how a player moves its playhead that is taken to play.
    pub(crate) fn new(run: &args::Run, rules: Option<playhead::Rules>) -> Result<Self, Usage> {
        let asked = &run.engine;
        refuse_strangers(asked)?;
        refuse_unheard(run)?;
        let by_logs = asked.measure == args::Measure::Logs;
        let process = |program: OsString, plays: bool| Process {
            program,
            play: rules.filter(|_| plays),
            measure: asked.measure,
            restart_on_stall: asked.restart_on_stall.map(|time| time.0),
            timeout: run.timeout.map(|time| time.0),
            trusted: run.connect.cacert.clone().filter(|_| by_logs),
        };
        Ok(match (asked.kind, &asked.exec) {
            (Kind::Native, _) => Self::Native,
            (Kind::Ffmpeg, _) => {
                let program = asked.ffmpeg.as_deref().map(AsRef::<OsStr>::as_ref);
                let program = program.unwrap_or(FFMPEG.as_ref()).to_owned();
                let extra = asked.ffmpeg_args.clone();
                Self::Ffmpeg(process(program, asked.assume_playback), extra)
            }
            (Kind::Exec, command) => {
                let mut words = words(command.as_deref().unwrap_or_default())?;
                let program = words.remove(0);
                Self::Exec(process(program.into(), true), words)
            }
        })
    }

    /// What so many viewers take of a machine. `native` is what one of ours does.
    pub(crate) fn need(&self, viewers: u64, native: Need) -> Need {
        match self {
            Self::Native => native.times(viewers),
            Self::Ffmpeg(process, _) => match process.measure {
                args::Measure::Gateway => Need::FFMPEG.times(viewers),
                args::Measure::Logs => Need::FFMPEG_BY_LOGS.times(viewers),
            },
            Self::Exec(..) => Need::ANY_PLAYER.times(viewers),
            // The plan has none: they come by themselves.
            Self::Guests(entrance) => Need::GUEST.times(entrance.players()),
        }
    }

    /// What players are told, where they come by themselves.
    pub(crate) fn invitation(&self, group: &Group) -> anyhow::Result<Vec<String>> {
        match self {
            Self::Guests(entrance) => entrance.invitation(group),
            Self::Native | Self::Ffmpeg(..) | Self::Exec(..) => Ok(Vec::new()),
        }
    }

    /// What viewers are, in words; empty where they are our own.
    pub(crate) fn describe(&self, engine: &Engine) -> String {
        match (self, engine) {
            (Self::Guests(_), _) => "players that come to the gateway".to_owned(),
            (_, Engine::Process(engine)) => described(engine),
            _ => String::new(),
        }
    }

    /// Whether its figures are estimates.
    pub(crate) fn is_estimated(&self) -> bool {
        match self {
            Self::Ffmpeg(process, _) | Self::Exec(process, _) => {
                process.measure == args::Measure::Logs
            }
            Self::Native | Self::Guests(_) => false,
        }
    }

    pub(crate) fn is_native(&self) -> bool {
        matches!(self, Self::Native)
    }

    /// Looks for the program, and for what it can do.
    pub(crate) async fn prepare(&self, group: &Group, sizes: Sizes) -> anyhow::Result<Engine> {
        let (process, arguments) = match self {
            Self::Native => return Ok(Engine::Native),
            Self::Ffmpeg(process, extra) => {
                let features = preflight::ffmpeg(&process.program).await?;
                (process, arguments(process, features, extra))
            }
            Self::Exec(process, words) => (process, Arguments::Words(words.clone())),
            Self::Guests(entrance) => return Ok(Engine::Guests(entrance.gateway(group)?)),
        };
        Ok(Engine::Process(Arc::new(ProcessEngine {
            program: process.program.clone(),
            arguments,
            measure: match process.measure {
                args::Measure::Gateway => Measure::Gateway,
                args::Measure::Logs => Measure::Logs(sizes),
            },
            play: process.play,
            restart_on_stall: process.restart_on_stall,
            // FFmpeg has one of its own.
            timeout: match self {
                Self::Exec(process, _) => process.timeout,
                _ => None,
            },
            trusted: process.trusted.clone(),
            guard: Some(process::Guard::start()?),
            reported: Reported::default(),
        })))
    }
}

fn described(engine: &ProcessEngine) -> String {
    let program = engine.program.to_string_lossy();
    match &engine.arguments {
        Arguments::Ffmpeg(told) => {
            let version = told.features.version();
            match engine.measure {
                Measure::Gateway => format!("FFmpeg {version} processes through a gateway"),
                Measure::Logs(_) => format!("FFmpeg {version} processes, by their logs"),
            }
        }
        Arguments::Words(_) => format!("{program} processes through a gateway"),
    }
}

/// Options of another engine than the one that was asked for do nothing, so they are refused.
fn refuse_strangers(asked: &args::Engine) -> Result<(), Usage> {
    let kind = asked.kind;
    let process = kind != Kind::Native;
    for (option, given, fits, engine) in [
        ("--exec", asked.exec.is_some(), kind == Kind::Exec, "exec"),
        (
            "--ffmpeg",
            asked.ffmpeg.is_some(),
            kind == Kind::Ffmpeg,
            "ffmpeg",
        ),
        (
            "--ffmpeg-arg",
            !asked.ffmpeg_args.is_empty(),
            kind == Kind::Ffmpeg,
            "ffmpeg",
        ),
        (
            "--measure logs",
            asked.measure == args::Measure::Logs,
            kind == Kind::Ffmpeg,
            "ffmpeg",
        ),
        (
            "--assume-playback",
            asked.assume_playback,
            process,
            "ffmpeg",
        ),
        (
            "--restart-on-stall",
            asked.restart_on_stall.is_some(),
            process,
            "ffmpeg",
        ),
    ] {
        if given && !fits {
            return Err(Usage::new(format!(
                "{option} needs --engine {engine}; viewers of ours are no processes"
            )));
        }
    }
    Ok(())
}

/// Options of ours that a process would not hear of are refused too, rather than left out.
fn refuse_unheard(run: &args::Run) -> Result<(), Usage> {
    let (kind, logs) = (run.engine.kind, run.engine.measure == args::Measure::Logs);
    if kind == Kind::Native {
        return Ok(());
    }
    for (option, given, unheard) in [
        ("--target-buffer", run.target_buffer.is_some(), true),
        ("--seg-retry", run.seg_retry.is_some(), true),
        ("--resolve", !run.connect.resolve.is_empty(), logs),
        ("--source", !run.sources.is_empty(), logs),
        ("--insecure", run.connect.insecure, logs),
        ("--network", run.network.is_some(), logs),
    ] {
        if given && unheard {
            let why = match option {
                "--insecure" => {
                    "FFmpeg does not hand it on to the segments; trust a certificate with \
                     --cacert, or use --measure gateway"
                }
                _ if logs => "players fetch by themselves with --measure logs",
                _ => "it is the player's own to decide",
            };
            return Err(Usage::new(format!(
                "{option} can't be told to players that are processes: {why}"
            )));
        }
    }
    Ok(())
}

/// Why this can't be the command line of a player.
pub(crate) fn check_command(command: &str) -> Result<(), Usage> {
    words(command).map(drop)
}

/// A command line in its words, as a shell takes it apart.
fn words(command: &str) -> Result<Vec<String>, Usage> {
    // The command may hold secrets: it is not repeated.
    let refused = |why: &str| Usage::new(format!("--exec {why}"));
    let words = shlex::split(command).ok_or_else(|| refused("has a quote that is not closed"))?;
    if words.is_empty() {
        return Err(refused("is no command; such as 'mpv --no-video {url}'"));
    }
    if !words.iter().any(|word| word.contains("{url}")) {
        return Err(refused(
            "does not say where the URL goes; such as 'mpv --no-video {url}'",
        ));
    }
    Ok(words)
}

fn arguments(process: &Process, features: Features, extra: &[String]) -> Arguments {
    let (level, connections) = match process.measure {
        args::Measure::Gateway => (Level::Error, Connections::Kept),
        // Only at the end of a connection does its log say how many bytes came.
        args::Measure::Logs => {
            let level = Level::of_words(extra).unwrap_or(Level::Debug);
            (level, Connections::PerRequest)
        }
    };
    Arguments::Ffmpeg(Box::new(Ffmpeg {
        features,
        level,
        connections,
        reconnect: Some(Reconnect {
            delay_max: RECONNECT_DELAY_MAX,
        }),
        timeout: process.timeout,
        progress_every: PROGRESS_EVERY,
        extra: extra.to_vec(),
    }))
}

/// The command line of each group's first player, for a shell. It opens the stream itself, so that
/// it can be tried by hand; in a run its URL leads through the gateway.
pub(crate) fn command_lines(plan: &swarm::Plan) -> anyhow::Result<String> {
    let first = (0..plan.groups.len()).filter_map(|group| plan.shares.first(group));
    let commands = first.map(|n| plan.command(n));
    let commands: Vec<Option<Vec<String>>> = commands.collect::<Result<_, _>>()?;
    let lines = commands.into_iter().flatten();
    let lines = lines.map(|words| ffmpeg::command::shell_line(words.iter().map(String::as_str)));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_taken_apart_as_a_shell_does() {
        let split = words("mpv --title 'a b' {url} \"x\\\"y\"").unwrap();
        assert_eq!(split, ["mpv", "--title", "a b", "{url}", "x\"y"]);
        for (command, says) in [
            ("", "is no command"),
            ("mpv 'open {url}", "a quote that is not closed"),
            ("mpv --no-video", "does not say where the URL goes"),
        ] {
            let error = words(command).unwrap_err().to_string();
            assert!(error.contains(says), "{command}: {error}");
        }
    }
}
