//! Identifiers, in whatever form a service gives them.

/// Why an identifier cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IdError(pub(super) &'static str);
