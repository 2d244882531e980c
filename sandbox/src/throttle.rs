//! The limit on calls that the gateway sets for a user and an API. A refused call counts too, so whoever keeps calling
//! keeps being refused.

use std::{
    collections::{HashMap, VecDeque},
    str::FromStr,
    sync::Mutex,
    time::Duration,
};

use tokio::time::Instant;

use crate::{error::ApiError, lock::lock};

/// How many calls of one API a user may make in a time: `CALLS/DURATION`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// So many calls.
    pub calls: usize,
    /// In this time, which is whole seconds.
    pub window: Duration,
}

impl FromStr for RateLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (calls, window) = text
            .split_once('/')
            .ok_or("expected CALLS/DURATION, but there is no /")?;
        let calls = calls
            .parse()
            .map_err(|_| format!("expected a number of calls before the /, not {calls:?}"))?;
        let window = humantime::parse_duration(window)
            .map_err(|error| format!("not a duration: {error}"))?;
        if window.is_zero() || window.subsec_nanos() > 0 {
            return Err("the duration must be whole seconds".to_owned());
        }
        Ok(Self { calls, window })
    }
}

impl RateLimit {
    /// The limit in the gateway's words: `limit:60,time:1 minute`.
    fn words(self) -> String {
        let (calls, seconds) = (self.calls, self.window.as_secs());
        if seconds.is_multiple_of(60) {
            format!("limit:{calls},time:{} minute", seconds / 60)
        } else {
            format!("limit:{calls},time:{seconds} second")
        }
    }
}

/// Who called what and when. There is one user, so what is told apart is the API.
#[derive(Debug)]
pub(crate) struct Throttle {
    limit: Option<RateLimit>,
    calls: Mutex<HashMap<String, VecDeque<Instant>>>,
}

impl Throttle {
    pub fn new(limit: Option<RateLimit>) -> Self {
        Self {
            limit,
            calls: Mutex::default(),
        }
    }

    /// Counts a call of this API, and refuses it when there were as many as are allowed in the time before it.
    pub fn admit(&self, api: &str) -> Result<(), ApiError> {
        let Some(limit) = self.limit else {
            return Ok(());
        };
        let now = Instant::now();
        let mut calls = lock(&self.calls);
        let calls = calls.entry(api.to_owned()).or_default();
        calls.retain(|at| now.duration_since(*at) < limit.window);
        let is_admitted = calls.len() < limit.calls;
        calls.push_back(now);
        // More than the limit need not be remembered: so many alone refuse the next call.
        if calls.len() > limit.calls {
            calls.pop_front();
        }
        if is_admitted {
            Ok(())
        } else {
            Err(ApiError::throttled(&limit.words()))
        }
    }
}

#[cfg(test)]
mod tests;
