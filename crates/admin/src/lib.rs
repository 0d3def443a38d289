//! The HTTP face of a run: metrics for Prometheus, the SLO API, a stream of events, a dashboard.
//!
//! | path | what | who may |
//! |---|---|---|
//! | `GET /` | the dashboard in a browser | anybody |
//! | `GET /metrics` | Prometheus text 0.0.4, or OpenMetrics 1.0 where it is preferred | anybody |
//! | `GET /healthz`, `GET /readyz` | whether it answers; whether the first viewer plays | anybody |
//! | `GET /api/v1/snapshot` | the run so far, as `liveswarm.run/1` | admin |
//! | `GET /api/v1/events` | server-sent events: the same each second, with the newest row of its timeline only | admin |
//! | `GET /api/v1/slo` | latency by broadcast, transport and source | admin |
//! | `POST /api/v1/slo/client-sample` | a latency that somebody else measured | admin, push |
//! | `POST /api/v1/viewers` | another target of viewers | admin |
//! | `POST /api/v1/stop` | the end of the run | admin |
//!
//! **Who may.** Without tokens everybody who can connect may do everything, so only loopback is
//! listened on, and only requests that name a loopback host are answered (a page in a browser
//! could have its own name lead here). With an admin token, `admin` asks for it as a bearer. With
//! only a push token, `admin` is closed to all; with only an admin token, `push` asks for that.
//! What a browser posts for another page is refused, but for client samples where a token is asked
//! for: those may come from any page that knows it.
//!
//! **What it costs.** Answers are functions of the newest [`report::Frame`] and rendered at most
//! once a frame, however many ask; a reader of events who is slow misses frames, and none is kept
//! for it. Nothing here waits for, locks or allocates in a worker.
//!
//! Contract: everything shown comes from one frame, so two answers from the same frame agree; a
//! reader that goes away is no error; every header, body, connection and time has a named limit.

mod access;
mod assets;
mod board;
mod command;
mod config;
mod events;
mod json;
mod metrics;
mod origin;
mod patient;
mod pushed;
mod rate;
mod routes;
mod sample;
mod server;
mod slo;

pub use access::Token;
pub use command::{Command, Refused};
pub use config::{Config, DEFAULT_LISTEN, Error, Listen, PER_VIEWER_MAX, PerViewer};
pub use metrics::reference as metrics_reference;
pub use origin::{OriginFrame, Served};
pub use pushed::{PUSHED_SERIES_MAX, Pushed};
pub use server::{Server, bind};
