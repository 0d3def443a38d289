use std::sync::Arc;
use std::time::Duration;

use ::plan::{Mix, Shape, Shares};
use player::{Profile, VariantChoice};
use telemetry::viewers::Playback;
use url::Url;

use crate::engine::Engine;
use crate::preflight::Security;
use crate::worker::DRAIN_MAX;

/// How long the system may take to end a player that was killed.
const REAP_MAX: Duration = Duration::from_secs(1);

/// What a swarm is to do. The same plan and seed give the same swarm.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What viewers are made of.
    pub engine: Engine,
    /// Who comes and goes when.
    pub shape: Shape,
    /// The players that the crowd is made of, with what was set by hand.
    pub profiles: Vec<Arc<Profile>>,
    /// Which of them the n-th viewer imitates.
    pub shares: Shares,
    /// The stream.
    pub target: Target,
    /// Which variants are watched, by the viewers of each player alike.
    pub variants: Mix<VariantChoice>,
    /// The user's own headers; `{n}` in a value is the viewer's number.
    pub headers: Vec<(String, String)>,
    /// Replace the profiles' own `User-Agent`, for each player and variant alike; `{n}` in one is the
    /// viewer's number.
    pub user_agents: Option<Mix<Arc<str>>>,
    /// Send no-cache request headers.
    pub no_cache: bool,
    /// Certificates are not verified (what the transport does is in `transport`).
    pub insecure: bool,
    /// The network that each viewer is behind; none: this machine's own.
    pub network: Option<Arc<transport::Network>>,
    /// The name under which latency is kept; else the URL's path without its last component.
    pub broadcast: Option<Arc<str>>,
    /// What becomes of viewers whose player ended.
    pub restart: Restart,
    /// The run's seed.
    pub seed: u64,
    /// Worker threads.
    pub workers: usize,
    /// How connections are made.
    pub transport: transport::Config,
}

/// When a viewer starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// After a failure.
    OnFailure,
    /// After a failure, and after the end of the stream.
    Always,
    /// Never.
    Never,
}

/// The stream's URL; `{n}` in it is the viewer's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    template: String,
    shared: Option<Arc<Url>>,
}

/// Why a URL can't be watched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not a URL.
    #[error("{why}; give an absolute URL, such as http://host/live/master.m3u8")]
    NotAUrl {
        /// The parser's words.
        why: url::ParseError,
    },
    /// Not over HTTP.
    #[error("the scheme {scheme} is not supported; give an http:// or https:// URL")]
    Scheme {
        /// What was given.
        scheme: String,
    },
    /// No host.
    #[error("the URL names no host")]
    NoHost,
}

impl Target {
    /// Checks a URL as it was typed.
    pub fn new(template: &str) -> Result<Self, UrlError> {
        let first = parse(&numbered(template, 0))?;
        let shared = (!template.contains("{n}")).then(|| Arc::new(first));
        Ok(Self {
            template: template.to_owned(),
            shared,
        })
    }

    /// The URL as it was typed.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// The URL of viewer `n`.
    pub fn of(&self, n: u64) -> Result<Arc<Url>, UrlError> {
        match &self.shared {
            Some(url) => Ok(Arc::clone(url)),
            None => parse(&numbered(&self.template, n)).map(Arc::new),
        }
    }
}

impl Target {
    /// How connections to it are protected.
    pub fn security(&self) -> Security {
        match self.template.split_once("://") {
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => Security::Tls,
            _ => Security::Plain,
        }
    }
}

impl Plan {
    /// What viewer `n` is.
    pub(crate) fn spec(&self, n: u64) -> Result<viewer::Spec, UrlError> {
        let url = self.target.of(n)?;
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| (name.clone(), numbered(value, n)));
        let broadcast = self.broadcast(&url);
        let (variant, rank) = self.variants.of(self.shares.rank(n));
        let user_agent = self.user_agents.as_ref().map(|mix| mix.of(rank).0);
        Ok(viewer::Spec {
            number: n,
            profile: self.profile(n),
            url,
            variant: *variant,
            headers: headers.collect(),
            user_agent: user_agent.map(|text| numbered(text, n).into()),
            no_cache: self.no_cache,
            broadcast,
            network: self.network.clone(),
            seed: self.seed,
        })
    }

    /// The name under which latency at `url` is kept.
    pub fn broadcast(&self, url: &Url) -> Arc<str> {
        match &self.broadcast {
            Some(name) => Arc::clone(name),
            None => broadcast_of(&transport::mask::url(url.as_str())).into(),
        }
    }

    /// Whether viewer `n` plays what it fetches.
    pub(crate) fn playback(&self, n: u64) -> Playback {
        let plays = match &self.engine {
            Engine::Native | Engine::Guests(_) => self.profile(n).play.is_some(),
            Engine::Process(engine) => engine.play.is_some(),
        };
        if plays {
            Playback::Tracked
        } else {
            Playback::Untracked
        }
    }

    /// How long a viewer that was told to leave may take: until its requests have finished, or its
    /// player has ended or was killed.
    pub(crate) fn leave_max(&self) -> Duration {
        match &self.engine {
            Engine::Native | Engine::Guests(_) => DRAIN_MAX,
            Engine::Process(_) => ::process::STOP_GRACE + REAP_MAX,
        }
    }

    /// The player that viewer `n` imitates.
    pub(crate) fn profile(&self, n: u64) -> Arc<Profile> {
        Arc::clone(&self.profiles[self.shares.of(n)])
    }
}

fn parse(text: &str) -> Result<Url, UrlError> {
    let url = Url::parse(text).map_err(|why| UrlError::NotAUrl { why })?;
    if !matches!(url.scheme(), "http" | "https") {
        let scheme = url.scheme().to_owned();
        return Err(UrlError::Scheme { scheme });
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(UrlError::NoHost);
    }
    Ok(url)
}

/// The path of a URL without its last component. Secrets in it are masked already.
fn broadcast_of(masked: &str) -> String {
    let path = Url::parse(masked).map_or_else(|_| String::new(), |url| url.path().to_owned());
    let cut = path.rfind('/').unwrap_or(0);
    path[..cut].trim_start_matches('/').to_owned()
}

fn numbered(template: &str, n: u64) -> String {
    template.replace("{n}", &n.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_url_is_shared_and_numbered_ones_are_each_viewers_own() {
        let one = Target::new("http://h/live/a.m3u8").unwrap();
        assert!(Arc::ptr_eq(&one.of(0).unwrap(), &one.of(7).unwrap()));
        let each = Target::new("http://h/live/{n}/a.m3u8?v={n}").unwrap();
        assert_eq!(each.of(7).unwrap().as_str(), "http://h/live/7/a.m3u8?v=7");
    }

    #[test]
    fn a_secure_target_is_known_by_its_scheme() {
        for (url, security) in [
            ("http://h/a?next=https://h", Security::Plain),
            ("HTTPS://h/{n}.m3u8", Security::Tls),
        ] {
            assert_eq!(Target::new(url).unwrap().security(), security, "{url}");
        }
    }

    #[test]
    fn what_cannot_be_watched_is_refused_with_a_hint() {
        for (text, hint) in [
            ("host/live.m3u8", "http://host/live/master.m3u8"),
            ("ftp://h/a", "http:// or https://"),
            ("file:///a", "http:// or https://"),
        ] {
            let error = Target::new(text).unwrap_err().to_string();
            assert!(error.contains(hint), "{text}: {error}");
        }
    }

    #[test]
    fn a_broadcast_is_the_path_without_its_last_component() {
        for (url, name) in [
            ("http://h/live/master.m3u8", "live"),
            ("http://h/app/stream/index.m3u8?x=/y", "app/stream"),
            ("http://h/index.m3u8", ""),
            ("http://h", ""),
        ] {
            assert_eq!(broadcast_of(url), name, "{url}");
        }
    }
}
