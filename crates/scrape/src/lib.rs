//! What the origin says of itself.
