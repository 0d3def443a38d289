//! What a given FFmpeg accepts, from what it prints of itself.
//!
//! Options and log flags come and go between versions, and FFmpeg refuses to start with an unknown
//! one. So three short runs ([`PROBES`]) tell beforehand; their output is read here.

use std::collections::BTreeSet;
use std::fmt;

/// Most options that are kept of one group.
const OPTIONS_MAX: usize = 4096;

/// The runs whose output [`Features::read`] takes, as arguments. The third fails in versions that
/// do not know the flag; that is its answer.
pub const PROBES: [&[&str]; 3] = [
    &["-version"],
    &["-hide_banner", "-h", "full"],
    &["-loglevel", "repeat+level+datetime+error", "-version"],
];

/// What the runs of [`PROBES`] gave.
#[derive(Clone, Copy, Debug)]
pub struct Printed<'a> {
    /// Standard output of `-version`.
    pub version: &'a str,
    /// Standard output of `-h full`.
    pub help: &'a str,
    /// The third run ended with exit code 0.
    pub datetime: bool,
}

/// Where an option belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Options of the program: `-nostats`, `-progress`, `-map`.
    Program,
    /// Options of every protocol: `-rw_timeout`.
    Url,
    /// Options of HTTP: `-reconnect`, `-user_agent`.
    Http,
    /// Options of the HLS demuxer: `-http_persistent`, `-seg_max_retry`.
    Hls,
}

/// A release, or the snapshot of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// As FFmpeg writes it: `5.1.9-0+deb12u1`, `n9.0.2-17-g2a571b6068-20260930`.
    pub text: String,
    /// Major and minor number, where the text begins with them. Snapshots of the development
    /// branch have none.
    pub number: Option<(u32, u32)>,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What one FFmpeg accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Features {
    version: Version,
    program: BTreeSet<String>,
    url: BTreeSet<String>,
    http: BTreeSet<String>,
    hls: BTreeSet<String>,
    datetime: bool,
}

/// Why a program can't be used as FFmpeg.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// `-version` does not say `ffmpeg version`.
    #[error("this is no ffmpeg: `-version` printed {found:?}; try --ffmpeg PATH")]
    NotFfmpeg {
        /// What its first line says.
        found: String,
    },
    /// Built without something that viewers need.
    #[error("FFmpeg {version} was built without {what}; try another build by --ffmpeg PATH")]
    Without {
        /// The version.
        version: String,
        /// What is missing.
        what: &'static str,
    },
}

impl Features {
    /// Reads what the runs of [`PROBES`] printed.
    ///
    /// # Errors
    /// It is no FFmpeg, or one without HTTP or HLS.
    pub fn read(printed: Printed<'_>) -> Result<Self, Error> {
        let version = version(printed.version)?;
        let mut features = Self {
            version,
            program: BTreeSet::new(),
            url: BTreeSet::new(),
            http: BTreeSet::new(),
            hls: BTreeSet::new(),
            datetime: printed.datetime,
        };
        features.read_help(printed.help);
        for (options, what) in [
            (&features.program, "its own list of options (-h full)"),
            (&features.http, "the http protocol"),
            (&features.hls, "the hls demuxer"),
        ] {
            if options.is_empty() {
                return Err(Error::Without {
                    version: features.version.text,
                    what,
                });
            }
        }
        Ok(features)
    }

    /// The version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Whether `-NAME` is accepted; `name` is without the dash.
    pub fn accepts(&self, group: Group, name: &str) -> bool {
        self.options(group).contains(name)
    }

    /// `-loglevel` takes the flag `datetime`, which puts date and time before each line.
    pub fn datetime(&self) -> bool {
        self.datetime
    }

    fn options(&self, group: Group) -> &BTreeSet<String> {
        match group {
            Group::Program => &self.program,
            Group::Url => &self.url,
            Group::Http => &self.http,
            Group::Hls => &self.hls,
        }
    }

    fn read_help(&mut self, help: &str) {
        let mut options = Some(&mut self.program);
        for line in help.lines() {
            if let Some(title) = line.trim_end().strip_suffix("AVOptions:") {
                options = match title.trim() {
                    "URLContext" => Some(&mut self.url),
                    "http" => Some(&mut self.http),
                    "hls demuxer" | "hls" => Some(&mut self.hls),
                    _ => None,
                };
            } else if let (Some(options), Some(name)) = (options.as_deref_mut(), option(line))
                && options.len() < OPTIONS_MAX
            {
                options.insert(name.to_owned());
            }
        }
    }
}

/// The name in a line of help: `-stats_period time  set …`, `-c[:<stream_spec>] <codec>  …`.
fn option(line: &str) -> Option<&str> {
    let name = line.trim_start().strip_prefix('-')?;
    let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let name = &name[..end.unwrap_or(name.len())];
    (!name.is_empty()).then_some(name)
}

fn version(text: &str) -> Result<Version, Error> {
    let first = text.lines().next().unwrap_or_default();
    let Some(after) = first.strip_prefix("ffmpeg version ") else {
        return Err(Error::NotFfmpeg {
            found: first.chars().take(80).collect(),
        });
    };
    let text = after.split_whitespace().next().unwrap_or_default();
    Ok(Version {
        number: number(text.trim_start_matches('n')),
        text: text.to_owned(),
    })
}

/// `9.0.2-17-g…` → 9 and 0. A snapshot (`N-108…`, `git-2022-…`) has no number.
fn number(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split(|c: char| !c.is_ascii_digit());
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next().and_then(|minor| minor.parse().ok());
    Some((major, minor.unwrap_or_default()))
}
