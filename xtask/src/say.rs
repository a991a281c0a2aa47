//! Speaking to whoever typed the command.
//!
//! Not with `println!`, which panics when the reader has gone away, as `head` does after its ten lines.

use std::fmt::Display;
use std::io::Write;

/// Prints a line, if anybody still listens.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
