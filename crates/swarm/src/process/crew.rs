//! The players of one group of a worker.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ffmpeg::{Select, estimate};
use gateway::{Admission, Gateway};
use media::hls::MediaPlaylist;
use player::{Playlist, VariantChoice, spectator};
use telemetry::viewers::Place;
use transport::Limits;
use viewer::{Diary, Shared, Spec};

use super::log_reader::LogReader;
use super::lookout::{First, Followed, Lookout};
use super::own_headers::{all_headers, own_headers};
use super::scout::Who;
use super::seat::Seat;
use crate::engine::{self, Arguments, Measure, ProcessEngine};

/// The players of one group of a worker, and the gateway through which they fetch.
#[derive(Debug)]
pub(crate) struct Crew {
    pub(super) engine: Arc<ProcessEngine>,
    pub(super) shared: Rc<Shared>,
    pub(super) gateway: Gateway,
    pub(super) lookout: Lookout,
}

impl Crew {
    /// Opens the gateway. Within the worker's runtime.
    pub(crate) fn new(
        engine: &Arc<ProcessEngine>,
        shared: &Rc<Shared>,
    ) -> Result<Rc<Self>, gateway::Error> {
        let mut config = gateway::Config::default();
        if let Some(timeout) = engine.timeout {
            config.limits = within(config.limits, timeout);
        }
        Ok(Rc::new(Self {
            engine: Arc::clone(engine),
            shared: Rc::clone(shared),
            gateway: Gateway::bind(config, Rc::clone(shared))?,
            lookout: Lookout::new(shared),
        }))
    }

    /// The gateway, which has to be served.
    pub(crate) fn gateway(&self) -> Gateway {
        self.gateway.clone()
    }

    /// From where the player of a viewer is watched.
    ///
    /// # Errors
    /// There is one of that number already.
    pub(super) fn seat(&self, spec: &Spec, diary: Diary) -> Result<Seat, gateway::Error> {
        if let (Measure::Logs(sizes), Arguments::Ffmpeg(ffmpeg)) =
            (&self.engine.measure, &self.engine.arguments)
        {
            let config = estimate::Config {
                url: spec.url.to_string(),
                // It is looked at before the player is started.
                multivariant: false,
                level: ffmpeg.level,
                connections: ffmpeg.connections,
            };
            let shared = Rc::clone(&self.shared);
            let plays = self.engine.play.is_some();
            let reader = LogReader::new(shared, config, diary, plays, sizes.clone());
            return Ok(Seat::Log(Box::new(reader)));
        }
        let headers = match self.engine.arguments {
            // Its user agent it is told itself: with the viewer's number.
            Arguments::Ffmpeg(_) => own_headers(spec),
            Arguments::Words(_) => all_headers(spec),
        };
        let admission = Admission {
            player: self.spectator(spec.variant),
            stream: Some(Arc::clone(&spec.url)),
            headers: headers.into(),
        };
        let guest = self.gateway.admit(diary, admission)?;
        if let Some(network) = &spec.network {
            guest.put_behind(network, spec.seed);
        }
        Ok(Seat::Gateway(guest))
    }

    /// What is known of a player beforehand.
    fn spectator(&self, variant: VariantChoice) -> spectator::Config {
        spectator::Config {
            play: self.engine.play,
            variants: match variant {
                VariantChoice::All => spectator::Variants::SideBySide,
                _ => spectator::Variants::OneByOne,
            },
        }
    }

    /// Which variants the player of this viewer is told to read, and the first playlist where it
    /// was looked at for that.
    pub(super) async fn select(&self, spec: &Spec, viewer: Place) -> (Select, Option<First>) {
        if let Arguments::Words(_) = self.engine.arguments {
            // It is told nothing of variants.
            return (Select::All, None);
        }
        if let (Some(select), Measure::Gateway) =
            (engine::select_at_once(spec.variant), &self.engine.measure)
        {
            return (select, None);
        }
        let first = self.lookout.first(Who { viewer, spec }).await;
        let select = match first.as_ref().map(|first| &first.found.playlist) {
            Some(Playlist::Multivariant(lists)) => engine::select(spec.variant, lists),
            _ => Select::Variant(0),
        };
        (select, first)
    }

    /// What a player that is watched by its log is about to fetch. (A multivariant playlist is one
    /// as far as anybody has looked.)
    pub(super) async fn given(
        &self,
        spec: &Spec,
        viewer: Place,
        (select, first): (Select, Option<First>),
    ) -> Given {
        let who = Who { viewer, spec };
        let told = (select, self.reloads_are_logged());
        let follow = |first| self.lookout.follow(who, first, told);
        let followed = first.as_ref().and_then(follow);
        let list = match &followed {
            Some(followed) => self.lookout.fresh(who, followed).await,
            None => None,
        };
        Given {
            multivariant_bytes: first.and_then(|first| match first.found.playlist {
                Playlist::Multivariant(_) => Some(first.found.bytes),
                Playlist::Media(_) => None,
            }),
            list,
            followed,
            told,
        }
    }

    /// The players log what they fetch, each playlist too.
    fn reloads_are_logged(&self) -> bool {
        match &self.engine.arguments {
            Arguments::Ffmpeg(ffmpeg) => {
                estimate::reloads_are_logged(ffmpeg.level, ffmpeg.connections)
            }
            Arguments::Words(_) => false,
        }
    }
}

/// What a player is about to fetch.
#[derive(Debug)]
pub(super) struct Given {
    /// Bytes of the multivariant playlist that it begins with, if that is what it begins with.
    pub(super) multivariant_bytes: Option<u64>,
    /// The media playlist that it is to read, as it is.
    pub(super) list: Option<Arc<MediaPlaylist>>,
    /// Where that is looked at again.
    pub(super) followed: Option<Followed>,
    /// Which variants the player reads, and whether it logs its playlists.
    pub(super) told: (Select, bool),
}

/// No limit is longer than the one that was asked for.
fn within(limits: Limits, timeout: Duration) -> Limits {
    Limits {
        connect: limits.connect.map(|limit| limit.min(timeout)),
        first_byte: limits.first_byte.map(|limit| limit.min(timeout)),
        idle: limits.idle.map(|limit| limit.min(timeout)),
        total: Some(timeout),
    }
}
