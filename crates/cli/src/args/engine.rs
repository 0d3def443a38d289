//! Who watches: viewers of our own, or player processes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::values;

/// Who watches.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Engine")]
pub(crate) struct Engine {
    /// Who watches: native is a viewer of our own, thousands of them on a core; ffmpeg and exec are
    /// a process each, a real player that fetches through a measuring gateway of ours
    #[arg(
        id = "engine",
        long = "engine",
        value_enum,
        default_value = "native",
        value_name = "ENGINE"
    )]
    pub(crate) kind: Kind,

    /// With --engine exec: the player's command line, in which {url} is what it is to open
    #[arg(long, value_name = "CMD", required_if_eq("engine", "exec"))]
    pub(crate) exec: Option<String>,

    /// The FFmpeg to run [default: ffmpeg, found in PATH]
    #[arg(long, value_name = "PATH")]
    pub(crate) ffmpeg: Option<PathBuf>,

    /// An argument more for FFmpeg, before its input; repeat it for more
    #[arg(long = "ffmpeg-arg", value_name = "ARG", allow_hyphen_values = true)]
    pub(crate) ffmpeg_args: Vec<String>,

    /// Print the command line of the first viewer's process (with a scenario: of each group's), and
    /// end
    #[arg(long)]
    pub(crate) print_cmd: bool,

    /// How FFmpeg is measured: gateway counts what passes through it; logs lets it fetch from the
    /// origin itself, a connection a request, and reads its log: figures are estimates, marked so
    #[arg(long, value_enum, default_value = "gateway", value_name = "HOW")]
    pub(crate) measure: Measure,

    /// Take FFmpeg for a player that plays what it fetches, as --player does: startup, stalls and
    /// latency follow from what it fetched when. Without it they are n/a, since it copies
    #[arg(long)]
    pub(crate) assume_playback: bool,

    /// Start a process again that has been stalled for this long
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub(crate) restart_on_stall: Option<values::Time>,

    /// Start although this machine seems too small
    #[arg(long)]
    pub(crate) skip_preflight: bool,
}

/// What a viewer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A viewer of our own
    Native,
    /// An FFmpeg process
    Ffmpeg,
    /// A process of any player
    Exec,
}

/// From where a process is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measure {
    /// Through a gateway: exact
    Gateway,
    /// By FFmpeg's own log: estimated
    Logs,
}

impl Engine {
    /// These options as they are typed, those with defaults left out.
    pub(crate) fn to_arguments(&self) -> Vec<String> {
        let mut typed = match self.kind {
            Kind::Native => Vec::new(),
            Kind::Ffmpeg => vec!["--engine=ffmpeg".to_owned()],
            Kind::Exec => vec!["--engine=exec".to_owned()],
        };
        typed.extend(
            self.exec
                .iter()
                .map(|line| format!("--exec={}", command(line))),
        );
        let ffmpeg = self.ffmpeg.iter();
        typed.extend(ffmpeg.map(|path| format!("--ffmpeg={}", path.display())));
        let arguments = self.ffmpeg_args.iter();
        typed.extend(arguments.map(|word| format!("--ffmpeg-arg={}", shown(word))));
        if self.measure == Measure::Logs {
            typed.push("--measure=logs".to_owned());
        }
        if self.assume_playback {
            typed.push("--assume-playback".to_owned());
        }
        if let Some(time) = self.restart_on_stall {
            typed.push(format!(
                "--restart-on-stall={}",
                humantime::format_duration(time.0)
            ));
        }
        typed
    }
}

/// An option as one word, without the secrets in it.
pub(crate) fn masked(option: &str) -> String {
    let Some((name, value)) = option.split_once('=') else {
        return option.to_owned();
    };
    let value = match name {
        "--header" => match value.split_once(':') {
            Some((name, value)) => {
                format!(
                    "{name}: {}",
                    transport::mask::header(name.trim(), value.trim())
                )
            }
            None => transport::mask::MASK.to_owned(),
        },
        "--exec" => command(value),
        "--ffmpeg-arg" => shown(value),
        "--user-agent" => transport::mask::header("user-agent", value),
        "--user-agent-mix" => match value.split_once('=') {
            Some((weight, text)) => {
                format!("{weight}={}", transport::mask::header("user-agent", text))
            }
            None => transport::mask::MASK.to_owned(),
        },
        _ => transport::mask::text(value),
    };
    format!("{name}={value}")
}

/// A command line without the secrets in its words.
fn command(line: &str) -> String {
    let words = shlex::split(line).unwrap_or_default();
    let words: Vec<String> = words.iter().map(|word| shown(word)).collect();
    let line = shlex::try_join(words.iter().map(String::as_str));
    line.unwrap_or_else(|_| transport::mask::MASK.to_owned())
}

/// A word that may be a URL, a header or several, without its secrets.
fn shown(word: &str) -> String {
    let lines = word.split_inclusive("\r\n").map(|line| {
        let Some((name, value)) = line.split_once(": ") else {
            return transport::mask::text(line);
        };
        // As in --option=Name: value.
        let header = name.rsplit_once('=').map_or(name, |(_, header)| header);
        let value = transport::mask::header(header.trim(), value);
        format!("{name}: {value}")
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_shown_without_secrets() {
        for (option, shown) in [
            ("--no-cache", "--no-cache"),
            ("--header=Authorization:hush", "--header=Authorization: ***"),
            ("--header=X-Seat: 7", "--header=X-Seat: 7"),
            (
                "--exec=curl -H 'Cookie: hush' {url}",
                "--exec=curl -H 'Cookie: ***' '{url}'",
            ),
            (
                "--ffmpeg-arg=http://me:hush@h/",
                "--ffmpeg-arg=http://***@h/",
            ),
            ("--player=hls.js=7,shaka=2", "--player=hls.js=7,shaka=2"),
            (
                "--user-agent-mix=7=Seat/1 (http://me:hush@h/)",
                "--user-agent-mix=7=Seat/1 (http://***@h/)",
            ),
            (
                "--user-agent-mix=7=eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2lnbmF0dXJl x",
                "--user-agent-mix=7=*** x",
            ),
            ("--user-agent-mix=hush", "--user-agent-mix=***"),
        ] {
            assert_eq!(masked(option), shown);
        }
    }

    #[test]
    fn secrets_in_the_words_of_players_are_not_shown() {
        for (line, expected) in [
            (
                "curl -H 'Authorization: Bearer hush' {url}",
                "curl -H 'Authorization: ***' '{url}'",
            ),
            (
                "mpv --http-header='Cookie: seat=hush' {url}",
                "mpv '--http-header=Cookie: ***' '{url}'",
            ),
            (
                "vlc 'http://me:hush@h/a?token=hush'",
                "vlc 'http://***@h/a?token=***'",
            ),
        ] {
            assert_eq!(command(line), expected);
        }
        let headers = "X-Seat: 7\r\nAuthorization: Bearer hush\r\n";
        let shown = shown(headers);
        assert!(
            shown.contains("X-Seat: 7") && !shown.contains("hush"),
            "{shown}"
        );
    }
}
