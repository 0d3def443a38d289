//! Servers, streams and counts that the tests hold liveswarm against.
