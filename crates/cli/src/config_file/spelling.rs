//! What was perhaps meant by a name that nothing has.

/// What to say of a name that no option has.
pub(super) fn unknown(name: &str, names: &[&str]) -> String {
    let near = names.iter().filter_map(|known| {
        let distance = distance(name, known);
        (distance <= 1 + name.len() / 4).then_some((distance, known))
    });
    match near.min() {
        Some((_, known)) => format!("there is no option `{name}`; did you mean `{known}`?"),
        None => format!("there is no option `{name}`; `liveswarm run --help` lists them"),
    }
}

/// Letters to insert, delete or replace to make `b` of `a` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(distance("viewer", "viewers"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
