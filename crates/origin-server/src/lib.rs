//! The thin server around the origin, and its ledger.
