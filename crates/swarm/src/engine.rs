//! What viewers are made of.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ffmpeg::{Connections, Features, Level, Reconnect, Select};
use media::hls::Multivariant;
use player::{VariantChoice, playhead};
use url::Url;

use crate::preflight::Need;

/// Reasons that are kept to be told once; a run has few.
const REPORTED_MAX: usize = 64;

/// What a viewer is.
#[derive(Clone, Debug, Default)]
pub enum Engine {
    /// A player of ours, as its profile says.
    #[default]
    Native,
    /// Each viewer is a process: somebody else's player.
    Process(Arc<ProcessEngine>),
    /// Viewers come by themselves, to a gateway that is open to them; the plan has none, and one
    /// worker.
    Guests(Arc<gateway::Config>),
}

impl Engine {
    /// What one viewer takes of a machine. `native` is what a viewer of ours does.
    pub(crate) fn need(&self, native: Need) -> Need {
        match self {
            Self::Native => native,
            Self::Process(engine) => match (&engine.arguments, &engine.measure) {
                (Arguments::Ffmpeg(_), Measure::Gateway) => Need::FFMPEG,
                (Arguments::Ffmpeg(_), Measure::Logs(_)) => Need::FFMPEG_BY_LOGS,
                (Arguments::Words(_), _) => Need::ANY_PLAYER,
            },
            Self::Guests(_) => Need::GUEST,
        }
    }
}

/// Somebody else's player, one process a viewer.
///
/// How its figures come about is [`Measure`]'s to say.
#[derive(Debug)]
pub struct ProcessEngine {
    /// The player, by its path or by a name to look up in `PATH`.
    pub program: OsString,
    /// What it is told.
    pub arguments: Arguments,
    /// From where it is watched.
    pub measure: Measure,
    /// What moves the playhead of a player that is taken to play; `None` for one that copies, of
    /// which no startup, stall or latency is known.
    pub play: Option<playhead::Rules>,
    /// A player that has stalled for so long is started again.
    pub restart_on_stall: Option<Duration>,
    /// The limit of one request through the gateway; `None`: the gateway's own.
    pub timeout: Option<Duration>,
    /// Certificates that a player is told to trust which fetches by itself.
    pub trusted: Option<PathBuf>,
    /// Ends what players have started themselves, should we die.
    pub guard: Option<::process::Guard>,
    /// What was told already.
    pub reported: Reported,
}

/// From where players are watched.
#[derive(Clone, Debug, Default)]
pub enum Measure {
    /// They fetch through a gateway of their worker, which records what passes as a native viewer's;
    /// what they live through is told by a `player::Spectator`.
    #[default]
    Gateway,
    /// FFmpeg fetches from the origin itself, and its log is read: figures are estimated, and marked
    /// so ([`telemetry::Estimated`]). Other players are watched from the gateway.
    Logs(Sizes),
}

/// What the origin says of the sizes of its files, by their URLs.
#[derive(Clone, Default)]
pub struct Sizes(Option<Arc<SizeOf>>);

/// The size of the file at a URL, where it is known.
type SizeOf = dyn Fn(&str) -> Option<u64> + Send + Sync;

impl Sizes {
    /// As `of` says.
    pub fn new(of: impl Fn(&str) -> Option<u64> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(of)))
    }

    /// The size of the file at `url`, where the origin says so.
    pub fn of(&self, url: &str) -> Option<u64> {
        self.0.as_ref().and_then(|of| of(url))
    }
}

impl fmt::Debug for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.0.is_some();
        f.debug_struct("Sizes").field("known", &known).finish()
    }
}

/// What a player is told.
#[derive(Clone, Debug)]
pub enum Arguments {
    /// FFmpeg.
    Ffmpeg(Box<Ffmpeg>),
    /// Any other: words in which `{url}` is where it finds the stream, and `{n}` the viewer's
    /// number.
    Words(Vec<String>),
}

/// How FFmpeg is used; the URL, the headers, the user agent and the choice of variants are the
/// plan's.
#[derive(Clone, Debug)]
pub struct Ffmpeg {
    /// What it accepts.
    pub features: Features,
    /// How much it logs.
    pub level: Level,
    /// How it uses connections.
    pub connections: Connections,
    /// Whether and how long it reconnects by itself.
    pub reconnect: Option<Reconnect>,
    /// How long one read or write may take.
    pub timeout: Option<Duration>,
    /// Time between two blocks of progress.
    pub progress_every: Duration,
    /// What the person adds, word by word.
    pub extra: Vec<String>,
}

/// One viewer's player, as far as its command line goes.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// The viewer's number.
    pub number: u64,
    /// Where it finds the stream.
    pub url: &'a Url,
    /// Request headers.
    pub headers: &'a [(String, String)],
    /// The `User-Agent` that was asked for; the viewer's number is added to it.
    pub user_agent: Option<&'a str>,
    /// Which variants it reads.
    pub select: Select,
}

impl Arguments {
    /// The words of one viewer's command line, without the program.
    ///
    /// # Errors
    /// What FFmpeg is to be told can't be said to it.
    pub fn words(&self, told: &Told<'_>) -> Result<Vec<String>, ffmpeg::command::Error> {
        match self {
            Self::Ffmpeg(ffmpeg) => ffmpeg.words(told),
            Self::Words(words) => {
                let fill = |word: &String| {
                    let word = word.replace("{n}", &told.number.to_string());
                    word.replace("{url}", told.url.as_str())
                };
                Ok(words.iter().map(fill).collect())
            }
        }
    }
}

impl Ffmpeg {
    fn words(&self, told: &Told<'_>) -> Result<Vec<String>, ffmpeg::command::Error> {
        let number = told.number;
        let agent = told
            .user_agent
            .map(|agent| format!("{agent}/viewer-{number}"));
        let command = ffmpeg::Command {
            url: told.url.as_str(),
            user_agent: agent.as_deref(),
            headers: told.headers,
            select: told.select,
            level: self.level,
            connections: self.connections,
            reconnect: self.reconnect,
            timeout: self.timeout,
            progress_every: self.progress_every,
            extra: &self.extra,
        };
        command.args(&self.features)
    }
}

/// Which streams FFmpeg maps, where that can be said without the playlist.
pub fn select_at_once(choice: VariantChoice) -> Option<Select> {
    match choice {
        VariantChoice::All => Some(Select::All),
        VariantChoice::First => Some(Select::Variant(0)),
        VariantChoice::Profile
        | VariantChoice::Highest
        | VariantChoice::Lowest
        | VariantChoice::Index(_) => None,
    }
}

/// Which streams FFmpeg maps of a stream with these variants. Left to itself it takes the best.
pub fn select(choice: VariantChoice, lists: &Multivariant) -> Select {
    let variants = lists.variants.iter().enumerate();
    // Of equals the first, as our own players have it.
    let place = match choice {
        VariantChoice::All => return Select::All,
        VariantChoice::First => Some(0),
        VariantChoice::Index(place) => {
            Some(usize::from(place).min(lists.variants.len().saturating_sub(1)))
        }
        VariantChoice::Profile | VariantChoice::Highest => variants
            .min_by_key(|(_, variant)| std::cmp::Reverse(variant.bandwidth))
            .map(|(place, _)| place),
        VariantChoice::Lowest => variants
            .min_by_key(|(_, variant)| variant.bandwidth)
            .map(|(place, _)| place),
    };
    Select::Variant(place.unwrap_or(0))
}

/// What was told to the person already, so that a crowd does not say it a thousand times.
#[derive(Debug, Default)]
pub struct Reported(Mutex<BTreeSet<String>>);

impl Reported {
    /// Whether this is said for the first time.
    pub(crate) fn is_new(&self, what: &str) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.len() < REPORTED_MAX && said.insert(what.to_owned())
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "native",
            Self::Guests(_) => "guests",
            Self::Process(engine) => match engine.arguments {
                Arguments::Ffmpeg(_) => "ffmpeg",
                Arguments::Words(_) => "exec",
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_is_chosen_by_the_playlist_itself() {
        let text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=5\na\n\
            #EXT-X-STREAM-INF:BANDWIDTH=9\nb\n#EXT-X-STREAM-INF:BANDWIDTH=9\nc\n\
            #EXT-X-STREAM-INF:BANDWIDTH=5\nd\n";
        let base = Url::parse("http://h/").unwrap();
        let none = media::hls::Variables::default();
        let parsed = media::hls::parse(text.as_bytes(), &base, &none).unwrap();
        let lists = parsed.multivariant().unwrap();
        for (choice, selected) in [
            (VariantChoice::All, Select::All),
            (VariantChoice::First, Select::Variant(0)),
            (VariantChoice::Highest, Select::Variant(1)),
            (VariantChoice::Profile, Select::Variant(1)),
            (VariantChoice::Lowest, Select::Variant(0)),
            (VariantChoice::Index(2), Select::Variant(2)),
            (VariantChoice::Index(9), Select::Variant(3)),
        ] {
            assert_eq!(select(choice, lists), selected, "{choice:?}");
            let at_once = select_at_once(choice);
            assert!(at_once.is_none_or(|at_once| at_once == selected));
        }
        let empty = Multivariant::default();
        assert_eq!(select(VariantChoice::Index(3), &empty), Select::Variant(0));
    }

    #[test]
    fn words_are_filled_in() {
        let url = Url::parse("http://127.0.0.1:9/v/7/http/h/a.m3u8").unwrap();
        let told = Told {
            number: 7,
            url: &url,
            headers: &[],
            user_agent: None,
            select: Select::All,
        };
        let words = ["--in={url}", "{n}", "-v"].map(str::to_owned).to_vec();
        let words = Arguments::Words(words).words(&told).unwrap();
        assert_eq!(words, [&format!("--in={url}"), "7", "-v"]);
    }

    #[test]
    fn what_was_reported_is_not_new() {
        let reported = Reported::default();
        assert!(reported.is_new("a"));
        assert!(!reported.is_new("a"));
        assert!(reported.is_new("b"));
    }
}
