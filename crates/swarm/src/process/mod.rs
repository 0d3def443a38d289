//! Viewers that are processes of their own.
//!
//! Each worker has a [`Crew`] for each group of them: the gateway through which its players fetch, and what is known of all
//! of them. Each of its viewers is a [`Companion`], who starts the player, waits for its end, and
//! says what that was.

mod companion;
mod crew;
mod log_reader;
mod lookout;
mod own_headers;
mod scout;
mod seat;
mod tries;

pub(crate) use companion::Companion;
pub(crate) use crew::Crew;
pub(crate) use own_headers::own_headers;
