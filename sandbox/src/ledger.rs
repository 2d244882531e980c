//! How often each session was ordered to die, so that a test can tell when one was ordered twice.

use std::{collections::BTreeMap, sync::Mutex};

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
