//! The documented codes that refuse a kill because of the state of the instance: which an option may name, and what
//! the service says with each.

use axum::http::StatusCode;

/// One refusal: nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub code: &'static str,
    pub status: StatusCode,
    pub message: &'static str,
}

/// A kill of DCS while a task of the instance runs, such as another kill.
pub(crate) const TASK_RUNS: Refusal = refusal(
    "DCS.4017",
    StatusCode::BAD_REQUEST,
    "Another task of this instance is still running.",
);
/// A kill of DCS while a scan runs.
pub(crate) const TASK_STATE: Refusal = refusal(
    "DCS.4957",
    StatusCode::BAD_REQUEST,
    "This operation is not allowed when the task is in the current state.",
);
/// A call to a DCS node that does not run.
pub(crate) const NOT_RUNNING: Refusal = refusal(
    "DCS.4049",
    StatusCode::BAD_REQUEST,
    "The instance is not running.",
);
/// A kill of TaurusDB while another operation runs.
pub(crate) const OPERATION_RUNS: Refusal = refusal(
    "DBS.200019",
    StatusCode::CONFLICT,
    "Another operation is being performed on the DB instance, or the instance is faulty.",
);

/// All of them. The messages are the sandbox's own words.
const ALL: &[Refusal] = &[
    TASK_RUNS,
    TASK_STATE,
    NOT_RUNNING,
    OPERATION_RUNS,
    dcs("DCS.4026", "The state of the instance does not allow this."),
    dcs("DCS.4096", "The instance is being backed up."),
    dcs("DCS.4097", "The instance is being restored."),
    dcs("DCS.4104", "The instance is being recovered."),
    dcs("DCS.4108", "A larger specification is on order."),
    dcs("DCS.4111", "The instance is being restarted."),
    dcs("DCS.4113", "The instance is being extended."),
    dcs("DCS.4114", "The instance is being configured."),
    dcs("DCS.4115", "The password is being changed."),
    dcs("DCS.4116", "The instance is being upgraded."),
    dcs("DCS.4117", "The instance is being rolled back."),
    dcs("DCS.4118", "The instance is being created."),
    dcs("DCS.4120", "The instance is being frozen."),
    dcs("DCS.4300", "Client IP pass-through is being changed."),
    dcs("DCS.4848", "This instance has no session management."),
    dcs("DCS.4918", "Big keys are being analysed."),
    taurusdb("DBS.200011"),
    taurusdb("DBS.200047"),
    taurusdb("DBS.201202"),
    taurusdb("DBS.212006"),
    refusal(
        "DBS.280449",
        StatusCode::BAD_REQUEST,
        "The DB instance is frozen.",
    ),
];

impl Refusal {
    /// The refusal with this code; `None` when no document has such a one.
    pub fn with_code(code: &str) -> Option<Self> {
        ALL.iter().find(|refusal| refusal.code == code).copied()
    }
}

const fn dcs(code: &'static str, message: &'static str) -> Refusal {
    refusal(code, StatusCode::BAD_REQUEST, message)
}

const fn taurusdb(code: &'static str) -> Refusal {
    refusal(code, OPERATION_RUNS.status, OPERATION_RUNS.message)
}

const fn refusal(code: &'static str, status: StatusCode, message: &'static str) -> Refusal {
    Refusal {
        code,
        status,
        message,
    }
}
