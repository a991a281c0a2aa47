//! How often threads wake each other: the futex calls of a process that logs 100,000 records a second, by strace.

use crate::delivery::latency::PACED_CALLS;
use std::path::Path;
use std::process::{Command, Stdio};

pub fn is_possible() -> bool {
    let mut command = Command::new("strace");
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// For a thousand records, everything that the process does around them included.
pub fn count(program: &Path, arguments: &[String]) -> Result<f64, String> {
    let mut command = Command::new("strace");
    command.args(["--seccomp-bpf", "-f", "-c", "-e", "trace=futex"]).arg(program).args(arguments);
    let output = command.output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    match (output.status.success(), calls(&said)) {
        (true, calls) => Ok(calls.unwrap_or(0) as f64 * 1000.0 / PACED_CALLS as f64),
        (false, _) => Err(format!("strace: {}", said.lines().last().unwrap_or_default())),
    }
}

/// The fourth column of its table.
fn calls(table: &str) -> Option<u64> {
    let row = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    row.filter(|row| row.last() == Some(&"futex")).find_map(|row| row.get(3)?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calls_are_found_with_errors_and_without() {
        for (row, expected) in [
            ("100.00    0.001234           2       617        12 futex", Some(617)),
            ("100.00    0.000000           0         3           futex", Some(3)),
            ("100.00    0.000000           0         3           total", None),
        ] {
            assert_eq!(calls(&format!("% time\n------ --\n{row}\n")), expected);
        }
    }
}
