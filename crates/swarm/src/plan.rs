use std::sync::Arc;
use std::time::Duration;

use ::plan::{Shape, Shares};
use telemetry::viewers::Playback;
use url::Url;

use crate::engine::Engine;
use crate::group::Group;
use crate::preflight::{Need, Security};

/// What a swarm is to do. The same plan and seed give the same swarm.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Those that the crowd is made of, at least one. Viewers that come by themselves
    /// ([`crate::Engine::Guests`]) are a group that has no other beside it.
    pub groups: Vec<Group>,
    /// Which of them the n-th viewer is of.
    pub shares: Shares,
    /// Who comes and goes when.
    pub shape: Shape,
    /// Certificates are not verified (what the transport does is in `transport`).
    pub insecure: bool,
    /// The run's seed.
    pub seed: u64,
    /// Worker threads.
    pub workers: usize,
    /// How connections are made.
    pub transport: transport::Config,
}

/// What viewers of a plan take of a machine.
#[derive(Clone, Debug)]
pub(crate) struct Needs {
    /// A viewer of each group.
    each: Vec<Need>,
    shares: Shares,
}

impl Needs {
    /// What so many take.
    pub(crate) fn of(&self, viewers: u64) -> Need {
        let groups = self.each.iter().enumerate();
        groups
            .map(|(group, each)| each.times(self.shares.count(group, viewers)))
            .sum()
    }
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

    /// How connections to it are protected.
    pub fn security(&self) -> Security {
        match self.template.split_once("://") {
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => Security::Tls,
            _ => Security::Plain,
        }
    }
}

impl Plan {
    /// The group of viewer `n`.
    pub fn group(&self, n: u64) -> &Group {
        &self.groups[self.shares.of(n)]
    }

    /// What viewer `n` is.
    pub(crate) fn spec(&self, n: u64) -> Result<viewer::Spec, UrlError> {
        self.group(n).spec(n, self.shares.rank(n), self.seed)
    }

    /// Whether viewer `n` plays what it fetches.
    pub(crate) fn playback(&self, n: u64) -> Playback {
        self.group(n).playback(self.shares.rank(n))
    }

    /// What viewers take of a machine, however many they are.
    pub(crate) fn needs(&self) -> Needs {
        let each = self.groups.iter();
        let each = each.map(|group| group.engine.need(Need::native(1, group.target.security())));
        Needs {
            each: each.collect(),
            shares: self.shares.clone(),
        }
    }

    /// How long viewers that were told to leave may take, whichever they are.
    pub(crate) fn leave_max(&self) -> Duration {
        let longest = self.groups.iter().map(Group::leave_max).max();
        longest.unwrap_or_default()
    }

    /// Whether viewers come by themselves, so that nobody knows when the last has been there.
    pub(crate) fn is_open_to_guests(&self) -> bool {
        let guests = |group: &Group| matches!(group.engine, Engine::Guests(_));
        self.groups.iter().any(guests)
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

pub(crate) fn numbered(template: &str, n: u64) -> String {
    template.replace("{n}", &n.to_string())
}

#[cfg(test)]
mod tests {
    use ::plan::{Mix, Ramp};
    use player::VariantChoice;

    use super::*;
    use crate::tests::plan;

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
    fn groups_and_mixtures_within_them_are_exact_together() {
        let ramp = Ramp::new(1, 1.0, Duration::ZERO, 1).unwrap();
        let plan = plan("http://h/all/a.m3u8", ramp.into());
        let [one] = &plan.groups[..] else {
            unreachable!("a plan for tests has one group")
        };
        let mixed = Group {
            variants: Mix::new(vec![(VariantChoice::First, 1), (VariantChoice::Lowest, 1)])
                .unwrap(),
            ..one.clone()
        };
        let other = Group {
            target: Target::new("http://h/other/{n}/a.m3u8").unwrap(),
            broadcast: Some("other".into()),
            ..one.clone()
        };
        let plan = Plan {
            groups: vec![mixed, other],
            shares: Shares::new(&[2, 1]).unwrap(),
            ..plan
        };
        let specs: Vec<_> = (0..12).map(|n| plan.spec(n).unwrap()).collect();
        let of = |choice| specs.iter().filter(|spec| spec.variant == choice).count();
        assert_eq!(
            (of(VariantChoice::First), of(VariantChoice::Lowest)),
            (4, 4)
        );
        for spec in &specs {
            let other = spec.variant == VariantChoice::Profile;
            assert_eq!(&*spec.broadcast, if other { "other" } else { "all" });
            let numbered = format!("/other/{}/a.m3u8", spec.number);
            assert_eq!(spec.url.path() == numbered, other, "{}", spec.url);
        }
    }

    #[test]
    fn players_variants_and_user_agents_are_mixed_within_each_other() {
        let ramp = Ramp::new(1, 1.0, Duration::ZERO, 1).unwrap();
        let plan = plan("http://h/all/a.m3u8", ramp.into());
        let [one] = &plan.groups[..] else {
            unreachable!("a plan for tests has one group")
        };
        let agents = ["a/1", "b/1"].map(|agent| (Arc::from(agent), 1));
        let mixed = Group {
            profiles: vec![
                Arc::new(player::Profile::hls_js()),
                Arc::new(player::Profile::ffmpeg()),
            ],
            shares: Shares::new(&[3, 1]).unwrap(),
            variants: Mix::new(vec![(VariantChoice::First, 1), (VariantChoice::Lowest, 1)])
                .unwrap(),
            user_agents: Some(Mix::new(agents.to_vec()).unwrap()),
            ..one.clone()
        };
        let plan = Plan {
            groups: vec![mixed],
            ..plan
        };
        let specs: Vec<_> = (0..32).map(|n| plan.spec(n).unwrap()).collect();
        for (player, viewers) in [("hls.js", 24), ("ffmpeg", 8)] {
            let of = |spec: &&viewer::Spec| spec.profile.name == player;
            assert_eq!(specs.iter().filter(of).count(), viewers, "{player}");
            for choice in [VariantChoice::First, VariantChoice::Lowest] {
                for agent in ["a/1", "b/1"] {
                    let same = specs.iter().filter(of).filter(|spec| {
                        spec.variant == choice && spec.user_agent.as_deref() == Some(agent)
                    });
                    assert_eq!(same.count(), viewers / 4, "{player} {choice:?} {agent}");
                }
            }
        }
        for spec in &specs {
            let plays = if spec.profile.play.is_some() {
                Playback::Tracked
            } else {
                Playback::Untracked
            };
            assert_eq!(plan.playback(spec.number), plays, "{}", spec.number);
        }
    }
}
