//! HTTP for very many connections: bodies drained, not stored.
