use report::{Document, document, junit};

use crate::{rich, runs};

#[test]
fn a_run_as_junit() {
    insta::assert_snapshot!(junit(&rich::document_of(4)));
}

/// How often each outcome is among the test cases, and what the suite says of it.
fn outcomes(document: &Document) -> [usize; 4] {
    let xml = junit(document);
    let count = |of: &str| xml.matches(of).count();
    let told = |name: &str| -> usize {
        let (_, value) = xml.split_once(&format!(" {name}=\"")).unwrap();
        value.split_once('"').unwrap().0.parse().unwrap()
    };
    let found = [
        count("<testcase "),
        count("<failure "),
        count("<error "),
        count("<skipped "),
    ];
    assert_eq!(found, ["tests", "failures", "errors", "skipped"].map(told));
    found
}

#[test]
fn a_test_case_for_each_objective_and_one_for_the_end() {
    let mut document = rich::document_of(4);
    // Two are broken, one has no sample, and the exit code is 4.
    assert_eq!(outcomes(&document), [5, 2, 1, 1]);
    document.config.slo_require_data = true;
    assert_eq!(outcomes(&document), [5, 3, 1, 0]);
    let exit = |code| {
        let mut document = document.clone();
        document.objectives.clear();
        document.exit.as_mut().unwrap().code = code;
        outcomes(&document)
    };
    assert_eq!(exit(0), [1, 0, 0, 0]);
    assert_eq!([3, 5].map(exit), [[1, 1, 0, 0]; 2]);
    assert_eq!([1, 4].map(exit), [[1, 0, 1, 0]; 2]);
    document.objectives.clear();
    document.exit = None;
    assert_eq!(outcomes(&document), [1, 0, 0, 1]);
}

/// A strict reader gets back what went in, but for what XML has no place for.
#[test]
fn names_come_through_a_parser() {
    let mut document = rich::document_of(1);
    document.objectives.truncate(1);
    "<&\"'>\t\n\u{1b}[31m é ]]>".clone_into(&mut document.objectives[0].objective);
    document.config.url = "http://h/?a=1&b=<\u{0}".to_owned();
    let xml = junit(&document);
    let parsed = roxmltree::Document::parse(&xml).unwrap();
    let nodes = || parsed.descendants();
    let case = nodes().find(|node| node.has_tag_name("testcase")).unwrap();
    assert_eq!(case.attribute("name"), Some("<&\"'>\t\n\u{fffd}[31m é ]]>"));
    let url = nodes()
        .find(|node| node.attribute("name") == Some("url"))
        .unwrap();
    assert_eq!(url.attribute("value"), Some("http://h/?a=1&b=<\u{fffd}"));
}

#[test]
fn every_state_of_a_run_is_well_formed() {
    for case in runs::all() {
        let xml = junit(&document(&case.run()));
        assert!(roxmltree::Document::parse(&xml).is_ok(), "{xml}");
    }
}
