//! What was perhaps meant by a name that nothing has.

/// What to say of a name that no option has.
pub(super) fn unknown(name: &str, names: &[&str]) -> String {
    let may_be_a_slip = |known: &&&str| known.len().abs_diff(name.len()) <= 1 + name.len() / 4;
    let near = names.iter().filter(may_be_a_slip).filter_map(|known| {
        let distance = strsim::levenshtein(name, known);
        (distance <= 1 + name.len() / 4).then_some((distance, known))
    });
    match near.min() {
        Some((_, known)) => format!("there is no option `{name}`; did you mean `{known}`?"),
        None => format!("there is no option `{name}`; `liveswarm run --help` lists them"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_nearly_right_is_known() {
        let names = ["viewers", "stages"];
        assert!(unknown("viewer", &names).contains("did you mean `viewers`?"));
        assert!(unknown("colour", &names).contains("--help"));
        assert!(unknown(&"viewers".repeat(1_000), &names).contains("--help"));
    }
}
