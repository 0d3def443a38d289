//! What a process used, from `/proc` (`proc_pid_stat(5)`, `proc_pid_status(5)`).

use std::fs;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;
use rustix::process::Pid;

/// CPU time and memory of one process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time in user mode, with that of its descendants that it waited for.
    pub user: Option<Duration>,
    /// CPU time in the kernel, likewise.
    pub system: Option<Duration>,
    /// Most resident memory it was seen with, bytes, shared libraries included. Without its
    /// descendants.
    pub resident_max: Option<u64>,
    /// Its proportional share of memory (what it shares counted by as many as share it), bytes, as
    /// last seen.
    pub proportional: Option<u64>,
}

impl Usage {
    /// CPU time in both modes.
    pub fn cpu(&self) -> Option<Duration> {
        Some(self.user? + self.system?)
    }

    /// Takes over the times, which a process has even after its end, until it is waited for.
    pub(crate) fn look_at_times(&mut self, pid: Pid) {
        let Ok(stat) = fs::read_to_string(path(pid, "stat")) else {
            return;
        };
        if let Some((user, system)) = times(&stat, clock_ticks_per_second()) {
            self.user = Some(user);
            self.system = Some(system);
        }
    }

    /// Takes over memory, which is gone as soon as the process ends.
    pub(crate) fn look_at_memory(&mut self, pid: Pid) {
        let peak = fs::read_to_string(path(pid, "status")).ok();
        let peak = peak.and_then(|status| kilobytes(&status, "VmHWM:"));
        self.resident_max = self.resident_max.max(peak);
        let share = fs::read_to_string(path(pid, "smaps_rollup")).ok();
        let share = share.and_then(|rollup| kilobytes(&rollup, "Pss:"));
        self.proportional = share.or(self.proportional);
    }
}

fn path(pid: Pid, file: &str) -> String {
    format!("/proc/{}/{file}", pid.as_raw_nonzero())
}

/// User and system time of `/proc/PID/stat`, own and of waited-for children (fields 14 to 17). The
/// name in parentheses before them may hold anything, parentheses too.
fn times(stat: &str, ticks_per_second: u64) -> Option<(Duration, Duration)> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    let (user, system, child_user, child_system) = (next()?, next()?, next()?, next()?);
    let time = |ticks: u64| Duration::from_secs_f64(ticks as f64 / ticks_per_second.max(1) as f64);
    Some((time(user + child_user), time(system + child_system)))
}

fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let number = line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?;
    Some(number * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "42 (a) b (c)) S 1 42 42 0 -1 4194560 100 200 0 0 150 50 25 75 20 0 1 0 99";
        let second = Duration::from_secs(1);
        assert_eq!(times(stat, 100), Some((second * 7 / 4, second * 5 / 4)));
        assert_eq!(times("42 (a) S 1 2", 100), None);
        assert_eq!(times("", 100), None);
    }

    #[test]
    fn memory_is_given_in_kilobytes() {
        let status = "Name:\tx\nVmHWM:\t    1024 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(kilobytes(status, "VmHWM:"), Some(1 << 20));
        assert_eq!(kilobytes(status, "Pss:"), None);
        assert_eq!(kilobytes("VmHWM: many kB", "VmHWM:"), None);
    }
}
