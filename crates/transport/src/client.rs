use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use url::Url;

use crate::dns::{Lookup, Names, system_lookup};
use crate::ports::Ports;
use crate::scratch::Scratch;
use crate::sources::Sources;
use crate::{Clock, Error, Network, Override, Secured, Session, Tls, connect};

/// What the viewers of one worker thread share. A clone is a handle to the same client.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Rc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) tls: Tls,
    pub(crate) names: Names,
    pub(crate) sources: Sources,
    pub(crate) ports: Ports,
    /// Borrowed within one poll only.
    pub(crate) scratch: RefCell<Scratch>,
    /// Request heads are written here before they are sent.
    pub(crate) head: RefCell<Vec<u8>>,
}

/// How a client is set up. It may be cloned and sent to each worker.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Roots of trust, shared by all workers.
    pub tls: Tls,
    /// Names that are not asked of DNS.
    pub overrides: Vec<Override>,
    /// Where our ends of connections stand, viewer by viewer in turn; none: as the system chooses.
    pub sources: Arc<[IpAddr]>,
}

impl Client {
    /// A client for this thread.
    pub fn new(config: Config, clock: Clock) -> Result<Self, Error> {
        Ok(Self::with_lookup(config, clock, system_lookup()))
    }

    pub(crate) fn with_lookup(config: Config, clock: Clock, lookup: Lookup) -> Self {
        Self {
            shared: Rc::new(Shared {
                clock,
                tls: config.tls,
                names: Names::new(config.overrides, lookup),
                sources: Sources::new(&config.sources),
                ports: Ports::of_system(),
                scratch: RefCell::new(Scratch::new()),
                head: RefCell::default(),
            }),
        }
    }

    /// The run's clock.
    pub fn clock(&self) -> Clock {
        self.shared.clock
    }

    /// What the server of an `https` URL shows in a TLS handshake, over a connection of its own that
    /// is closed again; certificates are verified as ever. It has no time limit.
    pub async fn secured(&self, url: &Url) -> Result<Secured, Error> {
        let config = self.shared.tls.session_config()?;
        connect::inspect(&self.shared, url, config).await
    }

    /// A session: no connections, no cookies.
    pub fn session(&self) -> Session {
        self.session_of(0)
    }

    /// The session of viewer `n`, which decides from where it connects.
    pub fn session_of(&self, n: u64) -> Session {
        Session::new(Rc::clone(&self.shared), n)
    }

    /// The session of viewer `n` behind a network of its own, where one is given. The run's `seed`
    /// and the viewer's number decide which packets get lost.
    pub fn session_over(&self, n: u64, network: Option<&Network>, seed: u64) -> Session {
        let session = self.session_of(n);
        if let Some(network) = network {
            session.put_behind(network, seed);
        }
        session
    }
}
