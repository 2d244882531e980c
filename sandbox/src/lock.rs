//! Locks of data that several requests share.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks even after a panic elsewhere: no critical section here leaves its data half-changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
