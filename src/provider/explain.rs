//! The sentences that users read when a call did not end well: what was tried, what came back, what it means
//! for the sessions, and what to do next. Nothing secret is in an [`Error`], so nothing secret is in here.

pub(super) mod credentials;
mod settings;

use std::borrow::Cow;
use std::time::Duration;

use tf_provider::{AttributePath, Diagnostic, Diagnostics};

use crate::huaweicloud::api::Permission;
use crate::huaweicloud::apis;
use crate::huaweicloud::error::{
    ApiError, CLOCK_TOLERANCE, Error, RequestLine, SettingsProblem, SignInMethod, controls_terminal,
};
use crate::huaweicloud::iam::PROJECTS_PERMISSION;
use crate::huaweicloud::operation::Waiting;

/// Diagnostics show at most this many sessions; the rest is counted.
const SHOWN: usize = 20;

/// `1 session`, `2 sessions`.
pub(super) fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}

/// `1 session is`, `2 sessions are`.
pub(super) fn are(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what} is"),
        number => format!("{} are", count(number, what)),
    }
}

/// The first of them, a line each, and how many more there are.
pub(super) fn lines<S>(sessions: &[S], show: impl Fn(&S) -> String) -> String {
    let mut lines: Vec<String> = (sessions.iter().take(SHOWN))
        .map(|session| format!("  {}", show(session)))
        .collect();
    if let more @ 1.. = sessions.len().saturating_sub(SHOWN) {
        lines.push(format!("  and {more} more"));
    }
    lines.join("\n")
}

/// The first of them in a sentence, and how many more there are.
pub(super) fn series(ids: &[impl ToString]) -> String {
    let shown: Vec<String> = ids.iter().take(SHOWN).map(ToString::to_string).collect();
    match ids.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A diagnostic's text, made of paragraphs.
pub(super) struct Report {
    /// One line.
    pub summary: String,
    /// What it means for the sessions: killed, not killed, unknown.
    pub meaning: String,
    /// The error that led to it.
    pub error: Error,
    /// What to do beyond what the error itself suggests.
    pub next: Option<String>,
}

impl Report {
    /// Sessions could not be listed, for somebody who only wanted to see them.
    pub(super) fn not_listed(error: Error) -> Self {
        Self {
            summary: cause(&error).unwrap_or_else(|| "The sessions could not be listed".to_owned()),
            meaning: format!(
                "No session was killed: this only lists sessions.{}",
                not_sent(&error)
            ),
            error,
            next: None,
        }
    }

    /// The detail: meaning, facts, advice.
    pub(super) fn detail(&self) -> String {
        let mut paragraphs = vec![self.meaning.clone()];
        let facts = facts(&self.error);
        if !facts.is_empty() {
            paragraphs.push(facts);
        }
        paragraphs.extend(advice(&self.error));
        paragraphs.extend(self.next.clone());
        paragraphs.join("\n\n")
    }

    /// Adds it as an error.
    pub(super) fn into_error(self, diags: &mut Diagnostics) {
        let attribute = attribute(&self.error);
        error(diags, attribute, self.summary.clone(), self.detail());
    }

    /// Adds it as a warning.
    pub(super) fn into_warning(self, diags: &mut Diagnostics) {
        let attribute = attribute(&self.error);
        warning(diags, attribute, self.summary.clone(), self.detail());
    }
}

/// What is being waited for, in a sentence for whoever watches.
pub(super) fn waiting(waiting: &Waiting) -> String {
    let (because, error, delay) = match waiting {
        Waiting::Busy { error, delay } => ("The instance is busy with another task", error, delay),
        Waiting::Retry { error, delay } => ("The call did not get through", error, delay),
        Waiting::Throttled { error, delay } => ("The cloud throttles this call", error, delay),
    };
    format!(
        "{because} ({}); it is sent again in {:.1} seconds.",
        came_back(error).unwrap_or_else(|| error.to_string()),
        delay.as_secs_f64()
    )
}

/// The argument that an error is about, when it is about one of the resource.
fn attribute(error: &Error) -> AttributePath {
    match error {
        Error::NoProject { .. } | Error::Settings(SettingsProblem::NoEndpoint { .. }) => {
            AttributePath::new("region")
        }
        _ => match error.api() {
            Some(answer) if about_node(answer) => AttributePath::new("node_id"),
            Some(answer) if answer.code.as_deref() == Some(BAD_ACCOUNT) => {
                AttributePath::new("database_user_id")
            }
            Some(answer)
                if answer.status == 404
                    || answer.is_busy()
                    || advice_for_instance(answer).is_some() =>
            {
                AttributePath::new("instance_id")
            }
            _ => AttributePath::root(),
        },
    }
}

/// The summary of an error that says by itself what is the case, whatever the call was for. Only where no session was killed.
pub(super) fn cause(error: &Error) -> Option<String> {
    match error {
        Error::Credentials(problem) => Some(credentials::summary(problem).to_owned()),
        Error::NoProject { name, region } if name == region => {
            Some(format!("No IAM project for region {region:?}"))
        }
        Error::NoProject { name, region } => {
            Some(format!("No IAM project {name:?} for region {region:?}"))
        }
        _ => None,
    }
}

/// That the call did not leave, as a sentence after another one.
pub(super) fn not_sent(error: &Error) -> &'static str {
    match error {
        Error::Credentials(problem) if credentials::never_found(problem) => {
            " Nothing was sent to Huawei Cloud."
        }
        Error::Credentials(_) | Error::NoProject { .. } => " The request was not sent.",
        _ => "",
    }
}

/// What was tried and what came back, a line each.
fn facts(error: &Error) -> String {
    let mut lines = Vec::new();
    match error {
        Error::DeadlineExceeded { .. } => {
            lines.push("Time:    the create time-out was reached".to_owned())
        }
        Error::WaitTooLong { wait, left, .. } => lines.push(format!(
            "Time:    will not finish in time: the cloud asks to wait {} seconds, {} are left",
            wait.as_secs(),
            left.as_secs()
        )),
        Error::Stopped { .. } => lines.push("Stopped: by the user or the engine".to_owned()),
        _ => {}
    }
    if let Some(line) = error.line() {
        lines.push(format!("Tried:   {line}"));
    }
    if let Some(answer) = came_back(error) {
        lines.push(format!("Answer:  {answer}"));
    }
    if let Some(id) = error.request_id() {
        lines.push(format!("Request: {id} (the ID that support asks for)"));
    }
    lines
        .iter()
        .map(|line| format!("  {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// What came back, in one line.
fn came_back(error: &Error) -> Option<String> {
    match error {
        Error::NotSent { reason, .. } => {
            Some(format!("none, the connection could not be made: {reason}"))
        }
        Error::Lost { reason, .. } => Some(format!("not complete: {reason}")),
        Error::Api { answer, .. } => Some(answer_line(answer)),
        Error::Unreadable { status, reason, .. } => Some(format!(
            "HTTP {status}, but its body could not be read: {reason}"
        )),
        Error::DeadlineExceeded { last }
        | Error::WaitTooLong { last, .. }
        | Error::Stopped { last } => came_back(last.as_deref()?),
        Error::SignIn { error, .. } => came_back(error),
        Error::Credentials(_)
        | Error::Settings(_)
        | Error::Listing(_)
        | Error::TooLate
        | Error::NoProject { .. } => None,
    }
}

/// Why it is not known whether a request was carried out, after `the request was sent, and`.
pub(super) fn doubt(error: &Error) -> &'static str {
    match error {
        Error::Unreadable { .. } => "its answer could not be read",
        Error::Api { answer, .. } if answer.leaves_doubt() => {
            "the answer is an error that does not mean that no session was killed"
        }
        Error::Api { .. } => "the answer does not say whether it was carried out",
        _ => "no complete answer came back",
    }
}

fn answer_line(answer: &ApiError) -> String {
    let mut text = format!("HTTP {}", answer.status);
    match (&answer.code, &answer.message) {
        (Some(code), Some(message)) => text += &format!(", {code}: {message}"),
        (Some(code), None) => text += &format!(", {code}"),
        (None, Some(message)) => text += &format!(": {message}"),
        (None, None) if answer.html => text += ", an HTML page instead of the API's JSON",
        (None, None) => {}
    }
    if let Some(ext) = &answer.ext_message {
        text += &format!(" ({ext})");
    }
    text
}

/// What to do next, by what went wrong.
fn advice(error: &Error) -> Option<String> {
    match error {
        Error::Credentials(problem) => Some(credentials::advice(problem)),
        Error::Settings(problem) => Some(settings::advice(problem)),
        Error::Listing(text) => Some(text.clone()),
        Error::NoProject { name, .. } => Some(format!(
            "IAM has no project named {name:?} that this account can use. Check region, or set project_id or project_name in \
             the provider block."
        )),
        Error::NotSent { .. } => Some(
            "Check the host (region, cloud and endpoints in the provider block), that its name can be resolved, and that no \
             firewall or proxy blocks the connection."
                .to_owned(),
        ),
        Error::Lost { .. } | Error::Unreadable { .. } | Error::TooLate => None,
        Error::Api { line, answer } => advice_for_answer(line, answer),
        Error::DeadlineExceeded { last }
        | Error::WaitTooLong { last, .. }
        | Error::Stopped { last } => advice(last.as_deref()?),
        Error::SignIn { method, error } => Some(advice_for_sign_in(method, error)),
    }
}

/// What to do when a credential could not be fetched: the call that needed it was not sent.
fn advice_for_sign_in(method: &SignInMethod, error: &Error) -> String {
    let what = format!("This call signs in {method}.");
    match error {
        Error::Api { answer, .. }
            if (400..=404).contains(&answer.status)
                && !answer.blames_clock()
                && !answer.says_locked() =>
        {
            format!("{what} {}", credentials::check(method))
        }
        _ => match advice(error) {
            Some(advice) => format!("{what} {advice}"),
            None => what,
        },
    }
}

fn advice_for_answer(line: &RequestLine, answer: &ApiError) -> Option<String> {
    if answer.is_busy() {
        return Some(
            "The instance is busy with another task. Apply again when the task is done, or allow more time with timeouts { create = \
             \"30m\" }."
                .to_owned(),
        );
    }
    if answer.html || (300..400).contains(&answer.status) {
        return Some(
            "This answer is not from the API, but from a proxy, a login page or a wrong endpoint. Check region, cloud and \
             endpoints in the provider block, and the variables HTTPS_PROXY and NO_PROXY."
                .to_owned(),
        );
    }
    if about_node(answer) {
        return Some(
            "Check node_id. On Proxy Cluster and read/write splitting instances, sessions are listed and killed at the \
             proxies; on single-node, master/standby and Redis Cluster instances at the data nodes."
                .to_owned(),
        );
    }
    if let Some(advice) = advice_for_instance(answer) {
        return Some(advice.to_owned());
    }
    match answer.status {
        401 => Some(advice_for_credentials(answer)),
        403 => Some(advice_for_permission(line, answer)),
        // GeminiDB's code of a missing permission has this status.
        400 if answer.code.as_deref() == Some("DBS.280063") => {
            Some(advice_for_permission(line, answer))
        }
        404 => Some(
            "Check that the instance and the node exist in this region and project.".to_owned(),
        ),
        429 => Some(
            "The cloud throttles the calls of the account. Apply again later, with less -parallelism, or allow more time with \
             timeouts { create = \"30m\" }."
                .to_owned(),
        ),
        500.. => Some("This is a fault of the cloud. Apply again later. If it stays, ask support.".to_owned()),
        _ => None,
    }
}

/// Does the service say that the call is one for another node, or that there is no such node?
fn about_node(answer: &ApiError) -> bool {
    matches!(
        answer.canonical_code().as_deref(),
        Some("DCS.4027" | "DCS.3053" | "DCS.5053")
    )
}

/// The code of DAS for an account that it has not stored for the instance.
const BAD_ACCOUNT: &str = "DAS.200112";

/// What to do about an instance that does not take the call, and will not by waiting alone.
fn advice_for_instance(answer: &ApiError) -> Option<&'static str> {
    Some(match answer.canonical_code().as_deref()? {
        "DCS.4848" => {
            "This instance does not support session management. It needs Redis 4.0 or later; the documents name the \
             regions cn-north-1, cn-north-4, cn-east-2, cn-east-3, cn-south-1 and cn-southwest-2."
        }
        BAD_ACCOUNT => {
            "Check database_user_id: it must be the ID of an account that is stored in DAS for this instance, for example by \
             huaweicloud_das_database_user. The name of a database user is not an ID."
        }
        "DAS.200114" => "Check instance_id, and that the instance is in this region and project.",
        "DCS.4026" | "DCS.4049" | "DBS.200086" | "DBS.201014" => {
            "The state of the instance does not allow this call: it may be stopped or restarting. Check it in the console, and \
             apply again when it is running."
        }
        "DCS.4120" | "DBS.280449" => {
            "The instance is frozen, or is being frozen. Check its state, and the account's bills, in the console."
        }
        "DBS.280406" | "DBS.200316" => {
            "The instance is faulty, its storage is full, or another operation is running. Check its state in the \
             console, and apply again."
        }
        _ => return None,
    })
}

/// What to do when the caller is not recognised.
fn advice_for_credentials(answer: &ApiError) -> String {
    if answer.blames_clock() {
        let difference = answer
            .clock_offset
            .filter(|offset| *offset > CLOCK_TOLERANCE)
            .map(|offset| {
                let seconds = Duration::from_secs(offset.as_secs());
                format!(" by {}", crate::session::duration::show(seconds))
            });
        return format!(
            "This machine's clock differs from the server's{}: signatures are refused beyond 15 minutes. Set the \
             clock.",
            difference.unwrap_or_default()
        );
    }
    if answer.says_locked() {
        return "The access key is locked: more than five calls in a row have failed with it. Wait five minutes, check \
                access_key and secret_key (HW_ACCESS_KEY, HW_SECRET_KEY), and apply again."
            .to_owned();
    }
    if answer.says_expired() {
        return "The credentials have expired. Get new ones and apply again.".to_owned();
    }
    if answer.gateway_code() == Some("0307") {
        return "The token is not accepted: it has expired, is not valid any more, or belongs to another region. Get a \
                new one and apply again."
            .to_owned();
    }
    "The cloud does not accept the credentials. Check access_key and secret_key (HW_ACCESS_KEY, HW_SECRET_KEY), \
     security_token for temporary keys, or token. Check also that they belong to the cloud of the endpoint."
        .to_owned()
}

/// What to do when the caller may not make the call.
fn advice_for_permission(line: &RequestLine, answer: &ApiError) -> String {
    match answer.gateway_code() {
        Some("0401" | "0402" | "0404") => {
            return "The gateway does not allow this machine's address or this account: one of them is on a deny list, or \
                    missing from an allow list. Ask the administrator of the account."
                .to_owned();
        }
        Some("0801" | "0802") => {
            return "The user or the account is not allowed to use this region. Check region, and the regions of the account in \
                    the console."
                .to_owned();
        }
        _ => {}
    }
    let or_not_there = match answer.code.as_deref() {
        Some("DBS.200010" | "DBS.200044" | "DBS.201003" | "DBS.201028" | "DBS.280015") => {
            " The service gives the same answer if the instance does not exist: check instance_id and node_id."
        }
        _ => "",
    };
    let Some(permission) = apis::permission_of(line) else {
        return format!(
            "The account is not allowed to make this call. The documents name no action for it: check the account's permissions in \
             IAM.{or_not_there}"
        );
    };
    let Permission {
        role_and_policy,
        identity_policy,
    } = permission;
    let needed = match identity_policy {
        Some(action) if action != role_and_policy => {
            format!("Grant it {role_and_policy} in IAM (in an identity policy: {action})")
        }
        _ => format!("Grant it {role_and_policy} in IAM"),
    };
    if permission == PROJECTS_PERMISSION {
        return format!(
            "The account is not allowed to list its projects. {needed}, or set project_id in the provider block \
             (HW_PROJECT_ID): then the provider does not look up the project."
        );
    }
    format!(
        "The account is not allowed to make this call. {needed}, and check that project_id belongs to the region and the \
         account. The guide \"Permissions\" has ready policies.{or_not_there}"
    )
}

/// Adds an error about an argument. Built field by field: tf-provider's own constructors append a backtrace
/// whenever `RUST_BACKTRACE` is set, which no user of Terraform should have to read.
pub(super) fn error(
    diags: &mut Diagnostics,
    attribute: AttributePath,
    summary: impl Into<Cow<'static, str>>,
    detail: impl Into<Cow<'static, str>>,
) {
    diags.add_error(diagnostic(attribute, summary, detail));
}

/// Adds an error about an argument with which nothing can be done: no session was killed. See [`error`].
pub(super) fn invalid(
    diags: &mut Diagnostics,
    attribute: AttributePath,
    summary: impl Into<Cow<'static, str>>,
    detail: impl std::fmt::Display,
) {
    let detail = format!("No session was killed. {detail}");
    error(diags, attribute, summary, detail);
}

/// Adds a warning about an argument; see [`error`].
pub(super) fn warning(
    diags: &mut Diagnostics,
    attribute: AttributePath,
    summary: impl Into<Cow<'static, str>>,
    detail: impl Into<Cow<'static, str>>,
) {
    diags.add_warning(diagnostic(attribute, summary, detail));
}

fn diagnostic(
    attribute: AttributePath,
    summary: impl Into<Cow<'static, str>>,
    detail: impl Into<Cow<'static, str>>,
) -> Diagnostic {
    Diagnostic {
        summary: harmless(summary.into()),
        detail: harmless(detail.into()),
        attribute,
    }
}

/// The text without characters that control a terminal: names of sessions and reasons of jobs come from others.
fn harmless(text: Cow<'static, str>) -> Cow<'static, str> {
    if text.contains(controls_terminal) {
        Cow::Owned(text.replace(controls_terminal, "\u{fffd}"))
    } else {
        text
    }
}

#[cfg(test)]
mod tests;
