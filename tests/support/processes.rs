//! An engine that runs in the background, and the plugin that it started.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::eventually;
use super::workspace::Workspace;

/// The name of the plugin's process, of which the kernel keeps 15 characters.
const PLUGIN: &str = "terraform-provi";

/// An apply that is under way, in a process group of its own.
pub struct Apply {
    engine: Child,
}

/// A process by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process(pub u32);

impl Apply {
    /// Starts it.
    pub fn start(workspace: &Workspace) -> Self {
        let engine = workspace
            .command(&["apply", "-no-color", "-input=false", "-auto-approve"])
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the engine starts");
        Self { engine }
    }

    /// The engine.
    pub fn engine(&self) -> Process {
        Process(self.engine.id())
    }

    /// The plugin that the engine started last: the one that applies.
    pub fn plugin(&self) -> Process {
        let engine = self.engine();
        eventually("the engine has started the plugin", || {
            Process::all()
                .into_iter()
                .filter(|process| process.name().as_deref() == Some(PLUGIN))
                .filter(|process| process.descends_from(engine))
                .max_by_key(|process| process.0)
                .ok_or_else(|| "it has not".to_owned())
        })
    }

    /// Waits for its end: how it ended, and what it printed.
    pub fn ended(self) -> (Output, String) {
        let output = self.engine.wait_with_output().expect("the engine ends");
        let printed = [&output.stdout, &output.stderr]
            .map(|bytes| String::from_utf8_lossy(bytes))
            .concat();
        (output, printed)
    }
}

impl Process {
    /// Ends it without giving it a chance to do anything more.
    pub fn kill_hard(self) {
        let id = i32::try_from(self.0).expect("a process id");
        kill(Pid::from_raw(id), Signal::SIGKILL).expect("the process is there");
    }

    /// Whether it runs; one that has ended and waits to be buried does not.
    pub fn runs(self) -> bool {
        self.stat().is_some_and(|(state, _)| state != 'Z')
    }

    fn all() -> Vec<Self> {
        fs::read_dir("/proc")
            .expect("the list of processes")
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok().map(Self))
            .collect()
    }

    fn name(self) -> Option<String> {
        let name = fs::read_to_string(self.file("comm")).ok()?;
        Some(name.trim_end().to_owned())
    }

    fn descends_from(self, ancestor: Self) -> bool {
        let mut process = Some(self);
        while let Some(Self(id)) = process {
            if id == ancestor.0 {
                return true;
            }
            process = Self(id).stat().map(|(_, parent)| parent);
        }
        false
    }

    /// Its state and its parent. The name before them is in parentheses, and may have some of its own.
    fn stat(self) -> Option<(char, Self)> {
        let text = fs::read_to_string(self.file("stat")).ok()?;
        let (_, after_name) = text.rsplit_once(") ")?;
        let mut fields = after_name.split(' ');
        let state = fields.next()?.chars().next()?;
        Some((state, Self(fields.next()?.parse().ok()?)))
    }

    fn file(self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.0))
    }
}
