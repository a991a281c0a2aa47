//! A logger that is as its configuration says, and stays so when that changes.

use crate::config::Config;
use crate::config::loaded::{Loaded, tell};
use crate::config::open::OpenOutputs;
use crate::config::watch::{Seen, Watch};
#[cfg(feature = "http")]
use hyperlog_core::http::{Policy, SharedPolicy};
use hyperlog_core::{FieldSet, Level, Logger, keys};
use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A logger that is as its configuration says, as long as this is kept.
///
/// The file, and the files that secrets stand in, are looked at once a second. What has changed and then stood still for a
/// second is read, and if all of it can be done it is done at once: no record is lost or written twice, outputs of which
/// the same is said stay open, and those that are not said any more are closed once they have delivered what they took.
/// Otherwise all stays as it was. Either is told in a record of kind `setup`.
///
/// ```no_run
/// use hyperlog::config::Config;
///
/// let live = Config::new().file("/etc/shop/logging.toml").install()?;
/// // Whoever cannot wait:
/// let reload = live.reload()?;
/// println!("{reload:?}");
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[must_use = "dropped, it looks at the file no longer"]
pub struct Live {
    setup: Arc<Setup>,
    /// None if there is no file, or it was not to be read anew from the start.
    watch: Option<Watch>,
}

/// What reading a configuration anew came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reload {
    /// It says what it said.
    Unchanged,
    /// These keys say something else, which is done.
    Applied(Vec<String>),
}

/// How long outputs that are not wanted any more have for what they took.
const CLOSE_WITHIN: Duration = Duration::from_secs(10);

/// A logger, and what it was set up by.
pub(crate) struct Setup {
    config: Config,
    logger: Logger,
    #[cfg(feature = "http")]
    policy: SharedPolicy,
    /// Apart from the rest too: it is what it was at the start.
    #[cfg(feature = "prometheus")]
    metrics: crate::prometheus::Metrics,
    /// Whether the file is to be read anew: apart from the rest, so that it may be asked at any time.
    is_reloaded: AtomicBool,
    /// What is in force, and what is open for it.
    in_force: Mutex<(Loaded, OpenOutputs)>,
}

/// Which logger is set up.
#[derive(Clone, Copy)]
pub(crate) enum Whose {
    /// That of the process.
    Process,
    /// One of its own.
    Own,
}

impl Live {
    pub(crate) fn begin(config: Config, whose: Whose) -> Result<Live, Box<dyn Error + Send + Sync>> {
        let setup = Arc::new(Setup::begin(config, whose)?);
        let is_watched = setup.lock().0.file.is_some() && setup.is_reloaded();
        Ok(Live { watch: is_watched.then(|| Watch::begin(&setup)), setup })
    }

    /// The logger.
    pub fn logger(&self) -> &Logger {
        &self.setup.logger
    }

    /// Whether the file is looked at: there is one, and `reload` is not `off`.
    pub fn is_watching(&self) -> bool {
        self.watch.is_some() && self.setup.is_reloaded()
    }

    /// What is logged of requests, for a layer that is to follow the configuration. Where the logger is that of the
    /// process, layers do by themselves.
    #[cfg(feature = "http")]
    pub fn policy(&self) -> &SharedPolicy {
        &self.setup.policy
    }

    /// The metrics of the logger and of its requests, to be served by a handler of [`prometheus`](crate::prometheus). They show
    /// nothing where the configuration says `metrics.mode = "off"`.
    #[cfg(feature = "prometheus")]
    pub fn metrics(&self) -> crate::prometheus::Metrics {
        self.setup.metrics.clone()
    }

    /// Reads all that is said anew, now, and does it, or leaves all as it was. Either is told in a record.
    ///
    /// # Errors
    ///
    /// When what is said cannot be done, or whoever asks is called by another such call: a hook or a listener.
    pub fn reload(&self) -> Result<Reload, Box<dyn Error + Send + Sync>> {
        self.setup.reload()
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Live").field("config", &self.setup.config).finish_non_exhaustive()
    }
}

impl Setup {
    fn begin(config: Config, whose: Whose) -> Result<Setup, Box<dyn Error + Send + Sync>> {
        let loaded = config.load()?;
        let mut open = OpenOutputs::default();
        let builder = loaded.builder_beside(&mut open)?;
        let logger = match whose {
            Whose::Process => builder.install(),
            Whose::Own => builder.build(),
        }?;
        #[cfg(feature = "http")]
        let policy = match whose {
            Whose::Process => SharedPolicy::global(),
            Whose::Own => SharedPolicy::new(Policy::new()),
        };
        #[cfg(feature = "http")]
        policy.swap(loaded.policy()?);
        loaded.tell(&logger);
        Ok(Setup {
            config,
            logger: logger.clone(),
            #[cfg(feature = "http")]
            policy,
            #[cfg(feature = "prometheus")]
            metrics: loaded.metrics(&logger),
            is_reloaded: AtomicBool::new(loaded.is_reloaded()),
            in_force: Mutex::new((loaded, open)),
        })
    }

    pub(crate) fn reload(&self) -> Result<Reload, Box<dyn Error + Send + Sync>> {
        let Some(_reloading) = Reloading::enter() else {
            return Err("a configuration is being read anew by this very thread: whatever that calls has to leave another reading to a thread of its own".into());
        };
        let mut in_force = self.lock();
        // What the program brings, kinds and completions, may panic. What that leaves behind may do so as it goes.
        let applied = catch_unwind(AssertUnwindSafe(|| self.apply(&mut in_force))).unwrap_or_else(|payload| {
            std::mem::forget(payload);
            Err("what the program brings to a configuration panicked: a kind, a format or a completion".into())
        });
        let (loaded, _) = &*in_force;
        let mut fields = FieldSet::new();
        fields.add(keys::KIND, "setup");
        if let Some(file) = &loaded.file {
            fields.add("file", file.display().to_string().as_str());
        }
        self.logger.note_refused_configuration(applied.as_ref().err().map(ToString::to_string).as_deref());
        match &applied {
            Ok(Reload::Unchanged) => {}
            Ok(Reload::Applied(changed)) => {
                let outputs: Vec<String> = self.logger.health().into_iter().map(|output| output.name).collect();
                fields.add("changed", changed.join(", ").as_str()).add("outputs", outputs.join(", ").as_str());
                tell(&self.logger, Level::INFO, "the configuration was read anew", &fields);
            }
            Err(error) => {
                fields.add(keys::ERROR, &**error as &(dyn Error + 'static));
                let text = "the configuration was refused, and what was said before stays in force";
                tell(&self.logger, Level::ERROR, text, &fields);
            }
        }
        applied
    }

    /// All of it, or nothing.
    fn apply(&self, in_force: &mut (Loaded, OpenOutputs)) -> Result<Reload, Box<dyn Error + Send + Sync>> {
        let (before, open) = in_force;
        let now = self.config.load()?;
        let changed = before.node.differences(&now.node);
        if changed.is_empty() && !open.has_stale_secret() {
            return Ok(Reload::Unchanged);
        }
        #[cfg(feature = "prometheus")]
        let now = now.with_requests_of(before)?;
        let mut open_now = open.clone();
        let builder = now.builder_beside(&mut open_now)?;
        #[cfg(feature = "http")]
        let policy = now.policy()?;
        self.logger.reconfigure(builder, CLOSE_WITHIN)?;
        #[cfg(feature = "http")]
        self.policy.swap(policy);
        self.is_reloaded.store(now.is_reloaded(), Ordering::Release);
        *in_force = (now, open_now);
        Ok(Reload::Applied(changed))
    }

    /// Whether the file is to be read anew when it has changed.
    pub(crate) fn is_reloaded(&self) -> bool {
        self.is_reloaded.load(Ordering::Acquire)
    }

    /// What stands in the files by which it is set up.
    pub(crate) fn look(&self) -> Vec<Seen> {
        let paths: Vec<PathBuf> = {
            let (loaded, open) = &*self.lock();
            let secrets = open.secrets().map(|secret| secret.path().to_owned());
            loaded.file.iter().cloned().chain(secrets).collect()
        };
        // Outside of the lock: a disk may take its time.
        paths.iter().map(|path| Seen::look(path)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, (Loaded, OpenOutputs)> {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

thread_local! {
    static IS_RELOADING: Cell<bool> = const { Cell::new(false) };
}

/// That this thread reads a configuration anew: what it calls meanwhile would wait for itself.
struct Reloading;

impl Reloading {
    /// None if it does so already.
    fn enter() -> Option<Reloading> {
        (!IS_RELOADING.replace(true)).then(|| Reloading)
    }
}

impl Drop for Reloading {
    fn drop(&mut self) {
        IS_RELOADING.set(false);
    }
}
