//! Where the repository is.

use std::path::{Path, PathBuf};

/// Its top folder. Cargo sets the variable for what it runs; a binary that is started by hand
/// takes the folder it stands in.
pub(crate) fn root() -> PathBuf {
    match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(own) => Path::new(&own).join("../.."),
        None => PathBuf::from("."),
    }
}
