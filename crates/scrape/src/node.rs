//! The origin's machine, as node exporter tells of it.

use std::collections::BTreeMap;
use std::time::Duration;

use telemetry::origin::Host;

use crate::counter::{Counter, SERIES_MAX, Values};
use crate::exposition::Sample;
use crate::window::Window;

/// Starts of names of devices that carry what a wire carries too, so that it would be counted
/// twice: of containers, of virtual machines, and what bundles other devices.
const NOT_A_WIRE: [&str; 13] = [
    "veth", "docker", "br-", "virbr", "vnet", "cni", "cali", "flannel", "ifb", "dummy", "bond",
    "team", "tap",
];

/// What one reading tells of the machine.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    cpus: BTreeMap<Box<str>, Cpu>,
    memory_total: Option<f64>,
    memory_available: Option<f64>,
    network_in: Values,
    network_out: Values,
}

/// Seconds of one processor since it was started.
#[derive(Clone, Copy, Debug, Default)]
struct Cpu {
    busy: f64,
    idle: f64,
}

impl Reading {
    /// Takes in what of a sample tells of the machine.
    pub fn take(&mut self, sample: &Sample<'_>) {
        match sample.name {
            "node_cpu_seconds_total" => self.take_cpu(sample),
            "node_memory_MemTotal_bytes" => add(&mut self.memory_total, sample.value),
            "node_memory_MemAvailable_bytes" => add(&mut self.memory_available, sample.value),
            "node_network_receive_bytes_total" => take_device(&mut self.network_in, sample),
            "node_network_transmit_bytes_total" => take_device(&mut self.network_out, sample),
            _ => {}
        }
    }

    /// Whether nothing is known of the machine.
    pub fn is_empty(&self) -> bool {
        self.cpus.is_empty()
            && self.memory_total.is_none()
            && self.network_in.is_empty()
            && self.network_out.is_empty()
    }

    fn take_cpu(&mut self, sample: &Sample<'_>) {
        let (Some(cpu), Some(mode)) = (sample.label("cpu"), sample.label("mode")) else {
            return;
        };
        let room = self.cpus.len() < SERIES_MAX || self.cpus.contains_key(&*cpu);
        if !room || !sample.value.is_finite() {
            return;
        }
        let seconds = self.cpus.entry(cpu.into()).or_default();
        match &*mode {
            "idle" | "iowait" => seconds.idle += sample.value,
            _ => seconds.busy += sample.value,
        }
    }

    /// The share of all processors that was busy since `before`; `None` where no time passed on
    /// them, as after a restart.
    fn busy_since(&self, before: &Self) -> Option<f64> {
        let (mut busy, mut all) = (0.0, 0.0);
        for (cpu, now) in &self.cpus {
            let Some(then) = before.cpus.get(cpu) else {
                continue;
            };
            let passed = (now.busy + now.idle) - (then.busy + then.idle);
            if passed > 0.0 {
                all += passed;
                // Idle time is not exact, and may go back a little.
                busy += (now.busy - then.busy).clamp(0.0, passed);
            }
        }
        (all > 0.0).then(|| busy / all)
    }

    fn memory_used(&self) -> Option<f64> {
        let (total, available) = (self.memory_total?, self.memory_available?);
        (total > 0.0).then(|| (1.0 - available / total).clamp(0.0, 1.0))
    }
}

fn add(sum: &mut Option<f64>, value: f64) {
    if value.is_finite() && value >= 0.0 {
        *sum = Some(sum.unwrap_or(0.0) + value);
    }
}

fn take_device(values: &mut Values, sample: &Sample<'_>) {
    if let Some(device) = sample.label("device").filter(|device| device != "lo") {
        values.add(&device, sample.value);
    }
}

/// The devices whose bytes are counted: each byte once, as far as names tell.
fn wires(devices: &Values) -> Values {
    let wires = devices.only(|device| {
        // A VLAN (`eth0.7`) and an alias (`eth0:1`) are carried by the device before the sign.
        !device.contains(['.', ':', '@']) && !NOT_A_WIRE.iter().any(|is| device.starts_with(is))
    });
    if wires.is_empty() {
        devices.clone()
    } else {
        wires
    }
}

/// The machine over time.
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    before: Option<Reading>,
    cpu: Window,
    memory: Window,
    network_in: (Counter, Window),
    network_out: (Counter, Window),
}

impl Tracker {
    /// Takes in a reading of the moment `at`.
    pub fn observe(&mut self, at: Duration, reading: Reading) {
        if let Some(busy) = (self.before.as_ref()).and_then(|before| reading.busy_since(before)) {
            self.cpu.push(at, busy);
        }
        if let Some(used) = reading.memory_used() {
            self.memory.push(at, used);
        }
        follow(&mut self.network_in, at, &wires(&reading.network_in));
        follow(&mut self.network_out, at, &wires(&reading.network_out));
        if !reading.is_empty() {
            self.before = Some(reading);
        }
    }

    /// The machine as of `now`; `None` before anything is known of it.
    pub fn host(&self, now: Duration, stale_from: Duration) -> Option<Host> {
        let newest = self.before.as_ref()?;
        let figure = |window: &Window| window.figure(now, stale_from);
        Some(Host {
            cpu: figure(&self.cpu),
            memory: figure(&self.memory),
            memory_bytes: newest.memory_total.map(|bytes| bytes as u64),
            network_in: figure(&self.network_in.1),
            network_out: figure(&self.network_out.1),
        })
    }

    /// What left the machine over its network.
    pub fn sent(&self) -> &Counter {
        &self.network_out.0
    }
}

/// Follows a counter and its rate.
fn follow((counter, window): &mut (Counter, Window), at: Duration, values: &Values) {
    let grew = counter.observe(at, values);
    if let Some(rate) = grew.and_then(|grew| grew.rate()) {
        window.push(at, rate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposition::samples;

    const STALE: Duration = Duration::from_secs(6);

    fn reading(text: &str) -> Reading {
        let mut reading = Reading::default();
        samples(text.as_bytes()).for_each(|sample| reading.take(&sample));
        reading
    }

    fn after(texts: &[&str]) -> Host {
        let mut tracker = Tracker::default();
        for (turn, text) in texts.iter().enumerate() {
            tracker.observe(Duration::from_secs(2 * turn as u64), reading(text));
        }
        let now = Duration::from_secs(2 * (texts.len() as u64 - 1));
        tracker.host(now, STALE).unwrap_or_default()
    }

    fn cpu(number: u32, user: f64, iowait: f64, idle: f64) -> String {
        format!(
            "node_cpu_seconds_total{{cpu=\"{number}\",mode=\"user\"}} {user}\n\
             node_cpu_seconds_total{{cpu=\"{number}\",mode=\"iowait\"}} {iowait}\n\
             node_cpu_seconds_total{{cpu=\"{number}\",mode=\"idle\"}} {idle}\n"
        )
    }

    #[test]
    fn busy_is_what_passed_and_was_not_idle() {
        let first = cpu(0, 100.0, 10.0, 1000.0) + &cpu(1, 5.0, 0.0, 7.0);
        let then = cpu(0, 101.5, 10.5, 1000.0) + &cpu(1, 5.5, 0.0, 8.5);
        let host = after(&[&first, &then]);
        assert_eq!(host.cpu.unwrap().newest, 0.5);
        assert_eq!(after(&[&first]).cpu, None);
        // A processor that is new tells nothing yet, one that is gone no more.
        let other = cpu(0, 102.5, 10.5, 1001.0) + &cpu(2, 900.0, 0.0, 1.0);
        assert_eq!(after(&[&then, &other]).cpu.unwrap().newest, 0.5);
        // Time of waiting that goes back a little is no restart.
        let jitter = cpu(0, 103.5, 10.4, 1002.0);
        let busy = after(&[&other, &jitter]).cpu.unwrap().newest;
        assert!((busy - 1.0 / 1.9).abs() < 1e-9, "{busy}");
    }

    #[test]
    fn a_restart_of_the_machine_is_survived() {
        let before = cpu(0, 100.0, 0.0, 1000.0);
        let (restarted, later) = (cpu(0, 3.0, 0.0, 1.0), cpu(0, 3.5, 0.0, 2.5));
        assert_eq!(after(&[&before, &restarted]).cpu, None);
        let host = after(&[&before, &restarted, &later]);
        assert_eq!(host.cpu.unwrap().newest, 0.25);
    }

    #[test]
    fn memory_is_what_is_not_available() {
        let text = "node_memory_MemTotal_bytes 2e+10\nnode_memory_MemAvailable_bytes 5e+09\n";
        let host = after(&[text]);
        assert_eq!(host.memory.unwrap().newest, 0.75);
        assert_eq!(host.memory_bytes, Some(20_000_000_000));
        let host = after(&["node_memory_MemTotal_bytes 2e+10\n"]);
        assert_eq!(
            (host.memory, host.memory_bytes),
            (None, Some(20_000_000_000))
        );
    }

    #[test]
    fn each_byte_on_the_wire_is_counted_once() {
        let text = |eth0: u64, other: u64| {
            let line = |device: &str, bytes: u64| {
                format!("node_network_transmit_bytes_total{{device=\"{device}\"}} {bytes}\n")
            };
            let not_wires = ["lo", "docker0", "vethab1", "bond0", "eth0.7", "br-12ab"];
            let others: String = not_wires.iter().map(|name| line(name, other)).collect();
            others + &line("eth0", eth0)
        };
        let host = after(&[&text(1000, 0), &text(3000, 900_000)]);
        assert_eq!(host.network_out.unwrap().newest, 1000.0);
        assert_eq!(host.network_in, None);
        // Where there is nothing else, what there is counts; loopback never does.
        let only = |bytes: u64| {
            format!(
                "node_network_receive_bytes_total{{device=\"bond0\"}} {bytes}\nnode_network_receive_bytes_total{{device=\"lo\"}} {}\n",
                9 * bytes
            )
        };
        let host = after(&[&only(10), &only(30)]);
        assert_eq!(host.network_in.unwrap().newest, 10.0);
    }

    #[test]
    fn a_real_machine_reads() {
        let Ok(text) = std::fs::read("../../../shared/corpora/exporters/e2e-output.txt") else {
            println!("the corpus of exporters is not here");
            return;
        };
        let mut tracker = Tracker::default();
        let reading = reading(&String::from_utf8_lossy(&text));
        assert_eq!(reading.cpus.len(), 8);
        tracker.observe(Duration::ZERO, reading);
        let host = tracker.host(Duration::ZERO, STALE).unwrap();
        assert_eq!(host.memory_bytes, Some(3_831_959_552));
        // It has no line of what is available.
        assert_eq!(host.memory, None);
    }

    #[test]
    fn what_tells_nothing_is_unknown() {
        let mut tracker = Tracker::default();
        tracker.observe(Duration::ZERO, reading("node_cpu_seconds_total 5\nx 1\n"));
        assert_eq!(tracker.host(Duration::ZERO, STALE), None);
    }
}
