//! Another account for servers that refuse to run as root.

use std::os::unix::fs::chown;
use std::process::Command;

use nix::unistd::{Uid, User};
use tempfile::TempDir;

use super::leash::run;

/// The account for a server that refuses to run as root; none when the tests do not run as root.
pub fn account() -> Option<User> {
    Uid::effective().is_root().then(|| {
        User::from_name("nobody")
            .ok()
            .flatten()
            .expect("the account nobody")
    })
}

/// A folder in which such a server may work.
pub fn working_folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    if let Some(account) = account() {
        let (user, group) = (account.uid.as_raw(), account.gid.as_raw());
        chown(folder.path(), Some(user), Some(group)).expect("the folder's new owner");
    }
    folder
}

/// Another such folder, with a copy of the folder `data` of a server that has not been started yet: to make it takes seconds.
pub fn copy_of_data(first: &TempDir) -> TempDir {
    let folder = working_folder();
    run(Command::new("cp")
        .arg("-a")
        .arg(first.path().join("data"))
        .arg(folder.path()));
    folder
}
