use std::cell::RefCell;
use std::rc::Rc;

use telemetry::Recorder;
use transport::{Client, Clock};

use crate::playlists::Playlists;

/// What the viewers of one worker thread share.
#[derive(Debug)]
pub struct Shared {
    /// The run's clock.
    pub clock: Clock,
    /// The worker's recorder. Borrowed for the length of a call, never across an await.
    pub recorder: RefCell<Recorder>,
    pub(crate) client: Client,
    pub(crate) insecure: bool,
    pub(crate) playlists: RefCell<Playlists>,
}

impl Shared {
    /// What the viewers of this thread share.
    ///
    /// `insecure`: certificates are not verified, so browsers would not keep what comes over TLS.
    pub fn new(client: Client, recorder: Recorder, insecure: bool) -> Rc<Self> {
        Rc::new(Self {
            clock: client.clock(),
            recorder: RefCell::new(recorder),
            client,
            insecure,
            playlists: RefCell::default(),
        })
    }
}
