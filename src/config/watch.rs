//! Looks at the files by which a logger is set up, and has them read anew.
//!
//! They are read and compared, once a second: that sees whatever can happen to a file or to the links that lead to it, on
//! every file system, and costs less than the first record. A file that somebody is still writing to has changed again
//! when it is looked at next, and is left alone until it has not.

use crate::config::live::Setup;
use crate::config::load;
use hyperlog_core::report_fault;
use std::hash::{BuildHasher, RandomState};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// A thread that looks, until it is dropped.
pub(crate) struct Watch {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

impl Watch {
    pub(crate) fn begin(setup: &Arc<Setup>) -> Watch {
        let is_over = Arc::new(AtomicBool::new(false));
        // Before anybody hears that it is looked at, and may send a signal.
        let hangup = Hangup::expect();
        let (setup, over) = (Arc::clone(setup), Arc::clone(&is_over));
        let begun = Builder::new().name("hyperlog-config".to_owned()).spawn(move || watch(&setup, &hangup, &over));
        if let Err(error) = &begun {
            report_fault(
                "config",
                format_args!("there is no thread to look at the file with, which is not read anew: {error}"),
            );
        }
        Watch { is_over, thread: begun.ok() }
    }
}

/// What is being read anew meanwhile is done before.
impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        let Some(thread) = self.thread.take() else { return };
        // What it calls may be what drops this: it would wait for itself.
        if thread.thread().id() != std::thread::current().id() {
            thread.thread().unpark();
            drop(thread.join());
        }
    }
}

fn watch(setup: &Setup, hangup: &Hangup, is_over: &AtomicBool) {
    let mut looks = Looks::default();
    loop {
        wait(BETWEEN_LOOKS, is_over);
        if is_over.load(Ordering::Acquire) {
            return;
        }
        let is_asked_for = hangup.has_come();
        // It may say so, and something else later, when it is asked for.
        if !setup.is_reloaded() {
            looks = Looks::default();
            continue;
        }
        if looks.are_enough(setup.look(), is_asked_for) {
            // It tells of itself what becomes of it.
            let _ = setup.reload();
        }
    }
}

/// What was seen of the files.
#[derive(Default)]
struct Looks {
    /// As they were when they were read. What was read before anybody looked may have changed since, and does not count.
    read: Option<Vec<Seen>>,
    last: Option<Vec<Seen>>,
}

impl Looks {
    /// Whether they are to be read: they have changed and then stood still, or somebody asks for it.
    fn are_enough(&mut self, now: Vec<Seen>, is_asked_for: bool) -> bool {
        let stand_still = self.last.as_ref() == Some(&now) && self.read.as_ref() != Some(&now);
        let are_enough = is_asked_for || stand_still;
        if are_enough {
            self.read = Some(now.clone());
        }
        self.last = Some(now);
        are_enough
    }
}

fn wait(time: Duration, is_over: &AtomicBool) {
    let begun = Instant::now();
    while !is_over.load(Ordering::Acquire) && begun.elapsed() < time {
        std::thread::park_timeout(time.saturating_sub(begun.elapsed()));
    }
}

/// Whether a `SIGHUP` has come. Not on a terminal, which sends one to end what it has begun.
struct Hangup {
    has_come: Arc<AtomicBool>,
    #[cfg(all(unix, feature = "signal"))]
    registered: Option<signal_hook::SigId>,
}

impl Hangup {
    fn expect() -> Hangup {
        let has_come = Arc::new(AtomicBool::new(false));
        #[cfg(all(unix, feature = "signal"))]
        let registered = (!std::io::IsTerminal::is_terminal(&std::io::stdin())).then(|| {
            signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::clone(&has_come)).inspect_err(|error| {
                report_fault("config", format_args!("a SIGHUP cannot be waited for: {error}"));
            })
        });
        Hangup {
            has_come,
            #[cfg(all(unix, feature = "signal"))]
            registered: registered.and_then(Result::ok),
        }
    }

    /// Since somebody asked last.
    fn has_come(&self) -> bool {
        self.has_come.swap(false, Ordering::AcqRel)
    }
}

#[cfg(all(unix, feature = "signal"))]
impl Drop for Hangup {
    fn drop(&mut self) {
        if let Some(registered) = self.registered.take() {
            signal_hook::low_level::unregister(registered);
        }
    }
}

/// What stands in a file, as far as it can be told from what stood there before.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Its hash: a secret is not kept longer than it has to be.
    Contents(u64),
    Nothing(ErrorKind),
}

impl Seen {
    pub(crate) fn look(path: &Path) -> Seen {
        static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        let read = || -> std::io::Result<Vec<u8>> {
            let mut contents = Vec::new();
            load::open(path)?.take(load::MOST_BYTES + 1).read_to_end(&mut contents)?;
            Ok(contents)
        };
        match read() {
            Ok(contents) => Seen::Contents(KEYS.hash_one(contents)),
            Err(error) => Seen::Nothing(std::io::Error::kind(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_once_it_stands_still_and_once_for_each_change() {
        let mut looks = Looks::default();
        let mut look = |seen: u64| looks.are_enough(vec![Seen::Contents(seen)], false);
        let read = [1, 1, 1, 2, 3, 4, 4, 4, 1, 4, 4, 5, 5].map(&mut look);
        let expected = [false, true, false, false, false, false, true, false, false, false, false, false, true];
        assert_eq!(read, expected);
        let gone = || vec![Seen::Nothing(ErrorKind::NotFound)];
        assert_eq!([false, true, false].map(|asked| looks.are_enough(gone(), asked)), [false, true, false]);
    }

    #[cfg(all(unix, feature = "signal"))]
    #[test]
    fn a_hangup_ends_nobody_from_the_moment_on_that_a_file_is_looked_at() {
        use crate::config::Config;
        if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
            return;
        }
        let path = std::env::temp_dir().join(format!("hyperlog-hangup-{}.toml", std::process::id()));
        std::fs::write(&path, "outputs.console.kind = \"console\"\n").unwrap();
        let live = Config::new().without_environment().file(&path).build().unwrap();
        signal_hook::low_level::raise(signal_hook::consts::SIGHUP).unwrap();
        drop(live);
        std::fs::remove_file(path).unwrap();
    }
}
