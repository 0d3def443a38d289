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
