//! A figure and where it comes from.

/// Where a figure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// FFmpeg logged it.
    Measured,
    /// The origin says so of itself.
    Stated,
    /// Worked out from something else.
    Inferred,
}

impl Basis {
    /// What outputs write as `measured`.
    pub const fn is_measured(self) -> bool {
        matches!(self, Self::Measured)
    }

    /// The name in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Stated => "stated",
            Self::Inferred => "inferred",
        }
    }
}

/// A figure and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure<T> {
    /// The figure.
    pub value: T,
    /// Where it comes from.
    pub basis: Basis,
}

impl<T> Figure<T> {
    /// One that FFmpeg logged.
    pub const fn measured(value: T) -> Self {
        let basis = Basis::Measured;
        Self { value, basis }
    }

    /// One that the origin says of itself.
    pub const fn stated(value: T) -> Self {
        let basis = Basis::Stated;
        Self { value, basis }
    }

    /// One that was worked out.
    pub const fn inferred(value: T) -> Self {
        let basis = Basis::Inferred;
        Self { value, basis }
    }
}
