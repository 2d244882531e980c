//! Reading a list page by page while sessions come and go.
//!
//! The services page by offset. When sessions end between two pages, the rest of the list moves towards its beginning,
//! and a session can slip from the next page to the one already read: whoever reads page after page never sees it, and
//! a kill misses it. When sessions come, one can be on two pages. [`Pager`] finds both out:
//!
//! - Pages overlap. A page that shows a session of the part already read joins that part, and nothing lies between
//!   them. A page that does not leaves a gap that may have held somebody, so the pager steps back until a page joins.
//! - A session that is shown again is kept once, as it was shown last.
//! - A full page is never the last, whatever total the service reports. A list that shows fewer sessions than it
//!   reports may have newcomers at its beginning, where nobody has looked since the first page: the pager looks there. If
//!   that does not explain the difference, the list is read again, and it is not believed if it goes on doing so.
//!
//! This relies on one thing: sessions that stay keep their order among each other, as they do in a list by id or by age,
//! where newcomers are at one end. Two pages that contradict this start the reading from the beginning. A list that never
//! keeps its order, that loses sessions faster than it can be read, that has no end, or that contradicts its own total ends
//! in [`Unreliable`].

use std::collections::HashMap;

use thiserror::Error;

use super::Listed;

/// What to ask the service for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// How many sessions to pass over, counted from the beginning of the list.
    pub offset: u64,
    /// How many sessions to show at most.
    pub limit: u32,
}

/// What the service showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<S> {
    /// The sessions, in the order of the list.
    pub sessions: Vec<S>,
    /// How many more rows the page has whose id cannot be read: they are there, but nothing can name them.
    pub nameless: u64,
    /// How many sessions the service says the whole list has (`count` of DCS, `total_count` of TaurusDB); `None` when it
    /// does not say.
    pub total: Option<u64>,
    /// How many rows the service was asked for, where a service cannot be asked for the limit of the request; `None`: for
    /// those.
    pub asked: Option<u32>,
}

impl<S> Page<S> {
    /// How many rows the page has.
    fn rows(&self) -> u64 {
        self.sessions.len() as u64 + self.nameless
    }
}

/// A list that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<S> {
    /// Every session that was there from the first request to the last, and some of those that came or went meanwhile.
    /// Sorted by id, none twice.
    pub sessions: Vec<S>,
    /// How many rows had an id that cannot be read.
    pub nameless: u64,
}

/// Why a list cannot be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unreliable {
    /// It kept changing, so that no reading of it could be brought to an end.
    #[error(
        "the list of sessions kept changing while it was read: {requests} pages were read and {seen} sessions seen, and {}",
        said(*total)
    )]
    KeptChanging {
        /// How many pages were read.
        requests: u64,
        /// How many different sessions they showed.
        seen: usize,
        /// The total that the last page reported, if it reported one.
        total: Option<u64>,
    },
    /// It shows fewer sessions than it says it has, however often it is read.
    #[error(
        "the list of sessions says that there are {total}, but it shows only {shown}, and reading it {READINGS_TO_AGREE} times did not explain the difference"
    )]
    FewerThanTotal {
        /// How many rows the last reading showed.
        shown: u64,
        /// How many there are by the list's own account.
        total: u64,
    },
}

/// What the last page said of the length of the list.
fn said(total: Option<u64>) -> String {
    match total {
        Some(total) => format!("the last page said that there are {total}"),
        None => "the service does not say how many there are".to_owned(),
    }
}

/// Where a reading stands after a page.
pub enum Progress<S: Listed> {
    /// There is more to ask for.
    More(Pager<S>),
    /// The list is read.
    Complete(List<S>),
}

/// How often a list may be read over, counted in pages of a list that does not change. A busy node settles within two.
const READINGS: u64 = 4;

/// How often a list is read that shows fewer sessions than it says it has. Sessions that come while it is read explain one
/// such reading, and sessions that leave explain another.
const READINGS_TO_AGREE: u64 = 3;

/// Pages that may be read on top of that, so that a short list may be stepped back in as well.
const SPARE_REQUESTS: u64 = 32;

/// The longest list whose length is believed when it is decided how many pages are too many: the length that it reports, or
/// where it reports none, what was seen of it. A list without a total that shows more than this has no end.
const LONGEST_LIST: u64 = 1_000_000;

/// A page that follows the last one of a list without a total shows fewer newcomers than one of so many sessions of a page: a
/// page in the middle of the list shows more others.
const SETTLED_SHARE: u64 = 2;

/// Of how many sessions of a page one is asked for again with the next, while the list does not move.
const OVERLAP_SHARE: u64 = 10;

/// The reading of one list, between one page and the next.
pub struct Pager<S: Listed> {
    limit: u32,
    offset: u64,
    seen: HashMap<S::Id, Seen<S>>,
    /// Which reading this is. Only what this reading has covered can join its pages.
    reading: u64,
    covered_count: u64,
    /// The request whose page joined last, and the last session of that page unless the pager has stepped back since.
    last_joined: u64,
    last_session: Option<S::Id>,
    /// The page that joined last had fewer sessions than were asked for.
    last_was_short: bool,
    /// By how many places the list moves towards its beginning from one request to the next, as last observed.
    drift: u64,
    step_back: u64,
    requests: u64,
    longest_total: u64,
    /// The end of the farthest page of those that reported no total.
    farthest: u64,
    largest_page: u64,
    /// Rows without a readable id, in this reading.
    nameless: u64,
    disagreements: u64,
    /// The request that came to the end of the list, while the newcomers at its beginning are looked for.
    ended_at: Option<u64>,
}

struct Seen<S> {
    session: S,
    /// Where a page that joined showed it last.
    covered: Option<Covered>,
}

#[derive(Clone, Copy)]
struct Covered {
    reading: u64,
    request: u64,
    /// Counted from the beginning of the list.
    place: u64,
}

impl<S: Listed> Pager<S> {
    /// Begins to read a list in pages of at most `limit` sessions. Pages cannot overlap with less than 2, which is what a
    /// smaller `limit` is taken for.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        let limit = limit.max(2);
        Self {
            limit,
            offset: 0,
            seen: HashMap::new(),
            reading: 0,
            covered_count: 0,
            last_joined: 0,
            last_session: None,
            last_was_short: false,
            drift: 0,
            step_back: 0,
            requests: 0,
            longest_total: 0,
            farthest: 0,
            largest_page: 0,
            nameless: 0,
            disagreements: 0,
            ended_at: None,
        }
    }

    /// The page to ask for next.
    #[must_use]
    pub fn request(&self) -> PageRequest {
        PageRequest {
            offset: self.offset,
            limit: self.limit,
        }
    }

    /// Takes the page that was asked for.
    ///
    /// # Errors
    ///
    /// [`Unreliable`] when the list has been read over too often, or contradicts its own total.
    pub fn accept(mut self, page: Page<S>) -> Result<Progress<S>, Unreliable> {
        let rows = page.rows();
        let Page {
            sessions,
            nameless,
            total: reported,
            asked,
        } = page;
        let is_short = rows < u64::from(asked.unwrap_or(self.limit));
        let total = reported.unwrap_or(0);
        self.requests += 1;
        match reported {
            Some(total) => self.longest_total = self.longest_total.max(total),
            None => self.farthest = self.farthest.max(self.offset + rows),
        }
        self.largest_page = self.largest_page.max(rows);

        let joins = self.offset == 0 || sessions.iter().any(|one| self.covered(one).is_some());
        if !self.keeps_order(&sessions) {
            self.note(sessions);
            self.start_over();
        } else if let Some(ended_at) = self.ended_at {
            let end = self.offset + rows;
            let is_known = |covered: Covered| covered.request <= ended_at;
            let only_newcomers =
                !(sessions.iter()).any(|one| self.covered(one).is_some_and(is_known));
            self.cover(sessions);
            let shown = self.covered_count + self.nameless;
            if shown >= total {
                return Ok(self.complete());
            }
            if rows > 0 && only_newcomers {
                self.offset = end;
            } else {
                self.disagree(shown, total)?;
            }
        } else if !joins {
            self.note(sessions);
            self.step_back(reported);
        } else {
            let end = self.offset + rows;
            let before = self.covered_count;
            let leads_on = self.cover(sessions);
            let others = self.covered_count - before;
            let settles = reported.is_none()
                && self.last_was_short
                && rows < self.largest_page
                && others < self.largest_page / SETTLED_SHARE;
            self.last_was_short = is_short;
            self.nameless += nameless;
            let shown = self.covered_count + self.nameless;
            let at_total = reported.is_some() && end >= total;
            // Nothing can follow a page that has fewer rows than were asked for, if a second witness says so as well. Alone
            // that is not enough, as a service may give smaller pages than it was asked for; and the total alone is not, as
            // it may count sessions that are not shown, or those of the page only. Where there is no total, newcomers at
            // the end of a busy list lead on for ever: a second short page with few of them is a witness too.
            let is_last = is_short && (at_total || !leads_on || settles);
            if !is_last {
                self.offset = end - self.overlap(rows);
            } else if shown >= total {
                return Ok(self.complete());
            } else if self.offset > 0 {
                self.ended_at = Some(self.requests);
                self.offset = 0;
            } else {
                // This page begins at the beginning itself.
                self.disagree(shown, total)?;
            }
        }

        if self.seen_length() > LONGEST_LIST || self.requests >= self.most_requests() {
            return Err(Unreliable::KeptChanging {
                requests: self.requests,
                seen: self.seen.len(),
                total: reported,
            });
        }
        Ok(Progress::More(self))
    }

    /// The list is read.
    fn complete(self) -> Progress<S> {
        let nameless = self.nameless;
        let sessions = self.into_sessions();
        Progress::Complete(List { sessions, nameless })
    }

    /// Reads a list once more that shows fewer sessions than it says it has, unless that has been done often enough.
    fn disagree(&mut self, shown: u64, total: u64) -> Result<(), Unreliable> {
        self.disagreements += 1;
        if self.disagreements >= READINGS_TO_AGREE {
            return Err(Unreliable::FewerThanTotal { shown, total });
        }
        self.start_over();
        Ok(())
    }

    /// Where this reading has covered a session, if it has.
    fn covered(&self, session: &S) -> Option<Covered> {
        let covered = self.seen.get(&session.id())?.covered?;
        (covered.reading == self.reading).then_some(covered)
    }

    /// Whether the sessions that the last page showed too are still in the order they were in.
    fn keeps_order(&self, sessions: &[S]) -> bool {
        sessions
            .iter()
            .filter_map(|session| self.covered(session))
            .filter(|covered| covered.request == self.last_joined)
            .map(|covered| covered.place)
            .is_sorted()
    }

    /// Adds a page that joins the part already read. Says whether it ends farther on than the page before it.
    fn cover(&mut self, sessions: Vec<S>) -> bool {
        let last = sessions.last().map(Listed::id);
        let leads_on = last != self.last_session;
        self.last_session = last;
        self.last_joined = self.requests;
        self.observe_drift(&sessions);
        self.step_back = self.first_step();

        for (session, place) in sessions.into_iter().zip(self.offset..) {
            self.covered_count += u64::from(self.covered(&session).is_none());
            let covered = Some(Covered {
                reading: self.reading,
                request: self.requests,
                place,
            });
            self.seen.insert(session.id(), Seen { session, covered });
        }
        leads_on
    }

    /// Compares where the farthest session that was covered before is now with where it was then.
    fn observe_drift(&mut self, sessions: &[S]) {
        let known = (sessions.iter().zip(self.offset..))
            .filter_map(|(session, place)| Some((place, self.covered(session)?)))
            .last();
        if let Some((place, before)) = known {
            let moved = before.place.saturating_sub(place);
            self.drift = moved.div_ceil((self.requests - before.request).max(1));
        }
    }

    /// Keeps the sessions of a page that does not join: they are there, but say nothing of who stands before them.
    fn note(&mut self, sessions: Vec<S>) {
        for session in sessions {
            let covered = self.seen.get(&session.id()).and_then(|seen| seen.covered);
            self.seen.insert(session.id(), Seen { session, covered });
        }
    }

    /// How many sessions of a page to ask for again: a share of it, and as many as will have moved out of the next page by
    /// then. Not all of them, so that the next page leads on, and not none, so that it joins.
    fn overlap(&self, rows: u64) -> u64 {
        let wanted = self.share() + self.drift + self.drift / 4;
        let most = rows.saturating_sub(1).max(1);
        wanted.min(most).min(rows)
    }

    /// The overlap of pages of a list that does not change.
    fn share(&self) -> u64 {
        (self.largest_page / OVERLAP_SHARE).max(1)
    }

    /// Goes back, farther each time until a page joins, at the latest at the beginning of the list.
    fn step_back(&mut self, total: Option<u64>) {
        let end = total.unwrap_or(self.offset);
        self.offset = self.offset.min(end).saturating_sub(self.step_back);
        self.step_back = self.step_back.saturating_mul(2);
        self.last_session = None;
    }

    fn first_step(&self) -> u64 {
        u64::from(self.limit / 2).max(self.drift.saturating_mul(2))
    }

    /// Begins a new reading. What was seen is kept, but joins nothing.
    fn start_over(&mut self) {
        self.reading += 1;
        self.covered_count = 0;
        self.nameless = 0;
        self.ended_at = None;
        self.offset = 0;
        self.last_session = None;
        self.last_was_short = false;
    }

    /// How long a list without a total is at least. The end of the farthest page alone does not show it, since a service may
    /// show the same sessions again and again; nor do the sessions alone, since others may come at every request.
    fn seen_length(&self) -> u64 {
        self.farthest.min(self.seen.len() as u64)
    }

    fn most_requests(&self) -> u64 {
        let advance = self.largest_page.saturating_sub(self.share()).max(1);
        let quiet = self.longest_total.max(self.seen_length()).min(LONGEST_LIST) / advance + 1;
        READINGS * quiet + SPARE_REQUESTS
    }

    fn into_sessions(self) -> Vec<S> {
        let mut sessions: Vec<S> = self.seen.into_values().map(|seen| seen.session).collect();
        sessions.sort_by_cached_key(Listed::id);
        sessions
    }
}

#[cfg(test)]
mod tests;
