//! The sessions of a place, as a service lists them.

use std::collections::BTreeMap;

use tf_provider::{AttributePath, Diagnostics};
use tokio::time::Instant;

use super::explain;
use crate::huaweicloud::error::Error;
use crate::huaweicloud::rows::Row;
use crate::session::listing::{List, Page, PageRequest, Pager, Progress};
use crate::session::{Session, SessionId};

/// The sessions of a place.
#[derive(Debug, Default)]
pub struct Listing {
    /// The sessions, by ID, none twice.
    pub sessions: Vec<Session>,
    /// How many more rows there were without a readable ID.
    pub nameless: u64,
    /// When the service saved the list of each node, by the node's ID, in the service's own words; empty where it lists
    /// what is there at the moment.
    pub saved_at: BTreeMap<String, String>,
    /// When the list of each node was made, by the node's ID; empty like `saved_at`.
    pub collected: BTreeMap<String, Collected>,
    /// Nodes that are not active, with their status: nobody looked at their sessions.
    pub passed_over: Vec<(String, String)>,
    /// The most rows that the service shows, when the list has as many: there may be more sessions.
    pub cut_at: Option<usize>,
}

/// When a list was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// When its first page was asked for.
    pub(super) begun: Instant,
    /// When its last page was there.
    pub(super) ended: Instant,
}

/// When the list of a node was made.
#[derive(Clone, Copy, Debug)]
pub struct Collected {
    /// When the service was asked to collect it.
    pub asked: Instant,
    /// When the new list was there.
    pub renewed: Instant,
    /// When it had been read.
    pub read: Instant,
}

/// A node that is not active, with its status.
pub(super) fn show_passed_over((node, status): &(String, String)) -> String {
    format!("{node} ({status})")
}

impl From<List<Session>> for Listing {
    fn from(list: List<Session>) -> Self {
        Self {
            sessions: list.sessions,
            nameless: list.nameless,
            ..Self::default()
        }
    }
}

impl Listing {
    /// How many rows there were without a readable ID.
    pub(super) fn unreadable(&self) -> usize {
        usize::try_from(self.nameless).unwrap_or(usize::MAX)
    }

    /// Says what the list does not show.
    pub(super) fn tell_gaps(&self, diags: &mut Diagnostics) {
        if !self.passed_over.is_empty() {
            explain::warning(
                diags,
                AttributePath::new("instance_id"),
                format!(
                    "{} not active",
                    explain::count(self.passed_over.len(), "node")
                ),
                format!(
                    "Sessions of these nodes are not listed and not killed:\n\n{}",
                    explain::lines(&self.passed_over, show_passed_over)
                ),
            );
        }
        if let Some(most) = self.cut_at {
            explain::warning(
                diags,
                AttributePath::root(),
                "Not all sessions may be listed",
                format!(
                    "The service lists at most {most} sessions, and it lists that many. There may be more, which are not shown and not \
                     selected. To see more, select by users, databases or addresses: the service is asked for each value."
                ),
            );
        }
        self.tell_unreadable(diags);
    }

    /// A list in which nobody can be overlooked.
    ///
    /// # Errors
    /// When the service may have more sessions than it shows.
    pub(super) fn complete(self) -> Result<Self, Error> {
        match self.cut_at {
            None => Ok(self),
            Some(most) => Err(Error::Listing(format!(
                "The service lists at most {most} sessions, and it lists that many: there may be more."
            ))),
        }
    }

    /// Says how many rows cannot be read.
    pub(super) fn tell_unreadable(&self, diags: &mut Diagnostics) {
        if self.nameless > 0 {
            explain::warning(
                diags,
                AttributePath::root(),
                "Some sessions cannot be read",
                format!(
                    "The list has {} without a readable ID. They are not shown and not selected.",
                    explain::count(self.unreadable(), "row")
                ),
            );
        }
    }
}

/// A page of sessions from the rows of a list. `id` reads an ID, and `session` a whole row; a row of which neither can be read
/// names nobody.
pub(super) fn page<R>(
    rows: Vec<Row<R>>,
    total: Option<i64>,
    id: impl Fn(&str) -> Option<SessionId>,
    session: impl Fn(R) -> Option<Session>,
) -> Page<Session> {
    let all = rows.len();
    let sessions: Vec<Session> = (rows.into_iter())
        .filter_map(|row| match row {
            Row::Whole(record) => session(record),
            Row::Odd { id: odd } => id(&odd?).map(Session::unreadable),
        })
        .collect();
    Page {
        nameless: (all - sessions.len()) as u64,
        sessions,
        total: total.and_then(|total| u64::try_from(total).ok()),
        asked: None,
    }
}

/// Reads a list to its end, page by page, while sessions come and go. `fetch` is given the offset of a page and the most rows
/// that it may have, at most `limit`.
pub(super) async fn read_pages<F>(
    limit: u32,
    mut fetch: impl FnMut((u64, u32)) -> F,
) -> Result<List<Session>, Error>
where
    F: Future<Output = Result<Page<Session>, Error>>,
{
    let mut pager = Pager::new(limit);
    loop {
        let PageRequest { offset, limit } = pager.request();
        let page = fetch((offset, limit)).await?;
        match pager.accept(page) {
            Ok(Progress::More(next)) => pager = next,
            Ok(Progress::Complete(list)) => return Ok(list),
            Err(unreliable) => {
                return Err(Error::Listing(format!(
                    "No session was selected from it: {unreliable}."
                )));
            }
        }
    }
}

/// A session in one line, for a person: its ID, who, where from, doing what, since when. Without its statement.
pub(super) fn show(session: &Session) -> String {
    let mut text = format!("ID {}", session.id);
    let parts = [
        ("user", &session.user),
        ("address", &session.address),
        ("database", &session.database),
        ("name", &session.application),
        ("command", &session.command),
    ];
    for (what, value) in parts {
        if let Some(value) = value {
            text += &format!(", {what} {value}");
        }
    }
    for (what, time) in [("idle", session.idle), ("busy", session.busy)] {
        if let Some(time) = time {
            text += &format!(", {what} for {}", crate::session::duration::show(time));
        }
    }
    match session.id.node() {
        Some(node) => text + &format!(" (node {node})"),
        None => text,
    }
}
