use proptest::prelude::*;

use super::super::goal::{Aggregate, Bound, Goal, Ratio, Samples, Scope, names, transport};
use super::super::limit::{LIMIT_US_MAX, Micros, Ppm};
use super::super::{Listed, Objective, ParseError};
use super::objective;
use crate::latency::What;
use crate::slo::Source;

/// What is written, and its canonical form.
const GOOD: [(&str, &str); 24] = [
    ("glass_to_glass.p95 < 3s", "glass_to_glass.p95 < 3s"),
    (
        "segment_download.p99 < 500ms",
        "segment_download.p99 < 500ms",
    ),
    ("rebuffer_ratio < 0.5%", "rebuffer_ratio < 0.5%"),
    ("error_rate < 0.1%", "error_rate < 0.1%"),
    ("startup.p95 < 2s", "startup.p95 < 2s"),
    ("viewers_playing >= 95%", "viewers_playing >= 95%"),
    (
        "  startup.p50<=1500ms\tabort\n",
        "startup.p50 <= 1.5s abort",
    ),
    ("playlist.p99.9 < 0.25s", "playlist.p99.9 < 250ms"),
    ("playlist_sent.p99.99 < 1m", "playlist_sent.p99.99 < 60s"),
    ("connect.p05.50 < 900us", "connect.p5.5 < 900us"),
    ("stall.max <= 0s", "stall.max <= 0s"),
    ("stall.max <= 9m", "stall.max <= 540s"),
    ("live_latency.p90 < 8.05s", "live_latency.p90 < 8.05s"),
    ("segment_ttfb.p1 < 1.5ms", "segment_ttfb.p1 < 1.5ms"),
    ("rebuffer_ratio < 0.005", "rebuffer_ratio < 0.5%"),
    ("rebuffer_ratio <= 0", "rebuffer_ratio <= 0%"),
    ("error_rate < 100%", "error_rate < 100%"),
    ("error_rate < 1 abort", "error_rate < 100% abort"),
    ("viewers_playing > 0%", "viewers_playing > 0%"),
    ("viewers_playing >= 1", "viewers_playing >= 100%"),
    (
        "glass_to_glass.p99 < 4s for transport=ll-hls for source=origin abort",
        "glass_to_glass.p99 < 4s for transport=ll-hls for source=origin abort",
    ),
    (
        "glass_to_glass.p50 < 1s abort for source=pushed for transport=WS",
        "glass_to_glass.p50 < 1s for transport=websocket for source=pushed abort",
    ),
    (
        "glass_to_glass.p50 < 1s for source=viewer for transport=x/ÿ",
        "glass_to_glass.p50 < 1s for transport=x/ÿ",
    ),
    (
        "glass_to_glass.p50 < 1s for transport=12345678901234567890123456789012",
        "glass_to_glass.p50 < 1s for transport=12345678901234567890123456789012",
    ),
];

/// What is written, with `^` before the character that is wrong; what is said; what to try.
const BAD: [(&str, &str, &str); 53] = [
    (
        "^",
        "an objective begins with a metric",
        "try `glass_to_glass.p95 < 3s`",
    ),
    (
        "  ^< 3s",
        "an objective begins with a metric",
        "try `glass_to_glass.p95 < 3s`",
    ),
    (
        "^default",
        "there is no metric `default`",
        "take one of the metrics below",
    ),
    (
        "^glass_to_glas.p95 < 3s",
        "there is no metric `glass_to_glas`",
        "did you mean glass_to_glass?",
    ),
    (
        "^Error_Rate < 1%",
        "there is no metric `Error_Rate`",
        "did you mean error_rate?",
    ),
    (
        "^ærror < 1%",
        "there is no metric `ærror`",
        "take one of the metrics below",
    ),
    (
        "startup^ < 2s",
        "startup is many samples",
        "try startup.p95 or startup.max",
    ),
    (
        "startup^",
        "startup is many samples",
        "try startup.p95 or startup.max",
    ),
    (
        "startup.^ < 2s",
        "`` is no figure of samples",
        "take max, or a quantile",
    ),
    (
        "startup.^mean < 2s",
        "`mean` is no figure of samples",
        "take max, or a quantile",
    ),
    (
        "startup.^p < 2s",
        "`p` is no figure of samples",
        "take max, or a quantile",
    ),
    (
        "startup.^p9x < 2s",
        "`p9x` is no figure of samples",
        "take max, or a quantile",
    ),
    (
        "startup.^p95. < 2s",
        "`p95.` is no figure of samples",
        "take max, or a quantile",
    ),
    (
        "startup.^p0 < 2s",
        "`p0` is not between p0.01 and p99.99",
        "take max, or a quantile",
    ),
    (
        "startup.^p101 < 2s",
        "`p101` is not between p0.01 and p99.99",
        "take max, or a quantile",
    ),
    (
        "startup.^p99.999 < 2s",
        "`p99.999` is not between p0.01 and p99.99",
        "take max, or a quantile",
    ),
    ("startup.^p100 < 2s", "p100 is the greatest", "write max"),
    (
        "error_rate^.p95 < 1%",
        "error_rate is one figure and has no quantiles",
        "leave out",
    ),
    (
        "startup.p95^",
        "startup is compared with nothing",
        "write startup < LIMIT, or startup <= LIMIT",
    ),
    (
        "startup.p95 ^2s",
        "startup is compared with nothing",
        "write startup < LIMIT",
    ),
    (
        "startup.p95 ^# 2s",
        "startup is compared with nothing",
        "write startup < LIMIT",
    ),
    (
        "startup.p95 ^=< 2s",
        "`=<` is no comparison",
        "write startup < LIMIT",
    ),
    (
        "startup.p95 ^== 2s",
        "`==` is no comparison",
        "write startup < LIMIT",
    ),
    (
        "startup.p95 ^≤ 2s",
        "`≤` is no comparison",
        "write startup < LIMIT",
    ),
    (
        "startup.p95 ^> 2s",
        "startup is good when it is low: it has no lower limit",
        "write startup < LIMIT",
    ),
    (
        "viewers_playing ^< 95%",
        "viewers_playing is good when it is high: it has no upper limit",
        "write viewers_playing > LIMIT, or viewers_playing >= LIMIT",
    ),
    (
        "startup.p95 <^",
        "the limit is missing",
        "write a time with its unit",
    ),
    (
        "startup.p95 < ^abort",
        "`abort` is no number with a unit",
        "write a time with its unit",
    ),
    (
        "startup.p95 < ^-2s",
        "`-2s` is no number with a unit",
        "write a time with its unit",
    ),
    (
        "startup.p95 < ^.5s",
        "`.5s` is no number with a unit",
        "write a time with its unit",
    ),
    (
        "startup.p95 < 2.^s",
        "`2.s` is no number with a unit",
        "write a time with its unit",
    ),
    (
        "startup.p95 < 2.5^.1s",
        "`2.5.1s` is no number with a unit",
        "write a time with its unit",
    ),
    (
        "startup.p95 < 2^",
        "`2` has no unit",
        "write a time with its unit",
    ),
    (
        "startup.p95 < 2^ s",
        "`2` has no unit",
        "write a time with its unit",
    ),
    (
        "startup.p95 < 2^S",
        "`S` is no unit of this metric",
        "write a time with its unit",
    ),
    (
        "startup.p95 < 2^%",
        "`%` is no unit of this metric",
        "write a time with its unit",
    ),
    (
        "startup.p95 < 2^e3ms",
        "`e3ms` is no unit of this metric",
        "write a time with its unit",
    ),
    (
        "startup.p95 < ^0.5us",
        "`0.5us` is finer than anything that is measured",
        "take 1us",
    ),
    (
        "startup.p95 < ^0s",
        "nothing is on that side of 0s: this never holds",
        "take another limit",
    ),
    (
        "startup.p95 <^541s",
        "limits go to 540s",
        "write a time with its unit",
    ),
    (
        "startup.p95 < ^99999999999999999999999999999999999999999s",
        "is larger than anything that is measured",
        "write a time with its unit",
    ),
    (
        "error_rate < 1^s",
        "`s` is no unit of this metric",
        "write a share such as 0.5% or 0.005",
    ),
    (
        "error_rate < ^5",
        "`5` is more than everything",
        "write a share such as 0.5% or 0.005, from 0 to 100%",
    ),
    (
        "error_rate < ^100.1%",
        "`100.1%` is more than everything",
        "from 0 to 100%",
    ),
    (
        "error_rate < ^0.00001%",
        "`0.00001%` is finer",
        "take 1us or 0.0001% as the finest step",
    ),
    (
        "error_rate < ^0%",
        "nothing is on that side of 0%: this never holds",
        "take another limit",
    ),
    (
        "error_rate <= ^100%",
        "every share is on that side of 100%: this always holds",
        "write a share",
    ),
    (
        "viewers_playing > ^100%",
        "nothing is on that side of 100%: this never holds",
        "take another limit",
    ),
    (
        "viewers_playing >= ^0%",
        "every share is on that side of 0%: this always holds",
        "write a share",
    ),
    (
        "error_rate < 1% ^now",
        "`now` is not expected here",
        "after the limit come",
    ),
    (
        "error_rate < 1% abort ^abort",
        "`abort` is there twice",
        "leave out the second",
    ),
    (
        "error_rate < 1% for ^transport=hls",
        "error_rate is not kept by transport or source",
        "glass_to_glass is",
    ),
    (
        "live_latency.p95 < 9s for ^source=viewer",
        "live_latency is not kept by",
        "glass_to_glass is",
    ),
];

/// The same for what follows `glass_to_glass.p95 < 3s `.
const BAD_SCOPES: [(&str, &str, &str); 11] = [
    (
        "for^",
        "`for` goes with transport=NAME or source=SOURCE",
        "try `for transport=hls`",
    ),
    (
        "for ^broadcast=x",
        "`for` goes with transport=NAME",
        "try `for transport=hls`",
    ),
    (
        "for ^=hls",
        "`for` goes with transport=NAME",
        "try `for transport=hls`",
    ),
    (
        "for transport^ hls",
        "a `=` is missing",
        "try hls, ll-hls, dash, websocket or moq",
    ),
    (
        "for transport=^ hls",
        "a name is missing after `=`",
        "try hls, ll-hls",
    ),
    (
        "for transport=^123456789012345678901234567890123",
        "at most 32 bytes",
        "try hls",
    ),
    (
        "for transport=h^\u{1}ls",
        "no control characters",
        "try hls",
    ),
    (
        "for transport=hls for ^transport=moq",
        "`transport` is there twice",
        "leave out the second",
    ),
    (
        "for source=^us",
        "there is no source `us`",
        "take viewer, origin or pushed",
    ),
    (
        "for source^",
        "a `=` is missing",
        "take viewer, origin or pushed",
    ),
    (
        "^transport=hls",
        "`transport=hls` is not expected here",
        "after the limit come",
    ),
];

fn refused(text: &str) -> ParseError {
    match text.parse::<Objective>() {
        Ok(taken) => panic!("`{text}` was taken as `{taken}`"),
        Err(error) => error,
    }
}

#[test]
fn what_is_right_is_taken_and_written_in_one_way() {
    for (text, canonical) in GOOD {
        let taken = objective(text);
        assert_eq!(taken.to_string(), canonical, "{text}");
        assert_eq!(objective(canonical), taken, "{text}");
    }
}

#[test]
fn what_is_wrong_is_pointed_at() {
    let scopes = BAD_SCOPES
        .map(|(rest, what, hint)| (format!("glass_to_glass.p95 < 3s {rest}"), what, hint));
    let bad = BAD.map(|(marked, what, hint)| (marked.to_owned(), what, hint));
    for (marked, what, hint) in bad.into_iter().chain(scopes) {
        let column = marked.chars().position(|c| c == '^').unwrap();
        let error = refused(&marked.replacen('^', "", 1));
        assert_eq!(error.column(), column, "{marked}\n{error}");
        assert!(error.what().contains(what), "{marked}\n{error}");
        assert!(
            error.hint().starts_with(hint) || error.hint().ends_with(hint),
            "{marked}\n{error}"
        );
    }
}

#[test]
fn an_error_shows_the_place_and_names_the_metrics() {
    assert_eq!(
        refused("glass_to_glass.p95 < 3\tabort").to_string(),
        "\
`3` has no unit
  glass_to_glass.p95 < 3 abort
                        ^
write a time with its unit, such as 500ms, 3s or 1m
an objective reads METRIC[.pNN|.max] OP LIMIT [for transport=NAME] [for source=SOURCE] [abort]
metrics: playlist, playlist_sent, segment_ttfb, segment_ttfb_sent, segment_download, \
segment_download_sent, connect, startup, stall, live_latency, glass_to_glass, rebuffer_ratio, \
error_rate, viewers_playing"
    );
}

#[test]
fn a_book_is_no_objective_and_is_not_repeated() {
    for text in [
        " ".repeat(1_025),
        format!("error_rate < 1% {}", "x".repeat(1_000)),
    ] {
        assert!(refused(&text).to_string().len() < 2_000);
    }
    assert!(
        refused(&" ".repeat(1_025))
            .what()
            .contains("at most 1024 bytes")
    );
}

fn bound() -> impl Strategy<Value = Bound> {
    prop_oneof![Just(Bound::Strict), Just(Bound::Inclusive)]
}

fn samples() -> impl Strategy<Value = Samples> {
    let scope = (
        prop::option::of("[a-zà-ý0-9/._:<>=-]{1,16}"),
        prop_oneof![
            Just(Source::Viewer),
            Just(Source::Origin),
            Just(Source::Pushed)
        ],
    );
    prop_oneof![
        (0..What::COUNT - 1).prop_map(|at| Samples::Of(What::ALL[at])),
        scope.prop_map(|(name, source)| {
            let transport = name.as_deref().map(transport);
            Samples::GlassToGlass(Scope { transport, source })
        }),
    ]
}

fn goal() -> impl Strategy<Value = Goal> {
    let aggregate = prop_oneof![
        3 => (1..10_000_u32).prop_map(Aggregate::Quantile),
        1 => Just(Aggregate::Max),
    ];
    let latency = (samples(), aggregate, bound(), 1..=LIMIT_US_MAX);
    prop_oneof![
        latency.prop_map(|(samples, aggregate, bound, us)| Goal::Latency {
            samples,
            aggregate,
            bound,
            limit: Micros(us),
        }),
        (0..3_usize, bound(), 1..1_000_000_u32).prop_map(|(at, bound, ppm)| Goal::Ratio {
            of: Ratio::ALL[at],
            bound,
            limit: Ppm(ppm),
        }),
    ]
}

/// Any objective that can be written.
pub(super) fn any_objective() -> impl Strategy<Value = Objective> {
    (goal(), any::<bool>()).prop_map(|(goal, abort)| Objective {
        goal,
        abort,
        listed: Listed::Always,
    })
}

/// Text that gets further into the grammar than chance does.
fn nearly() -> impl Strategy<Value = String> {
    let metrics: Vec<_> = names().collect();
    let words = prop_oneof![
        prop::sample::select(metrics).prop_map(str::to_owned),
        prop::sample::select(vec![
            ".",
            "p95",
            "max",
            "<",
            "<=",
            ">",
            ">=",
            "1",
            "3s",
            "0.5",
            "%",
            "ms",
            "for",
            "transport=",
            "source=",
            "viewer",
            "abort",
            " ",
            "\u{a0}",
            "é",
            "\0",
            "=",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,3}",
    ];
    prop::collection::vec(words, 0..14).prop_map(|words| words.concat())
}

fn holds_up(text: &str) {
    match text.parse::<Objective>() {
        Ok(taken) => assert_eq!(objective(&taken.to_string()), taken, "{text:?}"),
        Err(error) => {
            assert!(error.column() <= text.chars().count(), "{text:?}\n{error}");
            assert_eq!(error.to_string().lines().count(), 6, "{text:?}\n{error}");
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back(objective in any_objective()) {
        let text = objective.to_string();
        prop_assert_eq!(text.parse::<Objective>(), Ok(objective), "{}", text);
    }

    #[test]
    fn no_text_is_too_odd(text: String, nearly in nearly()) {
        holds_up(&text);
        holds_up(&nearly);
    }

    #[test]
    fn no_change_of_a_character_is_too_odd(
        objective in any_objective(),
        place: prop::sample::Index,
        other: char,
    ) {
        let mut text: Vec<char> = objective.to_string().chars().collect();
        let place = place.index(text.len());
        text[place] = other;
        holds_up(&text.iter().collect::<String>());
        text.remove(place);
        holds_up(&text.iter().collect::<String>());
    }
}
