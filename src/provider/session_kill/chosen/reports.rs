//! What a kill of chosen sessions says when something is not as it should be.

use tf_provider::Diagnostics;

use super::look::Look;
use super::{Ended, Failure};
use crate::huaweicloud::error::{ApiError, Error};
use crate::provider::explain::{self, Report, count};
use crate::provider::listing::show;
use crate::provider::select;
use crate::provider::session_kill::run::Run;
use crate::session::tally::KillReport;
use crate::session::{Session, SessionId};

impl Run<'_> {
    /// Says what is not as it should be. `recorded` is how many sessions the service has a record of that they were killed,
    /// although no answer tells, and nobody could look.
    pub(super) fn explain(
        &self,
        diags: &mut Diagnostics,
        failure: Option<Failure>,
        report: &KillReport<SessionId>,
        look: Option<&Look>,
        recorded: usize,
    ) {
        let left = look.and_then(|look| look.left.as_ref().map(Vec::len));
        let Some(failure) = failure else {
            if let Some(error) = look.and_then(|look| look.ended_by.clone()) {
                match left {
                    Some(left) => self.still_there(error, left),
                    None => self.not_seen(error, &self.on_record(recorded, report)),
                }
                .into_warning(diags);
            }
            return;
        };
        if failure.ended.may_have_killed() && report.not_sent.is_empty() {
            let why = match left {
                Some(0) => {
                    Some("They were listed again, and none of them is there any more.".to_owned())
                }
                None if recorded > 0 && recorded == report.untold().len() => {
                    let record = self.on_record(recorded, report);
                    Some(format!("They could not be listed afterwards.{record}"))
                }
                _ => None,
            };
            if let Some(why) = why {
                self.settled(failure, report.unknown.len(), left.is_some(), &why)
                    .into_warning(diags);
                return;
            }
        }
        let looked_until = look.and_then(|look| look.ended_by.as_ref());
        self.not_all(failure, report, left, looked_until, recorded)
            .into_error(diags);
    }

    /// What the service's own record says of the sessions that were sent; empty, or a sentence after a space.
    fn on_record(&self, recorded: usize, report: &KillReport<SessionId>) -> String {
        if recorded == 0 {
            return String::new();
        }
        let sent = report.untold().len();
        let which = match recorded == sent {
            true => "",
            false => self.of_resource("; the attribute sessions shows which"),
        };
        format!(
            " The log of {} shows that {recorded} of {} {} killed{which}.",
            self.kill.service.words.service,
            count(sent, self.kill.service.words.session),
            match recorded {
                1 => "was",
                _ => "were",
            }
        )
    }

    /// Sessions that were left alone, since the selection does not mean them any more.
    pub(super) fn explain_spared(&self, diags: &mut Diagnostics, number: usize) {
        explain::warning(
            diags,
            self.kill.described_in.clone(),
            format!(
                "{} no longer selected",
                count(number, self.kill.service.words.session)
            ),
            format!(
                "These sessions were not killed{}. They were listed again before the kill was sent: they no longer meet the conditions, \
                 or the list does not show whether they are the same sessions.",
                self.of_resource("; their outcome in the attribute sessions is remaining")
            ),
        );
    }

    /// Killed sessions are listed at last.
    fn still_there(&self, error: Error, left: usize) -> Report {
        Report {
            summary: format!("{} still listed", count(left, "killed session")),
            meaning: format!(
                "The kill was accepted, but these sessions are still listed{}.{}",
                self.kill.service.words.lingers,
                self.of_resource(" Their outcome in the attribute sessions is remaining.")
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
        recorded: usize,
    ) -> Report {
        let session = self.kill.service.words.session;
        let unknown = report.unknown.len();
        let seen = match (left, looked_until) {
            (Some(0), _) => {
                "They were listed again: no session of the kill is listed any more.".to_owned()
            }
            (Some(left), _) => format!(
                "They were listed again: {left} of the kill are still listed{}.",
                self.of_resource("; the attribute sessions shows which")
            ),
            (None, Some(_)) => {
                let record = self.on_record(recorded, report);
                format!("They could not be listed afterwards.{record}")
            }
            (None, None) => String::new(),
        };
        let summary = match (failure.ended, left) {
            (Ended::Unknown, None) if recorded == 0 => {
                "It is unknown whether the sessions were killed".to_owned()
            }
            (Ended::Unknown, _) => "Some sessions may not have been killed".to_owned(),
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
            (report.refused.len(), "refused by the service"),
            (report.ended_before.len(), "gone before they were sent"),
            (report.no_longer_chosen.len(), "no longer selected"),
        ];
        let answered: Vec<String> = (answered.iter())
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{number} {what}"))
            .collect();
        let before = match answered.as_slice() {
            [] => String::new(),
            parts => format!(" Before that: {}.", parts.join(", ")),
        };
        let killed = match (report.killed.len(), report.accepted.len()) {
            (0, 0) => "No session is known to be killed",
            // The service accepted the request, and tells nobody's fate.
            (0, _) => "Some sessions may have been killed",
            _ => "Some sessions were killed",
        };
        let ended = match failure.ended {
            Ended::Unknown => format!(
                "{} may have been killed: the request was sent, and {}.",
                count(unknown, session),
                explain::doubt(&failure.error)
            ),
            Ended::Denied => format!(
                "{} may have been killed, although the answer says that the kill failed.",
                count(unknown, session)
            ),
            Ended::Rejected if failure.error.api().is_some() => {
                format!("{killed}. Then a request was refused.")
            }
            Ended::Rejected => format!("{killed}. Then a request was not sent."),
            Ended::NotListed => {
                format!(
                    "{killed}. The sessions could not be listed again, so no further request was sent."
                )
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
                " for the selected sessions that are there at that time",
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
            summary: explain::cause(&error).unwrap_or_else(|| summary.into()),
            meaning: format!(
                "No {} was killed{}.{}",
                self.kill.service.words.session,
                self.of_resource(", and nothing was stored in state"),
                explain::not_sent(&error)
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
            "Sessions that are not selected have the same address",
            format!(
                "No session was killed{}. {} kills selected sessions by their addresses, and would also kill {} not selected. \
                 The first of them:\n\n{}",
                self.of_resource(", and nothing was stored in state"),
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
                    "These sessions are selected and were not killed{}. The reason: {reason}.\n\n{}",
                    self.of_resource("; their outcome in the attribute sessions is refused"),
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
                "No session was killed{}. {} lists at most {most} sessions, and it lists that many, so there may be more. Instead of \
                 all = true, select by users, databases or addresses: the service is asked for each of them.",
                self.of_resource(", and nothing was stored in state"),
                self.kill.service.words.service
            ),
        );
    }

    pub(super) fn unreadable(&self, number: usize, error: Error) -> Report {
        Report {
            summary: "The kill was accepted, but its answer could not be read".to_owned(),
            meaning: format!(
                "{} accepted a request to kill {}, but its answer does not show which of them it killed. The sessions are listed again \
                 to find out.",
                self.kill.service.words.service,
                count(number, self.kill.service.words.session)
            ),
            error,
            next: Some(self.kill.service.words.look.to_owned()),
        }
    }

    /// `record` is what the service's own record says; empty, or a sentence after a space.
    fn not_seen(&self, error: Error, record: &str) -> Report {
        Report {
            summary: "Could not confirm that the sessions are gone".to_owned(),
            meaning: format!(
                "The kill was accepted. Whether the sessions are gone is unknown: they could not be listed afterwards.{record}"
            ),
            error,
            next: Some(self.kill.service.words.look.to_owned()),
        }
    }

    /// The kill of these sessions did not end well, but all of them are gone: that was seen, or else it is on record.
    fn settled(&self, failure: Failure, number: usize, was_seen: bool, why: &str) -> Report {
        let is_denied = failure.ended == Ended::Denied;
        let is_error = failure.error.api().is_some_and(ApiError::leaves_doubt);
        let summary = match was_seen {
            true if is_denied => "The answer says that the kill failed, but the sessions are gone",
            true if is_error => "The answer is an error, but the sessions are gone",
            true => "An answer was lost, but the sessions are gone",
            false if is_denied => "The answer says that the kill failed, but it is on record",
            false if is_error => "The answer is an error, but the kill is on record",
            false => "An answer was lost, but the kill is on record",
        };
        let came_back = match is_denied {
            true => "the answer says that it failed",
            false => explain::doubt(&failure.error),
        };
        Report {
            summary: summary.to_owned(),
            meaning: format!(
                "{} {}: the request to kill them was sent, and {came_back}. {why} The request was not sent again.",
                explain::are(number, self.kill.service.words.session),
                match was_seen {
                    true => "gone",
                    false => "killed",
                },
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
