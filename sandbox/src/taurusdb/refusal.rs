//! The documented codes with which TaurusDB refuses a kill because of the state of an instance.

use axum::http::StatusCode;

use crate::busy::Refusal;

/// A kill while another operation runs.
pub(super) const OPERATION_RUNS: Refusal = conflict("DBS.200019");

/// All of them.
pub(super) const REFUSALS: &[Refusal] = &[
    OPERATION_RUNS,
    conflict("DBS.200011"),
    conflict("DBS.200047"),
    conflict("DBS.201202"),
    conflict("DBS.212006"),
    Refusal::new(
        "DBS.280449",
        StatusCode::BAD_REQUEST,
        "The DB instance is frozen.",
    ),
];

const fn conflict(code: &'static str) -> Refusal {
    Refusal::new(
        code,
        StatusCode::CONFLICT,
        "Another operation is being performed on the DB instance, or the instance is faulty.",
    )
}
