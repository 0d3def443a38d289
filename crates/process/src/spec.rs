//! What to start.

use std::ffi::{OsStr, OsString};
use std::process::{Command, Stdio};

use crate::{Child, Error, Guard};

/// What to start, and how.
#[derive(Clone, Debug)]
pub struct Spec {
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, Option<OsString>)>,
    guard: Option<Guard>,
    at_once: bool,
}

impl Spec {
    /// A program by its path, or by a name to look up in `PATH`.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            guard: None,
            at_once: false,
        }
    }

    /// Appends arguments.
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of its environment; the rest is ours.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), Some(value.into())));
        self
    }

    /// Takes a variable out of its environment.
    pub fn without_env(mut self, name: impl Into<OsString>) -> Self {
        self.env.push((name.into(), None));
        self
    }

    /// Lets `guard` end its group should we die.
    pub fn guarded(mut self, guard: &Guard) -> Self {
        self.guard = Some(guard.clone());
        self
    }

    /// Where it is stopped, `SIGINT` goes with `SIGTERM`. `FFmpeg` takes one signal for "after the
    /// next packet", for which it may wait, and send requests; it takes two for "now".
    pub fn stopped_at_once(mut self) -> Self {
        self.at_once = true;
        self
    }

    /// The program.
    pub fn program(&self) -> &OsStr {
        &self.program
    }

    /// Starts it: in a process group of its own, standard input empty, the other two read by us.
    /// Call it inside a Tokio runtime, on a thread that outlives the child: the parent-death signal
    /// is bound to the thread that starts it (`prctl(2)`, `PR_SET_PDEATHSIG`).
    ///
    /// # Errors
    /// The program is missing, may not be executed, or the system has no process left.
    pub fn spawn(&self) -> Result<Child, Error> {
        Child::start(self)
    }

    /// The program's name for people.
    pub(crate) fn name(&self) -> String {
        self.program.to_string_lossy().into_owned()
    }

    pub(crate) fn guard(&self) -> Option<&Guard> {
        self.guard.as_ref()
    }

    pub(crate) fn is_stopped_at_once(&self) -> bool {
        self.at_once
    }

    /// The command with everything of ours in it.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        crate::system::leads_a_group_that_dies_with_us(&mut command);
        command
    }
}
