//! What the calls of all services have in common: what they are made with, and what a kill is answered.

use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::api::Api;
use super::call::{Answer, Call};
use super::client::Client;
use super::error::{Error, Outcome};
use super::operation::Operation;
use super::retry::Repeat;

/// The calls of one operation, in one region.
#[derive(Clone, Copy, Debug)]
pub struct Calls<'a> {
    /// The client that makes them.
    pub client: &'a Client,
    /// The region in which the services answer.
    pub region: &'a str,
    /// The operation that they are part of.
    pub operation: &'a Operation,
    /// A kill may not leave after this moment.
    pub leave_before: Option<Instant>,
}

impl<'a> Calls<'a> {
    /// A call, yet to be made, whose answer is in the language that the user has set.
    pub(super) fn localized(
        self,
        api: &'static Api,
        method: Method,
        path: String,
        repeat: Repeat,
    ) -> Call<'a> {
        self.to(api, method, path, repeat)
            .in_language(self.language())
    }

    /// A call, yet to be made, that takes no language.
    pub(super) fn to(
        self,
        api: &'static Api,
        method: Method,
        path: String,
        repeat: Repeat,
    ) -> Call<'a> {
        Call::new(api, self.region, method, path, repeat)
    }

    /// The language that the user has set for answers.
    pub(super) fn language(self) -> Option<&'a str> {
        self.client.settings().language.as_deref()
    }

    /// Makes a call that only reads.
    pub(super) async fn ask(self, call: Call<'_>) -> Result<Answer, Error> {
        self.client.read(call, self.operation).await
    }

    /// The same, and reads the JSON of its answer.
    pub(super) async fn read<T: DeserializeOwned>(self, call: Call<'_>) -> Result<T, Error> {
        self.ask(call).await?.json()
    }

    /// Makes a call that kills, and reads its answer. Not sent when it cannot leave before `leave_before` ([`Error::TooLate`]).
    pub(super) async fn kill<T>(
        self,
        call: Call<'_>,
        body: &impl Serialize,
        read: fn(&Answer) -> Result<T, Error>,
    ) -> Outcome<KillAnswer<T>> {
        let outcome = self
            .client
            .kill(call, body, self.leave_before, self.operation);
        outcome.await.map(|answer| KillAnswer {
            told: read(&answer),
            request_id: answer.request_id,
        })
    }
}

/// What a service answers when it accepted a kill.
#[derive(Clone, Debug)]
pub struct KillAnswer<T> {
    /// What it tells of the sessions; `()`: nothing. An error: the answer reports that the kill failed ([`Error::Api`], although
    /// the status is a success), or its words cannot be read ([`Error::Unreadable`]). Then nothing tells who was killed.
    pub told: Result<T, Error>,
    /// `X-Request-Id` of the answer.
    pub request_id: Option<String>,
}

/// Reads an answer that tells nothing of the sessions.
pub(super) fn tells_nothing(_: &Answer) -> Result<(), Error> {
    Ok(())
}
