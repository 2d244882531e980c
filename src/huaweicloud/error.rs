//! What can go wrong with a call: the facts in fields, no sentences for users (those are made in `provider/`).

mod credentials;
mod settings;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use reqwest::Method;

use super::api::Api;

pub use self::credentials::{
    CredentialProblem, IdTokenFlaw, MachineSignIn, MetadataProblem, ProfileFlaw, SdkFileFlaw,
    SignInMethod,
};
pub use self::settings::{ProxyFlaw, SettingsProblem, TlsProblem};

/// What was asked, and where: enough to find the call in an access log, and nothing secret (no query, no body).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLine {
    /// HTTP method.
    pub method: Method,
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
    /// The API that gave it.
    pub api: &'static Api,
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

/// The gateway refuses signatures whose time differs from its own by more than this (API Gateway, FAQ on signatures).
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(900);

/// How older services of DCS write `DCS.40nn`: this, and the two digits.
const DCS_TWIN: &str = "1114000";

impl ApiError {
    /// The code, in the spelling of today's documents: `111400017` is `DCS.4017`.
    pub fn canonical_code(&self) -> Option<Cow<'_, str>> {
        let code = self.code.as_deref()?;
        Some(match code.strip_prefix(DCS_TWIN) {
            Some(digits) if digits.len() == 2 => Cow::Owned(format!("DCS.40{digits}")),
            _ => Cow::Borrowed(code),
        })
    }

    /// The number of a code that the API gateway itself gives: `0301` of `APIGW.0301`, or of `APIG.0301`, as some
    /// gateways write it.
    pub fn gateway_code(&self) -> Option<&str> {
        let code = self.code.as_deref()?;
        code.strip_prefix("APIGW.")
            .or_else(|| code.strip_prefix("APIG."))
    }

    /// Is the instance busy with another task, which ends by itself? Then nothing was done.
    pub fn is_busy(&self) -> bool {
        (self.canonical_code()).is_some_and(|code| self.api.says_busy(self.status, &code))
    }

    /// Is it a refusal that does not say that nothing was done?
    pub fn leaves_doubt(&self) -> bool {
        (400..500).contains(&self.status)
            && (self.canonical_code())
                .is_some_and(|code| self.api.doubtful.contains(&code.as_ref()))
    }

    /// Did the gateway, and not the service behind it, give this answer? Only a code of the gateway's own proves it:
    /// an answer without a code can come from any proxy that had passed the call on.
    pub fn is_from_gateway(&self) -> bool {
        self.gateway_code().is_some()
    }

    /// Is the signature refused because this machine's clock and the gateway's differ too much?
    pub fn blames_clock(&self) -> bool {
        self.status == 401
            && (self
                .clock_offset
                .is_some_and(|offset| offset > CLOCK_TOLERANCE)
                || self.says("signature expired"))
    }

    /// Is the access key locked for some minutes, after too many failures in a row? There is no code of its own for it.
    pub fn says_locked(&self) -> bool {
        self.status == 401
            && self.gateway_code() == Some("0301")
            && self.says("limit")
            && self.says("reach")
    }

    /// Does the answer say that temporary credentials or a token have expired?
    pub fn says_expired(&self) -> bool {
        self.status == 401 && !self.blames_clock() && self.says("expire")
    }

    /// Is the credential refused for a reason that a new one of the same source may not have? Tokens and temporary
    /// keys end with their time, and when their user's password, keys or rights change. A clock that is wrong, or a
    /// key that is locked, stays so.
    pub fn refuses_credential(&self) -> bool {
        self.status == 401 && !self.blames_clock() && !self.says_locked()
    }

    /// Has the message these words, in whatever case?
    fn says(&self, words: &str) -> bool {
        self.message
            .as_deref()
            .is_some_and(|text| text.to_ascii_lowercase().contains(words))
    }
}

/// The longest message of a service that is kept, in characters.
pub const LONGEST_MESSAGE: usize = 1000;

/// Text from a server as it can be shown to people: what controls a terminal, or turns its direction of writing, is
/// replaced; line breaks become spaces; what is longer than `most` characters is cut, and ends in an ellipsis.
pub fn printable(text: &str, most: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(most));
    let mut length = 0;
    for c in text.trim().chars() {
        let c = match c {
            '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' if shown.ends_with(' ') => continue,
            '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => ' ',
            c if controls_terminal(c) => char::REPLACEMENT_CHARACTER,
            c => c,
        };
        if length == most {
            shown.push('…');
            break;
        }
        shown.push(c);
        length += 1;
    }
    shown
}

/// Does this character do something to a terminal, other than standing in it, breaking a line or moving on by a tab? So
/// do escapes, and the invisible characters that change in which direction the text after them is shown.
pub fn controls_terminal(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            true
        }
        c => c.is_control(),
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
    Credentials(CredentialProblem),
    /// The settings do not allow to send the call. Nothing was sent.
    #[error("{0}")]
    Settings(SettingsProblem),
    /// A list of sessions cannot be relied on: it kept changing while it was read, or names what cannot be.
    #[error("{0}")]
    Listing(String),
    /// The call had to wait (for a busy instance, or for its turn) longer than what it is about is known to hold, so it
    /// was not sent. Nothing was done.
    #[error(
        "the call was not sent, because it had to wait too long after the sessions were listed"
    )]
    TooLate,
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
    #[error("signing in {method}: {error}")]
    SignIn {
        /// With what, or as which agency.
        method: SignInMethod,
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
    /// what was never sent.
    pub(crate) fn while_signing_in(self, method: SignInMethod) -> Self {
        match self {
            Self::NotSent { .. }
            | Self::Lost { .. }
            | Self::Api { .. }
            | Self::Unreadable { .. } => Self::SignIn {
                method,
                error: Box::new(self),
            },
            other => other,
        }
    }

    /// Is this how a look-up would end for everybody who needs it? A time limit or a stop is only that of the one who
    /// asked.
    pub(super) fn ends_for_all(&self) -> bool {
        !matches!(
            self,
            Self::DeadlineExceeded { .. } | Self::WaitTooLong { .. } | Self::Stopped { .. }
        )
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

    /// Was the call refused with what it named (HTTP 400), and not because the instance is busy?
    pub fn refuses_request(&self) -> bool {
        self.api()
            .is_some_and(|answer| answer.status == 400 && !answer.is_busy())
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

#[cfg(test)]
mod tests;
