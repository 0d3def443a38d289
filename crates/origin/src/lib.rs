//! A live origin, pure: (asset, configuration, request, now) gives the response.
//!
//! What is live at any instant follows from the wall clock: segment `n` covers Unix time
//! `[n·d, (n+1)·d)` and becomes available when its end has passed. So the origin needs no state,
//! two origins agree byte for byte, and a test can ask about any instant. A short clip, built in,
//! loops for ever without a seam; its timestamps are rewritten from `n`, and padding brings each
//! segment to its variant's bitrate.
//!
//! It opens no socket, reads no clock and no file, and knows no HTTP library: `origin-server` is
//! the thin server around it. The only thing it keeps is a bounded cache of what it rendered.

mod asset;
mod cache;
mod config;
mod date;
mod error;
mod fault;
mod grid;
mod listing;
mod origin;
mod playlist;
mod render;
mod request;
mod resource;
mod response;
mod route;
mod track;

pub use config::{Audio, Bitrate, Config, Format, ReferenceTime};
pub use error::Error;
pub use fault::{Action, Fault, Share, Target, Window};
pub use origin::Origin;
pub use request::{Method, Request};
pub use response::{Delivery, End, Headers, Response};
