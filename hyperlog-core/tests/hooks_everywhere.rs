//! Hooks of all loggers, in a program of their own: they meet every logger there is.

use hyperlog_core::{Hook, Logger, add_hook_everywhere, info};

fn appends(name: &'static str) -> Hook {
    Hook::enrich(move |draft| {
        let mut so_far = String::new();
        draft.record().for_each_field(|key, _| so_far.push_str(key.name()));
        draft.add(name, true);
    })
}

fn names(logger: &Logger, captured: &hyperlog_core::Captured) -> Vec<String> {
    captured.clear();
    info!(logger: logger, "m");
    captured.only().fields().iter().map(|(name, _)| name.clone()).collect()
}

#[test]
fn a_hook_everywhere_runs_before_each_logger_s_own_in_those_that_are_and_those_to_come() {
    let (before, of_before) = Logger::capture_with(|builder| builder.hook(appends("own")));
    let one = add_hook_everywhere(appends("one"));
    let two = add_hook_everywhere(appends("two"));
    let (after, of_after) = Logger::capture_with(|builder| builder.hook(appends("own")));
    assert_eq!(names(&before, &of_before), ["one", "two", "own"]);
    assert_eq!(names(&after, &of_after), ["one", "two", "own"]);
    drop(before.add_hook(appends("later")));
    one.remove();
    assert_eq!(names(&before, &of_before), ["two", "own", "later"]);
    assert_eq!(names(&after, &of_after), ["two", "own"]);
    two.remove();
    assert_eq!(names(&after, &of_after), ["own"]);
    let (last, of_last) = Logger::capture();
    assert!(names(&last, &of_last).is_empty());
    while_loggers_are_built();
}

/// Loggers that are built while hooks are added have each of them once.
fn while_loggers_are_built() {
    let loggers = std::thread::scope(|scope| {
        let building = scope.spawn(|| (0..200).map(|_| Logger::capture()).collect::<Vec<_>>());
        for name in ["a", "b", "c", "d"] {
            drop(add_hook_everywhere(appends(name)));
        }
        building.join().unwrap()
    });
    for (logger, captured) in loggers {
        assert_eq!(names(&logger, &captured), ["a", "b", "c", "d"]);
    }
}
