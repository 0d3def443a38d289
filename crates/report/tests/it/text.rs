use report::{Style, text};

use crate::runs;

#[test]
fn every_state_of_a_run_as_text() {
    for case in runs::all() {
        insta::assert_snapshot!(
            format!("text_{}", case.name),
            text(&case.run(), Style::Plain)
        );
    }
}

#[test]
fn nothing_is_wider_than_80_columns_and_nothing_steers_the_terminal() {
    for case in runs::all() {
        for line in text(&case.run(), Style::Plain).lines() {
            assert!(line.chars().count() <= 80, "{}: {line}", case.name);
            assert!(!line.contains(char::is_control), "{}: {line:?}", case.name);
            assert_eq!(line, line.trim_end(), "{}", case.name);
        }
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    for case in runs::all() {
        let coloured = text(&case.run(), Style::Colour);
        assert!(coloured.contains("\x1b[1m"), "{}", case.name);
        let mut plain = coloured.replace("\x1b[0m", "");
        for code in ["1", "2", "31", "32", "33"] {
            plain = plain.replace(&format!("\x1b[{code}m"), "");
        }
        assert_eq!(plain, text(&case.run(), Style::Plain), "{}", case.name);
    }
}

#[test]
fn long_lists_are_cut_and_say_so() {
    let case = runs::many();
    let shown = text(&case.run(), Style::Plain);
    assert!(
        shown.contains("and 30 more broadcasts (--json has them all)"),
        "{shown}"
    );
    assert!(
        shown.contains("and 80 more kinds (--json has them all)"),
        "{shown}"
    );
    assert!(
        shown.contains("5 samples of further broadcasts found no room"),
        "{shown}"
    );
}

/// The rate of a ramp is told of ramps only.
#[test]
fn a_load_of_another_shape_is_told_as_it_was_typed() {
    let mut case = runs::many();
    assert!(text(&case.run(), Style::Plain).contains("100 viewers, 20/s · "));
    case.config.load = "arrivals 75/m, watch time exp:2m".to_owned();
    let shown = text(&case.run(), Style::Plain);
    assert!(
        shown.contains("up to 100 viewers, arrivals 75/m, watch time exp:2m"),
        "{shown}"
    );
    assert!(!shown.contains("20/s"), "{shown}");
}
