//! Whether this machine can be the generator that was asked for, judged before the run.
//!
//! What can't work is refused, each shortage with what mends it; what is an estimate, or only
//! becomes tight, is told and goes on.

mod have;
mod need;
mod program;
mod refusal;
#[cfg(test)]
mod tests;

pub use have::Have;
pub use need::{Connections, Need, Security};
pub use program::{ProgramRefused, ffmpeg};
pub use refusal::{Refusal, Refusals, Tight};

/// Descriptors that the process needs beside its viewers' connections: runtimes, files, terminal.
const DESCRIPTORS_BESIDE: u64 = 64;

/// Refuses what can't work on this machine; gives what may become tight.
///
/// # Errors
/// Every shortage there is.
pub fn check(need: &Need, have: &Have) -> Result<Vec<Tight>, Refusals> {
    let refused: Vec<Refusal> = shortages(need, have).collect();
    if refused.is_empty() {
        Ok(tight(need, have).collect())
    } else {
        Err(Refusals(refused))
    }
}

/// Everything there is not enough of.
pub fn shortages(need: &Need, have: &Have) -> impl Iterator<Item = Refusal> + use<> {
    connections(need.viewers, need.least, have)
        .into_iter()
        .chain([tasks(need, have), memory(need, have)])
        .flatten()
}

/// What there is enough of to begin with, and perhaps not for all that may come.
fn tight(need: &Need, have: &Have) -> impl Iterator<Item = Tight> + use<> {
    let most = connections(need.viewers, need.most, have);
    let most = most.into_iter().flatten().map(Tight::Connections);
    most.chain(cores(need, have))
}

fn connections(viewers: u64, asked: Connections, have: &Have) -> [Option<Refusal>; 3] {
    [
        descriptors(viewers, asked.descriptors, have),
        ports_to_server(viewers, asked.to_server, have),
        ports_to_gateways(viewers, asked.to_gateway, have),
    ]
}

fn descriptors(viewers: u64, asked: u64, have: &Have) -> Option<Refusal> {
    let beside = DESCRIPTORS_BESIDE + have.open.unwrap_or(0);
    let need = asked.saturating_add(beside);
    let most = fitting(viewers, asked, have.descriptors.saturating_sub(beside));
    (need > have.descriptors).then_some(Refusal::Descriptors {
        viewers,
        need,
        have: have.descriptors,
        most,
    })
}

fn ports_to_server(viewers: u64, need: u64, have: &Have) -> Option<Refusal> {
    let have = have.ports_to_server().filter(|have| need > *have)?;
    Some(Refusal::Ports {
        viewers,
        need,
        have,
        most: fitting(viewers, need, have),
    })
}

fn ports_to_gateways(viewers: u64, need: u64, have: &Have) -> Option<Refusal> {
    let have = have.ports_to_gateways().filter(|have| need > *have)?;
    Some(Refusal::GatewayPorts {
        viewers,
        need,
        have,
        most: fitting(viewers, need, have),
    })
}

fn tasks(need: &Need, have: &Have) -> Option<Refusal> {
    let left = have.tasks_left().filter(|left| need.tasks > *left)?;
    Some(Refusal::Processes {
        viewers: need.viewers,
        need: need.tasks,
        have: left,
        limit: need.tasks.saturating_add(have.tasks_now.unwrap_or(0)),
        most: fitting(need.viewers, need.tasks, left),
    })
}

fn memory(need: &Need, have: &Have) -> Option<Refusal> {
    const MB: u64 = 1_000_000;
    let free = have.memory_bytes.filter(|free| need.memory_bytes > *free)?;
    Some(Refusal::Memory {
        viewers: need.viewers,
        need_mb: need.memory_bytes.div_ceil(MB),
        have_mb: free / MB,
        most: fitting(need.viewers, need.memory_bytes, free),
    })
}

fn cores(need: &Need, have: &Have) -> Option<Tight> {
    let have = have.cores.filter(|have| need.cores > *have as f64)?;
    Some(Tight::Cores {
        viewers: need.viewers,
        need: need.cores,
        have,
        most: (need.viewers as f64 * (have as f64 / need.cores)) as u64,
    })
}

/// How many of the viewers fit where all of them need more than there is, with the same mix of
/// them.
fn fitting(viewers: u64, need: u64, have: u64) -> u64 {
    let fit = u128::from(viewers) * u128::from(have) / u128::from(need.max(1));
    u64::try_from(fit).unwrap_or(u64::MAX)
}
