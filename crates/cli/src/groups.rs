//! Those that the crowd is made of: one kind of viewers, or the groups of a scenario.

use std::sync::Arc;

use anyhow::Context;
use plan::{Mix, Shares};
use player::{Overrides, playhead};
use swarm::Target;
use swarm::engine::Sizes;
use swarm::preflight::{Need, Security};

use crate::args::{self, Run};
use crate::engine::Chosen;
use crate::settings::Usage;
use crate::values;

/// A group but for its engine, and for the stream of our own origin: these are known when they have
/// started.
#[derive(Debug)]
pub(crate) struct Group {
    /// Empty where it is the only one.
    pub(crate) name: Arc<str>,
    pub(crate) weight: u32,
    /// Where viewers go; `None`: to our own origin.
    pub(crate) target: Option<Target>,
    pub(crate) engine: Chosen,
    pub(crate) headers: Vec<(String, String)>,
    kinds: Vec<(player::Profile, u32)>,
    shares: Shares,
    variants: Mix<player::VariantChoice>,
    user_agents: Option<Mix<Arc<str>>>,
    run: Run,
    /// Of a scenario's.
    table: Option<Table>,
}

/// What of a group's table is shown.
#[derive(Debug)]
struct Table {
    own_url: bool,
    slo: Vec<String>,
    options: Vec<String>,
}

impl Group {
    /// The groups of a run, taken out of it: those of its scenario, or itself.
    pub(crate) fn all(run: &mut Run) -> anyhow::Result<Vec<Self>> {
        let of_scenario = std::mem::take(&mut run.groups);
        let groups = if of_scenario.is_empty() {
            vec![Self::of_run("", 1, run.clone())?]
        } else {
            refuse_nobodys_url(run, &of_scenario)?;
            let groups = of_scenario.into_iter().map(Self::of_scenario);
            groups.collect::<Result<_, _>>()?
        };
        refuse_half_an_estimate(&groups)?;
        let processes = groups.iter().any(|group| !group.engine.is_native());
        if run.engine.print_cmd && !processes {
            let why = "--print-cmd needs --engine ffmpeg; viewers of ours are no processes";
            return Err(Usage::new(why.to_owned()).into());
        }
        Ok(groups)
    }

    fn of_scenario(group: args::Group) -> anyhow::Result<Self> {
        let args::Group {
            name,
            weight,
            place,
            own_url,
            slo,
            options,
            mut run,
        } = group;
        // So that latency is told by group.
        run.broadcast.get_or_insert_with(|| name.clone());
        let parsed = Self::of_run(&name, weight, run);
        // Wrong usage stays wrong usage.
        let named = |why: Usage| Usage::new(format!("{place}: group `{name}`: {why}"));
        let mut group = parsed.map_err(named)?;
        group.table = Some(Table {
            own_url,
            slo,
            options,
        });
        Ok(group)
    }

    fn of_run(name: &str, weight: u32, run: Run) -> Result<Self, Usage> {
        let usage =
            |option: &str, why: &dyn std::fmt::Display| Usage::new(format!("{option}: {why}"));
        let target = run
            .url
            .as_deref()
            .map(|url| Target::new(url).map_err(|why| usage(&transport::mask::url(url), &why)));
        let kinds = values::mix(&run.player).map_err(|why| usage("--player", &why))?;
        let weights: Vec<u32> = kinds.iter().map(|(_, weight)| *weight).collect();
        let shares = Shares::new(&weights).map_err(|why| usage("--player", &why))?;
        let variants = run.variant.0.iter();
        let variants = variants.map(|(variant, weight)| (variant.0, *weight));
        let variants = Mix::new(variants.collect()).map_err(|why| usage("--variant", &why))?;
        let headers: Result<Vec<_>, _> = run.headers.iter().map(|h| values::header(h)).collect();
        if let Some(text) = &run.user_agent {
            values::header_value("User-Agent", text).map_err(|why| usage("--user-agent", &why))?;
        }
        Ok(Self {
            name: Arc::from(name),
            weight,
            target: target.transpose()?,
            engine: Chosen::new(&run, rules(&kinds))?,
            headers: headers.map_err(|why| usage("--header", &why))?,
            user_agents: user_agents(&run)?,
            kinds,
            shares,
            variants,
            run,
            table: None,
        })
    }

    /// Whether it is one of a scenario's.
    pub(crate) fn is_of_scenario(&self) -> bool {
        self.table.is_some()
    }

    /// What it is held against alone.
    pub(crate) fn slo(&self) -> &[String] {
        self.table.as_ref().map_or(&[], |table| &table.slo)
    }

    /// Whether its URL is no other group's.
    pub(crate) fn has_own_url(&self) -> bool {
        self.table.as_ref().is_some_and(|table| table.own_url)
    }

    /// What so many of its viewers take of a machine.
    pub(crate) fn need(&self, viewers: u64) -> Need {
        let target = self.target.as_ref();
        let security = target.map_or(Security::Plain, Target::security);
        let connections = self.kinds.iter();
        let connections = connections.map(|(profile, _)| values::connections(profile));
        let native = Need::native(connections.max().unwrap_or(1), security);
        self.engine.need(viewers, native)
    }

    /// What the swarm is to do of it; `own`: the stream of our own origin.
    pub(crate) fn plan(&self, own: Option<&Target>) -> anyhow::Result<swarm::Group> {
        let run = &self.run;
        let overrides = Overrides {
            target_buffer: run.target_buffer.map(|time| time.0),
            seg_retry: run.seg_retry,
            timeout: run.timeout.map(|time| time.0),
        };
        let profiles = self.kinds.iter();
        let target = self.target.as_ref().or(own);
        Ok(swarm::Group {
            name: Arc::clone(&self.name),
            engine: swarm::Engine::Native,
            profiles: profiles
                .map(|(kind, _)| Arc::new(kind.clone().with(overrides)))
                .collect(),
            shares: self.shares.clone(),
            target: target.context("the origin is not there")?.clone(),
            variants: self.variants.clone(),
            headers: self.headers.clone(),
            user_agents: self.user_agents.clone(),
            no_cache: run.no_cache,
            network: run.network.map(Arc::new),
            broadcast: run.broadcast.as_deref().map(Arc::from),
            restart: match run.restart {
                args::Restart::OnFailure => swarm::Restart::OnFailure,
                args::Restart::Always => swarm::Restart::Always,
                args::Restart::Never => swarm::Restart::Never,
            },
        })
    }

    /// What was asked for, with so many viewers; secrets are masked.
    pub(crate) fn shown(&self, viewers: u64) -> report::Group {
        let url = self.target.as_ref().filter(|_| self.has_own_url());
        let options = self.table.iter().flat_map(|table| &table.options);
        report::Group {
            name: self.name.to_string(),
            weight: self.weight,
            viewers,
            url: url.map(|target| transport::mask::url(target.template())),
            options: options.map(|option| args::masked(option)).collect(),
        }
    }
}

/// Looks for the players of all groups.
pub(crate) async fn prepare(
    groups: &[Group],
    plan: &mut swarm::Plan,
    sizes: &Sizes,
) -> anyhow::Result<()> {
    for (group, planned) in groups.iter().zip(&mut plan.groups) {
        let engine = group.engine.prepare(planned, sizes.clone()).await;
        planned.engine = if group.is_of_scenario() {
            engine.with_context(|| format!("group `{}`", group.name))?
        } else {
            engine?
        };
    }
    Ok(())
}

/// What viewers are, in words; empty where they are our own, and all alike.
pub(crate) fn describe(groups: &[Group], plan: &swarm::Plan) -> String {
    match (groups, &plan.groups[..]) {
        ([only], [planned]) if !only.is_of_scenario() => only.engine.describe(&planned.engine),
        ([_], _) => "1 group".to_owned(),
        _ => format!("{} groups", groups.len()),
    }
}

/// A URL that no viewer would go to is a mistake.
fn refuse_nobodys_url(run: &Run, groups: &[args::Group]) -> Result<(), Usage> {
    match &run.url {
        Some(url) if groups.iter().all(|group| group.own_url) => {
            let url = transport::mask::url(url);
            Err(Usage::new(format!(
                "{url} is for groups without a URL, and every group of the scenario has its own; \
                 leave it out, or leave out `url` in a group"
            )))
        }
        _ => Ok(()),
    }
}

/// Estimates mark a whole run, so exact figures of others would be lost among them.
fn refuse_half_an_estimate(groups: &[Group]) -> Result<(), Usage> {
    let estimated = groups.iter().find(|group| group.engine.is_estimated());
    let exact = groups.iter().find(|group| !group.engine.is_estimated());
    let (Some(estimated), Some(exact)) = (estimated, exact) else {
        return Ok(());
    };
    Err(Usage::new(format!(
        "group `{}`: --measure logs makes the figures of the whole run estimates, also those of \
         group `{}`; leave it out (a gateway is exact), or give it to every group",
        estimated.name, exact.name
    )))
}

fn user_agents(run: &Run) -> Result<Option<Mix<Arc<str>>>, Usage> {
    if let Some(text) = &run.user_agent {
        return Ok(Some(Mix::one(Arc::from(text.as_str()))));
    }
    let mix = run.user_agent_mix.iter();
    let mix: Vec<_> = mix
        .map(|one| (Arc::from(one.text.as_str()), one.weight))
        .collect();
    if mix.is_empty() {
        return Ok(None);
    }
    let mix = Mix::new(mix).map_err(|why| Usage::new(format!("--user-agent-mix: {why}")))?;
    Ok(Some(mix))
}

/// How a player that is taken to play moves its playhead: as the first that was asked for, or else
/// as the standard has it.
fn rules(kinds: &[(player::Profile, u32)]) -> Option<playhead::Rules> {
    let first = kinds.first().and_then(|(profile, _)| profile.play);
    let play = first.or(player::Profile::rfc8216().play);
    play.map(|play| play.head)
}
