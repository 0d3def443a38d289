use super::goal::names;

/// A metric's name that is this many edits away from what was written is what was meant.
const TYPO_EDITS_MAX: usize = 3;
/// Longer words are no typos, in bytes.
const WORD_BYTES_MAX: usize = 64;

/// The metric that was probably meant.
pub(super) fn meant(written: &str) -> Option<&'static str> {
    let written = written.to_ascii_lowercase().replace('-', "_");
    if written.len() > WORD_BYTES_MAX {
        return None;
    }
    let edits = names().map(|name| (strsim::levenshtein(&written, name), name));
    let (edits, name) = edits.min_by_key(|&(edits, _)| edits)?;
    (edits <= TYPO_EDITS_MAX).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_are_recognised_and_others_are_not() {
        let cases = [
            ("glass_to_glas", Some("glass_to_glass")),
            ("Glass-to-Glass", Some("glass_to_glass")),
            ("rebuffer_rate", Some("rebuffer_ratio")),
            ("error_ratio", Some("error_rate")),
            ("viewers", None),
            ("x", None),
            ("cpu_temperature", None),
        ];
        for (written, expected) in cases {
            assert_eq!(meant(written), expected, "{written}");
        }
        assert_eq!(meant(&"startup".repeat(1000)), None);
    }
}
