//! What the machine is, and how busy: a figure means little without it.

use serde::{Deserialize, Serialize};

/// The machine a bench ran on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// Logical cores.
    pub(crate) cores: usize,
    /// The processor's own name for itself.
    pub(crate) cpu: Option<String>,
    /// Kernel release.
    pub(crate) kernel: Option<String>,
    /// Memory in bytes.
    pub(crate) memory_bytes: Option<u64>,
    /// Load average of the last minute before the bench: what others did beside it.
    pub(crate) load_before: Option<f32>,
}

impl Machine {
    /// What it is at this moment.
    pub(crate) fn now() -> Self {
        Self {
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            cpu: line("/proc/cpuinfo", "model name"),
            kernel: read("/proc/sys/kernel/osrelease"),
            memory_bytes: line("/proc/meminfo", "MemTotal").as_deref().and_then(kib),
            load_before: load(),
        }
    }
}

/// The load average of the last minute.
pub(crate) fn load() -> Option<f32> {
    read("/proc/loadavg")?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

fn read(path: &str) -> Option<String> {
    Some(std::fs::read_to_string(path).ok()?.trim().to_owned())
}

/// The value of a `name : value` line.
fn line(path: &str, name: &str) -> Option<String> {
    let text = read(path)?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn kib(text: &str) -> Option<u64> {
    let figure = text.strip_suffix(" kB")?;
    figure.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
