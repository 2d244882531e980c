//! What can go wrong with a call: the facts in fields, no sentences for users (those are made in `provider/`).

use std::fmt;
use std::time::Duration;

/// What was asked of whom: enough to find the call in an access log, and nothing secret (no query, no body).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLine {
    /// HTTP method.
    pub method: &'static str,
    /// Scheme, host and port: `https://dcs.eu-west-101.myhuaweicloud.eu`.
    pub origin: String,
    /// Path without query.
    pub path: String,
}

impl fmt::Display for RequestLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, self.origin, self.path)
    }
}

/// An error answer, in the shape that DCS, TaurusDB, IAM and the API gateway share:
/// `{"error_code", "error_msg", "error_ext_msg"?}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// `error_code`, for example `DCS.4957` or `APIGW.0301`; absent when the body was not in the API's shape.
    pub code: Option<String>,
    /// `error_msg`, or the first line of a body in another shape.
    pub message: Option<String>,
    /// `error_ext_msg`, which only DCS sends.
    pub ext_message: Option<String>,
    /// The id that support asks for: `X-Request-Id`, or the body's `request_id`.
    pub request_id: Option<String>,
    /// The time on the server's clock (`Date` header) less ours, when the answer had one.
    pub clock_offset: Option<Duration>,
    /// The answer was a page for people, not for programs: a proxy or a wrong endpoint.
    pub html: bool,
}

impl ApiError {
    /// Codes of DCS that mean: the instance is busy with another task, nothing was done, the same call may
    /// succeed later. `DCS.4957` is in the API document; the others are those that the official provider waits for.
    const BUSY: [&'static str; 16] = [
        "DCS.4957", "DCS.4026", "DCS.4049", "DCS.4096", "DCS.4097", "DCS.4111", "DCS.4113",
        "DCS.4114", "DCS.4115", "DCS.4116", "DCS.4117", "DCS.4118", "DCS.4120", "DCS.4121",
        "DCS.4231", "DCS.4975",
    ];

    /// Is the instance busy with another task?
    pub fn is_busy(&self) -> bool {
        (400..500).contains(&self.status)
            && self
                .code
                .as_deref()
                .is_some_and(|code| Self::BUSY.contains(&code))
    }

    /// Did the gateway, and not the service behind it, give this answer? Only a code of the gateway's own proves it:
    /// an answer without a code can come from any proxy that had passed the call on.
    pub fn is_from_gateway(&self) -> bool {
        self.code
            .as_deref()
            .is_some_and(|code| code.starts_with("APIGW.") || code.starts_with("APIG."))
    }

    /// Does the answer say that temporary credentials or a token have expired?
    pub fn says_expired(&self) -> bool {
        self.status == 401
            && self
                .message
                .as_deref()
                .is_some_and(|text| text.to_ascii_lowercase().contains("expire"))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, ", {code}")?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        if let Some(ext) = &self.ext_message {
            write!(f, " ({ext})")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " [request id {id}]")?;
        }
        Ok(())
    }
}

/// Why a call did not end with an answer that can be used.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No credentials, or credentials that contradict each other. Nothing was sent.
    #[error("{0}")]
    Credentials(String),
    /// The provider's settings do not say where to send the call. Nothing was sent.
    #[error("{0}")]
    Settings(String),
    /// A list of sessions cannot be relied on: it kept changing while it was read, or names what cannot be.
    #[error("{0}")]
    Listing(String),
    /// The connection was never made: refused, no such host, TLS refused, connect time-out. Nothing was sent.
    #[error("{line}: {reason}")]
    NotSent {
        /// What was to be asked.
        line: RequestLine,
        /// The transport's own words.
        reason: String,
    },
    /// The request was sent, at least in part, and no complete answer came back.
    #[error("{line}: {reason}")]
    Lost {
        /// What was asked.
        line: RequestLine,
        /// The transport's own words.
        reason: String,
    },
    /// An error answer.
    #[error("{line}: {answer}")]
    Api {
        /// What was asked.
        line: RequestLine,
        /// What came back.
        answer: Box<ApiError>,
    },
    /// A success whose body is not what the API document says.
    #[error("{line}: HTTP {status}, but its body could not be read: {reason}")]
    Unreadable {
        /// What was asked.
        line: RequestLine,
        /// HTTP status, 2xx.
        status: u16,
        /// `X-Request-Id` of the answer.
        request_id: Option<String>,
        /// What is wrong with the body.
        reason: String,
    },
    /// The time that the user gave was over before the call succeeded.
    #[error("the time limit was reached{}", last.as_ref().map(|e| format!("; last: {e}")).unwrap_or_default())]
    DeadlineExceeded {
        /// How the last attempt had ended, when there was one.
        last: Option<Box<Error>>,
    },
    /// The cloud asks to wait longer than the time that is left. The call was not sent again.
    #[error(
        "will not finish in time: the cloud asks to wait {} seconds, {} seconds are left{}",
        wait.as_secs(), left.as_secs(), last.as_ref().map(|e| format!("; last: {e}")).unwrap_or_default()
    )]
    WaitTooLong {
        /// How long the cloud asks to wait.
        wait: Duration,
        /// The time that was left.
        left: Duration,
        /// What the cloud said, to this call or to another one of the same API.
        last: Option<Box<Error>>,
    },
    /// The user stopped the run (Ctrl-C) before the call succeeded.
    #[error("stopped{}", last.as_ref().map(|e| format!("; last: {e}")).unwrap_or_default())]
    Stopped {
        /// How the last attempt had ended, when there was one.
        last: Option<Box<Error>>,
    },
    /// The call that was to fetch a credential did not end well; the call that needed it was not sent.
    #[error("signing in {how}: {error}")]
    SignIn {
        /// As whom, or with what: `with the password of user "ops"`. Nothing secret.
        how: String,
        /// What the user can check.
        check: &'static str,
        /// How the call ended.
        error: Box<Error>,
    },
    /// IAM knows no project of that name: the region's name is wrong, or the account has no access to it.
    #[error("IAM knows no project named {name:?} in region {region:?}")]
    NoProject {
        /// The name that IAM was asked for.
        name: String,
        /// The region whose project was looked up.
        region: String,
    },
}

impl Error {
    /// The same error, said of a call that signs in. What a person or a time limit ended stays what it is, and so does
    /// what is in words for the user already.
    pub(super) fn while_signing_in(self, how: String, check: &'static str) -> Self {
        match self {
            Self::NotSent { .. }
            | Self::Lost { .. }
            | Self::Api { .. }
            | Self::Unreadable { .. } => Self::SignIn {
                how,
                check,
                error: Box::new(self),
            },
            other => other,
        }
    }

    /// The error answer to the call itself, also the one before a time limit or a stop; not that of a call that was
    /// to sign in.
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api { answer, .. } => Some(answer),
            Self::DeadlineExceeded { last }
            | Self::WaitTooLong { last, .. }
            | Self::Stopped { last } => last.as_deref()?.api(),
            _ => None,
        }
    }

    /// What was asked, when something was.
    pub fn line(&self) -> Option<&RequestLine> {
        match self {
            Self::NotSent { line, .. }
            | Self::Lost { line, .. }
            | Self::Api { line, .. }
            | Self::Unreadable { line, .. } => Some(line),
            Self::DeadlineExceeded { last }
            | Self::WaitTooLong { last, .. }
            | Self::Stopped { last } => last.as_deref()?.line(),
            Self::SignIn { error, .. } => error.line(),
            _ => None,
        }
    }

    /// The id that support asks for.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Unreadable { request_id, .. } => request_id.as_deref(),
            Self::SignIn { error, .. } => error.request_id(),
            _ => self.api()?.request_id.as_deref(),
        }
    }
}

/// How a call that changes something ended. Nothing upstream guesses.
#[derive(Clone, Debug)]
pub enum Outcome<T> {
    /// The cloud accepted it; what came back.
    Accepted(T),
    /// Certainly nothing happened.
    Rejected(Error),
    /// It may have happened, and nobody can tell from here.
    Unknown(Error),
}

impl<T> Outcome<T> {
    /// The same outcome with what came back turned into something else.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Accepted(value) => Outcome::Accepted(f(value)),
            Self::Rejected(error) => Outcome::Rejected(error),
            Self::Unknown(error) => Outcome::Unknown(error),
        }
    }
}
