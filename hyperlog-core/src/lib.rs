//! Structured logging: a record borrows what it tells and becomes bytes once, on the thread where it happened.
//!
//! On the way, secrets are hidden, lengths are limited and losses are counted. One call goes to any number of outputs,
//! each in its own format and from its own level. Once a thread is warm, a record costs no allocation.
//!
//! ```
//! # use hyperlog_core::{Clock, Json, Logger, Memory, Output, Timestamp};
//! # let (clock, _) = Clock::manual(Timestamp::new(1_795_162_542, 120_934_000));
//! # let memory = Memory::new();
//! # Logger::builder().clock(clock).output(Output::new(Json::new(), memory.clone())).install()?;
//! use hyperlog_core::info;
//!
//! let user = "ann";
//! info!(user, attempts = 3, password = "hunter2", "signed in");
//! # let line = memory.text().replace(module_path!(), "shop");
//! # assert!(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs")).contains(line.trim_end()), "{line}");
//! # Ok::<(), hyperlog_core::BuildError>(())
//! ```
//!
//! ```json
//! {"timestamp":"2026-11-20T08:15:42.120934Z","level":"INFO","target":"shop","message":"signed in","user":"ann","attempts":3,"password":"[REDACTED]"}
//! ```
//!
//! Nothing was set up: without any set-up, records from [`Level::INFO`] up go to standard output, for people on a terminal
//! and as JSON otherwise.
//!
//! # Set it up
//!
//! Once, in `main`. Everything has a default; [`Builder`] lists the options.
//!
//! ```
//! use hyperlog_core::{Console, Identity, Json, Level, Logger, Output, info};
//!
//! let logger = Logger::builder()
//!     .directives("info,shop::db=debug,hyper=warn".parse()?)
//!     .identity(Identity::new().service("shop").version("1.4.0").host().pid())
//!     .output(Output::new(Json::new(), Console::stdout()))
//!     .output(Output::new(Json::new(), Console::stderr()).level(Level::ERROR).name("errors"))
//!     .install()?;
//!
//! info!("ready");
//! logger.close(std::time::Duration::from_secs(2))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Builder::install`] makes the logger the one of the process. [`Builder::build`] makes one that stands by itself: any
//! number of them may live side by side.
//!
//! # Say it
//!
//! [`trace!`], [`debug!`], [`info!`], [`notice!`], [`warn!`], [`error!`], [`critical!`] and [`fatal!`] have their level
//! in the name; [`event!`] takes it as its first argument. The grammar is that of `tracing`'s event macros: fields
//! first, the message last.
//!
//! | you write | you get |
//! |---|---|
//! | `info!("ready")` | a message |
//! | `info!("{} of {total}", done)` | a message with arguments, as of `format!` |
//! | `info!(user, "…")` | a field that bears the name of the variable |
//! | `info!(user.id = 7, "…")` | a field with a dotted name |
//! | `info!(%addr, ?state, "…")` | the `Display` and the `Debug` form, as text |
//! | `info!("odd name" = 1, "…")` | a field with any name |
//! | `info!("by {who}", who = name)` | an argument that is a field too; `by {who}` is kept as the template |
//! | `info!(target: "billing", "…")` | a target other than the module's path |
//! | `info!(logger: jobs, "…")` | to this logger, instead of the current one |
//!
//! ```
//! use hyperlog_core::{Logger, info};
//!
//! let (logger, captured) = Logger::capture();
//! info!(logger: logger, order.id = 17, state = ?Some("paid"), "sent to {city}", city = "Ghent");
//!
//! let record = captured.only();
//! assert_eq!(record.message(), "sent to Ghent");
//! assert_eq!(record.template(), "sent to {city}");
//! assert_eq!(record.number("order.id"), 17.0);
//! assert_eq!(record.text("state"), "Some(\"paid\")");
//! assert_eq!(record.text("city"), "Ghent");
//! ```
//!
//! A call that nobody wants evaluates none of its arguments. Fields that are known only at run time are gathered in a
//! [`FieldSet`] and logged with [`Logger::log`].
//!
//! # Values
//!
//! A value keeps its type as far as the format has it: a number is a number and not text.
//!
//! ```
//! # use hyperlog_core::{Json, Logger, Memory, Output};
//! use hyperlog_core::{info, list, map};
//! use std::time::Duration;
//!
//! # let memory = Memory::new();
//! # let logger = Logger::builder().output(Output::new(Json::new(), memory.clone())).build()?;
//! # let _entered = logger.enter();
//! let error = "7x".parse::<u8>().unwrap_err();
//! info!(
//!     ratio = 0.5,
//!     took = Duration::from_micros(1_250),
//!     next = None::<u8>,
//!     tags = list(&["blue", "large"]),
//!     limits = map(&[("soft", 10), ("hard", 20)]),
//!     error = &error,
//! );
//! # let line = memory.text();
//! # let fields = &line[line.find("\"ratio\"").unwrap_or_default()..line.len() - 2];
//! # assert!(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs")).contains(fields), "{fields}");
//! # Ok::<(), hyperlog_core::BuildError>(())
//! ```
//!
//! ```text
//! "ratio":0.5,"took_ms":1.25,"next":null,"tags":["blue","large"],"limits":{"soft":10,"hard":20},"error":"invalid digit found in string"
//! ```
//!
//! | type | in a record |
//! |---|---|
//! | integers to 128 bits, floats, `bool` | as they are |
//! | `str`, `char`, `fmt::Arguments` | text |
//! | `[u8]` | text as far as it is UTF-8, `\xNN` where it is not |
//! | [`Duration`](std::time::Duration) | a number; its unit ends the name |
//! | [`SystemTime`](std::time::SystemTime), [`Timestamp`] | RFC 3339 |
//! | `Option` | the value or null |
//! | `dyn Error` | its text, and the texts of its sources as a list in `<name>.causes` |
//! | [`typed`]`(&error)` | the same, and the name of its type in `<name>.type` |
//! | [`list`], [`map`], any [`Tree`] | a list, a map |
//! | any other type | with `%` its `Display`, with `?` its `Debug`; or implement [`ToValue`] |
//!
//! # Bind what many records share
//!
//! [`Logger::with`] gives a logger that adds fields to each of its records. They are redacted and encoded when they are
//! bound, and copied from then on. Parents and siblings never see them.
//!
//! ```
//! use hyperlog_core::{Logger, fields, info};
//!
//! let (logger, captured) = Logger::capture();
//! let orders = logger.with(fields!(queue = "orders", attempt = 1));
//! info!(logger: orders, attempt = 2, "taken");
//! info!(logger: logger, "idle");
//!
//! let [taken, idle] = captured.records().try_into().unwrap();
//! assert_eq!((taken.text("queue"), taken.number("attempt")), ("orders", 2.0));
//! assert!(!idle.has("queue"));
//! ```
//!
//! A [`Scope`] is one unit of work: a request, a job. While it is entered, calls without `logger:` go to its logger, and
//! [`Scope::bind`] adds fields to all its later records. [`ScopeExt::in_scope`] enters it whenever a future is polled,
//! under any runtime; [`wrap`] takes it along to another thread.
//!
//! ```
//! use hyperlog_core::{Logger, Scope, fields, info, wrap};
//!
//! let (logger, captured) = Logger::capture();
//! let scope = Scope::new(logger.with(fields!(job = 7)));
//! let entered = scope.enter();
//! scope.bind(fields!(user = "ann"));
//! std::thread::spawn(wrap(|| info!("begun"))).join().unwrap();
//! drop(entered);
//!
//! let begun = captured.only();
//! assert_eq!((begun.number("job"), begun.text("user")), (7.0, "ann"));
//! ```
//!
//! # Levels
//!
//! A [`Level`] is a number on OpenTelemetry's severity scale, with a name: `TRACE` 1, `DEBUG` 5, `INFO` 9, `NOTICE` 10,
//! `WARN` 13, `ERROR` 17, `CRITICAL` 18, `SECURITY` 19, `AUDIT` 20, `FATAL` 21. Levels are ordered by severity, so that
//! `Level::ERROR > Level::INFO`. [`Level::register`] names another number.
//!
//! [`Directives`] say what passes for which target. They change while the program runs, for good or for a while:
//!
//! ```
//! use hyperlog_core::{Logger, debug};
//! use std::time::Duration;
//!
//! let (logger, captured) = Logger::capture_with(|builder| builder.directives("info".parse().unwrap()));
//! debug!(logger: logger, target: "shop::cart", "not heard");
//! logger.override_directives("info,shop::cart=debug".parse()?, Duration::from_secs(600));
//! debug!(logger: logger, target: "shop::cart", "heard for ten minutes");
//! assert_eq!(captured.only().message(), "heard for ten minutes");
//! # Ok::<(), hyperlog_core::DirectiveError>(())
//! ```
//!
//! # Outputs and encoders
//!
//! An [`Output`] is an encoder, a sink and a level. Outputs with equal encoders share the bytes, so that a record is
//! encoded once per format.
//!
//! | encoder | writes |
//! |---|---|
//! | [`Json`] | one object a line, in any [`Schema`]: the default, OpenTelemetry, ECS, Google Cloud, Datadog, bunyan |
//! | [`Pretty`] | lines for people, errors in full below them if you like |
//! | [`Logfmt`] | `key=value` |
//! | `Template` | lines in a shape of your own; feature `formats` |
//! | `Csv` | RFC 4180, safe for spreadsheets; feature `formats` |
//! | `Syslog` | RFC 5424; feature `formats` |
//! | `Gelf` | Graylog's GELF 1.1; feature `formats` |
//! | your own [`Encode`] | whatever it likes |
//!
//! | sink | writes to |
//! |---|---|
//! | [`Console`] | standard output or standard error, whole lines |
//! | [`Memory`] | memory, for tests |
//! | [`Null`] | nowhere |
//! | your own [`Sink`] | wherever it likes |
//!
//! ```
//! use hyperlog_core::{Json, Level, Logger, Memory, Output, Schema, info, warn};
//!
//! let (all, warnings) = (Memory::new(), Memory::new());
//! let logger = Logger::builder()
//!     .output(Output::new(Json::new(), all.clone()))
//!     .output(Output::new(Json::with_schema(Schema::ECS), warnings.clone()).level(Level::WARN))
//!     .build()?;
//! info!(logger: logger, "ready");
//! warn!(logger: logger, "nearly full");
//!
//! assert_eq!(all.len(), 2);
//! assert_eq!(warnings.len(), 1);
//! assert!(warnings.text().contains(r#""log.level":"warn""#));
//! # Ok::<(), hyperlog_core::BuildError>(())
//! ```
//!
//! An output is coloured where somebody looks at it, and never in a file: [`ColorMode`] has the rules, [`Theme`] the looks.
//!
//! ```
//! use hyperlog_core::{ColorMode, Console, Logger, Output, Pretty, PrettyLayout, Theme};
//!
//! let pretty = Pretty::new().layout(PrettyLayout::Expanded);
//! let output = Output::new(pretty, Console::stderr()).theme(Theme::DARK).color(ColorMode::Auto);
//! let logger = Logger::builder().output(output).build()?;
//! # let _ = logger;
//! # Ok::<(), hyperlog_core::BuildError>(())
//! ```
//!
//! # Redaction
//!
//! On by default. Hidden are values under sensitive names, in any case and separator style (`password`, `apiKey`,
//! `Authorization`), and whatever shows by its form that it is a secret: tokens, keys of vendors, private keys,
//! passwords in URLs. That goes for fields, for messages and for the texts of errors. Encoders, hooks and sinks, those
//! of your own too, see only what is left.
//!
//! ```
//! use hyperlog_core::{Logger, Mask, Preset, Redaction, info};
//!
//! let redaction = Redaction::builder()
//!     .hide("customer.*.name")
//!     .show("session_id")
//!     .preset_as(Preset::Card, Mask::Last4)
//!     .build()?;
//! let (logger, captured) = Logger::capture_with(|builder| builder.redaction(redaction));
//! info!(logger: logger, api_key = "k-123", session_id = "s-9", "paid with 4111 1111 1111 1111");
//!
//! let record = captured.only();
//! assert_eq!(record.message(), "paid with ****1111");
//! assert_eq!(record.text("api_key"), "[REDACTED]");
//! assert_eq!(record.text("session_id"), "s-9");
//! # Ok::<(), hyperlog_core::BuildRedactionError>(())
//! ```
//!
//! [`Redaction`] tells what the default finds, what it cannot see, and how much harmless data it eats.
//! [`Redaction::off`] turns it off.
//!
//! # Sampling
//!
//! Of many records alike, some can be kept. A kept record carries the number it stands for as `sample_rate`; what was
//! kept back is told in a summary per window. Records from [`Level::ERROR`] up never meet a rule.
//!
//! ```
//! use hyperlog_core::{Logger, Sampling, SamplingMethod, SamplingRule, error, info};
//!
//! let rule = SamplingRule::new(SamplingMethod::OneIn(10));
//! let (logger, captured) = Logger::capture_with(|builder| builder.sampling(Sampling::new().rule(rule)));
//! for order in 0..100 {
//!     info!(logger: logger, order, "accepted");
//!     error!(logger: logger, order, "refused");
//! }
//!
//! let accepted: Vec<_> = captured.records().into_iter().filter(|record| record.message() == "accepted").collect();
//! assert_eq!(accepted.len(), 10);
//! assert_eq!(accepted.iter().map(|record| record.number("sample_rate")).sum::<f64>(), 100.0);
//! assert_eq!(captured.len(), 110);
//! ```
//!
//! [`Sampling`] tells how true counts are restored.
//!
//! # Hooks
//!
//! A [`Hook`] is a function on a record's way. One that enriches runs before the record is encoded and may add fields,
//! change the message and change the level. One that observes runs after the outputs. Both see redacted values, and what
//! they add is redacted. They run in the order they were added, and may be limited to a level or to targets.
//!
//! ```
//! use hyperlog_core::{Hook, Level, Logger, info};
//!
//! let (logger, captured) = Logger::capture();
//! let handle = logger.add_hook(Hook::enrich(|draft| drop(draft.add("region", "eu-west-1"))).level(Level::INFO));
//! info!(logger: logger, "ready");
//! handle.remove();
//! info!(logger: logger, "set");
//!
//! assert_eq!(captured.only_saying("ready").text("region"), "eu-west-1");
//! assert!(!captured.only_saying("set").has("region"));
//! ```
//!
//! # Limits
//!
//! [`Limits`] bound the message, each text, each name, the number of fields, the depth of maps and lists, and the whole
//! record. What is beyond is cut after redaction, between two characters, and says how long it was.
//!
//! ```
//! use hyperlog_core::{Limits, Logger, info};
//!
//! let (logger, captured) = Logger::capture_with(|builder| builder.limits(Limits::default().text(8)));
//! info!(logger: logger, name = "a long, long name", "met");
//! assert_eq!(captured.only().text("name"), "a long, …[cut, 17 bytes]");
//! ```
//!
//! # Health
//!
//! [`Logger::health`] tells for each output how many records it accepted, wrote and lost, by level and reason.
//!
//! ```
//! use hyperlog_core::{Level, Logger, info};
//!
//! let (logger, _) = Logger::capture();
//! info!(logger: logger, "ready");
//! let health = logger.health();
//! assert_eq!(health[0].written.of(Level::INFO), 1);
//! assert_eq!(health[0].dropped_total(), 0);
//! assert!(health[0].is_conserved());
//! ```
//!
//! # Test what is logged
//!
//! [`Logger::capture`] gives a logger and what it logs, as records with typed fields. Each test has its own, so that
//! tests may run side by side. Code that logs without `logger:` is caught by [`Logger::enter`].
//!
//! ```
//! use hyperlog_core::{Logger, warn};
//!
//! fn deliver(order: u64) {
//!     warn!(order, "not delivered");
//! }
//!
//! let (logger, captured) = Logger::capture();
//! let entered = logger.enter();
//! deliver(17);
//! drop(entered);
//! assert_eq!(captured.only_saying("not delivered").number("order"), 17.0);
//! ```
//!
//! # When it fails
//!
//! Setting up may fail and says why. Logging never fails, and never panics on what it is given.
//!
//! | what happens | what becomes of it |
//! |---|---|
//! | a record is logged before any set-up, or without one | it comes out on standard output from `INFO` up; a later [`Builder::install`] takes over |
//! | a second [`Builder::install`] | it is refused with a [`BuildError`]; the first stays |
//! | a sink cannot write | the record is counted as lost at that output, by reason; other outputs get it |
//! | a sink or an encoder panics | the same; the panic goes no further |
//! | a hook panics | the record goes on without what that hook would have done; [`Hook::panics`] counts |
//! | the `Display` of a value panics or fails | `[its formatting panicked]` or `[its formatting failed]` stands in its place |
//! | the `Display` of a value logs | its record comes out before; nothing waits for itself |
//! | a value never ends | it is read up to 1 MiB, then cut |
//! | a record is too long | its longest texts are cut until it fits; `cut_from_bytes` says how long it was |
//! | redaction is in doubt | it hides |
//! | standard output is closed, or its reader is gone | records are counted as lost; [`OutputHealth::condition`] says so |
//! | a record is fatal | it is flushed before the call returns; the process goes on unless [`Fatal`] says otherwise |
//!
//! hyperlog's own trouble is told on standard error, or to the function given to [`on_fault`]: each part at most once in
//! ten seconds, never in the stream that is in trouble.
//!
//! # Features
//!
//! None is on by default. None changes what another does.
//!
//! | feature | adds | crates |
//! |---|---|---|
//! | `formats` | `Csv`, `Gelf`, `Syslog`, `Template` | none |
//! | `http` | one request, one record: ids, outcomes, the exchange, for whoever writes an adapter | `uuid` |
//! | `panic` | panics caught at a boundary, with their place and their frames; `stack(16)` as a value | `backtrace` and what it needs |
//! | `local` | times in the zone of the machine | `tz-rs` |
//! | `patterns` | regular expressions of your own in redaction, in linear time | `regex` |
//! | `serde` | `serde(&value)`: whatever implements `Serialize` as a value | `serde` |
//! | `testing` | `testing`: what any sink and any encoder can be held against | none |

mod append;
mod background;
mod bind;
mod block;
pub mod bridge;
mod builder;
mod built;
mod callsite;
mod condition;
mod contain;
mod context;
mod core;
mod desk;
mod drop_reason;
mod encode;
mod everywhere;
mod fatal;
mod fault;
mod field;
mod filter;
mod gate;
mod global;
mod heads;
mod health;
mod hook;
#[cfg(feature = "http")]
pub mod http;
mod identity;
mod key;
pub mod keys;
mod keyset;
mod lane;
mod late;
mod level;
mod limits;
mod logger;
mod losses;
mod macros;
mod named;
mod outcome;
mod outlet;
mod output;
#[cfg(feature = "panic")]
pub mod panic;
mod part;
mod partition;
mod performance;
mod reading;
mod reconfigure;
mod record;
mod recorder;
mod recording;
mod redact;
mod rules;
mod scope;
mod seat;
#[cfg(feature = "serde")]
mod serialized;
mod sink;
mod snapshot;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod value;
mod workspace;
mod writer;

pub use crate::bind::{BindFields, Gathered};
pub use crate::builder::{BuildError, Builder, Location};
pub use crate::built::BUILT_IN;
pub use crate::condition::Condition;
pub use crate::core::{LevelChange, LevelChangeCause};
pub use crate::drop_reason::DropReason;
pub use crate::encode::{
    Color, ColorDepth, ColorMode, Encode, Json, Logfmt, MessageTemplate, Palette, Pretty, PrettyLayout, Style, Theme,
    Token, push_inert,
};
#[cfg(feature = "formats")]
pub use crate::encode::{Csv, Facility, Gelf, Mark, Syslog, Template, TemplateError, Terminator};
pub use crate::everywhere::{HookHandle, add_hook_everywhere};
pub use crate::fatal::Fatal;
pub use crate::fault::{Fault, fault_count, on_fault, report as report_fault};
pub use crate::field::FieldSet;
pub use crate::filter::directive::{DirectiveError, Directives, LevelFilter};
pub use crate::filter::sample::{
    Failures, Inbound, Offer, SampleRate, Sampler, Sampling, SamplingError, SamplingKey, SamplingMethod, SamplingRule,
    stable_hash,
};
pub use crate::filter::{Filter, Summary};
pub use crate::health::{Account, Breaker, DeliveryHealth, Health, LastError, LevelCounts, OutputHealth};
pub use crate::hook::{Draft, Hook};
pub use crate::identity::Identity;
pub use crate::key::Key;
pub use crate::keys::{DurationForm, LevelForm, Schema};
pub use crate::lane::Lane;
pub use crate::level::{Level, ParseLevelError, RegisterLevelError};
pub use crate::limits::Limits;
pub use crate::logger::Logger;
pub use crate::losses::LossBell;
pub use crate::outcome::Outcome;
pub use crate::output::Output;
#[cfg(feature = "panic")]
pub use crate::panic::stack::{Stack, stack};
pub use crate::partition::Partition;
pub use crate::performance::Performance;
pub use crate::reading::FieldCursor;
pub use crate::record::{Bound, Record, Site};
pub use crate::recording::Recording;
pub use crate::redact::{BuildRedactionError, KeyedHash, Mask, Preset, Redaction, RedactionBuilder, Texts, Verdict};
pub use crate::scope::{Entered, InScope, Scope, ScopeExt, wrap};
#[cfg(feature = "serde")]
pub use crate::serialized::{Serialized, serde};
pub use crate::sink::{
    Captured, CapturedRecord, CapturedValue, Console, Line, Memory, Null, Sink, SinkError, Surface, Typed, Written,
};
pub use crate::time::{Clock, ClockHands, PatternError, TimeFormat, Timestamp, Zone};
pub use crate::value::{List, Map, ToValue, Tree, TreeVisitor, TypedError, Value, list, map, typed};

/// What the macros call.
#[doc(hidden)]
pub mod __private {
    pub use crate::bind::Gathered;
    pub use crate::built::is_built_in;
    pub use crate::callsite::Callsite;
    pub use crate::global::{gate, gate_of, log, log_to};
    pub use crate::keyset::KeySet;
    pub use crate::named::{ByDebug, ByDisplay, ByNothing, ByValue, Named};
}

/// The page of the registry, whose example runs with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
