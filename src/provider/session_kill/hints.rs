//! What a kill says of lists that do not show everything.

use tf_provider::Diagnostics;

use super::chosen::Selection;
use super::proof::Shown;
use super::run::Run;
use crate::provider::explain::{self, count};
use crate::provider::select;
use crate::session::Selector;

impl Run<'_> {
    /// Says that sessions which are not found may be among those that cannot be read.
    pub(super) fn warn_if_unreadable(
        &self,
        diags: &mut Diagnostics,
        missing: &[Shown],
        selection: &Selection,
    ) {
        let unreadable = selection.may_be_missing(&self.kill.whom);
        if unreadable == 0 || missing.is_empty() {
            return;
        }
        let one = self.kill.service.ids.one;
        explain::warning(
            diags,
            self.kill.described_in.clone(),
            format!("Not every {one} was found, but not all sessions can be read"),
            format!(
                "No kill was sent for these: no session that can be read has one of them. They may belong to {} that cannot be \
                 read:\n\n{}",
                count(unreadable, "session"),
                explain::lines(missing, Shown::name)
            ),
        );
    }

    /// Where the service lists inner addresses instead of those of clients, a condition on addresses finds nobody.
    pub(super) fn hint_at_inner_addresses(
        &self,
        diags: &mut Diagnostics,
        selector: &Selector,
        selection: &Selection,
    ) {
        const WHEN: &str = "The list has the addresses of clients only if client IP pass-through is on, and only for connections \
            that were opened after it was switched on.";
        let service = self.kill.service.words.service;
        let hidden = selection.hide_clients;
        if selector.chooses_addresses()
            && selection.choice.chosen.is_empty()
            && hidden > 0
            && hidden == selection.listed
        {
            explain::warning(
                diags,
                select::path("addresses"),
                format!("{service} lists inner addresses only"),
                format!(
                    "No session was killed. Every listed address belongs to the inner network of the service, so no session matches \
                     select.addresses. {WHEN}"
                ),
            );
        }
        if selector.excludes_addresses() && hidden > 0 {
            explain::warning(
                diags,
                select::path("exclude_addresses"),
                format!(
                    "{} with an inner address not selected",
                    count(hidden, "session")
                ),
                format!(
                    "These sessions are not killed. {service} lists an address of its inner network for them, so their clients may \
                     have an address in select.exclude_addresses. {WHEN}"
                ),
            );
        }
    }
}
