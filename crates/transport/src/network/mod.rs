//! The network between a viewer and the world: an estimate of one, on top of the connections that
//! there really are.
//!
//! | modelled | how |
//! |---|---|
//! | bandwidth | what all connections of one session read together, payload of TCP (TLS included, headers of packets not), is paced; what is not read stays in a receive buffer kept small, so that TCP's window closes and the server feels a slow client |
//! | latency | one round trip is added to a TCP handshake, to each of a TLS handshake's, and between a request and the first byte of its answer |
//! | loss | of each connection's packets (1,460 bytes, what was asked for and its answer apart), at random by the run's seed and the viewer's number: what follows a lost one waits for the time that sending it again takes, and a connection is no faster than its loss lets it be |
//!
//! Not modelled: the way to the server beyond its round trips (requests are small), slow start
//! (what the kernel below does is real, but its round trips are short), packets that overtake each
//! other, jitter, names asked of DNS. It is no `netem`: for packets, shape the machine's own
//! interface.

pub(crate) mod bucket;
pub(crate) mod link;
pub(crate) mod losses;
pub(crate) mod strand;
mod text;

use std::time::Duration;

pub use text::NetworkError;

/// What one TCP packet carries over an Ethernet path (1,500 bytes without IPv4's and TCP's headers).
pub(crate) const PACKET_BYTES: u64 = 1_460;

/// The network of one viewer. Written as text: `bandwidth=4Mbit/s,latency=40ms,loss=0.5%`, any part
/// of it, or the [name](Network::NAMES) of a ready one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Bits per second; not zero.
    bandwidth: Option<u64>,
    latency: Option<Duration>,
    loss: Option<Loss>,
}

/// A share of packets, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Loss(u32);

impl Network {
    /// What all connections together get, in bits per second.
    pub fn bandwidth(&self) -> Option<u64> {
        self.bandwidth
    }

    /// The round trip that is added.
    pub fn latency(&self) -> Option<Duration> {
        self.latency
    }

    /// The share of packets that get lost.
    pub fn loss(&self) -> Option<f64> {
        self.loss
            .map(|Loss(millionths)| f64::from(millionths) / 1e6)
    }
}
