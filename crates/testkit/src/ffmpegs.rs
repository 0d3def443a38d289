//! The FFmpeg binaries that tests run: Debian's, and a newer one where it was fetched.

use std::path::PathBuf;

/// Names the newer FFmpeg; `scripts/test` sets it where it could fetch one.
const NEWER: &str = "LIVESWARM_TEST_FFMPEG_NEWER";

/// Every FFmpeg there is to test with, at least the one in `PATH`. A line says which is missing.
pub fn all() -> Vec<PathBuf> {
    let mut all = vec![PathBuf::from("ffmpeg")];
    match newer() {
        Some(path) => all.push(path),
        #[expect(clippy::print_stdout, reason = "a test says what it left out")]
        None => println!("skipped: a newer FFmpeg, since {NEWER} names none"),
    }
    all
}

/// The newer FFmpeg, where there is one.
pub fn newer() -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os(NEWER)?);
    path.is_file().then_some(path)
}
