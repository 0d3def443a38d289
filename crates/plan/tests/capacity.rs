//! Searches for a ceiling that is known.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

use base::Rng;
use plan::capacity::{Answer, End, HOLDS_MAX, LEVELS, Margin, Next, RangeError, Search, Verdict};
use proptest::prelude::*;

/// Searches until it is over.
fn search(from: u64, to: u64, mut judge: impl FnMut(u64) -> Verdict) -> (Answer, Search, Vec<u64>) {
    let mut search = Search::new(from, to).unwrap();
    let mut held = Vec::new();
    loop {
        match search.next() {
            Next::Hold(viewers) => {
                held.push(viewers);
                search.judged(judge(viewers));
            }
            Next::Over(answer) => return (answer, search, held),
        }
    }
}

/// Everything up to `ceiling` holds.
fn clean(ceiling: u64) -> impl FnMut(u64) -> Verdict {
    move |viewers| {
        if viewers <= ceiling {
            Verdict::Held(Margin::Clear)
        } else {
            Verdict::Broken(Margin::Clear)
        }
    }
}

/// A ceiling that is elsewhere each time, by up to `noise` of it; within twice that judgements are
/// close.
fn noisy(ceiling: u64, noise: f64, seed: u64) -> impl FnMut(u64) -> Verdict {
    let mut rng = Rng::new(seed);
    move |viewers| {
        let share = viewers as f64 / ceiling as f64;
        let margin = if (share - 1.0).abs() < 2.0 * noise {
            Margin::Close
        } else {
            Margin::Clear
        };
        if share <= 1.0 + rng.between(-noise, noise) {
            Verdict::Held(margin)
        } else {
            Verdict::Broken(margin)
        }
    }
}

#[test]
fn a_small_search_step_by_step() {
    let (answer, search, held) = search(10, 160, clean(60));
    assert_eq!(held, [10, 40, 160, 80, 57, 68, 62, 59, 59]);
    assert_eq!(
        answer,
        Answer {
            carried: Some(59),
            broken: Some(62),
            end: End::Found
        }
    );
    assert_eq!((search.holds(), search.levels()), (9, 8));
}

#[test]
fn the_ends_of_the_range_have_words_of_their_own() {
    let (answer, ..) = search(100, 20_000, clean(99));
    assert_eq!((answer.carried, answer.broken), (None, Some(100)));
    assert_eq!(answer.end, End::BrokeFromTheStart);
    let (answer, ..) = search(100, 20_000, clean(20_000));
    assert_eq!((answer.carried, answer.broken), (Some(20_000), None));
    assert_eq!(answer.end, End::HeldToTheEnd);
}

#[test]
fn a_generator_that_is_the_bottleneck_ends_the_search() {
    let judge = |viewers| match viewers {
        0..1_000 => Verdict::Held(Margin::Clear),
        _ => Verdict::GeneratorBound,
    };
    let (answer, _, held) = search(100, 20_000, judge);
    let last = *held.last().unwrap();
    assert!(last >= 1_000);
    assert_eq!(answer.end, End::GeneratorBound(last));
    assert_eq!(answer.carried, held.iter().rev().nth(1).copied());
    assert_eq!(answer.broken, None);
}

#[test]
fn a_close_judgement_is_repeated_and_a_third_decides() {
    let mut verdicts = [
        Verdict::Held(Margin::Close),
        Verdict::Broken(Margin::Close),
        Verdict::Held(Margin::Close),
        Verdict::Broken(Margin::Clear),
    ]
    .into_iter();
    let mut search = Search::new(10, 40).unwrap();
    for viewers in [10, 10, 10, 40] {
        assert_eq!(search.next(), Next::Hold(viewers));
        search.judged(verdicts.next().unwrap());
    }
    assert_eq!(search.next(), Next::Hold(20));
}

#[test]
fn an_answer_that_does_not_hold_again_is_none() {
    // 59 holds the first time, and breaks from then on.
    let mut first = true;
    let (answer, _, held) = search(10, 160, |viewers| {
        let holds = viewers < 59 || (viewers == 59 && std::mem::take(&mut first));
        let margin = Margin::Clear;
        if holds {
            Verdict::Held(margin)
        } else {
            Verdict::Broken(margin)
        }
    });
    assert_eq!(held.iter().filter(|viewers| **viewers == 59).count(), 3);
    assert_eq!((answer.carried, answer.end), (Some(57), End::Found));
}

#[test]
fn what_is_no_range_is_refused() {
    assert_eq!(Search::new(0, 5).unwrap_err(), RangeError::FromNone);
    let empty = RangeError::Empty { from: 5, to: 5 };
    assert_eq!(Search::new(5, 5).unwrap_err(), empty);
    let many = plan::VIEWERS_MAX + 1;
    assert_eq!(Search::new(5, many).unwrap_err(), RangeError::TooMany(many));
}

/// Every ceiling of a range that people type.
#[test]
fn a_clean_ceiling_is_found_within_five_percent_in_under_ten_levels() {
    for ceiling in 100..20_000 {
        let (answer, search, held) = search(100, 20_000, clean(ceiling));
        let found = answer.carried.unwrap();
        assert_eq!(answer.end, End::Found, "{ceiling}");
        assert!(
            found <= ceiling && found as f64 >= 0.95 * ceiling as f64,
            "{ceiling}: {held:?}"
        );
        assert!(search.levels() as u32 <= LEVELS, "{ceiling}: {held:?}");
        assert!(search.holds() <= LEVELS + 1, "{ceiling}: {held:?}");
    }
}

proptest! {
    #[test]
    fn every_search_ends(from in 1..2_000_u64, more in 1..900_000_u64, seed: u64, chance in 0.0..1.0_f64) {
        let mut rng = Rng::new(seed);
        let (answer, search, held) = search(from, from + more, |_| {
            let margin = if rng.unit() < 0.5 { Margin::Clear } else { Margin::Close };
            if rng.unit() < chance { Verdict::Held(margin) } else { Verdict::Broken(margin) }
        });
        prop_assert!(search.holds() <= HOLDS_MAX);
        prop_assert!(held.iter().all(|viewers| (from..=from + more).contains(viewers)));
        prop_assert!(answer.carried.is_none_or(|held| answer.broken.is_none_or(|broke| held < broke)));
    }

    #[test]
    fn a_noisy_ceiling_is_found_within_its_noise_and_the_tolerance(
        ceiling in 100..20_000_u64, noise in 0.0..0.05_f64, seed: u64,
    ) {
        let (answer, ..) = search(100, 20_000, noisy(ceiling, noise, seed));
        let found = match answer.carried {
            Some(found) => found as f64,
            None => 100.0,
        };
        let share = found / ceiling as f64;
        prop_assert!(share <= 1.0 + noise + 1e-9, "{} of {}: {:?}", found, ceiling, answer);
        prop_assert!(share >= (1.0 - noise) * 0.95 - 0.01, "{} of {}: {:?}", found, ceiling, answer);
    }

    #[test]
    fn small_ranges_are_found_to_the_viewer(from in 1..10_u64, more in 1..10_u64, into in 0..10_u64) {
        let ceiling = from + into % more;
        let (answer, ..) = search(from, from + more, clean(ceiling));
        prop_assert_eq!((answer.carried, answer.broken), (Some(ceiling), Some(ceiling + 1)));
    }
}
