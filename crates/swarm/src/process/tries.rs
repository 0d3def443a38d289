//! Players that exit at once, again and again.

/// So many lives in a row that ended without anything played, for the same reason, and the viewer
/// is given up: what starts like that does not get better by starting it again.
pub(super) const TRIES_MAX: u32 = 3;

/// The lives of one viewer that came to nothing.
#[derive(Debug, Default)]
pub(super) struct Tries {
    reason: String,
    count: u32,
}

impl Tries {
    /// A life came to nothing; whether to try no more.
    pub(super) fn failed(&mut self, reason: &str) -> bool {
        if self.reason != reason {
            reason.clone_into(&mut self.reason);
            self.count = 0;
        }
        self.count += 1;
        self.count >= TRIES_MAX
    }

    /// A life came to something.
    pub(super) fn played(&mut self) {
        self.count = 0;
    }
}

/// What stays the same in a player's words from one viewer, and one try, to the next: no numbers
/// (ports, addresses, times).
pub(super) fn reason(words: &str) -> String {
    let mut reason = String::with_capacity(words.len());
    for c in words.chars() {
        let is_number = |c: char| c.is_ascii_digit();
        if !is_number(c) {
            reason.push(c);
        } else if !reason.ends_with('#') {
            reason.push('#');
        }
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_times_the_same_is_enough() {
        let mut tries = Tries::default();
        let mut failed = |reason| tries.failed(reason);
        assert!(!failed("a"));
        assert!(!failed("a"));
        assert!(!failed("b"));
        assert!(!failed("a"));
        assert!(!failed("a"));
        assert!(failed("a"));
        tries.played();
        assert!(!tries.failed("a"));
    }

    #[test]
    fn numbers_do_not_make_another_reason() {
        let one = reason("http://127.0.0.1:4711/v/3/x: error -5");
        assert_eq!(one, reason("http://127.0.0.1:99/v/12/x: error -5"));
        assert_ne!(one, reason("http://127.0.0.1:99/v/12/x: refused"));
    }
}
