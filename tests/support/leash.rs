//! A server process that cannot outlive the test, however the test ends.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Runs a server until its standard input closes, then ends it by its process id and removes its folder.
///
/// The pipe is held by the test process alone, so the kernel closes it even when that process is killed; a
/// destructor would not run then, nor for servers that several tests share in a `static`.
const KEEPER: &str = r#"folder=$1 signal=$2; shift 2
"$@" </dev/null & server=$!
trap '' INT
read -r _
kill -s "$signal" "$server" 2>/dev/null
wait "$server"
rm -rf "$folder""#;

/// A running server and the folder it works in.
pub struct Leash {
    keeper: Child,
    log: PathBuf,
}

impl Leash {
    /// Starts a server whose files are all in `folder`. What it prints goes to `server.log` there.
    pub fn start(folder: TempDir, program: &Path, arguments: &[String]) -> Self {
        Self::start_ended_by("TERM", folder, program, arguments)
    }

    /// The same for a server that waits for its clients when it is told to end, unless it is told with this signal.
    pub fn start_ended_by(
        signal: &str,
        folder: TempDir,
        program: &Path,
        arguments: &[String],
    ) -> Self {
        let folder = folder.keep();
        let path = folder.join("server.log");
        let log = File::create(&path).expect("a log file");
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&folder)
            .arg(signal)
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a log file"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        Self { keeper, log: path }
    }

    /// What the server has printed so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().ok();
    }
}

/// Runs a program to its end and panics with what it printed unless it succeeded.
pub fn run(command: &mut Command) {
    let output = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let mut printed = String::new();
    output
        .stdout
        .as_slice()
        .chain(output.stderr.as_slice())
        .read_to_string(&mut printed)
        .ok();
    assert!(output.status.success(), "{command:?} failed:\n{printed}");
}
