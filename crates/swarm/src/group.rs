use std::sync::Arc;
use std::time::Duration;

use ::plan::{Mix, Shares};
use player::{Profile, VariantChoice};
use telemetry::viewers::Playback;
use url::Url;

use crate::engine::Engine;
use crate::plan::{Target, UrlError, numbered};
use crate::worker::DRAIN_MAX;

/// How long the system may take to end a player that was killed.
const REAP_MAX: Duration = Duration::from_secs(1);

/// Viewers of one kind: all that differs between those of one run.
///
/// Mixtures within a group go by the viewer's rank in it, so that they are exact whatever other
/// groups there are.
#[derive(Clone, Debug)]
pub struct Group {
    /// What it is called where there are several.
    pub name: Arc<str>,
    /// What viewers are made of.
    pub engine: Engine,
    /// The players that the group is made of, with what was set by hand.
    pub profiles: Vec<Arc<Profile>>,
    /// Which of them its n-th viewer imitates.
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
    /// The network that each viewer is behind; none: this machine's own.
    pub network: Option<Arc<transport::Network>>,
    /// The name under which latency is kept; else the URL's path without its last component.
    pub broadcast: Option<Arc<str>>,
    /// What becomes of viewers whose player ended.
    pub restart: Restart,
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

impl Group {
    /// What the run's viewer `n` is, before whom there are `rank` of this group.
    pub(crate) fn spec(&self, n: u64, rank: u64, seed: u64) -> Result<viewer::Spec, UrlError> {
        let url = self.target.of(n)?;
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| (name.clone(), numbered(value, n)));
        let broadcast = self.broadcast(&url);
        // Each player's viewers are mixed by themselves.
        let (variant, place) = self.variants.of(self.shares.rank(rank));
        let user_agent = self.user_agents.as_ref().map(|mix| mix.of(place).0);
        Ok(viewer::Spec {
            number: n,
            profile: Arc::clone(self.profile(rank)),
            url,
            variant: *variant,
            headers: headers.collect(),
            user_agent: user_agent.map(|text| numbered(text, n).into()),
            no_cache: self.no_cache,
            broadcast,
            network: self.network.clone(),
            seed,
        })
    }

    /// The name under which latency at `url` is kept.
    pub fn broadcast(&self, url: &Url) -> Arc<str> {
        match &self.broadcast {
            Some(name) => Arc::clone(name),
            None => broadcast_of(&transport::mask::url(url.as_str())).into(),
        }
    }

    /// Whether the viewer of this rank plays what it fetches.
    pub(crate) fn playback(&self, rank: u64) -> Playback {
        let plays = match &self.engine {
            Engine::Native | Engine::Guests(_) => self.profile(rank).play.is_some(),
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

    /// The player that the viewer of this rank imitates.
    fn profile(&self, rank: u64) -> &Arc<Profile> {
        &self.profiles[self.shares.of(rank)]
    }
}

/// The path of a URL without its last component. Secrets in it are masked already.
fn broadcast_of(masked: &str) -> String {
    let path = Url::parse(masked).map_or_else(|_| String::new(), |url| url.path().to_owned());
    let cut = path.rfind('/').unwrap_or(0);
    path[..cut].trim_start_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

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
