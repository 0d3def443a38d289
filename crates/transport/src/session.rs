use std::rc::Rc;

use crate::client::Shared;
use crate::{Error, Observer, Request, Response};

/// One viewer's connections and cookies. A clone is a handle to the same session.
///
/// Several exchanges may run at once, each on a connection of its own; at most
/// [`PER_HOST_MAX`] connections to one scheme, host and port, further exchanges wait their turn.
#[derive(Clone, Debug)]
pub struct Session {
    shared: Rc<Shared>,
}

/// Connections of one session to one scheme, host and port, as browsers have it.
pub const PER_HOST_MAX: usize = 6;

impl Session {
    pub(crate) fn new(shared: Rc<Shared>) -> Self {
        Self { shared }
    }

    /// Runs one exchange. Dropping the future cancels it: its connection is closed and the
    /// observer is told.
    ///
    /// A whole response of any status is `Ok`; see [`Response::failure`] for what its status means.
    pub fn start<O: Observer>(
        &self,
        request: Request,
        observer: O,
    ) -> impl Future<Output = Result<Response, Error>> + use<O> {
        let shared = Rc::clone(&self.shared);
        async move {
            let _ = (shared, request, observer);
            Err(Error::ClosedEarly)
        }
    }

    /// Closes the idle connections.
    pub fn close_idle(&self) {}
}
