//! A kill of all sessions whose answer was lost: looking whether it happened.

use std::collections::{BTreeMap, BTreeSet};

use tf_provider::Diagnostics;
use tokio::time::Instant;

use crate::huaweicloud::error::Error;
use crate::provider::arguments::moment;
use crate::provider::explain::{Report, count, doubt};
use crate::provider::listing::{Listing, show_passed_over};
use crate::provider::session_kill::chosen::{FAILED_LOOKS, LOOKS, SETTLED_WITHIN, may_pass};
use crate::provider::session_kill::run::Run;
use crate::session::beginnings::{Aged, Beginnings, Census};
use crate::session::{Protection, SessionId};

impl Run<'_> {
    /// Looks whether sessions that were connected when the request was sent are still there. When none is left, a warning
    /// says how that is known, and the moment at which it was seen comes back; else an error says what was seen. A node that
    /// was `counted` before the kill, or that is not active, has to be seen too.
    pub(super) async fn settle(
        &self,
        diags: &mut Diagnostics,
        counted: BTreeSet<String>,
        error: Error,
    ) -> Option<String> {
        self.progress.report(
            "The answer does not show that the kill was accepted. The sessions are listed to see whether they were killed."
                .to_owned(),
        );
        let clock = self.client.clock();
        let begun = clock.instant();
        let sent = self.operation.last_change().unwrap_or(begun);
        let mut failed = 0;
        let mut interval = LOOKS.0;
        let mut seen = BTreeMap::new();
        let mut beginnings = Beginnings::default();
        let mut census = None;
        let mut blind = Vec::new();
        while clock.instant().saturating_duration_since(begun) < SETTLED_WITHIN
            && self.operation.sleep(clock, interval).await.is_ok()
        {
            interval = interval.mul_f64(1.5).min(LOOKS.1);
            let listing = match self.list(false, None, &seen, &Vec::new).await {
                Ok((listing, _)) => listing,
                Err(error) if failed + 1 < FAILED_LOOKS && may_pass(&error) => {
                    failed += 1;
                    continue;
                }
                Err(_) => break,
            };
            failed = 0;
            let now = count_since(&mut beginnings, &listing, sent);
            blind = not_seen(&counted, &listing);
            seen = listing.saved_at;
            if now.none_is_left() && blind.is_empty() {
                self.nobody_is_left(error).into_warning(diags);
                return moment(clock.now());
            }
            census = Some(now);
        }
        self.unknown(census, &blind, error).into_error(diags);
        None
    }

    fn nobody_is_left(&self, error: Error) -> Report {
        let summary = match &error {
            Error::Unreadable { .. } => "The answer could not be read, but the sessions are gone",
            _ => "The answer was lost, but the sessions are gone",
        };
        let doubt = doubt(&error);
        Report {
            summary: summary.to_owned(),
            meaning: format!(
                "The sessions {} are gone: the request to kill them was sent, and {doubt}. The sessions were \
             listed afterwards. By their age, none of them is from before the request. The request was not sent again. The job is \
             not known{}.",
                self.kill.place.whose(),
                self.of_resource(": job_id and job_status are null in state")
            ),
            error,
            next: None,
        }
    }

    fn unknown(&self, census: Option<Census>, blind: &[String], error: Error) -> Report {
        let blind = match blind {
            [] => String::new(),
            nodes => format!(
                " The sessions of these nodes could not be listed: {}.",
                nodes.join(", ")
            ),
        };
        let seen = match census {
            None => "The sessions could not be listed afterwards.".to_owned(),
            Some(census) => format!(
                "The sessions were listed afterwards. By their age, {} connected before the request was sent and {} after it; for {} \
             this is not known.",
                count(census.before, "session"),
                census.after,
                census.untold
            ),
        };
        let doubt = doubt(&error);
        Report {
        summary: "It is unknown whether the sessions were killed".to_owned(),
        meaning: format!(
            "The sessions {} may have been killed: the request was sent, and {doubt}. It was not sent \
             again, because that would kill sessions of clients that have reconnected. {seen}{blind}",
            self.kill.place.whose()
        ),
        error,
        next: Some(self.how_to_proceed(
            "Look at the age of the node's sessions in the console, and at the audit log (CTS), which may show who killed \
             sessions and when.",
            "",
        )),
    }
    }
}

/// The nodes that the list says nothing about, for a person.
fn not_seen(counted: &BTreeSet<String>, listing: &Listing) -> Vec<String> {
    let passed_over = &listing.passed_over;
    let missing = (counted.iter())
        .filter(|node| !listing.collected.contains_key(*node))
        .filter(|node| {
            passed_over
                .iter()
                .all(|(passed_over, _)| passed_over != *node)
        });
    let passed_over = passed_over.iter().map(show_passed_over);
    missing.cloned().chain(passed_over).collect()
}

/// Counts the sessions of a list by when they began. Links of replication are not clients, and are not counted: whether a
/// kill of all sessions ends them is not documented. A row that cannot be read may be anybody.
fn count_since(beginnings: &mut Beginnings<SessionId>, listing: &Listing, sent: Instant) -> Census {
    let mut census = Census {
        untold: usize::try_from(listing.nameless).unwrap_or(usize::MAX),
        ..Census::default()
    };
    let after_sending = |instant: Instant| instant.saturating_duration_since(sent);
    for (node, collected) in &listing.collected {
        let of_node = (listing.sessions.iter()).filter(|session| {
            session.id.node() == Some(node) && !is_replication(&session.protection)
        });
        let aged = of_node.map(|session| Aged {
            id: session.id.clone(),
            age: session.age,
        });
        let Census {
            before,
            after,
            untold,
        } = beginnings.look(
            aged,
            after_sending(collected.asked),
            after_sending(collected.read),
        );
        census.before += before;
        census.after += after;
        census.untold += untold;
    }
    census
}

fn is_replication(protection: &Protection) -> bool {
    matches!(protection, Protection::UnlessFlagsAreNamed(_))
}
