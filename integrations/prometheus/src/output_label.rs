//! The label `output`: the name of an output, which two outputs may share, though no two lines of metrics may.

use std::collections::BTreeSet;

/// The names, with a number behind each that was there before.
pub(crate) fn output_labels<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut label = |name: &str| {
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let free = std::iter::once(name.to_owned()).chain(numbered).find(|label| !taken.contains(label));
        let label = free.unwrap_or_default();
        taken.insert(label.clone());
        label
    };
    names.into_iter().map(&mut label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_of_one_name_are_told_apart() {
        assert_eq!(output_labels(["a", "b", "a", "a-2", "a"]), ["a", "b", "a-2", "a-2-2", "a-3"]);
    }
}
