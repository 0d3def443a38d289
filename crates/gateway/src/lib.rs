//! A measuring reverse proxy between any player and the origin.
//!
//! [`Gateway`] listens on loopback and passes on what players ask for under its paths,
//! `[/t/TOKEN]/v/VIEWER/SCHEME/AUTHORITY/PATH?QUERY`, over `transport`: unbuffered, headers in the
//! player's order and case, each connection of a player with upstream connections of its own.
//! Every exchange is recorded as a native viewer's: class, status, due (when the player's head was
//! read), sent, first byte, last byte and the origin's bytes, each redirect a request of its own.
//! What passes is told to a [`player::Spectator`] for each viewer, whose events go into the
//! viewer's [`viewer::Diary`].
//!
//! HLS playlists are read whole, and rewritten only where a URI would lead the player out of the
//! gateway. (A `HEAD` of one tells the origin's length, which may be another.) Redirects are followed
//! inside. The viewer's cookies are kept here.
//!
//! What it refuses to do: it fetches no origin but those it was given and those that its playlists
//! name (and where those redirect to), listens beyond loopback only with a token, takes no request bodies, caches nothing, and
//! retries nothing that `transport` does not.
//!
//! Contract: each request that reached the origin is recorded exactly once and told to the
//! spectator exactly once, also when the player or the gateway goes away half-way (then it is
//! cancelled). It runs on one thread, in the runtime and `LocalSet` of its worker. An answer that
//! fails before its head was passed on is a 502 or 504 that names the failure; after that, the
//! player's connection is cut.

mod class;
mod config;
mod connection;
mod error;
mod extent;
mod gateway;
mod guest;
mod head;
mod list;
mod names;
mod outlet;
mod refusal;
mod relay;
mod rewrite;
mod route;
mod seat;
mod share;
mod visit;
mod wire;

pub use config::{
    Admission, CONNECT_MAX, Config, Guests, IDLE_MAX, TOKEN_BYTES_MAX, TOKEN_BYTES_MIN,
};
pub use connection::{HEAD_TIME_MAX, KEEP_ALIVE_MAX};
pub use error::Error;
pub use gateway::{CONNECTIONS_MAX, Gateway, SEND_BUFFER_BYTES};
pub use guest::Guest;
pub use head::{HEAD_BYTES_MAX, HEAD_FIELDS_MAX};
pub use names::{NAMES_MAX, ORIGINS_MAX};
pub use route::path;
pub use seat::ABSENCE_MAX;
