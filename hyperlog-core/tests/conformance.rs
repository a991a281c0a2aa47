//! Our own sinks and encoders, and broken ones, held against what every sink and encoder promises.
#![cfg(feature = "testing")]

use hyperlog_core::testing::{check_encoder, check_sink};
use hyperlog_core::{
    DropReason, Encode, FieldCursor, Json, Line, Logfmt, Memory, Null, Partition, Pretty, PrettyLayout, Record, Schema,
    Sink, SinkError, Written,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

fn is_json(record: &[u8]) -> Result<(), String> {
    serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(record)
        .map(drop)
        .map_err(|error| error.to_string())
}

#[test]
fn json_of_every_schema_conforms() {
    check_encoder(Json::new).one_line_per_record().each_record_is(is_json).run();
    for schema in [Schema::OPEN_TELEMETRY, Schema::ECS, Schema::GOOGLE_CLOUD, Schema::DATADOG, Schema::BUNYAN] {
        let make = move || Json::with_schema(schema.clone());
        check_encoder(make).one_line_per_record().each_record_is(is_json).run();
    }
}

#[test]
fn the_encoders_for_people_conform() {
    check_encoder(Logfmt::new).one_line_per_record().run();
    check_encoder(|| Pretty::new().layout(PrettyLayout::Compact)).one_line_per_record().run();
    check_encoder(|| Pretty::new().layout(PrettyLayout::Expanded)).run();
}

#[test]
#[cfg(feature = "formats")]
fn the_encoders_for_other_systems_conform() {
    use hyperlog_core::{Csv, Gelf, Syslog, Template, Terminator};
    check_encoder(|| Csv::new(["level", "message", "key"]).rest("rest")).one_line_per_record().run();
    check_encoder(|| Gelf::new("host")).one_line_per_record().each_record_is(is_json).run();
    check_encoder(|| Gelf::new("host").terminator(Terminator::Nul)).run();
    check_encoder(|| Syslog::new("shop")).one_line_per_record().run();
    for pattern in ["{message}", "{timestamp} {level:<5} [{target}] {key|none}: {message:?} {fields}"] {
        check_encoder(move || Template::parse(pattern).unwrap()).one_line_per_record().run();
    }
}

#[test]
fn memory_conforms() {
    let memory = Memory::new();
    let seen = memory.clone();
    check_sink(memory).observed_by(move || seen.bytes()).run();
}

#[test]
fn null_conforms() {
    check_sink(Null).run();
}

/// What a check says of what is broken.
#[track_caller]
fn check_says(run: impl FnOnce(), expected: &str) {
    let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("the check finds it");
    let said = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref().map(String::as_str)).expect("a text");
    assert!(said.contains(expected), "{said}");
}

/// An encoder that is a function.
struct By(fn(&Record<'_>, &mut Vec<u8>));

impl Encode for By {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        (self.0)(record, out);
        Partition::NONE
    }
}

#[test]
fn a_broken_encoder_is_told_what_to_do() {
    let check = |encode: fn(&Record<'_>, &mut Vec<u8>), expected: &str| {
        check_says(|| check_encoder(move || By(encode)).one_line_per_record().each_record_is(is_json).run(), expected);
    };
    check(|_, _| {}, "nothing was written");
    check(|record, out| out.extend(record.message().strip_prefix("message").unwrap().bytes()), "it panicked");
    check(
        |_, out| {
            out.clear();
            out.extend_from_slice(b"{}\n");
        },
        "append only",
    );
    check(|_, out| out.extend_from_slice(b"{}\n\n"), "line feeds");
    check(|_, out| out.extend_from_slice(b"{\n"), "EOF while parsing");
    check(
        |record, out| out.extend_from_slice(format!("{{\"message\":\"{}\"}}\n", record.message()).as_bytes()),
        "quotes",
    );
    check(
        |_, out| {
            let separator = if out.is_empty() { "" } else { " " };
            out.extend_from_slice(format!("{separator}{{}}\n").as_bytes());
        },
        "look at nothing in `out`",
    );
    check(
        |_, out| {
            static CALLS: AtomicUsize = AtomicUsize::new(0);
            out.extend_from_slice(format!("{{\"n\":{}}}\n", CALLS.fetch_add(1, Ordering::Relaxed)).as_bytes());
        },
        "the second time",
    );
    check_says(
        || check_encoder(|| By(|record, out| out.extend_from_slice(record.level().name().as_bytes()))).run(),
        "end every record in the same way",
    );
}

#[test]
fn an_encoder_that_prepares_other_bytes_is_found() {
    struct Liar;
    impl Encode for Liar {
        fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
            if let hyperlog_core::Bound::Encoded(encoded) = record.context() {
                out.extend_from_slice(encoded);
            }
            out.push(b'\n');
            Partition::NONE
        }
        fn encode_bound(&self, fields: &mut FieldCursor<'_>, out: &mut Vec<u8>) -> bool {
            while let Some((key, _)) = fields.next() {
                out.extend_from_slice(key.name().as_bytes());
            }
            true
        }
    }
    check_says(|| check_encoder(|| Liar).run(), "`encode_bound` and `encode` write bound fields differently");
}

/// A sink that breaks one promise.
#[derive(Default)]
struct Broken {
    lines: Mutex<Vec<u8>>,
    calls: AtomicUsize,
    is_closed: AtomicBool,
    how: &'static str,
}

impl Sink for Broken {
    fn write(&self, line: &Line<'_>) -> Written {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed);
        if self.is_closed.load(Ordering::Relaxed) && self.how != "stays open" {
            return Written::Closed;
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        match (self.how, calls) {
            ("panics", 100) => panic!("at the hundredth line"),
            ("loses", 100) => return Written::Queued,
            ("lies", 100) => {
                lines.extend_from_slice(line.bytes);
                return Written::Dropped(DropReason::Full);
            }
            ("repeats", 100) => lines.extend_from_slice(line.bytes),
            ("is closed", 100) => return Written::Closed,
            ("tears", _) => {
                let (first, second) = line.bytes.split_at(line.bytes.len() / 2);
                lines.extend_from_slice(first);
                drop(lines);
                std::thread::yield_now();
                self.lines.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(second);
                return Written::Done;
            }
            _ => {}
        }
        lines.extend_from_slice(line.bytes);
        Written::Done
    }

    fn flush(&self, _: Duration) -> Result<(), SinkError> {
        if self.how == "cannot flush" { Err(SinkError::deadline("flush")) } else { Ok(()) }
    }

    fn close(&self, _: Duration) -> Result<(), SinkError> {
        let was_closed = self.is_closed.swap(true, Ordering::Relaxed);
        if was_closed && self.how == "closes once" { Err(SinkError::deadline("close")) } else { Ok(()) }
    }
}

#[test]
fn a_broken_sink_is_told_what_to_do() {
    let run = |how| {
        let sink = Arc::new(Broken { how, ..Broken::default() });
        let seen = Arc::clone(&sink);
        check_sink(sink)
            .observed_by(move || seen.lines.lock().map_or_else(|_| Vec::new(), |lines| lines.clone()))
            .run();
    };
    run("not at all");
    check_says(|| run("panics"), "`write` panicked");
    check_says(|| run("loses"), "of 800 lines that were taken have not left");
    check_says(|| run("lies"), "answered `Dropped`");
    check_says(|| run("repeats"), "left 2 times");
    check_says(|| run("is closed"), "before `close`");
    check_says(|| run("tears"), "part of one or of several");
    check_says(|| run("cannot flush"), "`flush` failed");
    check_says(|| run("closes once"), "`close` failed the second time");
    check_says(|| run("stays open"), "after `close`: answer `Closed`");
}
