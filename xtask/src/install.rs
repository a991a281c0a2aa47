//! Whether missing tools may be fetched.
//!
//! A person's machine is theirs: nothing is put on it unasked.

/// Whether missing tools may be fetched.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Install {
    /// Asked for, or on a build machine.
    Allowed,
    /// Say what is missing instead.
    Refused,
}

impl Install {
    /// Takes `--install` out of the arguments.
    pub(crate) fn from_arguments(arguments: &mut Vec<String>) -> Install {
        let before = arguments.len();
        arguments.retain(|argument| argument != "--install");
        let build_machine = std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"));
        if arguments.len() < before || build_machine { Install::Allowed } else { Install::Refused }
    }
}
