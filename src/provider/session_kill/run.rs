//! A kill under way: what bounds it, choosing among listed sessions, and rehearsing.

use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::{Kill, Terms};
use crate::huaweicloud::client::Client;
use crate::huaweicloud::operation::Operation;
use crate::plugin::Progress;
use crate::provider::arguments::moment;
use crate::provider::explain::{self, count};
use crate::provider::{HwcProvider, select};
use crate::session::guard::{Choice, choose};
use crate::session::{Listed, Selects};

/// A kill under way, bounded by its time limit.
pub(in crate::provider) struct Run<'a, K> {
    pub(in crate::provider) kill: &'a K,
    pub(in crate::provider) client: Client,
    pub(in crate::provider) operation: Operation,
    pub(in crate::provider) progress: &'a Progress,
}

impl<'a, K: Kill> Run<'a, K> {
    /// Begins it: the time limit runs from here. `None`: an error says that the provider is not configured.
    pub(in crate::provider) fn begin(
        kill: &'a K,
        diags: &mut Diagnostics,
        provider: &HwcProvider,
        progress: &'a Progress,
    ) -> Option<Self> {
        let client = provider.client(diags)?;
        Some(Self {
            operation: provider.operation(&client, kill.terms().limit, progress),
            kill,
            client,
            progress,
        })
    }

    /// When the last request to kill left: it may have waited long before.
    pub(in crate::provider) fn left_at(&self) -> Value<String> {
        let clock = self.client.clock();
        let left = self.operation.last_change();
        let since = left.map(|left| clock.instant().saturating_duration_since(left));
        since.map_or(Value::Null, |since| moment(clock.now() - since))
    }

    /// What belongs in a message only when a resource kills: an action keeps nothing.
    pub(in crate::provider) fn of_resource<'t>(&self, text: &'t str) -> &'t str {
        if self.progress.is_heard() { "" } else { text }
    }

    /// How to go on after a kill that did not end well. `look` says where to look first, and `of` which sessions a new kill
    /// is about.
    pub(in crate::provider) fn how_to_proceed(&self, look: &str, of: &str) -> String {
        let steps = if self.progress.is_heard() {
            [
                look.to_owned(),
                format!("Invoking the action again sends a new kill{of}."),
            ]
        } else {
            [
                format!("The resource is in state, marked as tainted. {look}"),
                format!(
                    "If nothing is left to do, run `terraform untaint` on the resource. Applying again sends a new \
                     kill{of}."
                ),
            ]
        };
        format!("How to proceed: {}", steps.join(" ").trim_start())
    }

    /// Chooses among the listed sessions. `None`: there are more than may be killed, and an error says so.
    ///
    /// A rehearsal shows them all, and warns that the kill itself would be refused.
    pub(in crate::provider) fn choose_among<S: Listed>(
        &self,
        diags: &mut Diagnostics,
        selector: &(impl Selects<S> + ?Sized),
        sessions: impl IntoIterator<Item = S>,
        show: impl Fn(&S) -> String,
    ) -> Option<Choice<S>> {
        let Terms {
            max_sessions,
            dry_run,
            ..
        } = *self.kill.terms();
        let max = max_sessions.filter(|_| !dry_run);
        match choose(selector, sessions, max) {
            Ok(choice) => {
                if let Some(max) = max_sessions.filter(|max| choice.chosen.len() > *max) {
                    select::would_be_too_many(diags, choice.chosen.len(), max);
                }
                Some(choice)
            }
            Err(too_many) => {
                let first: Vec<String> = too_many.first.iter().map(show).collect();
                select::too_many(diags, too_many.matched, too_many.max, &first);
                None
            }
        }
    }

    /// Says who would have been killed.
    pub(in crate::provider) fn tell_rehearsal<S>(
        &self,
        diags: &mut Diagnostics,
        chosen: &[S],
        show: impl Fn(&S) -> String,
    ) {
        let summary = format!(
            "Dry run: {} would have been killed, and none was",
            count(chosen.len(), "session")
        );
        self.progress.report(format!("{summary}."));
        let list = match chosen {
            [] => String::new(),
            _ => format!(
                "These would have been killed:\n\n{}\n\n",
                explain::lines(chosen, show)
            ),
        };
        explain::warning(
            diags,
            AttributePath::new("dry_run"),
            summary,
            format!("dry_run is true. {list}Set it to false, or leave it out, to kill."),
        );
    }

    /// Says how many sessions matched, and how many sessions of `others` did and are left alone.
    pub(in crate::provider) fn tell_matched<S>(&self, choice: &Choice<S>, others: &str) {
        let left_alone = match choice.protected {
            0 => String::new(),
            protected => format!(", and {protected} of {others} are left alone"),
        };
        let matched = count(choice.chosen.len(), "session");
        self.progress
            .report(format!("{matched} matched{left_alone}."));
    }
}
