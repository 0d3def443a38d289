//! A measuring reverse proxy between any player and the origin.
