//! The seeds of the fuzz targets, and damaged copies of them.

use std::path::Path;

use base::Rng;

use crate::checks;

/// Damaged copies of each seed.
const COPIES: u64 = 1_000;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let files = std::fs::read_dir(folder.join(target)).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{target}");
    files
        .iter()
        .map(|file| std::fs::read(file).unwrap())
        .collect()
}

/// A few bytes replaced, taken out or written twice.
fn damaged(seed: &[u8], number: u64) -> Vec<u8> {
    let mut rng = Rng::nth(7, number);
    let mut bytes = seed.to_vec();
    for _ in 0..=rng.next_u64() % 4 {
        let at = (rng.next_u64() % (bytes.len() as u64 + 1)) as usize;
        let length = (rng.next_u64() % 9) as usize;
        let end = (at + length).min(bytes.len());
        match rng.next_u64() % 3 {
            0 => bytes[at..end].fill(rng.next_u64() as u8),
            1 => drop(bytes.drain(at..end)),
            _ => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
        }
    }
    bytes
}

fn each(target: &str, check: impl Fn(&[u8])) {
    for seed in seeds(target) {
        check(&seed);
        for number in 0..COPIES {
            check(&damaged(&seed, number));
        }
    }
}

#[test]
fn readings_that_are_damaged_are_read() {
    each("exposition", checks::readings);
}

#[test]
fn listings_that_are_damaged_are_read() {
    each("listing", checks::listings);
}
