//! Workers, supervision of viewers, and the hub that adds them up.
