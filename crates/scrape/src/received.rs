use telemetry::origin::Scope;

/// Bytes of body that viewers had received at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Of all classes.
    pub all: u64,
    /// Of them: of none that belongs to a stream.
    pub other: u64,
}

impl Received {
    /// What is held against a count of `scope`.
    pub(crate) fn of(self, scope: Scope) -> u64 {
        match scope {
            Scope::Bodies => self.all.saturating_sub(self.other),
            Scope::Server | Scope::Host => self.all,
        }
    }
}
