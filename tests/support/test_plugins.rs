//! Plugins that only tests use: examples of the crate.

use std::path::PathBuf;

/// The program of an example, built if `cargo test` was told to build only one test.
pub fn built(example: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the test's program");
    let profile = test.ancestors().nth(2).expect("the folder of the profile");
    let mut build = std::process::Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--example", example]);
    if profile.ends_with("release") {
        build.arg("--release");
    }
    // What Cargo tells this test of its package: dependencies that look at it would be built anew, now and by the next `cargo`.
    for (name, _) in std::env::vars_os() {
        let is_of_this_test = name.to_str().is_some_and(|name| {
            name == "OUT_DIR"
                || name.starts_with("CARGO_PKG_")
                || name.starts_with("CARGO_MANIFEST_")
        });
        if is_of_this_test {
            build.env_remove(name);
        }
    }
    let target = profile.parent().expect("the target folder");
    build.arg("--target-dir").arg(target);
    assert!(
        build.status().expect("Cargo starts").success(),
        "{example} does not build"
    );
    profile.join("examples").join(example)
}
