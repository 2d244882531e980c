//! What a kill of chosen sessions says when something is not as it should be.

use tf_provider::Diagnostics;

use super::look::Look;
use super::{Ended, Failure};
use crate::huaweicloud::error::Error;
use crate::provider::explain::{self, Report, count};
use crate::provider::listing::show;
use crate::provider::select;
use crate::provider::session_kill::run::Run;
use crate::session::tally::KillReport;
use crate::session::{Session, SessionId};

impl Run<'_> {
    /// Says what is not as it should be.
    pub(super) fn explain(
        &self,
        diags: &mut Diagnostics,
        failure: Option<Failure>,
        report: &KillReport<SessionId>,
        look: Option<&Look>,
    ) {
        let left = look.and_then(|look| look.left.as_ref().map(Vec::len));
        let Some(failure) = failure else {
            if let Some(error) = look.and_then(|look| look.ended_by.clone()) {
                match left {
                    Some(left) => self.still_there(error, left),
                    None => self.not_seen(error),
                }
                .into_warning(diags);
            }
            return;
        };
        if failure.ended.may_have_killed() && left == Some(0) && report.not_sent.is_empty() {
            self.seen_gone(failure, report.unknown.len())
                .into_warning(diags);
            return;
        }
        let looked_until = look.and_then(|look| look.ended_by.as_ref());
        self.not_all(failure, report, left, looked_until)
            .into_error(diags);
    }
    /// Sessions that were left alone, since the selection does not mean them any more.
    pub(super) fn explain_spared(&self, diags: &mut Diagnostics, number: usize) {
        explain::warning(
            diags,
            self.kill.described_in.clone(),
            format!(
                "{} not chosen any more",
                count(number, self.kill.service.words.session)
            ),
            format!(
                "The sessions were listed again before the kill was sent. Of these it was not certain any more that they are \
                 there and chosen: the conditions do not hold for them, or the list does not tell whether they are the same \
                 sessions. They are left alone{}.",
                self.of_resource(", and are in the attribute sessions as remaining")
            ),
        );
    }

    /// Killed sessions are listed at last.
    fn still_there(&self, error: Error, left: usize) -> Report {
        Report {
            summary: format!("{} still there", count(left, "killed session")),
            meaning: format!(
                "The kill was accepted, but these sessions are still listed{}.{}",
                self.kill.service.words.lingers,
                self.of_resource(" They are in the attribute sessions as remaining.")
            ),
            error,
            next: None,
        }
    }

    /// Not everything was sent, or not everything that was sent was answered.
    fn not_all(
        &self,
        failure: Failure,
        report: &KillReport<SessionId>,
        left: Option<usize>,
        looked_until: Option<&Error>,
    ) -> Report {
        let session = self.kill.service.words.session;
        let unknown = report.unknown.len();
        let seen = match (left, looked_until) {
            (Some(0), _) => {
                "They were listed again, and none of those that were sent is there any more."
                    .to_owned()
            }
            (Some(left), _) => format!(
                "They were listed again, and {left} of those that were sent are still there{}.",
                self.of_resource("; the attribute sessions says which")
            ),
            (None, Some(_)) => "They could not be listed afterwards.".to_owned(),
            (None, None) => String::new(),
        };
        let summary = match (failure.ended, left) {
            (Ended::Unknown, None) => "It is unknown whether the sessions were killed".to_owned(),
            (Ended::Unknown, Some(_)) => "Not all sessions were killed for certain".to_owned(),
            (Ended::Denied, _) => {
                format!(
                    "{} says that the kill failed",
                    self.kill.service.words.service
                )
            }
            _ => format!("Not all sessions were killed{}", code(&failure.error)),
        };
        let answered = [
            (report.killed.len(), "killed"),
            (report.accepted.len(), "sent and accepted"),
            (report.not_found.len(), "not found"),
            (report.refused.len(), "left alone by the service"),
            (report.ended_before.len(), "gone before they were sent"),
            (report.no_longer_chosen.len(), "not chosen any more"),
        ];
        let answered: Vec<String> = (answered.iter())
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{number} {what}"))
            .collect();
        let before = match answered.as_slice() {
            [] => String::new(),
            parts => format!(" Before that: {}.", parts.join(", ")),
        };
        let ended = match failure.ended {
            Ended::Unknown => format!(
                "A request to kill {} was sent, and no complete answer to it came back: the kill may have happened.",
                count(unknown, session)
            ),
            Ended::Denied => format!(
                "A request to kill {} was answered, and the answer says that it failed. Some of them may have been killed.",
                count(unknown, session)
            ),
            Ended::Rejected if failure.error.api().is_some() => "A request was refused.".to_owned(),
            Ended::Rejected => "A request was not sent.".to_owned(),
            Ended::NotListed => {
                "The sessions could not be listed again, so no more were sent.".to_owned()
            }
        };
        let unsent = match report.not_sent.len() {
            0 => String::new(),
            number => format!(" {} not sent.", count(number, session)),
        };
        Report {
            summary,
            meaning: format!("{ended}{before}{unsent} {seen}")
                .trim_end()
                .to_owned(),
            error: failure.error,
            next: Some(self.how_to_proceed(
                self.kill.service.words.look,
                " for the sessions that are meant and there by then",
            )),
        }
    }

    /// Certainly nothing happened.
    pub(in crate::provider::session_kill) fn rejected(
        &self,
        error: Error,
        summary: impl Into<String>,
    ) -> Report {
        Report {
            summary: summary.into(),
            meaning: format!(
                "No {} was killed{}.",
                self.kill.service.words.session,
                self.of_resource(", and nothing went into state")
            ),
            error,
            next: None,
        }
    }

    /// A kill names sessions by something that sessions which were not chosen have too.
    pub(super) fn shared_names(&self, diags: &mut Diagnostics, others: &[&Session]) {
        explain::error(
            diags,
            select::block_path(),
            "Sessions that were not chosen have the same address",
            format!(
                "No session was killed{}. {} kills chosen sessions by their addresses, and {} not \
                 chosen would be killed too. The first of them:\n\n{}",
                self.of_resource(", and nothing went into state"),
                self.kill.service.words.service,
                count(others.len(), "session"),
                explain::lines(others, |session| show(session))
            ),
        );
    }

    /// Sessions that are chosen and that cannot be killed.
    pub(super) fn nameless(&self, diags: &mut Diagnostics, sessions: &[Session]) {
        let mut reasons: Vec<&str> = sessions.iter().filter_map(|one| one.unnameable).collect();
        reasons.sort_unstable();
        reasons.dedup();
        for reason in reasons {
            let those = sessions.iter().filter(|one| one.unnameable == Some(reason));
            let those: Vec<&Session> = those.collect();
            explain::warning(
                diags,
                self.kill.described_in.clone(),
                format!(
                    "{} that cannot be killed",
                    count(those.len(), self.kill.service.words.session)
                ),
                format!(
                    "They are chosen, and they are left alone{}. Of each of them holds: {reason}.\n\n{}",
                    self.of_resource(": they are in the attribute sessions as refused"),
                    explain::lines(&those, |session| show(session))
                ),
            );
        }
    }

    /// Everybody is chosen, and the list may not show everybody.
    pub(super) fn not_all_listed(&self, diags: &mut Diagnostics, most: usize) {
        explain::error(
            diags,
            select::path("all"),
            "Not all sessions may be listed, so none was killed",
            format!(
                "No session was killed{}. {} shows at most {most} sessions, and it shows as many: there may be more. Choose by \
                 users, databases or addresses instead of all = true: these are asked for one by one.",
                self.of_resource(", and nothing went into state"),
                self.kill.service.words.service
            ),
        );
    }

    pub(super) fn unreadable(&self, number: usize, error: Error) -> Report {
        Report {
            summary: "The kill was accepted, but its answer could not be read".to_owned(),
            meaning: format!(
                "{} accepted a request to kill {}, but which of them it killed is not told. The sessions are listed again to see \
                 which are gone.",
                self.kill.service.words.service,
                count(number, self.kill.service.words.session)
            ),
            error,
            next: Some(self.kill.service.words.look.to_owned()),
        }
    }

    fn not_seen(&self, error: Error) -> Report {
        Report {
            summary: "It was not seen whether the killed sessions are gone".to_owned(),
            meaning: "The kill was accepted, but the sessions could not be listed afterwards."
                .to_owned(),
            error,
            next: Some(self.kill.service.words.look.to_owned()),
        }
    }

    fn seen_gone(&self, failure: Failure, number: usize) -> Report {
        let (summary, came_back) = match failure.ended {
            Ended::Denied => (
                "The kill failed by its answer, but the sessions are gone",
                "the answer says that it failed",
            ),
            _ => (
                "An answer was lost, but the sessions are gone",
                "no complete answer came back",
            ),
        };
        Report {
            summary: summary.to_owned(),
            meaning: format!(
                "A request to kill {} was sent, and {came_back}. The sessions were listed again, and none of \
                 them is there any more. The request was not sent again.",
                count(number, self.kill.service.words.session)
            ),
            error: failure.error,
            next: None,
        }
    }
}

/// The API's code, for a summary.
pub(in crate::provider::session_kill) fn code(error: &Error) -> String {
    error
        .api()
        .and_then(|answer| answer.code.as_ref())
        .map(|code| format!(": {code}"))
        .unwrap_or_default()
}
