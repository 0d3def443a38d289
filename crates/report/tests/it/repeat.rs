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
