//! Random keys, ids and secrets.

use rand::{
    Rng,
    distr::{Alphanumeric, SampleString},
};
use uuid::Uuid;

/// Letters and digits, as many as asked for.
pub(crate) fn random_text(length: usize) -> String {
    Alphanumeric.sample_string(&mut rand::rng(), length)
}

/// Twenty capital letters and digits, the form of an access key.
pub(crate) fn random_access_key() -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut random = rand::rng();
    (0..20)
        .map(|_| LETTERS[random.random_range(0..LETTERS.len())] as char)
        .collect()
}

/// 32 hex digits, the form of project, domain and user ids.
pub(crate) fn random_id() -> String {
    Uuid::new_v4().simple().to_string()
}
