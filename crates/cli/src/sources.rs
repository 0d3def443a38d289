//! The addresses that viewers connect from, as they are typed: `127.0.0.2`,
//! `127.0.0.2-127.0.0.9`, or the name of a network interface.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::str::FromStr;

/// The most addresses that a run spreads its connections over.
const ADDRESSES_MAX: usize = 4_096;

/// What `--source` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// From the first to the last, both included.
    Range(IpAddr, IpAddr),
    /// All addresses of a network interface.
    Interface(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range(first, last) if first == last => write!(f, "{first}"),
            Self::Range(first, last) => write!(f, "{first}-{last}"),
            Self::Interface(name) => f.write_str(name),
        }
    }
}

/// Why there are no such addresses.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0} ends before it begins, or mixes IPv4 and IPv6; write it as 127.0.0.2-127.0.0.9")]
    Backwards(String),
    #[error("more than {ADDRESSES_MAX} addresses; one address already has about 28,000 ports")]
    TooMany,
    #[error("{name:?} is neither an address nor a network interface; there are {known}")]
    NoInterface { name: String, known: String },
    #[error("can't list the network interfaces: {0}")]
    Interfaces(io::Error),
    #[error(
        "{address} is not an address of this machine ({why}); `ip address add {address} dev …` \
         makes it one"
    )]
    NotOurs { address: IpAddr, why: io::Error },
}

impl FromStr for Source {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if let Ok(one) = text.parse() {
            return Ok(Self::Range(one, one));
        }
        let ends = text.split_once('-');
        let ends = ends.and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
        match ends {
            Some((first, last)) if is_range(first, last) => Ok(Self::Range(first, last)),
            Some(_) => Err(Error::Backwards(text.to_owned())),
            None => Ok(Self::Interface(text.to_owned())),
        }
    }
}

fn is_range(first: IpAddr, last: IpAddr) -> bool {
    first.is_ipv4() == last.is_ipv4() && first <= last
}

/// All addresses that were asked for, each once, in the order in which they were. Each is tried.
pub(crate) fn addresses(sources: &[Source]) -> Result<Vec<IpAddr>, Error> {
    let mut addresses = Vec::new();
    for source in sources {
        let more = match source {
            Source::Range(first, last) => range(*first, *last)?,
            Source::Interface(name) => of_interface(name)?,
        };
        for address in more {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.len() > ADDRESSES_MAX {
            return Err(Error::TooMany);
        }
    }
    for address in &addresses {
        try_address(*address)?;
    }
    Ok(addresses)
}

fn range(first: IpAddr, last: IpAddr) -> Result<Vec<IpAddr>, Error> {
    let (from, to) = (number(first), number(last));
    if to - from >= ADDRESSES_MAX as u128 {
        return Err(Error::TooMany);
    }
    let numbers = from..=to;
    Ok(match first {
        IpAddr::V4(_) => numbers
            .map(|number| Ipv4Addr::from(number as u32).into())
            .collect(),
        IpAddr::V6(_) => numbers
            .map(|number| Ipv6Addr::from(number).into())
            .collect(),
    })
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn of_interface(name: &str) -> Result<Vec<IpAddr>, Error> {
    let all = if_addrs::get_if_addrs().map_err(Error::Interfaces)?;
    let own = all.iter().filter(|interface| interface.name == name);
    // A link-local address is good for nothing without a scope (RFC 4007), which sockets want apart.
    let own: Vec<_> = own
        .map(if_addrs::Interface::ip)
        .filter(|ip| !matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local()))
        .collect();
    if own.is_empty() {
        let mut known: Vec<_> = all
            .iter()
            .map(|interface| interface.name.as_str())
            .collect();
        known.sort_unstable();
        known.dedup();
        return Err(Error::NoInterface {
            name: name.to_owned(),
            known: known.join(", "),
        });
    }
    Ok(own)
}

/// Whether sockets can be bound to it: what a viewer would find out a moment later.
fn try_address(address: IpAddr) -> Result<(), Error> {
    UdpSocket::bind((address, 0))
        .map(drop)
        .map_err(|why| Error::NotOurs { address, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> Result<Vec<String>, Error> {
        let sources: Result<Vec<Source>, Error> = texts.iter().map(|text| text.parse()).collect();
        let addresses = addresses(&sources?)?;
        Ok(addresses.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn addresses_ranges_and_interfaces_are_read() {
        for (texts, expected) in [
            (&["127.0.0.2"][..], &["127.0.0.2"][..]),
            (
                &["127.0.0.254-127.0.1.1"],
                &["127.0.0.254", "127.0.0.255", "127.0.1.0", "127.0.1.1"],
            ),
            (
                &["127.0.0.3", "127.0.0.2-127.0.0.4"],
                &["127.0.0.3", "127.0.0.2", "127.0.0.4"],
            ),
            (&["::1"], &["::1"]),
        ] {
            assert_eq!(of(texts).unwrap(), expected, "{texts:?}");
        }
        assert!(of(&["lo"]).unwrap().contains(&"127.0.0.1".to_owned()));
    }

    #[test]
    fn what_is_no_source_is_refused_with_its_reason() {
        for (text, says) in [
            ("127.0.0.9-127.0.0.2", "127.0.0.9-127.0.0.2 ends before"),
            ("127.0.0.1-::1", "mixes IPv4 and IPv6"),
            ("127.0.0.0-127.0.255.255", "more than 4096"),
            ("::-ffff::", "more than 4096"),
            (
                "nope0",
                "\"nope0\" is neither an address nor a network interface; there are",
            ),
            // RFC 5737: for documentation, so no machine has it.
            ("192.0.2.1", "192.0.2.1 is not an address of this machine"),
        ] {
            let error = of(&[text]).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
