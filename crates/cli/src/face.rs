//! The HTTP face of a run or of an origin: started before it, ended after it.

use std::sync::Arc;
use std::time::Duration;

use admin::{Command, DEFAULT_LISTEN, Listen, OriginFrame, PER_VIEWER_MAX, PerViewer, Pushed};
use report::Frame;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::args;
use crate::settings::Usage;
use crate::values;

/// How long readers of the face may take for the last frame.
const END_MAX: Duration = Duration::from_secs(2);

/// Where the face is to be; `None`: nowhere.
#[derive(Clone, Debug)]
pub(crate) struct Settings(Option<admin::Config>);

impl Settings {
    /// The face of a run is on unless it is turned off.
    pub(crate) fn of_run(asked: &args::Watching, viewers: u64) -> Result<Self, Usage> {
        let per_viewer = if asked.per_viewer_metrics {
            PerViewer::Yes
        } else {
            PerViewer::No
        };
        if per_viewer == PerViewer::Yes && viewers > PER_VIEWER_MAX {
            return Err(Usage::new(format!(
                "--per-viewer-metrics: {viewers} viewers are too many for series of their own; \
                 at most {PER_VIEWER_MAX} may have them"
            )));
        }
        let listen = asked.face.admin_listen;
        let listen = match listen {
            None => Listen::Default,
            Some(values::Listen::At(address)) => Listen::Asked(address),
            Some(values::Listen::Off) => return Ok(Self(None)),
        };
        config(&asked.face, listen, per_viewer)
    }

    /// The face of an origin is off unless an address is given.
    pub(crate) fn of_origin(asked: &args::Face) -> Result<Self, Usage> {
        match asked.admin_listen {
            Some(values::Listen::At(address)) => {
                config(asked, Listen::Asked(address), PerViewer::No)
            }
            None | Some(values::Listen::Off) => Ok(Self(None)),
        }
    }

    /// Listens, where a face is wanted.
    pub(crate) fn bind(&self) -> Result<Option<Bound>, admin::Error> {
        let Some(config) = &self.0 else {
            return Ok(None);
        };
        let server = admin::bind(config)?;
        let moved = config.listen == Listen::Default && server.addr() != DEFAULT_LISTEN;
        Ok(Some(Bound { server, moved }))
    }
}

fn config(asked: &args::Face, listen: Listen, per_viewer: PerViewer) -> Result<Settings, Usage> {
    let token = |option: &str, text: &Option<String>| {
        let token = text.as_ref().map(|text| text.parse::<admin::Token>());
        token
            .transpose()
            .map_err(|why| Usage::new(format!("{option}: {why}")))
    };
    Ok(Settings(Some(admin::Config {
        listen,
        admin_token: token("--admin-token", &asked.admin_token)?,
        push_token: token("--push-token", &asked.push_token)?,
        per_viewer,
        insecure_listen: asked.insecure_listen,
    })))
}

/// A face that listens and does not answer yet.
pub(crate) struct Bound {
    server: admin::Server,
    /// The usual port was taken.
    moved: bool,
}

impl Bound {
    /// Samples that others push.
    pub(crate) fn pushed(&self) -> Pushed {
        self.server.pushed()
    }

    /// Where it is, in words.
    pub(crate) fn place(&self) -> String {
        let url = format!("http://{}/", self.server.addr());
        if self.moved {
            format!("dashboard: {url} ({DEFAULT_LISTEN} is taken)")
        } else {
            format!("dashboard: {url}")
        }
    }

    /// Shows a run.
    pub(crate) fn show(
        self,
        frames: watch::Receiver<Arc<Frame>>,
        commands: mpsc::Sender<Command>,
    ) -> Face {
        let (until, end) = ending();
        Face {
            end,
            serving: tokio::spawn(self.server.serve(frames, commands, until)),
        }
    }

    /// Shows an origin.
    pub(crate) fn show_origin(self, frames: watch::Receiver<Arc<OriginFrame>>) -> Face {
        let (until, end) = ending();
        Face {
            end,
            serving: tokio::spawn(self.server.serve_origin(frames, until)),
        }
    }
}

fn ending() -> (impl Future<Output = ()>, oneshot::Sender<()>) {
    let (end, ended) = oneshot::channel();
    let until = async {
        let _ = ended.await;
    };
    (until, end)
}

/// A face that answers.
pub(crate) struct Face {
    end: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), admin::Error>>,
}

impl Face {
    /// Ends it, once who reads it had a moment for the last frame.
    pub(crate) async fn end(mut self) {
        drop(self.end);
        match tokio::time::timeout(END_MAX, &mut self.serving).await {
            Ok(Ok(Err(why))) => tracing::error!("{why}"),
            Ok(_) => {}
            Err(_) => self.serving.abort(),
        }
    }
}
