//! The documented codes with which DCS refuses a call because of the state of an instance.

use axum::http::StatusCode;

use crate::busy::Refusal;

/// A kill while a task of the instance runs, such as another kill.
pub(super) const TASK_RUNS: Refusal = refusal(
    "DCS.4017",
    "Another task of this instance is still running.",
);
/// A kill while a scan runs.
pub(super) const TASK_STATE: Refusal = refusal(
    "DCS.4957",
    "This operation is not allowed when the task is in the current state.",
);
/// A call to a node that does not run.
pub(super) const NOT_RUNNING: Refusal = refusal("DCS.4049", "The instance is not running.");

/// All of them; the first one is that of an instance that is busy with a task.
pub(super) const REFUSALS: &[Refusal] = &[
    TASK_RUNS,
    TASK_STATE,
    NOT_RUNNING,
    refusal("DCS.4026", "The state of the instance does not allow this."),
    refusal("DCS.4096", "The instance is being backed up."),
    refusal("DCS.4097", "The instance is being restored."),
    refusal("DCS.4104", "The instance is being recovered."),
    refusal("DCS.4108", "A larger specification is on order."),
    refusal("DCS.4111", "The instance is being restarted."),
    refusal("DCS.4113", "The instance is being extended."),
    refusal("DCS.4114", "The instance is being configured."),
    refusal("DCS.4115", "The password is being changed."),
    refusal("DCS.4116", "The instance is being upgraded."),
    refusal("DCS.4117", "The instance is being rolled back."),
    refusal("DCS.4118", "The instance is being created."),
    refusal("DCS.4120", "The instance is being frozen."),
    refusal("DCS.4300", "Client IP pass-through is being changed."),
    refusal("DCS.4848", "This instance has no session management."),
    refusal("DCS.4918", "Big keys are being analysed."),
];

const fn refusal(code: &'static str, message: &'static str) -> Refusal {
    Refusal::new(code, StatusCode::BAD_REQUEST, message)
}
