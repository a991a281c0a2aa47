//! The ground floor of hyperlog.

mod background;
mod bind;
mod block;
mod builder;
mod callsite;
mod context;
mod encode;
mod fatal;
mod fault;
mod field;
mod filter;
mod global;
mod heads;
mod health;
mod hook;
#[cfg(feature = "http")]
pub mod http;
mod identity;
pub mod keys;
mod keyset;
mod level;
mod limits;
mod logger;
mod macros;
mod named;
mod outlet;
#[cfg(feature = "panic")]
pub mod panic;
mod reading;
mod record;
mod redact;
mod scope;
mod sink;
mod snapshot;
mod time;
mod value;
mod workspace;

pub use crate::bind::{BindFields, Gathered};
pub use crate::builder::{BuildError, Builder, Location, Output};
pub use crate::encode::{
    Color, ColorDepth, ColorMode, Encode, Json, Logfmt, Palette, Partition, Pretty, PrettyLayout, Style, Theme, Token,
};
#[cfg(feature = "formats")]
pub use crate::encode::{Csv, Facility, Gelf, Mark, Syslog, Template, TemplateError, Terminator};
pub use crate::fatal::Fatal;
pub use crate::fault::{Fault, fault_count, on_fault};
pub use crate::field::{FieldSet, Key};
pub use crate::filter::directive::{DirectiveError, Directives, LevelFilter};
pub use crate::filter::sample::{
    Failures, Inbound, Offer, SampleRate, Sampler, Sampling, SamplingError, SamplingKey, SamplingMethod, SamplingRule,
    stable_hash,
};
pub use crate::filter::{Filter, Summary};
pub use crate::global::{HookHandle, add_hook_everywhere};
pub use crate::health::{LevelCounts, OutputHealth};
pub use crate::hook::{Draft, Hook};
pub use crate::identity::Identity;
pub use crate::keys::{DurationForm, LevelForm, Schema};
pub use crate::level::{Level, ParseLevelError, RegisterLevelError};
pub use crate::limits::Limits;
pub use crate::logger::{LevelChange, LevelChangeCause, Logger};
pub use crate::reading::FieldCursor;
pub use crate::record::{Bound, Record, Site};
pub use crate::redact::{BuildRedactionError, KeyedHash, Mask, Preset, Redaction, RedactionBuilder, Verdict};
pub use crate::scope::{Entered, InScope, Scope, ScopeExt, wrap};
pub use crate::sink::{
    Captured, CapturedRecord, CapturedValue, Condition, Console, DropReason, Line, Memory, Null, Sink, SinkError,
    Surface, Written,
};
pub use crate::time::{Clock, ClockHands, PatternError, TimeFormat, Timestamp};
pub use crate::value::{List, Map, ToValue, Tree, TreeVisitor, Value, list, map};

/// What the macros call.
#[doc(hidden)]
pub mod __private {
    pub use crate::bind::Gathered;
    pub use crate::callsite::Callsite;
    pub use crate::global::{gate, gate_of, log, log_to};
    pub use crate::keyset::KeySet;
    pub use crate::named::{ByDebug, ByDisplay, ByValue, Named};
}
