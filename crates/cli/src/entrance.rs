//! A gateway that is open to players of all kinds: `liveswarm gateway`.

use std::fmt::Write as _;
use std::io::Read;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::Context;
use gateway::Guests;
use player::spectator;
use swarm::Group;

use crate::args::{self, Door};
use crate::engine::Chosen;
use crate::settings::{Settings, Usage};

/// Bytes of a token that is made up, from the system's own source.
const TOKEN_BYTES: usize = 12;

/// The way in: where it is, and who may come.
#[derive(Clone, Debug)]
pub(crate) struct Entrance {
    config: gateway::Config,
    players: usize,
}

/// The run whose viewers come by themselves.
pub(crate) fn settings(asked: args::Gateway) -> anyhow::Result<Settings> {
    let (run, door) = asked.into_run();
    let mut settings = Settings::new(run)?;
    let entrance = Entrance::new(&settings, door)?;
    settings.groups[0].engine = Chosen::Guests(Box::new(entrance));
    Ok(settings)
}

impl Entrance {
    fn new(settings: &Settings, door: Door) -> anyhow::Result<Self> {
        let listen = free(door.listen)?;
        let token = match door.token {
            Some(token) => Some(token),
            None if listen.ip().is_loopback() => None,
            None => Some(made_up()?),
        };
        let config = gateway::Config {
            listen,
            token,
            headers: settings.groups[0].headers.clone(),
            ..gateway::Config::default()
        };
        config.check().map_err(|why| Usage::new(why.to_string()))?;
        Ok(Self {
            config,
            players: usize::from(door.players),
        })
    }

    /// How many players there may be at a time.
    pub(crate) fn players(&self) -> u64 {
        self.players as u64
    }

    /// How the gateway is set up for the plan's stream.
    pub(crate) fn gateway(&self, group: &Group) -> anyhow::Result<Arc<gateway::Config>> {
        let url = group.target.of(0)?;
        Ok(Arc::new(gateway::Config {
            guests: Guests::Anyone {
                max: self.players,
                player: spectator::Config::plays(),
                broadcast: group.broadcast(&url).to_string(),
            },
            origins: vec![url.as_ref().clone()],
            ..self.config.clone()
        }))
    }

    /// The URLs that players may open, and where.
    pub(crate) fn invitation(&self, group: &Group) -> anyhow::Result<Vec<String>> {
        let url = group.target.of(0)?;
        let path = gateway::path(self.config.token.as_deref(), 0, &url);
        let port = self.config.listen.port();
        let places = places(self.config.listen.ip());
        Ok(places
            .into_iter()
            .map(|ip| {
                format!(
                    "open in a player: http://{}{path}",
                    SocketAddr::new(ip, port)
                )
            })
            .collect())
    }
}

/// The address, with a port where any would do. Taken ones are found before anything is started.
fn free(listen: SocketAddr) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(listen)
        .with_context(|| format!("can't listen on {listen}; --listen takes another address"))?;
    Ok(listener.local_addr()?)
}

/// The addresses by which this machine is reached where all of them are listened on.
fn places(ip: IpAddr) -> Vec<IpAddr> {
    if !ip.is_unspecified() {
        return vec![ip];
    }
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    let reachable = all.iter().map(if_addrs::Interface::ip);
    let usable = |own: &IpAddr| match own {
        IpAddr::V4(own) => ip.is_ipv4() && !own.is_loopback(),
        // A link-local address is good for nothing without a scope (RFC 4007).
        IpAddr::V6(own) => ip.is_ipv6() && !own.is_loopback() && !own.is_unicast_link_local(),
    };
    let same = reachable.filter(usable);
    let places: Vec<IpAddr> = same.collect();
    if places.is_empty() { vec![ip] } else { places }
}

fn made_up() -> anyhow::Result<String> {
    let mut bytes = [0; TOKEN_BYTES];
    let mut source = std::fs::File::open("/dev/urandom").context("can't make up a token")?;
    source.read_exact(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |mut token, byte| {
        let _ = write!(token, "{byte:02x}");
        token
    }))
}
