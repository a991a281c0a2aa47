//! What a process says of itself in each of its records.

use crate::field::FieldSet;
use crate::keys;
use crate::value::ToValue;

/// What a process says of itself in each of its records. Nothing, unless it is told to.
///
/// ```
/// use hyperlog_core::{Identity, Logger, info};
///
/// let identity = Identity::new().service("shop").version(env!("CARGO_PKG_VERSION")).environment("staging").pid();
/// let (logger, captured) = Logger::capture_with(|builder| builder.identity(identity));
/// info!(logger: logger, "ready");
/// assert_eq!(captured.only().text("service"), "shop");
/// assert_eq!(captured.only().number("pid"), f64::from(std::process::id()));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Identity(FieldSet);

impl Identity {
    /// Nothing yet.
    pub const fn new() -> Identity {
        Identity(FieldSet::new())
    }

    /// The name of the service.
    pub fn service(self, name: &str) -> Identity {
        self.field(keys::SERVICE, name)
    }

    /// Its version.
    pub fn version(self, version: &str) -> Identity {
        self.field(keys::VERSION, version)
    }

    /// Where it runs: production, staging.
    pub fn environment(self, environment: &str) -> Identity {
        self.field(keys::ENVIRONMENT, environment)
    }

    /// The name of the machine, if it can be found.
    pub fn host(self) -> Identity {
        match host_name() {
            Some(name) => self.host_named(&name),
            None => self,
        }
    }

    /// The name of the machine.
    pub fn host_named(self, name: &str) -> Identity {
        self.field(keys::HOST, name)
    }

    /// The number of the process.
    pub fn pid(self) -> Identity {
        self.field(keys::PID, std::process::id())
    }

    /// Anything else.
    pub fn field(mut self, name: &str, value: impl ToValue) -> Identity {
        self.0.add(name, value);
        self
    }

    pub(crate) fn fields(&self) -> &FieldSet {
        &self.0
    }
}

/// From the kernel, or from the environment where there is no such file.
fn host_name() -> Option<String> {
    let from_kernel = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let from_file = || std::fs::read_to_string("/etc/hostname").ok();
    let from_environment = || std::env::var("HOSTNAME").or_else(|_| std::env::var("COMPUTERNAME")).ok();
    let name = from_kernel().or_else(from_file).or_else(from_environment)?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}
