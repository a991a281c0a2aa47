//! From a name to the addresses that are connected to: looked up, checked and used in one go.

use super::address::bare;
use super::guard::Addresses;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Looks names up, and passes on the addresses that are allowed.
pub(super) struct Resolve {
    allowed: Addresses,
    look_up: LookUp,
    /// A look-up that took longer than anybody waited. The next one waits for it, so that a resolver that hangs holds
    /// one thread and not many.
    late: Mutex<Option<Receiver<Found>>>,
}

type LookUp = fn(&str, u16) -> Found;
type Found = io::Result<Vec<SocketAddr>>;

/// The most addresses of one name that are tried.
const MOST: usize = 16;

impl Resolve {
    pub(super) fn new(allowed: Addresses) -> Resolve {
        Resolve::with(allowed, |host, port| Ok((host, port).to_socket_addrs()?.collect()))
    }

    fn with(allowed: Addresses, look_up: LookUp) -> Resolve {
        Resolve { allowed, look_up, late: Mutex::new(None) }
    }

    fn find(&self, host: &str, port: u16, most: Duration) -> Result<Vec<SocketAddr>, ureq::Error> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        let pending = match late.take() {
            Some(pending) => pending,
            None => self.start(host, port)?,
        };
        match pending.recv_timeout(most) {
            Ok(found) => Ok(found.map_err(|_| Unresolved::Failed)?),
            Err(RecvTimeoutError::Timeout) => {
                *late = Some(pending);
                Err(Unresolved::Late.into())
            }
            Err(RecvTimeoutError::Disconnected) => Err(Unresolved::Failed.into()),
        }
    }

    fn start(&self, host: &str, port: u16) -> io::Result<Receiver<Found>> {
        let (found, pending) = channel();
        let (host, look_up) = (host.to_owned(), self.look_up);
        let thread = std::thread::Builder::new().name("log resolver".to_owned());
        thread.spawn(move || drop(found.send(look_up(&host, port))))?;
        Ok(pending)
    }
}

impl Resolver for Resolve {
    fn resolve(&self, uri: &Uri, _: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let default_port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let host = bare(uri.host().unwrap_or_default());
        let found = self.find(host, uri.port_u16().unwrap_or(default_port), *timeout.after)?;
        let mut checked = self.empty();
        let allowed = found.iter().filter(|address| self.allowed.allow(address.ip()));
        allowed.take(MOST).for_each(|address| checked.push(*address));
        match (checked.is_empty(), found.is_empty()) {
            (false, _) => Ok(checked),
            (true, true) => Err(Unresolved::Failed.into()),
            (true, false) => Err(Unresolved::Refused.into()),
        }
    }
}

impl fmt::Debug for Resolve {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Resolve({:?})", self.allowed)
    }
}

/// Why there is no address to connect to.
#[derive(Debug)]
pub(super) enum Unresolved {
    Failed,
    Late,
    Refused,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unresolved::Failed => formatter.write_str("the name of the host cannot be resolved"),
            Unresolved::Late => formatter.write_str("the name of the host was not resolved in time"),
            Unresolved::Refused => formatter.write_str(
                "the host is not on the internet: if it is yours, allow it, by `private = true` in a configuration and \
                     `Addresses::Any` in code",
            ),
        }
    }
}

impl std::error::Error for Unresolved {}

impl From<Unresolved> for ureq::Error {
    fn from(unresolved: Unresolved) -> ureq::Error {
        ureq::Error::Other(Box::new(unresolved))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use ureq::Timeout;

    fn ask(resolve: &Resolve, most: Duration) -> Result<Vec<SocketAddr>, String> {
        let uri: Uri = "https://hook.example/canary".parse().unwrap();
        let timeout = NextTimeout { after: most.into(), reason: Timeout::Resolve, ..NextTimeout::default() };
        let found = resolve.resolve(&uri, &Config::default(), timeout);
        found.map(|found| found.to_vec()).map_err(|error| error.to_string())
    }

    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn of_several_addresses_those_that_are_allowed_are_used() {
        let mixed = |_: &str, port| Ok(vec![([127, 0, 0, 1], port).into(), ([8, 8, 8, 8], port).into()]);
        let public = ask(&Resolve::with(Addresses::Public, mixed), LONG).unwrap();
        assert_eq!(public, [SocketAddr::from(([8, 8, 8, 8], 443))]);
        assert_eq!(ask(&Resolve::with(Addresses::Any, mixed), LONG).unwrap().len(), 2);
    }

    #[test]
    fn a_name_that_leads_into_the_own_network_is_refused() {
        let private = |_: &str, port| Ok(vec![([10, 0, 0, 1], port).into()]);
        let error = ask(&Resolve::with(Addresses::Public, private), LONG).unwrap_err();
        assert!(error.contains("not on the internet"), "{error}");
    }

    #[test]
    fn each_connection_is_checked_by_the_look_up_that_it_uses() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let rebinding = |_: &str, port| match ASKED.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(vec![([8, 8, 8, 8], port).into()]),
            _ => Ok(vec![([127, 0, 0, 1], port).into()]),
        };
        let resolve = Resolve::with(Addresses::Public, rebinding);
        assert_eq!(ask(&resolve, LONG).unwrap(), [SocketAddr::from(([8, 8, 8, 8], 443))]);
        assert!(ask(&resolve, LONG).is_err(), "what is looked up is what is checked");
    }

    #[test]
    fn a_resolver_that_hangs_is_waited_for_once_and_holds_one_thread() {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        static OPEN: Mutex<()> = Mutex::new(());
        let hanging = |_: &str, port| {
            STARTED.fetch_add(1, Ordering::Relaxed);
            drop(OPEN.lock());
            Ok(vec![([8, 8, 8, 8], port).into()])
        };
        let resolve = Resolve::with(Addresses::Public, hanging);
        let closed = OPEN.lock();
        for _ in 0..3 {
            let error = ask(&resolve, Duration::from_millis(5)).unwrap_err();
            assert!(error.contains("not resolved in time"), "{error}");
        }
        drop(closed);
        assert!(ask(&resolve, LONG).is_ok());
        assert_eq!(STARTED.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_resolver_that_fails_is_told_without_the_name() {
        let failing = |_: &str, _| Err(io::Error::other("canary"));
        let error = ask(&Resolve::with(Addresses::Any, failing), LONG).unwrap_err();
        assert!(error.contains("cannot be resolved") && !error.contains("canary"), "{error}");
    }
}
