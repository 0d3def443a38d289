//! The players of one worker.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use ffmpeg::{Select, estimate};
use gateway::Gateway;
use media::hls::Multivariant;
use player::{Playlist, VariantChoice, spectator};
use telemetry::viewers::Place;
use tokio::sync::OnceCell;
use url::Url;
use viewer::{Diary, Shared, Spec};

use super::log_reader::LogReader;
use super::scout;
use super::seat::Seat;
use crate::engine::{self, Arguments, Measure, ProcessEngine};
use crate::plan::Plan;

/// Streams whose variants are kept in mind; past this each viewer looks for itself.
const STREAMS_MAX: usize = 1024;

/// A stream's variants, where it has any.
type Stream = OnceCell<Option<Arc<Multivariant>>>;

/// The players of one worker, and the gateway through which they fetch.
#[derive(Debug)]
pub(crate) struct Crew {
    pub(super) engine: Arc<ProcessEngine>,
    pub(super) shared: Rc<Shared>,
    pub(super) gateway: Gateway,
    /// The streams that were looked at.
    streams: RefCell<HashMap<Arc<Url>, Rc<Stream>>>,
}

impl Crew {
    /// Opens the gateway. Within the worker's runtime.
    pub(crate) fn new(
        engine: &Arc<ProcessEngine>,
        plan: &Plan,
        shared: &Rc<Shared>,
    ) -> Result<Rc<Self>, gateway::Error> {
        let config = gateway::Config {
            headers: headers(engine, plan),
            ..gateway::Config::default()
        };
        Ok(Rc::new(Self {
            engine: Arc::clone(engine),
            shared: Rc::clone(shared),
            gateway: Gateway::bind(config, Rc::clone(shared))?,
            streams: RefCell::default(),
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
        self.gateway.allow(&spec.url);
        let spectator = self.spectator(spec.variant);
        Ok(Seat::Gateway(self.gateway.admit(diary, spectator)?))
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

    /// Which variants the player of this viewer is told to read.
    pub(super) async fn select(&self, spec: &Spec, viewer: Place) -> Select {
        if let Arguments::Words(_) = self.engine.arguments {
            // It is told nothing of variants.
            return Select::All;
        }
        if let (Some(select), Measure::Gateway) =
            (engine::select_at_once(spec.variant), &self.engine.measure)
        {
            return select;
        }
        let stream = self.stream(&spec.url);
        let look = || async {
            let found = scout::look(
                &self.shared,
                viewer,
                &spec.url,
                (spec.number, &spec.headers),
            )
            .await;
            found.map(variants).ok_or(())
        };
        match stream.get_or_try_init(look).await {
            Ok(Some(lists)) => engine::select(spec.variant, lists),
            Ok(None) | Err(()) => Select::Variant(0),
        }
    }

    /// Whether the stream's first playlist is a multivariant one, as far as anybody has looked.
    pub(super) fn is_multivariant(&self, spec: &Spec) -> bool {
        let streams = self.streams.borrow();
        let stream = streams.get(&spec.url).and_then(|stream| stream.get());
        stream.is_some_and(Option::is_some)
    }

    /// What is known of a stream, or will be when who looks has come back.
    fn stream(&self, url: &Arc<Url>) -> Rc<Stream> {
        let mut streams = self.streams.borrow_mut();
        if let Some(stream) = streams.get(url) {
            return Rc::clone(stream);
        }
        let stream = Rc::new(Stream::new());
        if streams.len() < STREAMS_MAX {
            streams.insert(Arc::clone(url), Rc::clone(&stream));
        }
        stream
    }
}

fn variants(playlist: Playlist) -> Option<Arc<Multivariant>> {
    match playlist {
        Playlist::Multivariant(lists) => Some(lists),
        Playlist::Media(_) => None,
    }
}

/// What the gateway adds for players that can't be told of headers. (One that differs from viewer to
/// viewer can't be added here.)
fn headers(engine: &ProcessEngine, plan: &Plan) -> Vec<(String, String)> {
    match engine.arguments {
        Arguments::Ffmpeg(_) => Vec::new(),
        Arguments::Words(_) => {
            let same_for_all = |(_, value): &&(String, String)| !value.contains("{n}");
            plan.headers.iter().filter(same_for_all).cloned().collect()
        }
    }
}
