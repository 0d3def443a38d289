//! What the origin says of itself, beside the run: `--origin-metrics` and its kin.

use clap::Args;
use scrape::{Endpoints, Options, Received, Scraper};
use swarm::engine::Sizes;
use telemetry::Snapshot;
use telemetry::origin::View;
use tokio::task::JoinSet;
use transport::{Client, Clock, mask};

use crate::settings::Usage;

/// Where the origin is asked.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Origin's own metrics")]
pub(crate) struct Arguments {
    /// Metrics of the origin's machine (node exporter) or of a `liveswarm origin`: CPU, memory,
    /// network, and bytes sent beside bytes received; asked every 2 s
    #[arg(long, value_name = "URL")]
    pub(crate) origin_metrics: Option<String>,

    /// Metrics of its web server (nginx exporter, NGINX Plus, VTS): connections, requests, latency
    #[arg(long, value_name = "URL")]
    pub(crate) nginx_metrics: Option<String>,

    /// Both of them, on ports 9100 and 9113 of this host
    #[arg(long, value_name = "HOST")]
    pub(crate) origin_metrics_host: Option<String>,

    /// A listing of segments with their sizes, as nginx's `autoindex_format json` gives it
    #[arg(long, value_name = "URL")]
    pub(crate) segment_sizes_url: Option<String>,
}

impl Arguments {
    /// What is to be asked.
    pub(crate) fn endpoints(&self) -> Result<Endpoints, Usage> {
        let options = Options {
            origin_metrics: self.origin_metrics.as_deref(),
            nginx_metrics: self.nginx_metrics.as_deref(),
            host: self.origin_metrics_host.as_deref(),
            segment_sizes: self.segment_sizes_url.as_deref(),
        };
        Endpoints::parse(&options).map_err(|why| Usage::new(why.to_string()))
    }

    /// As typed, each as one word; secrets are masked.
    pub(crate) fn to_arguments(&self) -> Vec<String> {
        let named = [
            ("--origin-metrics", &self.origin_metrics),
            ("--nginx-metrics", &self.nginx_metrics),
            ("--origin-metrics-host", &self.origin_metrics_host),
            ("--segment-sizes-url", &self.segment_sizes_url),
        ];
        let given = named.into_iter();
        let given = given.filter_map(|(name, value)| Some((name, value.as_deref()?)));
        given
            .map(|(name, value)| format!("{name}={}", mask::url(value)))
            .collect()
    }
}

/// The origin is asked for as long as this lives.
pub(crate) struct Asking {
    scraper: Scraper,
    /// They end with the scraper.
    _tasks: JoinSet<()>,
}

impl Asking {
    /// Begins to ask, and waits for the first answers: what the origin counts is held against what
    /// viewers count from then on. `None` where nothing is to be asked.
    pub(crate) async fn begin(
        endpoints: &Endpoints,
        config: transport::Config,
    ) -> anyhow::Result<Option<Self>> {
        if endpoints.is_empty() {
            return Ok(None);
        }
        let client = Client::new(config, Clock::start())?;
        let mut tasks = JoinSet::new();
        let scraper = Scraper::start(endpoints, &client, &mut tasks);
        scraper.first().await;
        Ok(Some(Self {
            scraper,
            _tasks: tasks,
        }))
    }

    /// What the origin says at this moment of a run.
    pub(crate) fn view(&self, snapshot: &Snapshot) -> View {
        let requests = &snapshot.requests;
        self.scraper.note_received(Received {
            all: requests.all().bytes,
            other: requests.of(base::Class::Other).bytes,
        });
        self.scraper.view()
    }

    /// The sizes that it lists, for those who can't measure any.
    pub(crate) fn sizes(&self) -> Sizes {
        let listed = self.scraper.segment_sizes();
        Sizes::new(move |url| listed.of(url))
    }

    /// Waits until the origin has told of all that it has done so far.
    pub(crate) async fn hear_out(&self) {
        self.scraper.last().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_shown_without_secrets() {
        let arguments = Arguments {
            origin_metrics: Some("http://me:secret@h:9100/metrics".to_owned()),
            segment_sizes_url: Some("http://h/files/?token=abc".to_owned()),
            ..Arguments::default()
        };
        assert_eq!(
            arguments.to_arguments(),
            [
                "--origin-metrics=http://***@h:9100/metrics",
                "--segment-sizes-url=http://h/files/?token=***"
            ]
        );
        assert_eq!(arguments.endpoints().unwrap().exporters.len(), 1);
        let wrong = Arguments {
            nginx_metrics: Some("h:9113".to_owned()),
            ..Arguments::default()
        };
        let error = wrong.endpoints().unwrap_err().to_string();
        assert!(error.starts_with("--nginx-metrics: "), "{error}");
    }
}
