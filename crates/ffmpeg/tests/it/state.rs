//! State, stale playlists and what is inferred, from captures.
