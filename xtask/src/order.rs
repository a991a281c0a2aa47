//! The order in which crates are published: each after those of ours that it needs.

use crate::Outcome;
use crate::workspace::Package;

/// The crates that are published, those that need nothing of ours first.
///
/// # Errors
///
/// When crates need each other, so that none of them can be first.
pub(crate) fn of_publishing(packages: &[Package]) -> Outcome<Vec<&Package>> {
    let mut waiting: Vec<&Package> = packages.iter().filter(|package| package.published).collect();
    let mut order = Vec::new();
    while !waiting.is_empty() {
        let (next, later): (Vec<&Package>, Vec<&Package>) =
            waiting.iter().copied().partition(|package| !waiting.iter().any(|other| needs(package, other)));
        if next.is_empty() {
            let names: Vec<&str> = later.iter().map(|package| &*package.name).collect();
            return Err(format!("none of these can be published first: {}", names.join(", ")).into());
        }
        order.extend(next);
        waiting = later;
    }
    Ok(order)
}

fn needs(package: &Package, other: &Package) -> bool {
    package.dependencies.iter().any(|dependency| dependency.told && dependency.package == other.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Dependency, Kind};

    fn package(name: &str, needed: &[(&str, bool)]) -> Package {
        let dependency = |(name, told): &(&str, bool)| Dependency {
            name: name.replace('-', "_"),
            package: (*name).to_owned(),
            kind: if *told { Kind::Normal } else { Kind::Dev },
            told: *told,
        };
        Package { dependencies: needed.iter().map(dependency).collect(), ..Package::named(name, "") }
    }

    fn order(packages: &[Package]) -> Result<Vec<&str>, String> {
        let order = of_publishing(packages).map_err(|error| error.to_string())?;
        Ok(order.into_iter().map(|package| &*package.name).collect())
    }

    #[test]
    fn what_is_needed_comes_first() {
        let packages = [
            package("roof", &[("floor", true), ("wing", true), ("serde", true), ("roof", false)]),
            package("wing", &[("floor", true)]),
            package("floor", &[("itoa", true)]),
        ];
        assert_eq!(order(&packages), Ok(vec!["floor", "wing", "roof"]));
    }

    #[test]
    fn what_is_not_published_has_no_place() {
        let packages = [package("one", &[]), Package { published: false, ..package("tools", &[("one", true)]) }];
        assert_eq!(order(&packages), Ok(vec!["one"]));
    }

    #[test]
    fn crates_that_wait_for_each_other_are_named() {
        let packages = [package("one", &[("two", true)]), package("two", &[("one", true)]), package("three", &[])];
        assert_eq!(order(&packages), Err("none of these can be published first: one, two".to_owned()));
    }
}
