use proptest::prelude::*;

use super::*;

const HAVE: Have = Have {
    descriptors: 20_000,
    open: Some(6),
    ports: Some(28_232),
    sources: 1,
    gateways: 1,
    tasks: Some(1_000),
    tasks_now: Some(100),
    memory_bytes: Some(4_000_000_000),
    cores: Some(4),
};

/// So large that only what is set narrower is short.
const WIDE: Have = Have {
    descriptors: u64::MAX,
    open: None,
    ports: None,
    sources: 1,
    gateways: 1,
    tasks: None,
    tasks_now: None,
    memory_bytes: None,
    cores: None,
};

fn native(viewers: u64) -> Need {
    Need::native(3, Security::Plain).times(viewers)
}

/// All that is missing, in one text.
fn refused(need: Need, have: Have) -> String {
    check(&need, &have).unwrap_err().to_string()
}

#[test]
fn what_fits_is_let_through_and_what_is_unknown_refuses_nobody() {
    assert_eq!(check(&native(6_600), &HAVE), Ok(vec![]));
    assert_eq!(check(&Need::FFMPEG.times(200), &HAVE), Ok(vec![]));
    for each in [Need::FFMPEG, Need::ANY_PLAYER, Need::GUEST] {
        assert_eq!(check(&each.times(1_000_000), &WIDE), Ok(vec![]));
    }
}

/// What is narrow, who comes, and how many of them fit, with the words that mend it.
#[test]
fn each_shortage_is_named_with_what_mends_it_and_how_many_would_fit() {
    let ffmpeg = Need::FFMPEG;
    let mixed = native(5) + ffmpeg;
    let cases: [(Have, Need, u64, &str); 8] = [
        (
            Have {
                descriptors: 20_000,
                open: Some(6),
                ..WIDE
            },
            native(1),
            19_930,
            "type `ulimit -Hn 20001`",
        ),
        (
            Have {
                descriptors: 1_000,
                ..WIDE
            },
            ffmpeg,
            133,
            "type `ulimit -Hn 1002`",
        ),
        (
            Have {
                ports: Some(28_232),
                ..WIDE
            },
            native(1),
            28_232,
            "ip_local_port_range",
        ),
        (
            Have {
                ports: Some(28_232),
                sources: 2,
                ..WIDE
            },
            native(1),
            56_464,
            "or give --source more addresses",
        ),
        (
            // Twice as many sources leave the ports towards the gateway as they are.
            Have {
                ports: Some(1_000),
                sources: 2,
                ..WIDE
            },
            ffmpeg,
            500,
            "1002 ports towards the gateways",
        ),
        (
            Have {
                tasks: Some(1_000),
                tasks_now: Some(100),
                ..WIDE
            },
            ffmpeg,
            300,
            "type `ulimit -u 1003`",
        ),
        (
            Have {
                memory_bytes: Some(4_000_000_000),
                ..WIDE
            },
            ffmpeg,
            320,
            "about 4013 MB of memory, by estimate, and 4000 MB are free",
        ),
        (
            // Of six viewers one is a process: seven descriptors, and one for each other.
            Have {
                descriptors: DESCRIPTORS_BESIDE + 1_200,
                ..WIDE
            },
            mixed,
            100,
            "type `ulimit -Hn 1276`",
        ),
    ];
    for (have, each, groups, mends) in cases {
        assert_eq!(shortages(&each.times(groups), &have).count(), 0, "{mends}");
        let said = refused(each.times(groups + 1), have);
        let most = format!("at most {} viewers", each.viewers * groups);
        assert!(said.contains(mends), "{mends}: {said}");
        assert!(said.contains(&most), "{most}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn all_that_is_missing_is_said_at_once() {
    let said = refused(Need::FFMPEG.times(10_000), HAVE);
    let begins: Vec<&str> = said.lines().collect();
    assert_eq!(begins.len(), 3, "{said}");
    for words in ["file descriptors", "processes and threads", "MB of memory"] {
        assert_eq!(said.matches(words).count(), 1, "{said}");
    }
}

#[test]
fn more_connections_than_may_be_needed_only_make_it_tight() {
    let found = check(&native(9_000), &HAVE).unwrap();
    let [Tight::Connections(Refusal::Descriptors { most, .. })] = found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(most, 6_643);
    assert!(found[0].to_string().starts_with("this may become tight"));
}

#[test]
fn cores_are_an_estimate_and_refuse_nobody() {
    let two = Have {
        cores: Some(2),
        ..WIDE
    };
    for (each, fit) in [(native(1), 36_363), (Need::FFMPEG, 555)] {
        assert_eq!(check(&each.times(fit), &two), Ok(vec![]));
        let found = check(&each.times(fit + 1), &two).unwrap();
        let said = found[0].to_string();
        assert!(said.contains("about 2.0 cores, by estimate"), "{said}");
        assert!(said.contains(&format!("at most {fit} viewers")), "{said}");
    }
}

#[test]
fn absurd_numbers_do_not_overflow() {
    for each in [native(u64::MAX), Need::FFMPEG.times(u64::MAX)] {
        assert!(check(&(each + each).times(u64::MAX), &HAVE).is_err());
    }
}

fn each() -> impl Strategy<Value = Need> {
    prop_oneof![
        (0..9_u64).prop_map(|most| Need::native(most, Security::Plain)),
        (0..9_u64).prop_map(|most| Need::native(most, Security::Tls)),
        Just(Need::FFMPEG),
        Just(Need::FFMPEG_BY_LOGS),
        Just(Need::ANY_PLAYER),
        Just(Need::GUEST),
    ]
}

proptest! {
    /// As many as are said to fit do, and one more does not.
    #[test]
    fn the_number_that_is_offered_is_the_greatest(each in each(), viewers in 1..100_000_u64, descriptors in 100..200_000_u64, ports in 1..60_000_u64, sources in 1..5_usize, tasks in 0..100_000_u64, memory_bytes in 0..1_000_000_000_000_u64) {
        let have = Have { descriptors, ports: Some(ports), tasks: Some(tasks), memory_bytes: Some(memory_bytes), ..HAVE };
        let have = have.from_sources(sources);
        for refusal in shortages(&each.times(viewers), &have) {
            let (Refusal::Descriptors { most, .. }
            | Refusal::Ports { most, .. }
            | Refusal::GatewayPorts { most, .. }
            | Refusal::Processes { most, .. }
            | Refusal::Memory { most, .. }) = refusal;
            let same = |other: &Refusal| std::mem::discriminant(other) == std::mem::discriminant(&refusal);
            prop_assert!(most < viewers);
            let again = |viewers| shortages(&each.times(viewers), &have).any(|other| same(&other));
            prop_assert!(again(most + 1), "{refusal}");
            prop_assert!(!again(most) || most == 0, "{refusal}");
        }
    }
}
