//! Logs that no FFmpeg writes: the seeds of the fuzz target, damaged.

use std::fs;
use std::path::Path;

use base::Rng;

use crate::checks;

const DAMAGED_COPIES: usize = 1000;

#[test]
fn damaged_logs_do_no_harm() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/ffmpeg_log");
    let mut seeds = 0;
    for seed in fs::read_dir(folder).unwrap() {
        let path = seed.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        checks::log(&bytes);
        let mut rng = Rng::new(1);
        for _ in 0..DAMAGED_COPIES {
            checks::log(&damaged(&bytes, &mut rng));
        }
        seeds += 1;
    }
    assert!(seeds >= 4);
}

/// A copy in which some bytes are others, cut somewhere.
fn damaged(bytes: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut place = |below: usize| (rng.next_u64() % below.max(1) as u64) as usize;
    let mut copy = bytes[..place(bytes.len() + 1)].to_vec();
    for _ in 0..place(20) {
        let (at, with) = (place(copy.len()), place(256) as u8);
        if let Some(byte) = copy.get_mut(at) {
            *byte = with;
        }
    }
    copy
}
