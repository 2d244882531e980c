//! What is known after a kill, and what of it goes into state.
//!
//! Every later plan reads the state, and an engine's own work grows with the length of its lists. So state keeps a bounded
//! number of sessions one by one, those that were not killed first, and the counts of all.

use std::collections::{BTreeMap, HashMap, HashSet};

use tf_provider::schema::AttributeType;
use tf_provider::{AttributePath, Diagnostics, schema::Attribute};

use crate::provider::arguments::computed;
use crate::provider::explain;
use crate::provider::record::{Encoded, Presence, Record, number, text};
use crate::provider::service::{Column, Description};
use crate::session::{Session, SessionId};

/// The most sessions that state keeps one by one.
const IN_DETAIL: usize = 1000;

/// What became of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Nobody can tell whether it was killed.
    Unknown,
    /// Not killed, or still listed at last.
    Remaining,
    /// The service left it alone.
    Refused,
    /// Not there.
    NotFound,
    /// A dry run found it.
    Listed,
    /// Killed.
    Killed,
}

impl Fate {
    /// The word in the attribute `outcome`.
    fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Remaining => "remaining",
            Self::Refused => "refused",
            Self::NotFound => "not_found",
            Self::Listed => "listed",
            Self::Killed => "killed",
        }
    }
}

/// A session in the proof, as far as it is known.
#[derive(Clone, Debug)]
pub enum Shown {
    /// As it was listed.
    Session(Box<Session>),
    /// Only its ID: it was not listed.
    Id(SessionId),
    /// Only an address: no session had it.
    Address(String),
}

impl Shown {
    /// A session as it was listed; its statement is no part of a proof.
    pub(super) fn of(session: Session) -> Self {
        Self::Session(Box::new(session))
    }

    /// What a person calls it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Session(session) => session.id.to_string(),
            Self::Id(id) => id.to_string(),
            Self::Address(address) => address.clone(),
        }
    }

    pub(super) fn id(&self) -> Option<&SessionId> {
        match self {
            Self::Session(session) => Some(&session.id),
            Self::Id(id) => Some(id),
            Self::Address(_) => None,
        }
    }
}

/// What the service's answers say of each session, in its own words.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Killed.
    pub killed: Vec<SessionId>,
    /// Not there.
    pub not_found: Vec<SessionId>,
    /// Left alone.
    pub refused: Vec<SessionId>,
}

/// What is known after a kill. It goes into state whatever happens then.
#[derive(Debug, Default)]
pub struct Proof {
    /// What became of each session; `None` when nobody looked.
    pub sessions: Option<Vec<(Shown, Fate)>>,
    /// How many were killed.
    pub killed_count: Option<usize>,
    /// How many were still there at last.
    pub remaining_count: Option<usize>,
    /// What the answers say; `None` when no answer told, and nobody looked.
    pub told: Option<Told>,
    /// The sessions were listed one by one in the configuration, so that state has as many of them in any case.
    pub ids_given: bool,
    /// When the service saved the lists that decided who was killed.
    pub listed_at: Option<BTreeMap<String, String>>,
    /// The job that kills all sessions.
    pub job_id: Option<String>,
    /// Every session of the place ended: the job says so, or it was seen.
    pub all_ended: bool,
    /// How that job ended, or how far it was when it was last seen.
    pub job_status: Option<String>,
    /// `X-Request-Id` of the last answer.
    pub request_id: Option<String>,
    /// When the kill began.
    pub started_at: Option<String>,
    /// When it was over.
    pub finished_at: Option<String>,
}

/// What a plan knows of a kill.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    /// No session is killed.
    pub rehearsed: bool,
    /// Every session of the place is killed by a job, and nobody chooses.
    pub all: bool,
    /// `max_sessions`.
    pub cap: Presence,
    /// The list of sessions, or the `select` block.
    pub chosen: bool,
}

impl Planned {
    /// A job kills everybody, and nobody counts them before.
    fn lists_nobody(self) -> bool {
        self.all && !self.rehearsed && self.cap.is_absent()
    }
}

/// A computed attribute of the resource.
pub struct Computed {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub words: &'static str,
    /// Its type.
    pub attr_type: fn() -> AttributeType,
    /// What goes into state.
    pub value: fn(&Proof) -> Encoded,
    /// What a plan knows of it already; `None`: nothing.
    pub at_plan: fn(Planned) -> Option<Encoded>,
}

fn string() -> AttributeType {
    AttributeType::String
}

/// Null where the plan knows that it will be.
fn null_if(known: bool) -> Option<Encoded> {
    known.then_some(Encoded::Nil)
}

/// What every kill leaves beside `id` and `sessions`.
const COMMON: [Computed; 5] = [
    Computed {
        name: "killed_count",
        words: "Number of sessions that were killed. A session that is still listed at the end does not count, even if its kill was accepted. Null if the number is not known.",
        attr_type: || AttributeType::Number,
        value: |proof| number(proof.killed_count),
        at_plan: |plan| match plan.rehearsed {
            true => Some(0.into()),
            // A job does not tell how many.
            false => null_if(plan.all),
        },
    },
    Computed {
        name: "remaining_count",
        words: "Number of sessions that were still listed at the end. In a dry run, number of sessions that would have been killed. Null if the sessions were not listed.",
        attr_type: || AttributeType::Number,
        value: |proof| number(proof.remaining_count),
        at_plan: |plan| null_if(plan.all && !plan.rehearsed),
    },
    Computed {
        name: "started_at",
        words: "Time when the kill began (RFC 3339, UTC): when the first request that may have been carried out was sent. If the kill is a job, when the job began.",
        attr_type: string,
        value: |proof| text(proof.started_at.clone()),
        at_plan: |plan| null_if(plan.rehearsed),
    },
    Computed {
        name: "finished_at",
        words: "Time when the kill ended (RFC 3339, UTC): when a list showed that the sessions are gone, otherwise when the last answer came. If the kill is a job, when the job ended. Null if the time is not known.",
        attr_type: string,
        value: |proof| text(proof.finished_at.clone()),
        at_plan: |plan| null_if(plan.rehearsed),
    },
    Computed {
        name: "request_id",
        words: "ID of the last kill request. Huawei Cloud support asks for it.",
        attr_type: string,
        value: |proof| text(proof.request_id.clone()),
        at_plan: |plan| null_if(plan.rehearsed),
    },
];

/// What a kill of every session by a job leaves.
const JOB: [Computed; 2] = [
    Computed {
        name: "job_id",
        words: "ID of the job that kills all sessions. Null if the answer could not be read, and for chosen sessions, which are killed without a job.",
        attr_type: string,
        value: |proof| text(proof.job_id.clone()),
        at_plan: |plan| null_if(plan.rehearsed || plan.chosen),
    },
    Computed {
        name: "job_status",
        words: "`SUCCESS` or `FAIL` if the provider followed the job to its end; otherwise the last status that it saw, or null.",
        attr_type: string,
        value: |proof| text(proof.job_status.clone()),
        at_plan: |plan| null_if(plan.rehearsed || plan.chosen),
    },
];

/// What the attribute `listed_at` says, in the proof and in a data source.
pub(in crate::provider) const LISTED_AT: &str = "Time when the service collected the list of the sessions of each node, by node ID, in the \
    form of the service.";

/// When the lists were collected that decided who was killed.
const LISTS: Computed = Computed {
    name: "listed_at",
    words: LISTED_AT,
    attr_type: || AttributeType::Map(Box::new(AttributeType::String)),
    value: |proof| match &proof.listed_at {
        None => Encoded::Nil,
        Some(saved) => Encoded::Map(
            (saved.iter())
                .map(|(node, time)| (node.as_str().into(), time.as_str().into()))
                .collect(),
        ),
    },
    at_plan: |plan| null_if(plan.lists_nobody()),
};

/// The computed attributes of a service's resource, but for `id`, `promises` and `sessions`.
fn all(service: &'static Description) -> impl Iterator<Item = &'static Computed> {
    let job = (service.policy.kills_all)
        .then_some(&JOB)
        .into_iter()
        .flatten();
    let lists = (service.policy.keeps_lists).then_some(&LISTS);
    COMMON.iter().chain(job).chain(lists).chain(service.results)
}

/// The schema of the computed attributes.
pub(super) fn attributes(service: &'static Description) -> HashMap<String, Attribute> {
    let id = format!(
        "The IDs of the place and of the kill's {}request, separated by slashes. The last part is `dry-run` after a dry run, and \
         `none` if nothing was killed or no answer had an ID.",
        if service.policy.kills_all {
            "job or "
        } else {
            ""
        }
    );
    let of_results = all(service).map(|result| {
        let attribute = computed((result.attr_type)(), result.words);
        (result.name.to_owned(), attribute)
    });
    let mut row = row_type(service);
    row.insert(
        "outcome".to_owned(),
        computed(
            AttributeType::String,
            &service.with_note(
                "outcome",
                "`killed`, `not_found`, `refused` (the service did not kill it, or it cannot be killed), `remaining` (not killed, or still listed at the end), \
                 `unknown`, or in a dry run `listed`.",
            ),
        ),
    );
    let sessions = computed(
        AttributeType::AttributeList(row),
        &format!(
            "The sessions as they were listed before the kill, each with its outcome. Null if the sessions were not listed. State has at \
             most {IN_DETAIL} of them; sessions that were not killed take precedence. The counts include all sessions."
        ),
    );
    of_results
        .chain([
            ("id".to_owned(), computed(AttributeType::String, &id)),
            ("sessions".to_owned(), sessions),
        ])
        .collect()
}

/// The attributes of one session. They are nested attributes, which engines plan faster than objects.
pub(in crate::provider) fn row_type(service: &Description) -> HashMap<String, Attribute> {
    let columns = Column::ALL.into_iter().map(|column| {
        let column_type = match column.is_seconds() {
            true => AttributeType::Number,
            false => AttributeType::String,
        };
        let words = service.column_words(column);
        (column.name().to_owned(), computed(column_type, &words))
    });
    columns.collect()
}

/// One session as it goes over the wire.
pub(in crate::provider) fn row(session: &Session) -> Vec<(Encoded, Encoded)> {
    (Column::ALL.into_iter())
        .map(|column| (column.name().into(), column.of(session)))
        .collect()
}

fn row_of(shown: &Shown, fate: Fate) -> Encoded {
    let mut row = match shown {
        Shown::Session(session) => row(session),
        Shown::Id(id) => row(&Session::new(id.clone())),
        Shown::Address(address) => {
            let known = |column: Column| match column {
                Column::Address => address.as_str().into(),
                _ => Encoded::Nil,
            };
            (Column::ALL.into_iter())
                .map(|column| (column.name().into(), known(column)))
                .collect()
        }
    };
    row.push(("outcome".into(), fate.word().into()));
    Encoded::Map(row)
}

/// Plans everything that only apply can tell. What can be told before is planned, so that whoever approves can see it.
pub(super) fn plan(service: &'static Description, planned: Planned, state: &mut Record) {
    state.set("id", Record::unknown());
    state.set(
        "sessions",
        null_if(planned.lists_nobody()).unwrap_or_else(Record::unknown),
    );
    for result in all(service) {
        let value = (result.at_plan)(planned).unwrap_or_else(Record::unknown);
        state.set(result.name, value);
    }
}

impl Proof {
    /// Counts what became of the sessions.
    pub(super) fn counted(mut self) -> Self {
        if let Some(sessions) = &self.sessions {
            let count = |fates: &[Fate]| {
                let counted = sessions.iter().filter(|(_, fate)| fates.contains(fate));
                Some(counted.count())
            };
            // One of whom it is not known may be another that was killed.
            let all_known = sessions.iter().all(|(_, fate)| *fate != Fate::Unknown);
            self.killed_count = count(&[Fate::Killed]).filter(|_| all_known);
            self.remaining_count = count(&[Fate::Remaining, Fate::Listed]);
        }
        self
    }

    /// Writes down what is known. `place` is the beginning of the ID.
    pub(super) fn write(
        mut self,
        diags: &mut Diagnostics,
        service: &'static Description,
        place: &str,
        dry_run: bool,
        state: &mut Record,
    ) {
        let name = match self.job_id.as_ref().or(self.request_id.as_ref()) {
            Some(name) => name,
            None if dry_run => super::REHEARSAL,
            None => "none",
        };
        state.set("id", format!("{place}/{name}").into());
        self.bound(diags);
        let sessions = self.sessions.as_ref().map(|sessions| {
            let rows = sessions.iter().map(|(shown, fate)| row_of(shown, *fate));
            Encoded::Array(rows.collect())
        });
        state.set("sessions", sessions.unwrap_or(Encoded::Nil));
        for result in all(service) {
            state.set(result.name, (result.value)(&self));
        }
    }

    /// Shortens the list to the sessions that state keeps, and says so in a warning.
    fn bound(&mut self, diags: &mut Diagnostics) {
        let Some(sessions) = &mut self.sessions else {
            return;
        };
        let all = sessions.len();
        if all <= IN_DETAIL {
            return;
        }
        // The order of a list within one outcome stays.
        sessions.sort_by_key(|(_, fate)| *fate);
        sessions.truncate(IN_DETAIL);
        if let Some(told) = self.told.as_mut().filter(|_| !self.ids_given) {
            let kept: HashSet<SessionId> = (sessions.iter())
                .filter_map(|(shown, _)| shown.id().cloned())
                .collect();
            for list in [&mut told.killed, &mut told.not_found, &mut told.refused] {
                list.retain(|id| kept.contains(id));
            }
        }
        explain::warning(
            diags,
            AttributePath::root(),
            format!("State keeps {IN_DETAIL} of {all} sessions in detail"),
            "The counts in state include all sessions. The list has a part of them; sessions that were not killed take precedence. \
             A longer list would slow down every later plan.",
        );
    }
}
