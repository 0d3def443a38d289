//! Where our ends of connections stand.

use std::io;
use std::net::{IpAddr, SocketAddr};

/// The addresses that connections are made from. None: as the system chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    v4: Box<[IpAddr]>,
    v6: Box<[IpAddr]>,
}

impl Sources {
    pub(crate) fn new(addresses: &[IpAddr]) -> Self {
        let (v4, v6): (Vec<IpAddr>, Vec<IpAddr>) = addresses.iter().partition(|ip| ip.is_ipv4());
        Self {
            v4: v4.into(),
            v6: v6.into(),
        }
    }

    /// The address from which viewer `n` connects to `to`: viewers take turns, and each keeps to
    /// its own, as a household does.
    pub(crate) fn of(&self, n: u64, to: SocketAddr) -> io::Result<Option<IpAddr>> {
        let family = if to.is_ipv4() { &self.v4 } else { &self.v6 };
        if let Some(own) = nth(family, n) {
            return Ok(Some(own));
        }
        if self.v4.is_empty() && self.v6.is_empty() {
            return Ok(None);
        }
        Err(io::Error::new(
            io::ErrorKind::AddrNotAvailable,
            "no source address is of its family",
        ))
    }
}

fn nth(addresses: &[IpAddr], n: u64) -> Option<IpAddr> {
    let place = n.checked_rem(addresses.len() as u64)?;
    addresses.get(place as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(addresses: &[&str]) -> Sources {
        let addresses: Vec<IpAddr> = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
        Sources::new(&addresses)
    }

    #[test]
    fn viewers_take_turns_within_the_family_of_where_they_go() {
        let sources = sources(&["127.0.0.2", "::1", "127.0.0.3"]);
        let of = |n, to: &str| {
            let ip = sources.of(n, to.parse().unwrap()).unwrap();
            ip.unwrap().to_string()
        };
        assert_eq!(of(0, "127.0.0.1:80"), "127.0.0.2");
        assert_eq!(of(1, "127.0.0.1:80"), "127.0.0.3");
        assert_eq!(of(2, "127.0.0.1:80"), "127.0.0.2");
        assert_eq!(of(u64::MAX, "[::1]:80"), "::1");
    }

    #[test]
    fn no_sources_is_the_systems_choice_and_another_family_an_error() {
        let to = "[::1]:80".parse().unwrap();
        assert_eq!(sources(&[]).of(7, to).unwrap(), None);
        assert!(sources(&["127.0.0.2"]).of(7, to).is_err());
    }
}
