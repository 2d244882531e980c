//! How often each session was ordered to die, so that a test can tell when one was ordered twice, and the log of kills that
//! clients can read.

use std::{collections::BTreeMap, sync::Mutex};

use time::OffsetDateTime;

use crate::lock::lock;

/// Kill orders by session. Kept apart from the sessions: a real server forgets a session as soon as it is dead.
#[derive(Debug)]
pub(crate) struct Ledger<Id> {
    orders: Mutex<BTreeMap<Id, u64>>,
}

impl<Id> Default for Ledger<Id> {
    fn default() -> Self {
        Self {
            orders: Mutex::default(),
        }
    }
}

impl<Id: Ord + Copy> Ledger<Id> {
    /// These sessions were there and were killed.
    pub fn killed(&self, ids: &[Id]) {
        let mut orders = lock(&self.orders);
        for id in ids {
            *orders.entry(*id).or_default() += 1;
        }
    }

    /// These were asked for and are not there. Those that were killed before were thus ordered once more.
    pub fn not_found(&self, ids: &[Id]) {
        let mut orders = lock(&self.orders);
        for id in ids {
            if let Some(count) = orders.get_mut(id) {
                *count += 1;
            }
        }
    }

    pub fn orders(&self) -> BTreeMap<Id, u64> {
        lock(&self.orders).clone()
    }
}

/// Who was killed where and when.
#[derive(Debug, Default)]
pub(crate) struct KillLog {
    kills: Mutex<Vec<LoggedKill>>,
}

/// A kill that was executed.
#[derive(Debug, Clone)]
pub(crate) struct LoggedKill {
    pub instance_id: String,
    pub session_id: String,
    pub executed_at: OffsetDateTime,
}

impl KillLog {
    /// These sessions of an instance were killed now.
    pub fn killed(&self, instance_id: &str, ids: &[impl ToString]) {
        let executed_at = OffsetDateTime::now_utc();
        let kills = ids.iter().map(|id| LoggedKill {
            instance_id: instance_id.to_owned(),
            session_id: id.to_string(),
            executed_at,
        });
        lock(&self.kills).extend(kills);
    }

    /// The kills of an instance, the first one first.
    pub fn of(&self, instance_id: &str) -> Vec<LoggedKill> {
        let kills = lock(&self.kills);
        let kills = kills.iter().filter(|kill| kill.instance_id == instance_id);
        kills.cloned().collect()
    }
}
