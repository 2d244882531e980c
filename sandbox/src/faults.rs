//! Faults on request: rules that delay, replace, spoil or drop answers, and that decide how jobs end.

use std::{collections::BTreeMap, str::FromStr, sync::Mutex, time::Duration};

use axum::http::{HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lock::lock;

/// One rule, as `--fault` and `POST /_sandbox/faults` take it in JSON.
///
/// The first rule that matches a call decides what happens to it. A rule without conditions matches every call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// Only calls with this method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only calls whose path contains this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_contains: Option<String>,
    /// Only calls whose path ends with this text: `/clients` is a scan or a list, and no kill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_ends: Option<String>,
    /// Let this many matching calls pass before the rule takes effect.
    #[serde(skip_serializing_if = "is_zero")]
    pub skip: u64,
    /// Take effect this many times, then no more; without it, always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Take effect on this share of the matching calls, 0 to 1, chosen at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Answer with this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Set these headers in the answer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Answer with this body: a string is sent as it is, anything else as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Wait this many milliseconds first.
    #[serde(skip_serializing_if = "is_zero")]
    pub delay_ms: u64,
    /// Perform the call before its answer is replaced or dropped. Without it, a call whose answer is replaced or
    /// dropped has no effect.
    #[serde(skip_serializing_if = "is_false")]
    pub apply: bool,
    /// Drop the connection without an answer.
    #[serde(skip_serializing_if = "is_false")]
    pub close: bool,
    /// Send only this many bytes of the body, then drop the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncate: Option<usize>,
    /// Send the body byte by byte, with this many milliseconds between two bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drip_ms: Option<u64>,
    /// Not about the answer, but about the job that an accepted kill starts: how it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobFault>,
    /// Not about the answer, but about the job that an accepted scan starts: how it ends. The saved list stays as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan: Option<JobFault>,
    /// With `job` or `scan` `FAIL`, the reason that the job gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_reason: Option<String>,
}

/// How a job ends that does not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobFault {
    /// It ends with status `FAIL`, and kills nothing.
    #[serde(rename = "FAIL")]
    Fail,
    /// It runs, and kills nothing, until the faults are cleared; then it ends with status `FAIL`.
    #[serde(rename = "never")]
    Never,
}

impl Rule {
    /// A rule about calls, not jobs, that changes who gets an answer or what it says.
    fn replaces_answer(&self) -> bool {
        self.close || self.status.is_some() || self.body.is_some()
    }

    fn is_about_a_job(&self) -> bool {
        self.job.is_some() || self.scan.is_some()
    }

    /// Whether a call under this rule has its effect.
    pub(crate) fn performs(&self) -> bool {
        self.apply || !self.replaces_answer()
    }

    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        let method_matches = self
            .method
            .as_deref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
        let path_matches = self
            .path_contains
            .as_deref()
            .is_none_or(|part| path.contains(part));
        let end_matches = self
            .path_ends
            .as_deref()
            .is_none_or(|end| path.ends_with(end));
        method_matches && path_matches && end_matches
    }

    /// Reads a rule; the error says why it is none.
    pub(crate) fn from_json(json: Value) -> Result<Self, String> {
        // Without this check a list would count as the rule's fields in order.
        if !json.is_object() {
            return Err("a fault rule is a JSON object".to_owned());
        }
        let rule: Self = serde_json::from_value(json).map_err(|error| error.to_string())?;
        rule.check()?;
        Ok(rule)
    }

    /// What no call could ever carry out is refused when the rule is set, not when it strikes.
    fn check(&self) -> Result<(), String> {
        if let Some(rate) = self.rate
            && !(0.0..=1.0).contains(&rate)
        {
            return Err(format!("rate must be between 0 and 1, not {rate}"));
        }
        if let Some(status) = self.status
            && !(200..=599).contains(&status)
        {
            return Err(format!("status must be between 200 and 599, not {status}"));
        }
        for (name, value) in &self.headers {
            HeaderName::from_str(name).map_err(|_| format!("{name:?} is not a header's name"))?;
            HeaderValue::from_str(value)
                .map_err(|_| format!("{value:?} is not a header's value"))?;
        }
        if self.is_about_a_job()
            && (self.replaces_answer() || self.truncate.is_some() || self.drip_ms.is_some())
        {
            return Err("a rule is about a job or about an answer, not both".to_owned());
        }
        let fails = [self.job, self.scan].contains(&Some(JobFault::Fail));
        if self.fail_reason.is_some() && !fails {
            return Err(
                "fail_reason belongs to \"job\": \"FAIL\" or \"scan\": \"FAIL\"".to_owned(),
            );
        }
        Ok(())
    }

    /// The status to answer with, given what the call answered if it was performed.
    pub(crate) fn status_or(&self, performed: StatusCode) -> StatusCode {
        self.status
            .and_then(|status| StatusCode::from_u16(status).ok())
            .unwrap_or(performed)
    }

    /// The body to answer with instead of the call's own.
    pub(crate) fn body_bytes(&self) -> Option<Vec<u8>> {
        match &self.body {
            None => None,
            Some(Value::String(text)) => Some(text.clone().into_bytes()),
            Some(json) => Some(json.to_string().into_bytes()),
        }
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let json = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Self::from_json(json)
    }
}

/// The rules in force, in the order in which they were set.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    active: Mutex<Vec<Active>>,
    /// Changes whenever the rules are cleared, so that jobs which run for ever can end.
    cleared: tokio::sync::watch::Sender<u64>,
}

/// A rule with what has become of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Active {
    #[serde(flatten)]
    rule: Rule,
    /// Calls that matched it, whether it took effect or not.
    matched: u64,
    /// Calls on which it took effect.
    applied: u64,
}

impl Faults {
    /// The rules of the start, which may have been made in code; the error says which makes no sense.
    pub fn new(rules: Vec<Rule>) -> Result<Self, String> {
        rules.iter().try_for_each(Rule::check)?;
        let faults = Self::default();
        faults.add(rules);
        Ok(faults)
    }

    /// Adds rules behind those in force.
    pub fn add(&self, rules: Vec<Rule>) {
        rules.into_iter().for_each(|rule| self.push(rule));
    }

    fn push(&self, rule: Rule) {
        lock(&self.active).push(Active {
            rule,
            matched: 0,
            applied: 0,
        });
    }

    pub fn clear(&self) {
        lock(&self.active).clear();
        self.cleared.send_modify(|times| *times += 1);
    }

    pub fn list(&self) -> Vec<Active> {
        lock(&self.active).clone()
    }

    /// Resolves when the rules are cleared after this call, also when that is before it is awaited.
    pub fn until_cleared(&self) -> impl Future<Output = ()> + use<> {
        let mut cleared = self.cleared.subscribe();
        async move {
            // An error means that the sandbox is gone, which ends a wait just as well.
            let _ = cleared.changed().await;
        }
    }

    /// The rule that decides about the answer to this call.
    pub fn for_call(&self, method: &str, path: &str) -> Option<Rule> {
        self.take(|rule| !rule.is_about_a_job() && rule.matches(method, path))
    }

    /// The rule that decides about the job which the kill at `path` starts.
    pub fn for_job(&self, method: &str, path: &str) -> Option<Rule> {
        self.take(|rule| rule.job.is_some() && rule.matches(method, path))
    }

    /// The rule that decides about the job which the scan at `path` starts.
    pub fn for_scan(&self, method: &str, path: &str) -> Option<Rule> {
        self.take(|rule| rule.scan.is_some() && rule.matches(method, path))
    }

    fn take(&self, matches: impl Fn(&Rule) -> bool) -> Option<Rule> {
        let mut active = lock(&self.active);
        active
            .iter_mut()
            .filter(|active| matches(&active.rule))
            .find_map(Active::strike)
    }
}

impl Active {
    /// Counts a matching call; the rule, when it takes effect on it.
    fn strike(&mut self) -> Option<Rule> {
        self.matched += 1;
        let past_skip = self.matched > self.rule.skip;
        let has_times_left = self.rule.times.is_none_or(|times| self.applied < times);
        if !past_skip || !has_times_left {
            return None;
        }
        if let Some(rate) = self.rule.rate
            && !rand::random_bool(rate)
        {
            return None;
        }
        self.applied += 1;
        Some(self.rule.clone())
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests;
