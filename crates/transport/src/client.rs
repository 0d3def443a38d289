use std::net::IpAddr;
use std::rc::Rc;

use crate::{Clock, Error, Override, Session, Tls};

/// What the viewers of one worker thread share. A clone is a handle to the same client.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Rc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
}

/// How a client is set up. It may be cloned and sent to each worker.
#[derive(Clone, Debug, Default)]
pub struct Config {}

impl Client {
    /// A client for this thread.
    pub fn new(_config: Config, clock: Clock) -> Result<Self, Error> {
        Ok(Self {
            shared: Rc::new(Shared { clock }),
        })
    }

    /// The run's clock.
    pub fn clock(&self) -> Clock {
        self.shared.clock
    }

    /// A new viewer's session: no connections, no cookies.
    pub fn session(&self) -> Session {
        Session::new(Rc::clone(&self.shared))
    }
}
