//! What is going to happen, as data: ramps, shares, backoff.
