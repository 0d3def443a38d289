//! A virtual clock, network and crowd around player and origin; invariants after every step.
