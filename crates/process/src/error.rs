//! What can go wrong before a child runs.

use std::io;

/// Why there is no child.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such program.
    #[error(
        "{program} is not there; install it, or give its path (a name without a slash is looked up \
         in PATH)"
    )]
    Missing {
        /// As it was asked for.
        program: String,
    },
    /// The program is there, but may not be executed.
    #[error("{program} may not be executed; try `chmod +x`, or another path")]
    Forbidden {
        /// As it was asked for.
        program: String,
    },
    /// No process or descriptor left, or another reason of the system.
    #[error("{program} did not start: {source}; try `ulimit -u` and `ulimit -n` for the limits")]
    Spawn {
        /// As it was asked for.
        program: String,
        /// The system's reason.
        source: io::Error,
    },
    /// It runs but can't be watched; it was ended again.
    #[error("{program} can't be watched: {source}; Linux 5.3 or newer is needed")]
    Watch {
        /// As it was asked for.
        program: String,
        /// The system's reason.
        source: io::Error,
    },
    /// It did not end in time, and was ended.
    #[error("{program} did not answer within {seconds} s and was ended; run it by hand to see why")]
    TooSlow {
        /// As it was asked for.
        program: String,
        /// The limit.
        seconds: u64,
    },
}

impl Error {
    /// Names what a failed start means.
    pub(crate) fn of_start(program: String, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { program },
            io::ErrorKind::PermissionDenied => Self::Forbidden { program },
            _ => Self::Spawn { program, source },
        }
    }
}
