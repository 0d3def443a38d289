//! TLS 1.2 and 1.3. rustls shakes hands; afterwards the records are opened here, in the worker's
//! read buffer, so that a connection at rest holds its keys and nothing else.

mod explain;
mod handshake;
mod records;
mod tickets;
mod verify;

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::Error;

pub use handshake::HANDSHAKE_BYTES_MAX;
pub(crate) use handshake::{Way, handshake, inspect};
pub use records::POST_HANDSHAKE_BYTES_MAX;
pub(crate) use records::Records;
pub use tickets::{TICKET_SERVERS_MAX, TICKETS_MAX};

/// TLS set-up, shared by the clients of all workers. A clone is a handle to the same roots.
///
/// The system's roots are read when the first connection needs them.
#[derive(Clone, Default)]
pub struct Tls {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    verify: Verify,
    extra_roots: Vec<CertificateDer<'static>>,
    config: OnceLock<Result<Arc<ClientConfig>, String>>,
}

/// What a server shows in a TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secured {
    /// `TLS 1.2` or `TLS 1.3`; `None`: one that is newer.
    pub version: Option<&'static str>,
    /// Its own certificate (X.509, DER).
    pub certificate: Option<Vec<u8>>,
}

/// Which server certificates are accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// Those that lead to a root of the system, or to one that was given, and the given ones
    /// themselves.
    #[default]
    Roots,
    /// Any: `--insecure`.
    Nothing,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("verify", &self.inner.verify)
            .field("extra_roots", &self.inner.extra_roots.len())
            .finish_non_exhaustive()
    }
}

impl Tls {
    /// Verifies as told; `extra_roots_pem` are whole PEM files whose certificates are trusted
    /// beside the system's.
    pub fn new(verify: Verify, extra_roots_pem: &[Vec<u8>]) -> Result<Self, Error> {
        let mut extra_roots = Vec::new();
        for pem in extra_roots_pem {
            let before = extra_roots.len();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate
                    .map_err(|error| Error::TlsConfig(format!("not a PEM file: {error:?}")))?;
                extra_roots.push(certificate);
            }
            if extra_roots.len() == before {
                return Err(Error::TlsConfig(
                    "a PEM file without a CERTIFICATE block".to_owned(),
                ));
            }
        }
        // Roots that were asked for and cannot be used are said at once, not at the first
        // connection.
        let mut roots = RootCertStore::empty();
        for certificate in &extra_roots {
            roots
                .add(certificate.clone())
                .map_err(|error| Error::TlsConfig(format!("an unusable CA: {error}")))?;
        }
        Ok(Self {
            inner: Arc::new(Inner {
                verify,
                extra_roots,
                config: OnceLock::new(),
            }),
        })
    }

    /// The settings of one session: tickets are its own, as a viewer's are.
    pub(crate) fn session_config(&self) -> Result<Arc<ClientConfig>, Error> {
        let shared = self
            .inner
            .config
            .get_or_init(|| self.inner.build().map(Arc::new));
        match shared {
            Ok(shared) => {
                let mut config = ClientConfig::clone(shared);
                config.resumption = Resumption::store(Arc::new(tickets::Tickets::default()));
                Ok(Arc::new(config))
            }
            Err(why) => Err(Error::TlsConfig(why.clone())),
        }
    }
}

impl Inner {
    fn build(&self) -> Result<ClientConfig, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let mut config = match self.verify {
            Verify::Roots => {
                let roots = Arc::new(self.roots()?);
                let roots =
                    WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
                let roots = roots.build().map_err(|error| error.to_string())?;
                let trusted = verify::Trusted::new(roots, self.extra_roots.clone());
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(trusted))
                    .with_no_client_auth()
            }
            Verify::Nothing => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verify::Anyone::new(&provider)))
                .with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // The records are ours after the handshake.
        config.enable_secret_extraction = true;
        Ok(config)
    }

    fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        let native = rustls_native_certs::load_native_certs();
        for error in &native.errors {
            tracing::debug!(%error, "a root certificate of the system does not load");
        }
        roots.add_parsable_certificates(native.certs);
        roots.add_parsable_certificates(self.extra_roots.iter().cloned());
        if roots.is_empty() {
            return Err(
                "the system has no root certificates: install ca-certificates, or name a CA file, \
                 or verify nothing (--insecure)"
                    .to_owned(),
            );
        }
        Ok(roots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_that_cannot_be_used_are_said_at_once() {
        let ca = rcgen::generate_simple_self_signed(vec!["h".to_owned()]).unwrap();
        assert!(Tls::new(Verify::Roots, &[ca.cert.pem().into_bytes()]).is_ok());
        for pem in [
            "",
            "hello",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            let error = Tls::new(Verify::Roots, &[pem.as_bytes().to_vec()]).unwrap_err();
            assert_eq!(error.failure(), base::Failure::Tls, "{error}");
        }
    }
}
