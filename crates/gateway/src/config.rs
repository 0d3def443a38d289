use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use player::spectator;
use transport::Limits;
use url::Url;

use crate::Error;

/// The shortest token: one that nobody guesses over a network.
pub const TOKEN_BYTES_MIN: usize = 8;

/// The longest token.
pub const TOKEN_BYTES_MAX: usize = 128;

/// How long a name, TCP and TLS may take together unless the configuration says otherwise.
pub const CONNECT_MAX: Duration = Duration::from_secs(10);

/// The longest time without a byte from upstream unless the configuration says otherwise: longer
/// than any playlist is held back until it changes (RFC 8216bis, 6.2.5.2).
pub const IDLE_MAX: Duration = Duration::from_mins(1);

/// How a gateway is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What its paths begin with; must be there where it does not listen on loopback.
    pub token: Option<String>,
    /// Whose origins may be fetched from the start. Playlists that pass add to them. A user and a
    /// password in the first go to its origin with each request of those who come by themselves.
    pub origins: Vec<Url>,
    /// Who may come.
    pub guests: Guests,
    /// Sent with each upstream request, in place of the player's of the same name.
    pub headers: Vec<(String, String)>,
    /// Time limits of upstream exchanges.
    pub limits: Limits,
}

/// Whose requests are passed on.
#[derive(Clone, Debug)]
pub enum Guests {
    /// Those of viewers that were [admitted](crate::Gateway::admit).
    Admitted,
    /// Anybody's: a number that comes for the first time is a viewer from then on.
    Anyone {
        /// The most viewers.
        max: usize,
        /// What their players are like.
        player: spectator::Config,
        /// The name under which their latency is kept.
        broadcast: String,
    },
}

/// A viewer that is let in.
#[derive(Clone, Debug)]
pub struct Admission {
    /// What its player is like.
    pub player: spectator::Config,
    /// Its stream, whose origin may be fetched; a user and a password in it are sent there.
    pub stream: Option<Arc<Url>>,
    /// Sent with each upstream request of it, in place of the player's of the same name (and of
    /// those of [`Config::headers`]).
    pub headers: Arc<[(String, String)]>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            token: None,
            origins: Vec::new(),
            guests: Guests::Admitted,
            headers: Vec::new(),
            limits: Limits {
                connect: Some(CONNECT_MAX),
                idle: Some(IDLE_MAX),
                ..Limits::default()
            },
        }
    }
}

impl Config {
    /// Whether a gateway may be set up like this.
    pub fn check(&self) -> Result<(), Error> {
        let address = self.listen;
        match &self.token {
            None if !address.ip().is_loopback() => return Err(Error::TokenNeeded { address }),
            None => {}
            Some(token) => check_token(token).map_err(|why| Error::Token { why })?,
        }
        check_headers(&self.headers)
    }
}

/// Whether these headers can be sent.
pub(crate) fn check_headers(given: &[(String, String)]) -> Result<(), Error> {
    let mut headers = transport::Headers::new();
    for (name, value) in given {
        headers.push(name.clone(), value.as_str())?;
    }
    Ok(())
}

fn check_token(token: &str) -> Result<(), &'static str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    match token.len() {
        0..TOKEN_BYTES_MIN => Err("is too short"),
        len if len > TOKEN_BYTES_MAX => Err("is too long"),
        _ if token.bytes().all(fits) => Ok(()),
        _ => Err("holds what is no part of a path"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("127.0.0.1:0", None, true)]
    #[case("127.9.9.9:1", None, true)]
    #[case("[::1]:0", None, true)]
    #[case("0.0.0.0:0", None, false)]
    #[case("192.0.2.1:80", None, false)]
    #[case("[::]:0", None, false)]
    #[case("0.0.0.0:0", Some("a-Token_9"), true)]
    #[case("127.0.0.1:0", Some("short"), false)]
    #[case("127.0.0.1:0", Some("with/slash"), false)]
    #[case("127.0.0.1:0", Some("with%20more"), false)]
    fn nobody_else_comes_in_without_a_token(
        #[case] listen: &str,
        #[case] token: Option<&str>,
        #[case] fine: bool,
    ) {
        let config = Config {
            listen: listen.parse().unwrap(),
            token: token.map(str::to_owned),
            ..Config::default()
        };
        assert_eq!(config.check().is_ok(), fine, "{:?}", config.check());
    }

    #[test]
    fn headers_that_break_a_head_are_refused_at_once() {
        let with = |name: &str, value: &str| Config {
            headers: vec![(name.to_owned(), value.to_owned())],
            ..Config::default()
        };
        assert!(with("X-Key", "1").check().is_ok());
        assert!(with("X Key", "1").check().is_err());
        assert!(with("X-Key", "1\r\nHost: other").check().is_err());
    }
}
