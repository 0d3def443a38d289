use std::net::IpAddr;
use std::str::FromStr;

use crate::Error;

/// Addresses that stand in for DNS for one host and port, as curl's `--resolve HOST:PORT:ADDR`.
///
/// It parses from `HOST:PORT:ADDR[,ADDR]`; `*` is any host, IPv6 may stand in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The name in lower case, or `*`.
    pub host: String,
    /// The port it holds for.
    pub port: u16,
    /// Where to connect instead, at least one.
    pub addresses: Vec<IpAddr>,
}

impl FromStr for Override {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self, Error> {
        parse(given).map_err(|why| Error::Override {
            given: given.to_owned(),
            why,
        })
    }
}

fn parse(given: &str) -> Result<Override, &'static str> {
    let (host, rest) = match given.strip_prefix('[') {
        Some(rest) => rest
            .split_once("]:")
            .ok_or("an address in brackets ends in ]:")?,
        None => given.split_once(':').ok_or("no port")?,
    };
    if host.is_empty() {
        return Err("no host");
    }
    let (port, addresses) = rest.split_once(':').ok_or("no address")?;
    let port = port.parse().map_err(|_| "the port is not 0 to 65535")?;
    let addresses = addresses
        .split(',')
        .map(|address| {
            let bare = address
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
                .unwrap_or(address);
            bare.parse().map_err(|_| "not an IP address")
        })
        .collect::<Result<Vec<IpAddr>, _>>()?;
    Ok(Override {
        host: host.to_ascii_lowercase(),
        port,
        addresses,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("example.com:443:127.0.0.1", "example.com", 443, &["127.0.0.1"])]
    #[case("EXAMPLE.com:80:[::1]", "example.com", 80, &["::1"])]
    #[case("a:80:::1", "a", 80, &["::1"])]
    #[case("a:80:127.0.0.1,[::1],10.0.0.1", "a", 80, &["127.0.0.1", "::1", "10.0.0.1"])]
    #[case("*:80:127.0.0.1", "*", 80, &["127.0.0.1"])]
    #[case("[::2]:80:127.0.0.1", "::2", 80, &["127.0.0.1"])]
    fn overrides_that_read(
        #[case] given: &str,
        #[case] host: &str,
        #[case] port: u16,
        #[case] addresses: &[&str],
    ) {
        let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
        assert_eq!(
            given.parse::<Override>().unwrap(),
            Override {
                host: host.to_owned(),
                port,
                addresses
            }
        );
    }

    #[rstest]
    #[case("")]
    #[case("a")]
    #[case("a:80")]
    #[case(":80:127.0.0.1")]
    #[case("a:x:127.0.0.1")]
    #[case("a:65536:127.0.0.1")]
    #[case("a:80:")]
    #[case("a:80:b")]
    #[case("a:80:127.0.0.1,")]
    #[case("[::1:80:127.0.0.1")]
    fn overrides_that_do_not(#[case] given: &str) {
        assert!(given.parse::<Override>().is_err());
    }
}
