//! The tests' Python, and scripts that ask the official SDK: the reference for what it does.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The Python that has the SDK: the one asked for, else the one that `make setup` made.
pub fn python() -> PathBuf {
    let python = std::env::var_os("HWC_TEST_PYTHON").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/venv/bin/python"),
        PathBuf::from,
    );
    assert!(
        python.exists(),
        "{} is not there; run `make setup`",
        python.display()
    );
    python
}

/// Runs a script of the `tests` folder with these lines as its input, and returns the lines that it prints.
pub fn ask(script: &str, lines: &[String]) -> Vec<String> {
    let mut process = Command::new(python())
        .arg(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests")
                .join(script),
        )
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut input = process.stdin.take().expect("its standard input is a pipe");
    // The script may answer while it reads, so it is written to from another thread.
    let text = lines.join("\n");
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = process.wait_with_output().expect("Python ends");
    writer
        .join()
        .expect("the writer ends")
        .expect("the script reads all lines");
    assert!(output.status.success(), "{script} failed");
    String::from_utf8(output.stdout)
        .expect("UTF-8")
        .lines()
        .map(str::to_owned)
        .collect()
}
