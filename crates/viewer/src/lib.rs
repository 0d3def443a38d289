//! One viewer, driven over the network.
