//! Where the origin is asked, from what was typed.

use std::time::Duration;

use transport::mask;
use url::{Host, Url};

use crate::driver::{ANSWER_TIME_MAX, INTERVAL};

/// Where node exporter listens unless told otherwise.
const NODE_PORT: u16 = 9100;
/// Where the nginx exporter does.
const NGINX_PORT: u16 = 9113;
/// The path of metrics unless one is typed.
const METRICS: &str = "/metrics";

/// What was typed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// `--origin-metrics`: a node exporter, or our own origin.
    pub origin_metrics: Option<&'a str>,
    /// `--nginx-metrics`: an exporter of the web server.
    pub nginx_metrics: Option<&'a str>,
    /// `--origin-metrics-host`: where both are, on their usual ports.
    pub host: Option<&'a str>,
    /// `--segment-sizes-url`: a listing of segments.
    pub segment_sizes: Option<&'a str>,
}

/// Where the origin is asked, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Metrics.
    pub exporters: Vec<Url>,
    /// A listing of segments.
    pub sizes: Option<Url>,
    /// How often each is asked at most.
    pub every: Duration,
    /// How long an answer may take.
    pub answer_time_max: Duration,
}

/// Why an option can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no URL that can be asked.
    #[error(
        "{option}: {given:?} is not a URL that can be asked ({why}); write it as \
         http://HOST:PORT/metrics"
    )]
    Url {
        /// The option.
        option: &'static str,
        /// What was typed; credentials are masked.
        given: String,
        /// What is wrong with it.
        why: String,
    },
    /// It is no host.
    #[error(
        "--origin-metrics-host: {given:?} is not a host; write a name or an address without scheme \
         and port (for others, --origin-metrics and --nginx-metrics take whole URLs)"
    )]
    Host {
        /// What was typed; credentials are masked.
        given: String,
    },
}

impl Endpoints {
    /// The endpoints of what was typed. A URL wins over the host.
    pub fn parse(options: &Options<'_>) -> Result<Self, Error> {
        let host = options.host.map(at_host).transpose()?;
        let at_port = |port| host.as_ref().and_then(|host| on_port(host, port));
        let origin = options.origin_metrics;
        let origin = origin.map(|given| metrics("--origin-metrics", given));
        let nginx = options.nginx_metrics;
        let nginx = nginx.map(|given| metrics("--nginx-metrics", given));
        let origin = origin.transpose()?.or_else(|| at_port(NODE_PORT));
        let nginx = nginx.transpose()?.or_else(|| at_port(NGINX_PORT));
        let mut exporters: Vec<Url> = origin.into_iter().chain(nginx).collect();
        exporters.dedup();
        let sizes = options.segment_sizes;
        let sizes = sizes.map(|given| url("--segment-sizes-url", given));
        Ok(Self {
            exporters,
            sizes: sizes.transpose()?,
            every: INTERVAL,
            answer_time_max: ANSWER_TIME_MAX,
        })
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.exporters.is_empty() && self.sizes.is_none()
    }
}

fn url(option: &'static str, given: &str) -> Result<Url, Error> {
    let wrong = |why: &str| Error::Url {
        option,
        given: mask::url(given),
        why: why.to_owned(),
    };
    let url = Url::parse(given.trim()).map_err(|why| wrong(&why.to_string()))?;
    match url.scheme() {
        "http" | "https" if url.port() == Some(0) => Err(wrong("port 0 cannot be reached")),
        "http" | "https" => Ok(url),
        _ => Err(wrong("its scheme is not http or https")),
    }
}

/// As [`url`], of metrics: a path that is left out is the usual one.
fn metrics(option: &'static str, given: &str) -> Result<Url, Error> {
    let mut url = url(option, given)?;
    if url.path() == "/" && url.query().is_none() {
        url.set_path(METRICS);
    }
    Ok(url)
}

/// The metrics of a host, on no port yet.
fn at_host(given: &str) -> Result<Url, Error> {
    let wrong = || Error::Host {
        given: mask::url(given),
    };
    let host = given.trim();
    let bare_v6 = host.parse().map(Host::<String>::Ipv6);
    let host = bare_v6
        .or_else(|_| Host::parse(host))
        .map_err(|_| wrong())?;
    Url::parse(&format!("http://{host}{METRICS}")).map_err(|_| wrong())
}

fn on_port(host: &Url, port: u16) -> Option<Url> {
    let mut url = host.clone();
    url.set_port(Some(port)).ok()?;
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(options: &Options<'_>) -> Vec<String> {
        let endpoints = Endpoints::parse(options).unwrap();
        let all = endpoints.exporters.iter().chain(&endpoints.sizes);
        all.map(Url::to_string).collect()
    }

    #[test]
    fn a_host_has_both_exporters() {
        for (host, name) in [
            ("h.example", "h.example"),
            ("10.0.0.1", "10.0.0.1"),
            ("::1", "[::1]"),
            ("[::1]", "[::1]"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            let host = Some(host);
            let options = Options {
                host,
                ..Options::default()
            };
            let expected = [9100, 9113].map(|port| format!("http://{name}:{port}/metrics"));
            assert_eq!(parsed(&options), expected);
        }
    }

    #[test]
    fn a_url_wins_over_the_host() {
        let options = Options {
            origin_metrics: Some("http://n:1"),
            nginx_metrics: None,
            host: Some("h"),
            segment_sizes: Some("https://u:p@s/files/json/?x=1"),
        };
        assert_eq!(
            parsed(&options),
            [
                "http://n:1/metrics",
                "http://h:9113/metrics",
                "https://u:p@s/files/json/?x=1"
            ]
        );
        let both = Options {
            origin_metrics: Some("http://n:1/status/format/prometheus"),
            nginx_metrics: Some("http://n:1/status/format/prometheus"),
            ..Options::default()
        };
        assert_eq!(parsed(&both), ["http://n:1/status/format/prometheus"]);
        assert!(Endpoints::parse(&Options::default()).unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_without_secrets() {
        for given in [
            "h:9100",
            "ftp://h/",
            "http://",
            "/metrics",
            "http://u:p@h:0/",
        ] {
            let origin_metrics = Some(given);
            let error = Endpoints::parse(&Options {
                origin_metrics,
                ..Options::default()
            });
            let error = error.unwrap_err().to_string();
            assert!(error.starts_with("--origin-metrics: "), "{error}");
            assert!(!error.contains("u:p"), "{error}");
        }
        for given in ["http://h", "h:9100", "", "a b", "u:p@h", "h/metrics"] {
            let host = Some(given);
            let error = Endpoints::parse(&Options {
                host,
                ..Options::default()
            });
            assert!(
                matches!(error, Err(Error::Host { .. })),
                "{given}: {error:?}"
            );
        }
    }
}
