//! What `-progress` writes → blocks of figures.
//!
//! FFmpeg writes `key=value` lines and ends each block by `progress=continue`, the last one by
//! `progress=end`. Unknown keys are passed over, and so are values that are not numbers (`N/A`).

use std::time::Duration;

/// Longest time of media that is believed.
const OUT_TIME_MAX: Duration = Duration::from_hours(24 * 365 * 100);

/// One block.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Frames written.
    pub frame: Option<u64>,
    /// How much media was written, counted from its beginning. Absent before the first packet.
    pub out_time: Option<Duration>,
    /// Media time against time since the start.
    pub speed: Option<f64>,
    /// Bytes written; the null muxer has none to tell.
    pub total_size: Option<u64>,
    /// Frames left out.
    pub dropped: Option<u64>,
    /// It was the last block.
    pub end: bool,
}

/// Collects lines into blocks.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    block: Progress,
}

impl Reader {
    /// Takes one line, without its line feed; answers the block that it ends.
    pub fn line(&mut self, line: &[u8]) -> Option<Progress> {
        let (key, value) = std::str::from_utf8(line).ok()?.split_once('=')?;
        let value = value.trim();
        match key.trim() {
            "frame" => self.block.frame = value.parse().ok(),
            "total_size" => self.block.total_size = value.parse().ok(),
            "drop_frames" => self.block.dropped = value.parse().ok(),
            "speed" => self.block.speed = speed(value),
            // Both count microseconds; the second is misnamed.
            "out_time_us" | "out_time_ms" => {
                let micros = value.parse().ok().map(Duration::from_micros);
                self.block.out_time = micros.filter(believed).or(self.block.out_time);
            }
            "out_time" => {
                let clock = || clock(value).filter(believed);
                self.block.out_time = self.block.out_time.or_else(clock);
            }
            "progress" => {
                let mut block = std::mem::take(&mut self.block);
                block.end = value == "end";
                return Some(block);
            }
            _ => {}
        }
        None
    }
}

/// `3.1x`; finite and not negative.
fn speed(value: &str) -> Option<f64> {
    let speed: f64 = value.strip_suffix('x')?.trim().parse().ok()?;
    (speed.is_finite() && speed >= 0.0).then_some(speed)
}

/// `00:00:06.016000`.
fn clock(value: &str) -> Option<Duration> {
    let mut parts = value.split(':');
    let hours: u32 = parts.next()?.parse().ok()?;
    let minutes: u32 = parts.next()?.parse().ok()?;
    let seconds: f64 = parts.next()?.parse().ok()?;
    let whole = Duration::from_secs(u64::from(hours) * 3600 + u64::from(minutes) * 60);
    whole.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

fn believed(out_time: &Duration) -> bool {
    *out_time <= OUT_TIME_MAX
}
