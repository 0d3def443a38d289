//! Whether this machine can run as many players as are asked for.

use std::ffi::OsStr;
use std::time::Duration;

use ::process::Category;
use ffmpeg::Features;
use ffmpeg::features::{PROBES, Printed};

use super::{Have, Need};
use crate::machine;

/// How long one run of a probe may take.
const PROBE_TIME_MAX: Duration = Duration::from_secs(20);

/// Descriptors that one player costs us: its two pipes and a handle to it, and the connections
/// through the gateway, of which a player holds two at a time, on both sides.
pub const DESCRIPTORS_EACH: u64 = 3 + 2 * 2;

/// What one player takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Player {
    /// Processes and threads.
    pub tasks: u64,
    /// Memory of its own, in bytes.
    pub memory_bytes: u64,
    /// CPU time a second of a stream of 2 Mbit/s, as a share of one core.
    pub cpu: f64,
}

impl Player {
    /// FFmpeg that copies, of the versions 5.1 and 9.0 the one that takes more: what
    /// `/proc/PID/smaps_rollup` calls private and `/proc/PID/stat` used, of ten players that read a
    /// stream of 2 Mbit/s for 25 s.
    pub const FFMPEG: Self = Self {
        tasks: 3,
        memory_bytes: 12_500_000,
        cpu: 0.0036,
    };
}

/// What the machine has for processes. `None` where it does not say, or sets no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Processes and threads that this user may have.
    pub tasks: Option<u64>,
    /// How many of them there are already.
    pub tasks_now: Option<u64>,
    /// Memory that is free to be used, in bytes.
    pub memory_bytes: Option<u64>,
    /// Cores.
    pub cores: Option<u64>,
}

/// Why players are refused, and what to type.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlayersRefused {
    /// Descriptors or ports.
    #[error(transparent)]
    Machine(#[from] super::Refusal),
    /// More processes and threads than this user may have.
    #[error(
        "{viewers} players need {need} processes and threads and this user may have {have} more; \
         type `ulimit -u {limit}` (as root, `ulimit -Hu {limit}` first), or ask for at most {most} \
         viewers"
    )]
    Processes {
        /// Viewers asked for.
        viewers: u64,
        /// Tasks they need.
        need: u64,
        /// Tasks there may be more.
        have: u64,
        /// A limit that would do.
        limit: u64,
        /// Viewers that would fit.
        most: u64,
    },
    /// Not enough memory.
    #[error(
        "{viewers} players need about {need_mb} MB and {have_mb} MB are free; \
         ask for at most {most} viewers, take --engine native, or give --skip-preflight"
    )]
    Memory {
        /// Viewers asked for.
        viewers: u64,
        /// Memory they need.
        need_mb: u64,
        /// Memory there is.
        have_mb: u64,
        /// Viewers that would fit.
        most: u64,
    },
    /// Not enough CPU.
    #[error(
        "{viewers} players need about {need:.1} cores for a stream of 2 Mbit/s and this machine has \
         {have}; ask for at most {most} viewers, take --engine native, or give --skip-preflight"
    )]
    Cpu {
        /// Viewers asked for.
        viewers: u64,
        /// Cores they need.
        need: f64,
        /// Cores there are.
        have: u64,
        /// Viewers that would fit.
        most: u64,
    },
    /// The program can't be run, or not as FFmpeg.
    #[error("{0}")]
    Program(String),
}

impl Room {
    /// What there is at this moment, with the soft limit on processes raised.
    pub fn now() -> Self {
        Self {
            tasks: machine::raise_process_limit(),
            tasks_now: machine::tasks_of_user(),
            memory_bytes: machine::free_memory(),
            cores: std::thread::available_parallelism()
                .ok()
                .map(|cores| cores.get() as u64),
        }
    }
}

/// Raises what can be raised, and judges whether so many players fit.
///
/// # Errors
/// They don't; what would mend it.
pub fn check_players(viewers: u64, player: Player) -> Result<(), PlayersRefused> {
    judge_players(viewers, player, Have::now(), Room::now())
}

/// The judgement itself, on figures.
///
/// # Errors
/// They don't fit.
pub fn judge_players(
    viewers: u64,
    player: Player,
    have: Have,
    room: Room,
) -> Result<(), PlayersRefused> {
    let connections_each = DESCRIPTORS_EACH;
    super::judge_descriptors(
        Need {
            viewers,
            connections_each,
        },
        have,
    )?;
    judge_tasks(viewers, player, room)?;
    judge_memory(viewers, player, room)?;
    judge_cpu(viewers, player, room)
}

fn judge_tasks(viewers: u64, player: Player, room: Room) -> Result<(), PlayersRefused> {
    let Some(limit) = room.tasks else {
        return Ok(());
    };
    let now = room.tasks_now.unwrap_or(0);
    let have = limit.saturating_sub(now);
    let need = viewers.saturating_mul(player.tasks.max(1));
    if need <= have {
        return Ok(());
    }
    Err(PlayersRefused::Processes {
        viewers,
        need,
        have,
        limit: need.saturating_add(now),
        most: have / player.tasks.max(1),
    })
}

fn judge_memory(viewers: u64, player: Player, room: Room) -> Result<(), PlayersRefused> {
    const MB: u64 = 1_000_000;
    let need = viewers.saturating_mul(player.memory_bytes);
    match room.memory_bytes {
        Some(have) if need > have => Err(PlayersRefused::Memory {
            viewers,
            need_mb: need / MB,
            have_mb: have / MB,
            most: have / player.memory_bytes.max(1),
        }),
        _ => Ok(()),
    }
}

fn judge_cpu(viewers: u64, player: Player, room: Room) -> Result<(), PlayersRefused> {
    let need = viewers as f64 * player.cpu;
    match room.cores {
        Some(have) if need > have as f64 => Err(PlayersRefused::Cpu {
            viewers,
            need,
            have,
            most: (have as f64 / player.cpu) as u64,
        }),
        _ => Ok(()),
    }
}

/// What FFmpeg at `program` accepts: runs it three times, for what it prints.
///
/// # Errors
/// It is not there, can't be run, or is no FFmpeg that will do.
pub async fn ffmpeg(program: &OsStr) -> Result<Features, PlayersRefused> {
    let mut printed = Vec::new();
    for args in PROBES {
        let spec = ::process::Spec::new(program).args(args.iter().copied());
        let captured = ::process::capture(&spec, PROBE_TIME_MAX).await;
        printed.push(captured.map_err(|error| PlayersRefused::Program(error.to_string()))?);
    }
    let [version, help, datetime] = &printed[..] else {
        return Err(PlayersRefused::Program("FFmpeg was not asked".into()));
    };
    Features::read(Printed {
        version: &version.stdout,
        help: &help.stdout,
        datetime: datetime.exit.category == Category::Success,
    })
    .map_err(|error| PlayersRefused::Program(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::Refusal;

    const PLAYER: Player = Player {
        tasks: 3,
        memory_bytes: 20_000_000,
        cpu: 0.02,
    };
    const HAVE: Have = Have {
        descriptors: 1_000_000,
        open: Some(6),
        ports: Some(28_232),
    };
    const ROOM: Room = Room {
        tasks: Some(1_000),
        tasks_now: Some(100),
        memory_bytes: Some(4_000_000_000),
        cores: Some(4),
    };

    fn judged(viewers: u64, room: Room) -> Result<(), PlayersRefused> {
        judge_players(viewers, PLAYER, HAVE, room)
    }

    #[test]
    fn what_fits_is_let_through_and_what_is_unknown_refuses_nobody() {
        assert_eq!(judged(200, ROOM), Ok(()));
        let silent = Room {
            tasks: None,
            tasks_now: None,
            memory_bytes: None,
            cores: None,
        };
        assert_eq!(judged(20_000, silent), Ok(()));
    }

    #[test]
    fn each_shortage_is_named_with_what_mends_it() {
        let room = Room {
            cores: None,
            ..ROOM
        };
        let refused = judged(
            301,
            Room {
                memory_bytes: None,
                ..room
            },
        )
        .unwrap_err();
        assert!(
            refused.to_string().contains("`ulimit -u 1003`"),
            "{refused}"
        );
        assert!(
            refused.to_string().contains("at most 300 viewers"),
            "{refused}"
        );
        let refused = judged(201, room).unwrap_err();
        assert!(
            refused.to_string().contains("about 4020 MB and 4000 MB"),
            "{refused}"
        );
        assert!(
            refused.to_string().contains("at most 200 viewers"),
            "{refused}"
        );
        let refused = judged(
            201,
            Room {
                memory_bytes: None,
                ..ROOM
            },
        )
        .unwrap_err();
        assert!(refused.to_string().contains("about 4.0 cores"), "{refused}");
        assert!(
            refused.to_string().contains("at most 200 viewers"),
            "{refused}"
        );
        let few = Have {
            descriptors: 1_000,
            ..HAVE
        };
        let refused = judge_players(200, PLAYER, few, ROOM).unwrap_err();
        let PlayersRefused::Machine(Refusal::Descriptors { need, most, .. }) = refused else {
            panic!("{refused}");
        };
        assert_eq!((need, most), (200 * DESCRIPTORS_EACH + 70, 132));
    }

    #[tokio::test]
    async fn a_program_is_found_and_able_or_refused_in_words() {
        let features = ffmpeg("ffmpeg".as_ref()).await.unwrap();
        assert!(features.version().number.is_some());
        for (program, hint) in [
            ("/nowhere/ffmpeg", "install it"),
            ("/etc/passwd", "chmod +x"),
            ("echo", "this is no ffmpeg"),
        ] {
            let refused = ffmpeg(program.as_ref()).await.unwrap_err().to_string();
            assert!(refused.contains(hint), "{program}: {refused}");
        }
    }
}
