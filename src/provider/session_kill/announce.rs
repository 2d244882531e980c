//! What a plan says of a kill before it happens, so that whoever approves knows whom it is about.

use tf_provider::{AttributePath, Diagnostics};

use super::arguments::Arguments;
use super::is_rehearsal;
use crate::provider::{explain, select};

/// Says in the plan of a rehearsal that nothing is going to be killed.
pub(super) fn dry_run(diags: &mut Diagnostics, planned: &Arguments<'_>) {
    if planned.is_dry_run() {
        select::announce_dry_run(diags);
    }
}

/// Says in the plan what a changed argument leads to, and whom it is about: the plan itself hides what did not change.
pub(super) fn replacement(
    diags: &mut Diagnostics,
    differing: &[&'static str],
    prior: &Arguments<'_>,
    planned: &Arguments<'_>,
) {
    let changed = match differing {
        [] => return,
        [only] => format!("{only} has"),
        [others @ .., last] => format!("{} and {last} have", others.join(", ")),
    };
    let whom = planned.whom();
    let (summary, detail) = match (is_rehearsal(prior.record), planned.is_dry_run()) {
        (true, true) => {
            select::announce_dry_run(diags);
            return;
        }
        (true, false) => (
            "Applying this kills sessions",
            format!(
                "This resource was a dry run and killed no session. Now {changed} changed: apply kills {whom} that are there at that \
                 time."
            ),
        ),
        (false, false) => (
            "Applying this kills sessions again",
            format!(
                "This resource has already run its kill. Now {changed} changed: the replacement kills {whom} that are there at that \
                 time. To kill no session, take the change back."
            ),
        ),
        (false, true) => (
            "Dry run: nothing will be killed, and the result of the kill is removed from state",
            format!(
                "This resource has already run its kill. Now {changed} changed: the replacement kills no session and lists those \
                 that would be killed. The result of the kill is removed from state. To keep it, write a separate resource for \
                 the dry run."
            ),
        ),
    };
    explain::warning(diags, AttributePath::new(differing[0]), summary, detail);
}

/// Says in the plan that a rehearsal comes too late.
pub(super) fn late_dry_run(
    diags: &mut Diagnostics,
    prior: &Arguments<'_>,
    planned: &Arguments<'_>,
) {
    let is_new = !prior.is_dry_run() && planned.is_dry_run();
    if is_rehearsal(prior.record) || !is_new {
        return;
    }
    explain::warning(
        diags,
        AttributePath::new("dry_run"),
        "dry_run comes after the kill",
        "No session is killed, and no sessions are listed. This resource has already run its kill, and its result stays in \
         state. For a dry run of another kill, write a separate resource.",
    );
}

/// What may follow when a resource is planned again at apply: see [`crate::provider::promises`].
pub(super) const THEN_REFUSED: &str = " If apply then fails with an inconsistent final plan, no session was killed: an argument that was \
    not known in the plan was null at apply.";

/// Says in the plan that no argument chooses among the sessions of a node or an instance.
pub(super) fn every_session(diags: &mut Diagnostics, arguments: &Arguments<'_>, more: &str) {
    let ids = arguments.service.ids.argument;
    if arguments.is_dry_run() || !arguments.limits().means_every_session() {
        return;
    }
    explain::warning(
        diags,
        AttributePath::new(arguments.place_argument()),
        format!("This kills every session of {}", arguments.whereabouts()),
        format!(
            "No argument limits the sessions: {ids} is not set, and select is not set or has only all = true. An argument that \
             is null counts as not set, and so does an empty exclusion. To kill only some of the sessions, set {ids}, or write \
             conditions in select.{more}"
        ),
    );
}
