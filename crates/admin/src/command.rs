use tokio::sync::oneshot;

/// What a request asks of the run. Whoever carries it out answers through `reply`; a reply that is
/// dropped says that nobody does.
#[derive(Debug)]
pub enum Command {
    /// That many viewers are wanted.
    Target {
        /// How many.
        viewers: u64,
        /// Whether it is done.
        reply: oneshot::Sender<Result<(), Refused>>,
    },
    /// The run is to end.
    Stop {
        /// Whether it is done.
        reply: oneshot::Sender<Result<(), Refused>>,
    },
}

/// Why a command was not carried out, in words that say what to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);
