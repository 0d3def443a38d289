use report::{document, repeat};

use crate::{rich, runs};

#[test]
fn the_command_that_repeats_a_run() {
    let own = rich::document_of(4);
    let given = document(&runs::named("bad").run());
    insta::assert_snapshot!(format!(
        "{}\n\n{}",
        repeat::command(&own),
        repeat::command(&given)
    ));
    assert!(!repeat::has_secrets(&own));
    assert!(repeat::has_secrets(&given));
}

#[test]
fn a_load_of_another_shape_is_repeated_without_what_it_leaves_no_room_for() {
    for (option, left_out, kept) in [
        (
            "--stages=1m:100",
            &["--viewers", "--ramp-jitter"][..],
            &["--ramp-rate"][..],
        ),
        (
            "--arrivals=50/s",
            &["--viewers", "--ramp-rate", "--ramp-jitter"],
            &[],
        ),
        (
            "--thundering-herd",
            &["--ramp-rate", "--ramp-jitter"],
            &["--viewers"],
        ),
    ] {
        let mut document = rich::document_of(4);
        document.config.options = vec![option.to_owned()];
        let command = repeat::command(&document);
        assert!(command.contains(option), "{command}");
        for word in left_out {
            assert!(!command.contains(word), "{option}: {word} in {command}");
        }
        for word in kept {
            assert!(command.contains(word), "{option}: no {word} in {command}");
        }
    }
}

#[test]
fn groups_are_repeated_by_their_scenario_and_what_was_typed() {
    let group = |name: &str, url: Option<&str>| report::Group {
        name: name.to_owned(),
        weight: 1,
        viewers: 5,
        url: url.map(str::to_owned),
        options: vec!["--player=shaka".to_owned()],
    };
    let mut document = rich::document_of(4);
    let config = &mut document.config;
    config.own_origin = false;
    config.url = "http://h/a.m3u8".to_owned();
    config.options = vec![
        "--scenario=crowd.toml".to_owned(),
        "--slo=error_rate < 1%".to_owned(),
    ];
    config.groups = vec![group("a", None), group("b", Some("http://h/b.m3u8"))];
    let command = repeat::command(&document);
    assert!(
        command.starts_with("liveswarm run http://h/a.m3u8"),
        "{command}"
    );
    for kept in ["--scenario=crowd.toml", "--seed", "--duration"] {
        assert!(command.contains(kept), "{kept} is not in {command}");
    }
    assert_eq!(command.matches("--slo").count(), 1, "{command}");
    for left_out in ["--player", "--variant ", "--restart", "--header", "b.m3u8"] {
        assert!(!command.contains(left_out), "{left_out} is in {command}");
    }
    document.config.groups.remove(0);
    let command = repeat::command(&document);
    assert!(command.starts_with("liveswarm run \\"), "{command}");
}
