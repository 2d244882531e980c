#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[test]
fn the_url_is_never_printed() {
    let backends = ServerBackends::new(&"postgres://ops:hunter2@127.0.0.1/".into()).unwrap();
    assert!(!format!("{backends:?}").contains("hunter2"));

    let error = ServerBackends::new(&"postgres://ops:hunter2@127.0.0.1:hunter2/".into());
    assert!(!format!("{:?}", error.unwrap_err()).contains("hunter2"));
}
