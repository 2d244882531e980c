//! What the engine has to know of a service: a description, and the calls that list and kill its sessions.
//!
//! A service is one file in [`super::services`]. Schema, validation, plan, selection, kill, proof, documentation, data
//! source and ephemeral resource follow from what stands there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use tf_provider::Diagnostics;
use time::OffsetDateTime;

use super::arguments::shown;
use super::listing::Listing;
use super::record::{Encoded, Record};
use super::session_kill::proof::Computed;
pub use crate::huaweicloud::calls::{Calls, KillAnswer};
use crate::huaweicloud::error::{Error, Outcome};
use crate::session::tally::BatchAnswer;
use crate::session::{Condition, Question, Session, SessionId};

/// What a place is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Only to list its sessions.
    List,
    /// To kill sessions.
    Kill,
}

/// What a service is like.
pub struct Description {
    /// The service's part of the names of types: `dcs` for `hwc_dcs_session_kill` and `hwc_dcs_sessions`.
    pub name: &'static str,
    /// How texts speak of it.
    pub words: Words,
    /// The arguments that say where, beside `region`, from the outermost on.
    pub place: &'static [PlaceArgument],
    /// Reads them. `None` without an error means: not all of them are known yet.
    pub open: fn(&mut Diagnostics, &Record, Purpose) -> Option<Box<dyn Place>>,
    /// Warns of arguments of a kill that are allowed and yet suspicious.
    pub warn: fn(&mut Diagnostics, &Record),
    /// The argument that lists sessions.
    pub ids: Ids,
    /// The conditions that `select` offers.
    pub conditions: &'static [Condition],
    /// What conditions and columns mean here beside what they mean everywhere, by their names.
    pub notes: &'static [(&'static str, &'static str)],
    /// How its sessions are killed.
    pub policy: Policy,
    /// An account has shown that the calls work as the documents say.
    pub confirmed: bool,
    /// Results that only this service has.
    pub results: &'static [Computed],
}

/// How texts speak of a service.
pub struct Words {
    /// The service, in messages: `DCS`.
    pub service: &'static str,
    /// The heading of its pages in the documentation: `DCS (Redis)`.
    pub heading: &'static str,
    /// What its sessions are sessions of, in descriptions: `a node of a DCS (Redis) instance, or of all its nodes`.
    pub place: &'static str,
    /// What a list is about: `a DCS (Redis) node or instance`.
    pub listed_place: &'static str,
    /// One session: `session thread`.
    pub session: &'static str,
    /// Whose sessions are left alone, `masters and replicas`, and when they are chosen, as a sentence of the description of
    /// `select`. `None`: the lists show nobody of the kind.
    pub protected: Option<(&'static str, &'static str)>,
    /// Why a killed session may still be listed; empty, or it begins with a colon.
    pub lingers: &'static str,
    /// Where a person can look.
    pub look: &'static str,
    /// What else a person has to know of the lists; empty, or a sentence.
    pub lists: &'static str,
}

/// An argument that says where.
pub struct PlaceArgument {
    /// Its name.
    pub name: &'static str,
    /// What has the ID, in sentences: `the node`; empty where it says nothing of the place.
    pub what: &'static str,
    /// What it means.
    pub words: &'static str,
    /// What stands in it.
    pub kind: PlaceKind,
    /// The flag with which it means nothing, and what is meant then: `all nodes`.
    pub overridden_by: Option<(&'static str, &'static str)>,
    /// The argument narrows the kill: what a plan promises of it (see `promises`).
    pub promise: Option<&'static str>,
}

/// What stands in an argument that says where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceKind {
    /// An ID that must be given.
    Required,
    /// An ID that may be left out.
    Optional,
    /// True or false, by default false; only for a kill.
    KillFlag,
}

/// The argument that lists the sessions to kill.
pub struct Ids {
    /// Its name.
    pub argument: &'static str,
    /// What it means.
    pub words: &'static str,
    /// What one of its values is called: `thread ID`.
    pub one: &'static str,
    /// What such a value looks like, as a sentence.
    pub form: &'static str,
    /// What the values are.
    pub kind: IdKind,
}

/// What the values of a list of sessions are.
pub enum IdKind {
    /// IDs that the service counts, as numbers.
    Numbers,
    /// IDs as texts. `true`: it can be one.
    Texts(fn(&str) -> bool),
    /// The addresses of clients: those who have one are looked for in a list. `true`: it is one.
    Addresses(fn(&str) -> bool),
}

/// What the proof shows of a session, in one shape for all services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// `id`
    Id,
    /// `node_id`
    NodeId,
    /// `user`
    User,
    /// `address`
    Address,
    /// `database`
    Database,
    /// `command`
    Command,
    /// `state`
    State,
    /// `application`
    Application,
    /// `idle_seconds`
    IdleSeconds,
    /// `busy_seconds`
    BusySeconds,
    /// `age_seconds`
    AgeSeconds,
    /// `transaction_seconds`
    TransactionSeconds,
}

/// How sessions are killed.
pub struct Policy {
    /// How many go into one request.
    pub batch: usize,
    /// How many after a larger request was refused as a bad one. A refused request has killed nobody.
    pub small_batch: usize,
    /// There is a call that kills every session of the place by a job.
    pub kills_all: bool,
    /// The service collects lists and keeps them: `listed_at` says when.
    pub keeps_lists: bool,
    /// An ID may come back as another session's, or no document says that it does not: sessions that the configuration lists one
    /// by one are looked for first, all are listed again just before each request, and those that are not the same any more are
    /// not sent.
    pub ids_come_back: bool,
}

/// What to list.
#[derive(Clone, Copy)]
pub struct Scope<'s> {
    /// These nodes of the place only, whatever state they are in; `None`: all of it.
    pub nodes: Option<&'s BTreeSet<String>>,
    /// When the lists that were read before had been saved, by node: a list that was saved then is an old one.
    pub seen: &'s BTreeMap<String, String>,
    /// With statements?
    pub statements: bool,
    /// Is it for choosing whom to kill, or for sending those that were chosen? Otherwise only to see who is there.
    pub choosing: bool,
    /// Does it matter whom other sessions wait for?
    pub blockers: bool,
    /// What to ask for one by one where a list is cut short.
    pub questions: Questions<'s>,
}

/// Questions whose answers together show everybody who is looked for. None: there is no such question. They are thought of only
/// where a list is cut short.
pub type Questions<'s> = &'s (dyn Fn() -> Vec<Question> + Sync);

/// What names a session in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The session.
    pub id: SessionId,
    /// Its address.
    pub address: Option<Arc<str>>,
    /// Its user.
    pub user: Option<Arc<str>>,
}

/// Where sessions are: the calls that are about one place.
#[async_trait]
pub trait Place: Send + Sync {
    /// Lists the sessions.
    ///
    /// # Errors
    /// When not all of them can be listed, or the list cannot be shown to be new.
    async fn list(&self, calls: Calls<'_>, scope: Scope<'_>) -> Result<Listing, Error>;

    /// Sends one request to kill these sessions, all of one node, unless it cannot leave before the moment that `calls` has.
    async fn kill(&self, calls: Calls<'_>, batch: &[Target]) -> Outcome<Answered>;

    /// Those of these sessions of which the service keeps a record that they were killed within this time. It is asked about
    /// requests that were sent when the sessions cannot be listed afterwards, and only if the record of a kill means that it was
    /// executed.
    ///
    /// # Errors
    /// When the record cannot be read. Nothing follows from that.
    async fn recorded(
        &self,
        _calls: Calls<'_>,
        _sent: &[SessionId],
        _within: (OffsetDateTime, OffsetDateTime),
    ) -> Result<Vec<SessionId>, Error> {
        Ok(Vec::new())
    }

    /// Whose sessions one call kills, where there is such a call: `of the node …`.
    fn whose(&self) -> String {
        String::new()
    }

    /// Sends the request that kills every session of the place by a job, unless it cannot leave before the moment that `calls`
    /// has. The answer tells the job's ID.
    async fn kill_all(&self, _calls: Calls<'_>) -> Outcome<KillAnswer<String>> {
        Outcome::Rejected(no_such_call())
    }

    /// Follows the job to its end. `seen` hears the status of every look that showed it running.
    ///
    /// # Errors
    /// When the job cannot be followed; it goes on in that case.
    async fn follow(
        &self,
        _calls: Calls<'_>,
        _job_id: &str,
        _seen: &mut (dyn for<'s> FnMut(&'s str) + Send),
    ) -> Result<JobEnd, Error> {
        Err(no_such_call())
    }
}

fn no_such_call() -> Error {
    Error::Listing("The service has no call that kills all sessions.".to_owned())
}

/// What the service said to a request that it accepted.
pub struct Answered {
    /// `X-Request-Id` of the answer.
    pub request_id: Option<String>,
    /// What became of each session, where the service tells.
    pub fates: Fates,
}

/// What the service says of each session of a request.
pub enum Fates {
    /// Nothing: it has killed them.
    NotTold,
    /// This.
    Told(BatchAnswer<SessionId>),
    /// It has killed these, and nothing of the others.
    Killed(Vec<SessionId>),
    /// That the kill failed, although the request was accepted: whether anybody was killed is for a list to show.
    Denied(Error),
    /// Something that could not be read.
    Unreadable(Error),
}

/// How a job ended.
pub struct JobEnd {
    /// The service's own word.
    pub status: String,
    /// Did it fail?
    pub failed: bool,
    /// Why.
    pub fail_reason: Option<String>,
    /// When it began.
    pub began: Option<OffsetDateTime>,
    /// When it ended.
    pub ended: Option<OffsetDateTime>,
}

impl Policy {
    /// That of a service whose IDs may come back, and which has one call for chosen sessions and lists with statements.
    pub const fn ids_come_back(batch: usize, small_batch: usize) -> Self {
        Self {
            batch,
            small_batch,
            kills_all: false,
            keeps_lists: false,
            ids_come_back: true,
        }
    }
}

impl Answered {
    /// What an accepted kill was answered; `fates` says what that means for the sessions where it tells of them.
    pub fn of<T>(killed: KillAnswer<T>, fates: impl FnOnce(T) -> Fates) -> Self {
        Self {
            request_id: killed.request_id,
            fates: match killed.told {
                Ok(told) => fates(told),
                Err(error @ Error::Api { .. }) => Fates::Denied(error),
                Err(error) => Fates::Unreadable(error),
            },
        }
    }
}

impl From<KillAnswer<()>> for Answered {
    fn from(killed: KillAnswer<()>) -> Self {
        Self::of(killed, |()| Fates::NotTold)
    }
}

impl PlaceArgument {
    /// An ID that must be given.
    pub const fn required(name: &'static str, what: &'static str, words: &'static str) -> Self {
        Self {
            name,
            what,
            words,
            kind: PlaceKind::Required,
            overridden_by: None,
            promise: None,
        }
    }

    /// An ID that may be left out. It narrows the kill, and this is what a plan promises of it.
    pub const fn optional(
        name: &'static str,
        what: &'static str,
        words: &'static str,
        promise: &'static str,
    ) -> Self {
        Self {
            kind: PlaceKind::Optional,
            promise: Some(promise),
            ..Self::required(name, what, words)
        }
    }

    /// True or false, by default false; only for a kill.
    pub const fn kill_flag(name: &'static str, words: &'static str) -> Self {
        Self {
            kind: PlaceKind::KillFlag,
            ..Self::required(name, "", words)
        }
    }
}

impl Column {
    /// Every column, in the order of the schema.
    pub const ALL: [Self; 12] = [
        Self::Id,
        Self::NodeId,
        Self::User,
        Self::Address,
        Self::Database,
        Self::Command,
        Self::State,
        Self::Application,
        Self::IdleSeconds,
        Self::BusySeconds,
        Self::AgeSeconds,
        Self::TransactionSeconds,
    ];

    /// The name of the attribute.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::NodeId => "node_id",
            Self::User => "user",
            Self::Address => "address",
            Self::Database => "database",
            Self::Command => "command",
            Self::State => "state",
            Self::Application => "application",
            Self::IdleSeconds => "idle_seconds",
            Self::BusySeconds => "busy_seconds",
            Self::AgeSeconds => "age_seconds",
            Self::TransactionSeconds => "transaction_seconds",
        }
    }

    /// What it means.
    const fn words(self) -> &'static str {
        match self {
            Self::Id => "ID of the session.",
            Self::NodeId => "Node that the client is connected to.",
            Self::User => "User that the client is logged in as.",
            Self::Address => "Address of the client, with its port.",
            Self::Database => "Default database, if there is one.",
            Self::Command => "Current or last command of the session.",
            Self::State => "State of the session.",
            Self::Application => "Name that the client has set.",
            Self::IdleSeconds => "Time for which the session has been idle.",
            Self::BusySeconds => "Time in the current command.",
            Self::AgeSeconds => "Time since the client connected.",
            Self::TransactionSeconds => "Time since the transaction began.",
        }
    }

    /// The column that a condition asks for.
    const fn asked_by(condition: Condition) -> Option<Self> {
        Some(match condition {
            Condition::Users => Self::User,
            Condition::Addresses { .. } => Self::Address,
            Condition::Databases { .. } => Self::Database,
            Condition::Commands => Self::Command,
            Condition::States | Condition::Flags => Self::State,
            Condition::Applications | Condition::Names => Self::Application,
            Condition::MinIdle => Self::IdleSeconds,
            Condition::MinBusy => Self::BusySeconds,
            Condition::MinAge => Self::AgeSeconds,
            Condition::MinTransaction => Self::TransactionSeconds,
            _ => return None,
        })
    }

    /// Is it a number of seconds?
    pub const fn is_seconds(self) -> bool {
        matches!(
            self,
            Self::IdleSeconds | Self::BusySeconds | Self::AgeSeconds | Self::TransactionSeconds
        )
    }

    /// What stands in it for a session.
    pub fn of(self, session: &Session) -> Encoded {
        let text = |text: &Option<String>| super::record::text(text.as_deref());
        let seconds = |time: Option<std::time::Duration>| {
            super::record::number(time.and_then(|time| usize::try_from(time.as_secs()).ok()))
        };
        match self {
            Self::Id => Encoded::from(session.id.to_string()),
            Self::NodeId => super::record::text(session.id.node()),
            Self::User => text(&session.user),
            Self::Address => text(&session.address),
            Self::Database => text(&session.database),
            Self::Command => text(&session.command),
            Self::State => text(&session.state),
            Self::Application => text(&session.application),
            Self::IdleSeconds => seconds(session.idle),
            Self::BusySeconds => seconds(session.busy),
            Self::AgeSeconds => seconds(session.age),
            Self::TransactionSeconds => seconds(session.transaction),
        }
    }
}

impl Description {
    /// What a column means here.
    pub fn column_words(&self, column: Column) -> String {
        match self.tells(column) {
            true => self.with_note(column.name(), column.words()),
            false => format!("Always null: {} does not show it.", self.words.service),
        }
    }

    /// Do requests name sessions by their addresses, and not by their IDs? Those of one address are killed together.
    pub fn kills_by_address(&self) -> bool {
        matches!(self.ids.kind, IdKind::Addresses(_))
    }

    /// Can its lists have statements?
    pub fn tells_statements(&self) -> bool {
        self.conditions.contains(&Condition::StatementMatches)
    }

    /// Does its list tell something of this column? `select` offers a condition on all that a list tells.
    pub fn tells(&self, column: Column) -> bool {
        match column {
            Column::Id => true,
            Column::NodeId => self.policy.keeps_lists,
            _ => self
                .conditions
                .iter()
                .any(|condition| Column::asked_by(*condition) == Some(column)),
        }
    }

    /// What a condition or a column means, with what it means here beside that.
    pub fn with_note(&self, name: &str, words: &str) -> String {
        let note = self.notes.iter().find(|(noted, _)| *noted == name);
        note.map_or_else(|| words.to_owned(), |(_, note)| format!("{words} {note}"))
    }

    /// Name of the type that kills sessions.
    pub fn kill_type(&self) -> String {
        format!("{}_session_kill", self.name)
    }

    /// Name of the type that lists sessions.
    pub fn list_type(&self) -> String {
        format!("{}_sessions", self.name)
    }

    /// Where that is, for a sentence: `the node … of the instance …`. Not every argument may be known.
    pub fn whereabouts(&self, arguments: &Record) -> String {
        let places = self
            .place
            .iter()
            .rev()
            .filter(|argument| !argument.what.is_empty());
        let places: Vec<String> = places
            .filter_map(|argument| {
                let is_left_out = argument.kind == PlaceKind::Optional
                    && arguments.presence(argument.name).is_absent();
                match argument.overridden_by {
                    Some((flag, all)) if arguments.is_true(flag) => Some(all.to_owned()),
                    None if is_left_out => None,
                    _ => Some(format!(
                        "{} {}",
                        argument.what,
                        shown(arguments, argument.name)
                    )),
                }
            })
            .collect();
        places.join(" of ")
    }

    /// The IDs of the place with slashes in between, but for one that a flag can override: the beginning of the attribute `id`.
    pub fn path(&self, arguments: &Record) -> String {
        let own = |argument: &&PlaceArgument| {
            !argument.what.is_empty() && argument.overridden_by.is_none()
        };
        let ids = self.place.iter().filter(own);
        let ids: Vec<&str> = ids
            .filter_map(|id| arguments.value(id.name).as_str())
            .collect();
        ids.join("/")
    }

    /// The node IDs, words and other arguments that say where, for this purpose.
    pub fn place_for(&self, purpose: Purpose) -> impl Iterator<Item = &'static PlaceArgument> {
        (self.place.iter()).filter(move |argument| {
            purpose == Purpose::Kill || argument.kind != PlaceKind::KillFlag
        })
    }
}

impl Target {
    /// What names this session.
    pub fn of(session: &Session) -> Self {
        Self {
            id: session.id.clone(),
            address: session.address.as_deref().map(Arc::from),
            user: session.user.as_deref().map(Arc::from),
        }
    }

    /// The IDs of these sessions, as a request names them.
    pub fn ids(batch: &[Self]) -> Vec<String> {
        batch.iter().map(|target| target.id.to_string()).collect()
    }

    /// A session that nobody has listed.
    pub fn unlisted(id: SessionId) -> Self {
        Self {
            id,
            address: None,
            user: None,
        }
    }
}
