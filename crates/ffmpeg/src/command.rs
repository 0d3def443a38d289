//! The command line of one viewer.
//!
//! ```text
//! ffmpeg -hide_banner -nostdin -nostats -loglevel repeat+level+debug
//!        -progress pipe:1 -stats_period 1 -ignore_unknown          the program's options
//!        -reconnect 1 … -rw_timeout … -user_agent … -headers …     options of the input
//!        [--ffmpeg-arg, each in the order given]
//!        -i URL -map 0:p:2 -c copy -f null -
//! ```
//!
//! What the person adds (`--ffmpeg-arg`) stands last before `-i`: options of the input, and of the
//! program, work there, and what stands later wins. Progress goes to standard output, where the
//! null muxer writes nothing.
//!
//! TLS can't be set here: the HLS demuxer does not hand `-tls_verify` and `-ca_file` on to the
//! segments it opens. FFmpeg 9 checks certificates by itself, by the file that [`CA_FILE_VARIABLE`]
//! names; 5.1 checks none. A run that is to accept any certificate has to go through the gateway.

use std::time::Duration;

use crate::features::{Features, Group};

/// The environment variable by which FFmpeg (its OpenSSL) finds the certificates it trusts.
pub const CA_FILE_VARIABLE: &str = "SSL_CERT_FILE";

/// One viewer's FFmpeg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command<'a> {
    /// What to play: `http://` or `https://`.
    pub url: &'a str,
    /// The whole `User-Agent`; FFmpeg's own where absent.
    pub user_agent: Option<&'a str>,
    /// More request headers.
    pub headers: &'a [(String, String)],
    /// Which streams are read.
    pub select: Select,
    /// How much it logs.
    pub level: Level,
    /// How HTTP connections are used.
    pub connections: Connections,
    /// Whether and how long it reconnects by itself; not at all where absent.
    pub reconnect: Option<Reconnect>,
    /// How long one read or write may take; no limit where absent.
    pub timeout: Option<Duration>,
    /// Time between two blocks of progress.
    pub progress_every: Duration,
    /// What the person adds, word by word.
    pub extra: &'a [String],
}

/// Which streams are read. FFmpeg opens every variant to probe it, whichever is selected, and then
/// goes on reading the selected ones; hand it the URL of a variant where that would falsify counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    /// All streams of all variants (`-map 0`).
    All,
    /// The variant at this place of the multivariant playlist, with its renditions
    /// (`-map 0:p:N`); 0 is the first, and the only one of a media playlist.
    Variant(usize),
}

/// How much FFmpeg logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Errors only: behind a gateway, which sees the rest.
    Error,
    /// Also statuses and retries.
    Warning,
    /// Also media requests, and with kept connections playlist requests but the first two.
    Info,
    /// Also connections and what they carried.
    Verbose,
    /// Also each request head: every request.
    Debug,
}

impl Level {
    /// FFmpeg's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Verbose => "verbose",
            Self::Debug => "debug",
        }
    }

    /// The level that these words of a command line set, if they do: the last ones win.
    pub fn of_words(words: &[String]) -> Option<Self> {
        let mut set = words.windows(2).rev();
        let set = set.find(|pair| matches!(pair[0].as_str(), "-loglevel" | "-v"))?;
        // Flags stand before it: `repeat+level+debug`.
        let mut flags = set[1].split(['+', '-']);
        Some(match flags.next_back().unwrap_or_default() {
            "warning" | "24" => Self::Warning,
            "info" | "32" => Self::Info,
            "verbose" | "40" => Self::Verbose,
            "debug" | "48" | "trace" | "56" => Self::Debug,
            "quiet" | "panic" | "fatal" | "error" | "8" | "0" | "16" => Self::Error,
            _ => return None,
        })
    }
}

/// How HTTP connections are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connections {
    /// As FFmpeg does by itself: kept from segment to segment.
    Kept,
    /// One for each request. Bytes are logged at the end of a connection, so only this way are they
    /// known request by request: in versions before 8.1, where one media playlist is read.
    PerRequest,
}

/// Reconnecting by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconnect {
    /// Longest delay before it gives up.
    pub delay_max: Duration,
}

/// Why there is no command line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Without it the viewer could not be watched.
    #[error("FFmpeg {version} has no -{option}, which is needed; 4.4 or newer has it")]
    TooOld {
        /// The version.
        version: String,
        /// The missing option.
        option: &'static str,
    },
    /// Not a header.
    #[error("{name:?} can't be sent as a header; a line break or an empty name is not allowed")]
    Header {
        /// Its name.
        name: String,
    },
}

impl Command<'_> {
    /// The arguments, without the program. Options that `features` does not list are left out.
    ///
    /// # Errors
    /// An option without which a viewer can't be watched is not there, or a header is none.
    pub fn args(&self, features: &Features) -> Result<Vec<String>, Error> {
        let mut args = Args::new(features);
        self.program_options(&mut args)?;
        self.input_options(&mut args)?;
        args.words.extend(self.extra.iter().cloned());
        let map = match self.select {
            Select::All => "0".to_owned(),
            Select::Variant(place) => format!("0:p:{place}"),
        };
        let output = ["-c", "copy", "-f", "null", "-"];
        args.words
            .extend(["-i", self.url, "-map", &map].map(str::to_owned));
        args.words.extend(output.map(str::to_owned));
        Ok(args.words)
    }

    fn program_options(&self, args: &mut Args<'_>) -> Result<(), Error> {
        args.flag("hide_banner");
        args.negated("stdin");
        args.negated("stats");
        // Without `repeat`, equal lines would be one; without `level`, their weight is unknown.
        let time = if args.features.datetime() {
            "+datetime"
        } else {
            ""
        };
        let level = format!("repeat+level{time}+{}", self.level.name());
        args.needed("loglevel", &level)?;
        args.needed("progress", "pipe:1")?;
        let seconds = format!("{}", self.progress_every.as_secs_f64());
        args.optional(Group::Program, "stats_period", &seconds);
        args.flag("ignore_unknown");
        Ok(())
    }

    fn input_options(&self, args: &mut Args<'_>) -> Result<(), Error> {
        if let Some(reconnect) = self.reconnect {
            for name in [
                "reconnect",
                "reconnect_streamed",
                "reconnect_on_network_error",
            ] {
                args.optional(Group::Http, name, "1");
            }
            let seconds = reconnect.delay_max.as_secs().to_string();
            args.optional(Group::Http, "reconnect_delay_max", &seconds);
        }
        if let Some(timeout) = self.timeout {
            args.optional(Group::Url, "rw_timeout", &timeout.as_micros().to_string());
        }
        if self.connections == Connections::PerRequest {
            args.optional(Group::Hls, "http_persistent", "0");
        }
        if let Some(agent) = self.user_agent {
            args.optional(Group::Http, "user_agent", agent);
        }
        if !self.headers.is_empty() {
            args.optional(Group::Http, "headers", &header_lines(self.headers)?);
        }
        Ok(())
    }
}

fn header_lines(headers: &[(String, String)]) -> Result<String, Error> {
    let mut lines = String::new();
    for (name, value) in headers {
        let broken = |text: &str| text.contains(['\r', '\n', '\0']);
        if name.trim().is_empty() || broken(name) || broken(value) {
            return Err(Error::Header { name: name.clone() });
        }
        lines.extend([name, ": ", value, "\r\n"]);
    }
    Ok(lines)
}

/// Arguments under way.
struct Args<'a> {
    features: &'a Features,
    words: Vec<String>,
}

impl<'a> Args<'a> {
    fn new(features: &'a Features) -> Self {
        Self {
            features,
            words: Vec::new(),
        }
    }

    fn flag(&mut self, name: &str) {
        if self.features.accepts(Group::Program, name) {
            self.words.push(format!("-{name}"));
        }
    }

    /// `-noNAME`, which FFmpeg lists as `-NAME`.
    fn negated(&mut self, name: &str) {
        if self.features.accepts(Group::Program, name) {
            self.words.push(format!("-no{name}"));
        }
    }

    fn optional(&mut self, group: Group, name: &str, value: &str) {
        if self.features.accepts(group, name) {
            self.words.push(format!("-{name}"));
            self.words.push(value.to_owned());
        }
    }

    fn needed(&mut self, name: &'static str, value: &str) -> Result<(), Error> {
        if !self.features.accepts(Group::Program, name) {
            return Err(Error::TooOld {
                version: self.features.version().text.clone(),
                option: name,
            });
        }
        self.optional(Group::Program, name, value);
        Ok(())
    }
}

/// Program and arguments as one line for a POSIX shell, which takes it apart into the same words.
pub fn shell_line<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        quote(word, &mut line);
    }
    line
}

/// Within single quotes a shell changes nothing; a single quote itself is put between two such
/// strings.
fn quote(word: &str, line: &mut String) {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        line.push_str(word);
        return;
    }
    line.push('\'');
    line.push_str(&word.replace('\'', r"'\''"));
    line.push('\'');
}
