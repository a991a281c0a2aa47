//! What every public type promises of threads and panics: a field that breaks a promise breaks this file's build.

use hyperlog_core::*;
use std::panic::{RefUnwindSafe, UnwindSafe};

const fn shared<T: Send + Sync + 'static>() {}
const fn unwinds<T: UnwindSafe + RefUnwindSafe>() {}

macro_rules! promise {
    ($promise:ident: $($type:ty,)*) => {
        const { $($promise::<$type>();)* }
    };
}

#[test]
fn whatever_is_public_may_be_shared_between_threads() {
    promise! { shared:
        BuildError, Builder, Captured, CapturedRecord, CapturedValue, Clock, ClockHands, Condition, Console,
        DirectiveError, Directives, DropReason, Fault, FieldSet, Json, Key<'static>, Level, LevelCounts, LevelFilter,
        Limits, Line<'static>, Location, Logger, Mask, Memory, Null, Output, OutputHealth, ParseLevelError, Partition,
        PatternError, Preset, Redaction, RedactionBuilder, SampleRate, Sampler, Schema, Scope, SinkError, Site<'static>,
        TimeFormat, Timestamp, Verdict, Written, InScope<std::future::Ready<()>>,
    }
}

#[test]
fn whatever_a_request_holds_may_be_held_through_a_panic() {
    promise! { unwinds:
        Captured, CapturedRecord, CapturedValue, Clock, ClockHands, Condition, Console, DirectiveError, Directives,
        DropReason, Fault, FieldSet, Json, Key<'static>, Level, LevelCounts, LevelFilter, Limits, Line<'static>, Location,
        Logger, Mask, Memory, Null, OutputHealth, ParseLevelError, Partition, PatternError, Preset, SampleRate, Schema, Scope,
        Site<'static>, TimeFormat, Timestamp, Verdict, Written,
    }
}
