//! Instances that are busy with another task for a while, and therefore refuse kills.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use axum::http::StatusCode;
use tokio::time::Instant;

use crate::lock::lock;

/// One documented refusal because of the state of an instance: nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub code: &'static str,
    pub status: StatusCode,
    /// In the sandbox's own words.
    pub message: &'static str,
}

impl Refusal {
    pub const fn new(code: &'static str, status: StatusCode, message: &'static str) -> Self {
        Self {
            code,
            status,
            message,
        }
    }
}

/// An instance that is busy from the start: `INSTANCE=DURATION`, or `INSTANCE=DURATION:CODE`.
#[derive(Debug, Clone)]
pub struct Busy {
    /// The instance that refuses kills.
    pub instance_id: String,
    /// For how long after the start.
    pub duration: Duration,
    /// With which code; without one, with that of a running task.
    pub code: Option<&'static str>,
}

/// What a kill on each busy instance of a service is told, and until when.
#[derive(Debug, Default)]
pub(crate) struct BusyInstances {
    by_id: Mutex<HashMap<String, (Refusal, Instant)>>,
}

impl BusyInstances {
    /// Makes an instance of a service busy with the refusal of the code that is asked for, or with the first of the service's
    /// `refusals`; false when none of them has that code.
    pub fn begin_as_asked(&self, busy: &Busy, refusals: &[Refusal]) -> bool {
        let refusal = refusals
            .iter()
            .find(|refusal| busy.code.is_none_or(|code| refusal.code == code));
        if let Some(refusal) = refusal {
            self.begin(&busy.instance_id, busy.duration, *refusal);
        }
        refusal.is_some()
    }

    /// Makes the instance refuse kills like this for a while.
    pub fn begin(&self, instance_id: &str, duration: Duration, refusal: Refusal) {
        let until = Instant::now() + duration;
        lock(&self.by_id).insert(instance_id.to_owned(), (refusal, until));
    }

    /// Why the instance refuses a kill now.
    pub fn refusal(&self, instance_id: &str) -> Option<Refusal> {
        match lock(&self.by_id).get(instance_id) {
            Some((refusal, until)) if Instant::now() < *until => Some(*refusal),
            _ => None,
        }
    }
}
