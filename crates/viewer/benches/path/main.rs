//! What a viewer's data path does, step by step, for `cargo xtask instructions` to count.
//!
//! `path` prints the names of the steps; `path NAME` sets one up, runs it, and prints how often.
//! Nothing here looks at a clock or draws a number, so two runs do the same. Only what happens
//! inside [`measured`] is counted: the counter is told its name.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod exchanges;
mod figures;
mod playlists;
mod steps;

/// As in the binary itself: what an allocation costs depends on the allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One step: set up once, then run under the meter.
struct Step {
    name: &'static str,
    run: fn(&mut Meter),
}

/// Counts what it ran.
#[derive(Default)]
struct Meter {
    times: u64,
}

impl Meter {
    /// Runs `action` a few times for the caches, tables and buffers that the first times fill,
    /// then `times` times measured. An action that does several things at once says how many.
    fn run<T>(&mut self, times: u64, mut action: impl FnMut() -> T) {
        for _ in 0..times.min(4) {
            std::hint::black_box(action());
        }
        self.cold(times, action);
    }

    /// As [`Self::run`], from the first time on.
    fn cold<T>(&mut self, times: u64, mut action: impl FnMut() -> T) {
        for _ in 0..times {
            measured(&mut || {
                std::hint::black_box(action());
            });
        }
        self.times += times;
    }
}

/// The gate of the counter: it counts from the call to the return.
#[inline(never)]
fn measured(action: &mut dyn FnMut()) {
    action();
}

fn main() {
    let steps = [
        playlists::STEPS,
        steps::STEPS,
        exchanges::STEPS,
        figures::STEPS,
    ];
    let mut steps = steps.into_iter().flatten();
    // Cargo itself adds `--bench` where it runs this.
    let wanted = std::env::args()
        .nth(1)
        .filter(|name| !name.starts_with('-'));
    let Some(wanted) = wanted else {
        steps.for_each(|step| println!("{}", step.name));
        return;
    };
    match steps.find(|step| step.name == wanted) {
        Some(step) => {
            let mut meter = Meter::default();
            (step.run)(&mut meter);
            println!("{}", meter.times);
        }
        None => println!("no such step: {wanted}"),
    }
}
