//! Whether the program of the players is there, and what it can do.

use std::ffi::OsStr;
use std::time::Duration;

use ::process::Category;
use ffmpeg::Features;
use ffmpeg::features::{PROBES, Printed};

/// How long one run of a probe may take.
const PROBE_TIME_MAX: Duration = Duration::from_secs(20);

/// The program can't be run, or not as FFmpeg; with what mends it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ProgramRefused(String);

impl ProgramRefused {
    fn new(why: &impl ToString) -> Self {
        Self(why.to_string())
    }
}

/// What FFmpeg at `program` accepts: runs it three times, for what it prints.
///
/// # Errors
/// It is not there, can't be run, or is no FFmpeg that will do.
pub async fn ffmpeg(program: &OsStr) -> Result<Features, ProgramRefused> {
    let mut printed = Vec::new();
    for args in PROBES {
        let spec = ::process::Spec::new(program).args(args.iter().copied());
        let captured = ::process::capture(&spec, PROBE_TIME_MAX).await;
        printed.push(captured.map_err(|why| ProgramRefused::new(&why))?);
    }
    let [version, help, datetime] = &printed[..] else {
        return Err(ProgramRefused::new(&"FFmpeg was not asked"));
    };
    Features::read(Printed {
        version: &version.stdout,
        help: &help.stdout,
        datetime: datetime.exit.category == Category::Success,
    })
    .map_err(|why| ProgramRefused::new(&why))
}

#[cfg(test)]
mod tests {
    use super::*;

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
