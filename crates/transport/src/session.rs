use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use rustls::ClientConfig;
use url::Url;

use crate::client::Shared;
use crate::cookies::Jar;
use crate::credentials::Credentials;
use crate::network::link::Link;
use crate::pool::Pool;
use crate::{Error, Network, Observer, Request, Response, exchange};

/// One viewer's connections and cookies. A clone is a handle to the same session.
///
/// Several exchanges may run at once, each on a connection of its own; at most
/// [`PER_HOST_MAX`](crate::PER_HOST_MAX) connections to one scheme, host and port, further
/// exchanges wait their turn. Dropping all handles closes the idle connections.
#[derive(Clone, Debug)]
pub struct Session {
    inner: Rc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) shared: Rc<Shared>,
    /// Whose it is.
    pub(crate) viewer: u64,
    /// What its connections share of a modelled network, where there is one.
    pub(crate) link: OnceCell<Rc<Link>>,
    pub(crate) pool: Pool,
    pub(crate) jar: Rc<RefCell<Jar>>,
    tls: Rc<OnceCell<Arc<ClientConfig>>>,
    /// Those of the stream.
    pub(crate) credentials: RefCell<Option<Rc<Credentials>>>,
}

impl Inner {
    /// The TLS settings for `url`, if its scheme asks for TLS.
    pub(crate) fn tls(&self, url: &Url) -> Result<Option<Arc<ClientConfig>>, Error> {
        if url.scheme() != "https" {
            return Ok(None);
        }
        if let Some(config) = self.tls.get() {
            return Ok(Some(Arc::clone(config)));
        }
        let config = self.shared.tls.session_config()?;
        Ok(Some(Arc::clone(self.tls.get_or_init(|| config))))
    }
}

impl Session {
    pub(crate) fn new(shared: Rc<Shared>, viewer: u64) -> Self {
        Self {
            inner: Rc::new(Inner {
                shared,
                viewer,
                link: OnceCell::new(),
                pool: Pool::default(),
                jar: Rc::default(),
                tls: Rc::default(),
                credentials: RefCell::default(),
            }),
        }
    }

    /// A session of the same viewer with connections of its own: cookies, credentials, TLS tickets
    /// and a modelled network are shared. For whoever passes on the requests of a player that keeps
    /// its own connections.
    pub fn sibling(&self) -> Self {
        Self {
            inner: Rc::new(Inner {
                shared: Rc::clone(&self.inner.shared),
                viewer: self.inner.viewer,
                link: self.inner.link.clone(),
                pool: Pool::default(),
                jar: Rc::clone(&self.inner.jar),
                tls: Rc::clone(&self.inner.tls),
                credentials: self.inner.credentials.clone(),
            }),
        }
    }

    /// Puts it behind a network of its own, before it has connections and
    /// [siblings](Self::sibling); the first stays. The run's `seed` and the viewer's number decide
    /// which packets get lost.
    pub fn put_behind(&self, network: &Network, seed: u64) {
        let link = || Link::new(*network, self.inner.viewer, seed);
        self.inner.link.get_or_init(link);
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
        exchange::run(Rc::clone(&self.inner), request, observer)
    }

    /// Sends the user and the password of `url`, where it has any, with each request to its origin
    /// (of siblings that are made from here on, too).
    pub fn authorize(&self, url: &Url) {
        if let Some(credentials) = Credentials::of(url) {
            *self.inner.credentials.borrow_mut() = Some(Rc::new(credentials));
        }
    }

    /// Closes the idle connections.
    pub fn close_idle(&self) {
        self.inner.pool.clear();
    }

    /// Forgets the cookies.
    pub fn clear_cookies(&self) {
        *self.inner.jar.borrow_mut() = Jar::default();
    }
}
