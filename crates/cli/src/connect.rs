//! How connections are made, as it is typed: for viewers, for a look at a stream, for a gateway.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use transport::{Tls, Verify};

/// Options of connections.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Connect {
    /// Connect to ADDR when HOST:PORT is asked for, as curl does; repeat it for more
    #[arg(long, value_name = "HOST:PORT:ADDR", help_heading = "Requests")]
    pub(crate) resolve: Vec<transport::Override>,

    /// Trust the certificates in this PEM file too
    #[arg(long, value_name = "FILE", help_heading = "Requests")]
    pub(crate) cacert: Option<PathBuf>,

    /// Accept any certificate
    #[arg(long, help_heading = "Requests")]
    pub(crate) insecure: bool,
}

impl Connect {
    /// The same as transport needs it, from the address that the system chooses.
    pub(crate) fn transport(&self) -> anyhow::Result<transport::Config> {
        let verify = if self.insecure {
            Verify::Nothing
        } else {
            Verify::Roots
        };
        let roots = self.cacert.iter().map(|path| {
            std::fs::read(path).with_context(|| format!("--cacert: can't read {}", path.display()))
        });
        let roots = roots.collect::<anyhow::Result<Vec<_>>>()?;
        Ok(transport::Config {
            tls: Tls::new(verify, &roots).context("--cacert")?,
            overrides: self.resolve.clone(),
            ..transport::Config::default()
        })
    }
}
