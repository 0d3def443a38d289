//! What goes wrong on purpose, as data.
//!
//! A fault reads `TARGET:ACTION[:SHARE][:WINDOW]`.
//!
//! | part | written | meaning |
//! |---|---|---|
//! | target | `all`, `multivariant`, `playlist`, `init`, `segment`, `other` | which requests, by class |
//! | | `segment@400k`, `playlist@audio` | only those of one variant, or of the audio rendition |
//! | action | `400`…`599` | answer with that status |
//! | | `delay=2s` | wait before the head |
//! | | `throttle=100KB/s`, `throttle=800kbit/s` | send the body no faster |
//! | | `truncate` | announce the whole length, send half of it, close |
//! | | `reset` | send half of the body, then reset the connection |
//! | | `close` | close the connection without an answer |
//! | | `stale` | media playlists stand still while the window lasts, which must be given |
//! | share | `10%` | that share of the requests, by a seeded hash of path and sequence number |
//! | | `1/10` | each segment whose number is a multiple of ten, for everybody; segments only |
//! | window | `6s/20s` | only in the first 6 s of each 20 s of Unix time |
//!
//! Without a share all requests are meant, without a window all the time. Several faults may be
//! given: statuses, `truncate`, `reset` and `close` exclude each other (the first that applies
//! decides); delays add up, the slowest throttle counts, and `stale` goes with all of them.

use std::{fmt, str::FromStr, time::Duration};

use base::{Class, Rng};

use crate::Error;

/// One fault: which requests, what happens to them, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Which requests.
    pub target: Target,
    /// What happens to them.
    pub action: Action,
    /// How many of them.
    pub share: Share,
    /// When.
    pub window: Option<Window>,
}

/// Which requests a fault is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Requests of this class; of all classes if absent.
    pub class: Option<Class>,
    /// Requests of this variant (its name in URLs) or of `audio`; of all if absent.
    pub track: Option<String>,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Answer with this status.
    Status(u16),
    /// Wait before the head.
    Delay(Duration),
    /// Send the body at this many bytes a second.
    Throttle(u64),
    /// Announce the whole length, send half, close.
    Truncate,
    /// Send half, then reset the connection.
    Reset,
    /// Close without an answer.
    Close,
    /// Playlists stand still.
    Stale,
}

/// How many of the requests a fault takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Share {
    /// All of them.
    All,
    /// This share, 0 to 1, by a seeded hash of path and sequence number.
    Of(f64),
    /// Those for a segment whose number is a multiple of this.
    Numbered(u64),
}

/// When a fault is active: in the first `active` of each `period` of Unix time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How long it lasts.
    pub active: Duration,
    /// How often it comes.
    pub period: Duration,
}

impl Window {
    /// When this window last opened, in Unix milliseconds, if it is open at `unix_ms`.
    pub(crate) fn opened(self, unix_ms: i64) -> Option<i64> {
        let since = unix_ms.rem_euclid((self.period.as_millis() as i64).max(1));
        (since < self.active.as_millis() as i64).then_some(unix_ms - since)
    }
}

/// What decides whether a fault applies to a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) class: Class,
    pub(crate) track: Option<&'a str>,
    pub(crate) number: Option<u64>,
    pub(crate) path: &'a str,
    pub(crate) sequence: u64,
    pub(crate) unix_ms: i64,
    pub(crate) seed: u64,
}

impl Fault {
    /// Whether this fault, the `place`-th of its configuration, takes the request.
    pub(crate) fn applies(&self, place: usize, facts: &Facts<'_>) -> bool {
        let targeted = self.target.class.is_none_or(|class| class == facts.class)
            && self
                .target
                .track
                .as_deref()
                .is_none_or(|track| Some(track) == facts.track);
        targeted
            && self
                .window
                .is_none_or(|window| window.opened(facts.unix_ms).is_some())
            && match self.share {
                Share::All => true,
                Share::Of(share) => chance(place, facts) < share,
                Share::Numbered(n) => facts.number.is_some_and(|number| number % n == 0),
            }
    }
}

/// A number in `[0, 1)` that depends on seed, fault, path and sequence number alone.
fn chance(place: usize, facts: &Facts<'_>) -> f64 {
    // FNV-1a: the path decides even where sequence numbers run alike.
    let path = facts
        .path
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
    let place = place as u64 + 1;
    Rng::nth(
        facts.seed ^ path.rotate_left(17),
        facts.sequence ^ (place << 56),
    )
    .unit()
}

impl FromStr for Fault {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).map_err(|problem| Error::Fault {
            text: text.into(),
            problem,
        })
    }
}

fn parse(text: &str) -> Result<Fault, String> {
    let mut parts = text.split(':');
    let target = parse_target(parts.next().unwrap_or_default())?;
    let action = parse_action(parts.next().ok_or("the action is missing")?)?;
    let mut fault = Fault {
        target,
        action,
        share: Share::All,
        window: None,
    };
    for part in parts {
        if let Some(window) = parse_window(part)? {
            if fault.window.replace(window).is_some() {
                return Err("it has two windows".into());
            }
        } else if fault.share == Share::All {
            fault.share = parse_share(part)?;
        } else {
            return Err("it has two shares".into());
        }
    }
    check(&fault)?;
    Ok(fault)
}

/// Refuses what reads well and means nothing.
fn check(fault: &Fault) -> Result<(), String> {
    let class = fault.target.class;
    if fault.action == Action::Stale {
        if fault.window.is_none() {
            return Err("`stale` needs a window, as in `playlist:stale:15s/60s`".into());
        }
        if fault.share != Share::All {
            return Err("`stale` is for everybody: give it a window and no share".into());
        }
        if class.is_some_and(|class| class != Class::Playlist) {
            return Err("only `playlist` can be `stale`".into());
        }
    }
    if matches!(fault.share, Share::Numbered(_)) && class != Some(Class::Segment) {
        return Err(
            "only segments have numbers: write `segment:…:1/10`, or a share in percent".into(),
        );
    }
    Ok(())
}

fn parse_target(text: &str) -> Result<Target, String> {
    let (class, track) = match text.split_once('@') {
        Some((class, track)) if !track.is_empty() => (class, Some(track.to_owned())),
        Some(_) => return Err("after `@` comes a variant's name, as in `segment@400k`".into()),
        None => (text, None),
    };
    let class = match class {
        "all" => None,
        "multivariant" => Some(Class::Multivariant),
        "playlist" => Some(Class::Playlist),
        "init" => Some(Class::Init),
        "segment" => Some(Class::Segment),
        "other" => Some(Class::Other),
        unknown => {
            return Err(format!(
                "`{unknown}` is not a target: take all, multivariant, playlist, init, segment or other"
            ));
        }
    };
    Ok(Target { class, track })
}

fn parse_action(text: &str) -> Result<Action, String> {
    match text.split_once('=') {
        Some(("delay", value)) => Ok(Action::Delay(parse_duration(value)?)),
        Some(("throttle", value)) => Ok(Action::Throttle(parse_rate(value)?)),
        None if text == "truncate" => Ok(Action::Truncate),
        None if text == "reset" => Ok(Action::Reset),
        None if text == "close" => Ok(Action::Close),
        None if text == "stale" => Ok(Action::Stale),
        None if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            match text.parse() {
                Ok(status @ 400..=599) => Ok(Action::Status(status)),
                _ => Err(format!("`{text}` is not an error status: take 400 to 599")),
            }
        }
        _ => Err(format!(
            "`{text}` is not an action: take a status, delay=2s, throttle=100KB/s, truncate, reset, close or stale"
        )),
    }
}

fn parse_share(text: &str) -> Result<Share, String> {
    let refuse = || format!("`{text}` is neither a share (`10%`, `1/10`) nor a window (`6s/20s`)");
    if let Some(percent) = text.strip_suffix('%') {
        let plain = percent
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        return match percent.parse::<f64>() {
            Ok(percent) if plain && percent <= 100.0 => Ok(Share::Of(percent / 100.0)),
            _ => Err(format!("`{text}` is not a share: take 0% to 100%")),
        };
    }
    match text.split_once('/') {
        Some(("1", n)) => match n.parse() {
            Ok(n) if n > 0 => Ok(Share::Numbered(n)),
            _ => Err(refuse()),
        },
        _ => Err(refuse()),
    }
}

/// A window, or nothing if `text` is not two durations.
fn parse_window(text: &str) -> Result<Option<Window>, String> {
    let Some((active, period)) = text.split_once('/') else {
        return Ok(None);
    };
    let (Ok(active), Ok(period)) = (parse_duration(active), parse_duration(period)) else {
        return Ok(None);
    };
    if active.is_zero() || active > period {
        return Err(format!(
            "the window `{text}` must be shorter than its period, and not empty"
        ));
    }
    Ok(Some(Window { active, period }))
}

const DURATION_UNITS: [(&str, f64); 4] = [("ms", 1.0), ("s", 1e3), ("m", 6e4), ("h", 3.6e6)];
const DURATION_MS_MAX: f64 = 8.64e7;

fn parse_duration(text: &str) -> Result<Duration, String> {
    let refuse =
        || format!("`{text}` is not a duration of at most a day: write 500ms, 2s, 5m or 1h");
    let ms = parse_quantity(text, &DURATION_UNITS).ok_or_else(refuse)?;
    if ms > DURATION_MS_MAX {
        return Err(refuse());
    }
    Ok(Duration::from_millis(ms.round() as u64))
}

const RATE_UNITS: [(&str, f64); 5] = [
    ("MB/s", 1e6),
    ("KB/s", 1e3),
    ("kB/s", 1e3),
    ("Mbit/s", 1.25e5),
    ("kbit/s", 125.0),
];

fn parse_rate(text: &str) -> Result<u64, String> {
    match parse_quantity(text, &RATE_UNITS) {
        Some(rate) if (1.0..=1e12).contains(&rate) => Ok(rate.round() as u64),
        _ => Err(format!(
            "`{text}` is not a rate: write 100KB/s, 2MB/s or 800kbit/s"
        )),
    }
}

fn parse_quantity(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let digits = text
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
        .count();
    let (value, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    Some(value.parse::<f64>().ok()? * factor)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.target.class.map_or("all", Class::name))?;
        if let Some(track) = &self.target.track {
            write!(f, "@{track}")?;
        }
        match self.action {
            Action::Status(status) => write!(f, ":{status}")?,
            Action::Delay(delay) => write!(f, ":delay={}ms", delay.as_millis())?,
            Action::Throttle(rate) => write!(f, ":throttle={}KB/s", rate as f64 / 1e3)?,
            Action::Truncate => f.write_str(":truncate")?,
            Action::Reset => f.write_str(":reset")?,
            Action::Close => f.write_str(":close")?,
            Action::Stale => f.write_str(":stale")?,
        }
        match self.share {
            Share::All => {}
            Share::Of(share) => write!(f, ":{}%", share * 100.0)?,
            Share::Numbered(n) => write!(f, ":1/{n}")?,
        }
        if let Some(window) = self.window {
            write!(
                f,
                ":{}ms/{}ms",
                window.active.as_millis(),
                window.period.as_millis()
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn facts(path: &str, sequence: u64) -> Facts<'_> {
        Facts {
            class: Class::Segment,
            track: Some("400k"),
            number: Some(sequence),
            path,
            sequence,
            unix_ms: 0,
            seed: 7,
        }
    }

    #[rstest]
    #[case("segment:503:10%", "segment:503:10%")]
    #[case("playlist:404:5%", "playlist:404:5%")]
    #[case("segment:delay=2s:10%", "segment:delay=2000ms:10%")]
    #[case("segment@400k:truncate:1/10", "segment@400k:truncate:1/10")]
    #[case("segment:reset:1%", "segment:reset:1%")]
    #[case("all:close", "all:close")]
    #[case("segment:throttle=100KB/s", "segment:throttle=100KB/s")]
    #[case("segment:throttle=800kbit/s", "segment:throttle=100KB/s")]
    #[case("playlist:stale:15s/1m", "playlist:stale:15000ms/60000ms")]
    #[case("all:503:6s/20s:50%", "all:503:50%:6000ms/20000ms")]
    fn faults_read_and_print(#[case] text: &str, #[case] printed: &str) {
        let fault: Fault = text.parse().unwrap();
        assert_eq!(fault.to_string(), printed);
        assert_eq!(printed.parse::<Fault>().unwrap(), fault);
    }

    #[rstest]
    #[case("", "is not a target")]
    #[case("segments:503", "is not a target")]
    #[case("segment", "action is missing")]
    #[case("segment:200", "400 to 599")]
    #[case("segment:slow", "is not an action")]
    #[case("segment:delay=2", "not a duration")]
    #[case("segment:throttle=5", "not a rate")]
    #[case("segment:503:110%", "0% to 100%")]
    #[case("segment:503:NaN%", "0% to 100%")]
    #[case("segment:503:often", "neither a share")]
    #[case("segment:503:1/0", "neither a share")]
    #[case("segment:503:30s/20s", "must be shorter")]
    #[case("segment:503:1%:2%", "two shares")]
    #[case("all:503:1/10", "only segments have numbers")]
    #[case("playlist:stale", "needs a window")]
    #[case("segment:stale:5s/10s", "only `playlist`")]
    #[case("segment@:503", "variant's name")]
    fn what_does_not_read_says_what_would(#[case] text: &str, #[case] says: &str) {
        let error = text.parse::<Fault>().unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }

    #[test]
    fn a_share_is_met_and_reproducible() {
        let fault: Fault = "segment:503:10%".parse().unwrap();
        let taken = |place: usize| -> Vec<u64> {
            (0..10_000)
                .filter(|&n| fault.applies(place, &facts("/live/400k-1.ts", n)))
                .collect()
        };
        let first = taken(0);
        assert!((900..1100).contains(&first.len()), "{}", first.len());
        assert_eq!(first, taken(0));
        assert_ne!(first, taken(1), "two faults draw apart");
    }

    #[test]
    fn windows_follow_unix_time() {
        let fault: Fault = "segment:503:6s/20s".parse().unwrap();
        let at = |unix_ms| {
            fault.applies(
                0,
                &Facts {
                    unix_ms,
                    ..facts("/x", 1)
                },
            )
        };
        assert_eq!(
            [0, 5_999, 6_000, 19_999, 20_000, -20_000, -1].map(at),
            [true, true, false, false, true, true, false]
        );
    }

    #[test]
    fn targets_select_class_track_and_number() {
        let other = Facts {
            track: Some("2000k"),
            ..facts("/x", 20)
        };
        let playlist = Facts {
            class: Class::Playlist,
            number: None,
            ..facts("/x", 20)
        };
        for (text, expected) in [
            ("segment@400k:503", [true, false, false]),
            ("all@400k:503", [true, false, true]),
            ("all:503", [true, true, true]),
            ("segment:503:1/10", [true, true, false]),
            ("segment:503:1/7", [false, false, false]),
        ] {
            let fault: Fault = text.parse().unwrap();
            let found = [facts("/x", 20), other, playlist].map(|facts| fault.applies(0, &facts));
            assert_eq!(found, expected, "{text}");
        }
    }
}
