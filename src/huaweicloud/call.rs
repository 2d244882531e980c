//! One API call: what is asked, what came back, and what those who make calls on the way to another one need.

use std::fmt;

use async_trait::async_trait;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::api::Api;
use super::clock::Clock;
use super::error::{ApiError, Error, RequestLine, SettingsProblem, printable};
use super::error_body::ErrorBody;
use super::identity::{Credential, Reference};
use super::operation::Operation;
use super::retry::Repeat;

/// The longest reason why a body cannot be read, in characters: it may quote the body.
const LONGEST_REASON: usize = 300;

/// One API call.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    pub(super) api: &'static Api,
    pub(super) region: &'a str,
    pub(super) method: Method,
    /// Path with `{project_id}` where the region's project goes; segments are encoded when sent.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Zeroizing<Vec<u8>>>,
    pub(super) repeat: Repeat,
    /// It may not leave after this moment, since what it is about could have changed by then; see [`Error::TooLate`].
    pub(super) leave_before: Option<Instant>,
    /// It looks at the job of an accepted kill: it is not given up because the cloud asks to wait for long.
    pub(super) look: bool,
    /// What authenticates it; by default what the client's own source gives.
    pub(super) credential: Option<Credential>,
}

impl<'a> Call<'a> {
    pub(super) fn new(
        api: &'static Api,
        region: &'a str,
        method: Method,
        path: String,
        repeat: Repeat,
    ) -> Self {
        Self {
            api,
            region,
            method,
            path,
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            repeat,
            leave_before: None,
            look: false,
            credential: None,
        }
    }

    /// The same call, as a look at the job of an accepted kill.
    pub(super) fn looking(mut self) -> Self {
        self.look = true;
        self
    }

    /// The same call, authenticated by `credential`.
    pub(super) fn with_credential(mut self, credential: Credential) -> Self {
        self.credential = Some(credential);
        self
    }

    /// The same call, whose answers are in this language where the service has a choice.
    pub(super) fn in_language(mut self, language: Option<&str>) -> Self {
        let header = language.map(|language| ("X-Language".to_owned(), language.to_owned()));
        self.headers.extend(header);
        self
    }

    /// The same call, of the page of a list that begins at an offset and has at most as many rows as the limit says.
    pub(super) fn of_page(mut self, (offset, limit): (u64, u32)) -> Self {
        self.query.extend([
            ("offset".to_owned(), offset.to_string()),
            ("limit".to_owned(), limit.to_string()),
        ]);
        self
    }

    /// The same call with a JSON body.
    pub(super) fn with_json(mut self, body: &impl Serialize) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(body)
            .map_err(|reason| Error::Settings(SettingsProblem::NoJson(reason.to_string())))?;
        self.body = Some(Zeroizing::new(bytes));
        Ok(self)
    }
}

/// An answer that came back whole.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) line: RequestLine,
    pub(super) status: u16,
    pub(super) request_id: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// Reads the body as a JSON object. A byte order mark before it is passed over, and bytes that are no UTF-8 are
    /// replaced: one odd byte in one text must not hide the rest.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let text = String::from_utf8_lossy(&self.body);
        let text = text.trim_start_matches('\u{feff}').trim_ascii_start();
        // serde reads a list as a struct's fields in order: ["x"] would be a job id.
        if text.starts_with('[') {
            return Err(self.unreadable("it is a list, not an object"));
        }
        serde_json::from_str(text).map_err(|reason| self.unreadable(&reason.to_string()))
    }

    /// Is the body a page for people, not for programs?
    pub(super) fn is_page(&self) -> bool {
        let start = &self.body[..self.body.len().min(256)];
        let start = String::from_utf8_lossy(start).to_ascii_lowercase();
        let start = start.trim_start();
        start.starts_with("<!doctype html") || start.starts_with("<html")
    }

    /// The error of an answer that is a success by its status, and says that it is none.
    pub(super) fn denied(&self, api: &'static Api, reason: &str) -> Error {
        let body = ErrorBody::read(&self.body, self.is_page());
        Error::Api {
            line: self.line.clone(),
            answer: Box::new(ApiError {
                api,
                status: self.status,
                message: (body.code.is_some().then_some(body.message).flatten())
                    .or_else(|| Some(reason.to_owned())),
                code: body.code,
                ext_message: body.ext_message,
                request_id: self.request_id.clone().or(body.request_id),
                clock_offset: None,
                html: false,
            }),
        }
    }

    /// The error that says what is wrong with the body.
    pub(super) fn unreadable(&self, reason: &str) -> Error {
        let reason = match self.body.as_slice() {
            [] => "it is empty".to_owned(),
            _ if self.is_page() => "it is an HTML page".to_owned(),
            _ => printable(reason, LONGEST_REASON),
        };
        Error::Unreadable {
            line: self.line.clone(),
            status: self.status,
            request_id: self.request_id.clone(),
            reason,
        }
    }
}

/// Makes the calls that another call needs first: those that fetch its credential, or look up its project.
#[async_trait]
pub trait MakeCall: fmt::Debug + Send + Sync {
    /// The clock by which credentials expire.
    fn clock(&self) -> &dyn Clock;

    /// The project of a region as far as it is known without asking.
    fn project(&self, region: &str) -> Reference;

    /// Makes a call that only reads, and repeats it after faults.
    async fn read(&self, call: Call<'_>, operation: &Operation) -> Result<Answer, Error>;
}

/// The call that a credential, or a project, is for.
#[derive(Clone, Copy, Debug)]
pub struct ForCall<'a> {
    /// Makes the calls that are needed first, and has the clock.
    pub client: &'a dyn MakeCall,
    /// The region of the call: tokens are for the project of one region, and IAM answers in each.
    pub region: &'a str,
    /// What bounds the call, and so the wait for what it needs first.
    pub operation: &'a Operation,
}
