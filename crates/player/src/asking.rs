//! Requests as they go out: connection, limits, validators, all as the profile has it.

use std::sync::Arc;
use std::time::Duration;

use base::Class;
use media::hls::ByteRange;
use url::Url;

use crate::flights::Errand;
use crate::io::{Connection, Fetch, FetchId, Lane};
use crate::player::Player;
use crate::profile::Connections;

/// A request to be made.
pub(crate) struct Ask {
    pub(crate) errand: Errand,
    pub(crate) class: Class,
    pub(crate) lane: Lane,
    pub(crate) url: Arc<Url>,
    pub(crate) byte_range: Option<ByteRange>,
    pub(crate) due: Duration,
    /// Attempts for it that failed.
    pub(crate) failed: u16,
    /// Media of a list with initialisation sections.
    pub(crate) fmp4: bool,
}

impl Player {
    pub(crate) fn ask(&mut self, ask: Ask) -> FetchId {
        let first = self.flights.is_first();
        let id = self.flights.start(ask.errand);
        let is_list = ask.class.is_playlist();
        let limits = &self.profile.limits;
        let fetch = Fetch {
            id,
            class: ask.class,
            connection: self.connection(&ask, first),
            url: ask.url,
            byte_range: ask.byte_range,
            due: ask.due,
            lane: ask.lane,
            conditional: self.profile.reload.conditional,
            keep_body: is_list,
            first,
            limits: if is_list {
                limits.playlist
            } else {
                limits.segment
            },
        };
        self.send(fetch);
        id
    }

    fn connection(&self, ask: &Ask, first: bool) -> Connection {
        match self.profile.connections {
            Connections::CloseFirst | Connections::CloseFirstNewPerFmp4File if first => {
                Connection::Close
            }
            Connections::CloseFirst | Connections::CloseFirstNewPerFmp4File if ask.failed > 0 => {
                Connection::New
            }
            Connections::CloseFirstNewPerFmp4File if ask.fmp4 && ask.class == Class::Segment => {
                Connection::New
            }
            _ => Connection::KeepAlive,
        }
    }
}
