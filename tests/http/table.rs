//! Which scenario is held against which framework, and why against some it is not.
//!
//! The table is made of what [`hold!`] knows, so that it cannot tell anything but what is tested.

use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Scenarios about one thing.
pub(crate) struct Theme {
    pub(crate) name: &'static str,
    pub(crate) scenarios: &'static [Scenario],
}

/// A scenario, and where it is held.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) held: &'static [&'static str],
    /// Where it is not, with the reasons.
    pub(crate) spared: &'static [(&'static str, &'static str)],
}

const HOSTS: [&str; 3] = ["tower", "axum", "actix"];

/// Makes a test of every scenario on every host that is named, and [`THEMES`].
macro_rules! hold {
    ($($theme:ident: { $(
        $scenario:ident: $($host:ident)+ $(, but not $($spared:ident)&+ $reason:literal)*;
    )+ })+) => {
        $(mod $theme {$(
            mod $scenario {
                $(#[test]
                fn $host() {
                    crate::scenario::$theme::$scenario::<crate::host::$host::Subject>();
                })+
            }
        )+})+

        const THEMES: &[$crate::table::Theme] = &[$($crate::table::Theme {
            name: stringify!($theme),
            scenarios: &[$($crate::table::Scenario {
                name: stringify!($scenario),
                held: &[$(stringify!($host)),+],
                spared: &[$($((stringify!($spared), $reason)),+),*],
            }),+],
        }),+];
    };
}

/// Set it to write the page anew.
const WRITE: &str = "HYPERLOG_WRITE_SCENARIOS";

/// Prints the table, and compares it with the page.
#[allow(clippy::print_stdout, reason = "it is shown to whoever runs the test by its name")]
pub(crate) fn check(themes: &[Theme]) {
    let table = table(themes);
    println!("{table}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scenarios.md");
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, &table).expect("the page can be written");
    }
    let page = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(page == table, "docs/scenarios.md is old: run this test with {WRITE}=1, which writes it");
}

fn table(themes: &[Theme]) -> String {
    let mut table = String::from(HEAD);
    for theme in themes {
        let name = theme.name.replace('_', " ");
        let (first, rest) = name.split_at(1);
        let _ = write!(table, "\n## {}{rest}\n\n| Scenario | {} |\n", first.to_uppercase(), HOSTS.join(" | "));
        table.push_str("|---|---|---|---|\n");
        for scenario in theme.scenarios {
            let cells = HOSTS.map(|host| cell(scenario, host));
            let _ = writeln!(table, "| {} | {} |", scenario.name.replace('_', " "), cells.join(" | "));
        }
    }
    table
}

const HEAD: &str = "\
# Requests, held against every framework

Each scenario is written once, in `tests/http/scenario`, and runs against a real server over real sockets. This page is \
made by `cargo test --test http the_table`, which fails when it is old.
";

fn cell(scenario: &Scenario, host: &str) -> String {
    let held = scenario.held.contains(&host);
    let reasons: Vec<&str> =
        scenario.spared.iter().filter(|(spared, _)| *spared == host).map(|(_, why)| *why).collect();
    match (held, &reasons[..]) {
        (true, []) => "yes".to_owned(),
        (false, [reason]) => format!("not applicable: {reason}"),
        _ => panic!("{} tells nothing of {host}, or two things", scenario.name),
    }
}
