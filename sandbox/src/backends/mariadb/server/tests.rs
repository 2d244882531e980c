#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[test]
fn the_url_is_never_printed() {
    let threads = ServerThreads::new(&"mysql://root:hunter2@127.0.0.1/".into()).unwrap();
    assert!(!format!("{threads:?}").contains("hunter2"));
}
