//! Looking whether killed sessions are gone.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use time::OffsetDateTime;
use tracing::debug;

use super::selection::Originals;
use crate::huaweicloud::error::Error;
use crate::huaweicloud::operation::Interrupted;
use crate::provider::explain::count;
use crate::provider::listing::Listing;
use crate::provider::session_kill::run::Run;
use crate::session::SessionId;
use crate::session::tally::{self, KillReport};

/// The first look whether killed sessions are gone, and the longest time between two looks. A look at DCS is a scan, which
/// takes seconds and several calls.
pub(in crate::provider::session_kill) const LOOKS: (Duration, Duration) =
    (Duration::from_secs(1), Duration::from_secs(30));

/// For how long to look when it is not known whether a kill arrived. One that arrived has done its work by then: DCS' jobs
/// take seconds, and a thread that rolls back is still listed.
pub(in crate::provider::session_kill) const SETTLED_WITHIN: Duration = Duration::from_secs(120);

/// How many looks in a row may fail before nobody looks any more.
pub(in crate::provider::session_kill) const FAILED_LOOKS: u32 = 3;

/// What looking again showed.
pub(super) struct Look {
    /// Those that were still listed at last; `None` if they could not be listed.
    pub(super) left: Option<Vec<SessionId>>,
    /// Why the looking ended before nobody was left.
    pub(super) ended_by: Option<Error>,
}

impl Run<'_> {
    /// Lists again until none of the sessions is left that the kill may have ended. Those whose request was accepted are
    /// waited for until the time is over; those whose request was lost no longer than [`SETTLED_WITHIN`].
    ///
    /// `unreadable` is how many rows without an ID there were before the kill.
    pub(super) async fn look(
        &self,
        report: &KillReport<SessionId>,
        mut seen: BTreeMap<String, String>,
        unreadable: usize,
        originals: &Originals<'_>,
    ) -> Look {
        let clock = self.client.clock();
        let begun = clock.instant();
        let ids = report.may_be_gone();
        let lost: HashSet<_> = report.unknown.iter().collect();
        let mut failed = 0;
        let mut interval = LOOKS.0;
        let mut look = Look {
            left: ids.is_empty().then(Vec::new),
            ended_by: None,
        };
        while look.left.as_ref().is_none_or(|left| !left.is_empty()) {
            let waiting_for = look.left.as_ref().unwrap_or(&ids);
            let only_lost = waiting_for.iter().all(|id| lost.contains(id));
            let long = clock.instant().saturating_duration_since(begun) >= SETTLED_WITHIN;
            let slept = match only_lost && long {
                true => Err(Interrupted::Deadline),
                false => self.operation.sleep(clock, interval).await,
            };
            if let Err(interrupted) = slept {
                look.ended_by = look.ended_by.or_else(|| Some(interrupted.into_error(None)));
                break;
            }
            interval = interval.mul_f64(1.5).min(LOOKS.1);
            let nodes: BTreeSet<String> = (waiting_for.iter())
                .filter_map(|id| id.node().map(ToOwned::to_owned))
                .collect();
            let nodes = (!nodes.is_empty()).then_some(&nodes);
            let listed = self
                .list(false, nodes, &seen, &|| originals.questions())
                .await;
            let listed = listed.and_then(|(listing, reading)| {
                Ok((readable(listing.complete()?, unreadable)?, reading))
            });
            match listed {
                Ok((mut listing, reading)) => {
                    originals.take_others_out(&mut listing, reading);
                    (failed, look.ended_by) = (0, None);
                    let left = tally::remaining(waiting_for, &listing.sessions);
                    if !left.is_empty() {
                        let number = count(left.len(), self.kill.service.words.session);
                        self.progress.report(format!("{number} still there."));
                    }
                    seen.extend(listing.saved_at);
                    look.left = Some(left);
                }
                Err(error) => {
                    failed += 1;
                    let last = failed >= FAILED_LOOKS || !may_pass(&error);
                    look.ended_by = Some(error);
                    if last {
                        break;
                    }
                }
            }
        }
        look
    }

    /// Those of the sessions of which no answer tells anything that the service's own record says were killed since the first
    /// request left. Whether it has none or cannot be read, nothing follows from that.
    pub(super) async fn recorded(
        &self,
        report: &KillReport<SessionId>,
        since: OffsetDateTime,
    ) -> HashSet<SessionId> {
        // Records tell whole seconds. One from before the request is of somebody else's kill, which may not have worked.
        let within = (
            since.replace_nanosecond(0).unwrap_or(since),
            self.client.clock().now() + CLOCKS_DIFFER,
        );
        let sent = report.untold();
        if sent.is_empty() {
            return HashSet::new();
        }
        let place = &self.kill.place;
        match place.recorded(self.calls(), &sent, within).await {
            Ok(recorded) => recorded.into_iter().collect(),
            Err(error) => {
                debug!(%error, "the record of kills cannot be read");
                HashSet::new()
            }
        }
    }
}

/// By how much the clock of a service may be ahead of this machine's when its record of kills is read. By one that is behind, a
/// kill looks as if it had come before the request, and stays unknown.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5);

/// A list in which nobody can be overlooked. A row without an ID that was not there before may be anybody.
fn readable(listing: Listing, before: usize) -> Result<Listing, Error> {
    if usize::try_from(listing.nameless).is_ok_and(|rows| rows <= before) {
        return Ok(listing);
    }
    Err(Error::Listing(format!(
        "The list has {} without a readable ID, which may be of any session.",
        count(
            usize::try_from(listing.nameless).unwrap_or(usize::MAX),
            "row"
        )
    )))
}

/// Can another look end better?
pub(in crate::provider::session_kill) fn may_pass(error: &Error) -> bool {
    match error {
        Error::Listing(_)
        | Error::NotSent { .. }
        | Error::Lost { .. }
        | Error::Unreadable { .. } => true,
        Error::Api { answer, .. } => answer.status >= 500,
        Error::SignIn { error, .. } => may_pass(error),
        _ => false,
    }
}
