//! No record costs an allocation once its thread is warm, whatever the encoder.
//!
//! A binary of its own: counting allocations takes an allocator of our own, which is `unsafe` by its trait, and only this
//! thread may be counted.
#![allow(unsafe_code, reason = "an allocator is unsafe by its trait; this one counts and passes on")]

use hyperlog_core::{
    ColorMode, Csv, Encode, Gelf, Json, Level, Line, Logfmt, Logger, Output, Pretty, PrettyLayout, Redaction, Schema,
    Sink, Surface, Syslog, Template, TimeFormat, Written, fields, info,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // While a thread ends there is nothing to count for.
    let _ = ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1));
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Takes bytes and shows them to nobody, on whatever surface.
struct Sight(Surface);

impl Sink for Sight {
    fn write(&self, line: &Line<'_>) -> Written {
        black_box(line.bytes);
        Written::Done
    }

    fn surface(&self) -> Surface {
        self.0
    }
}

fn no_fields(logger: &Logger) {
    info!(logger: logger, "added");
}

fn five_fields(logger: &Logger) {
    info!(logger: logger, user = "ann", item = 42_u64, left = -3, price = 9.99, gift = true, "added to the cart");
}

fn twenty_fields(logger: &Logger) {
    info!(
        logger: logger, a = "text", b = 1, c = 2.5, d = true, e = 'x', f = "more text", g = 7_u64, h = -7, i = false,
        j = "x y", k = "a=b", l = (), m = 10_u8, n = 1.5_f32, o = "é", p = "\"quoted\"", q = "line\nend", r = 99, s = 0.1,
        t = "the last", "twenty of them"
    );
}

fn formatted(logger: &Logger) {
    let user = "ann";
    info!(logger: logger, %user, id = ?7, "welcome {user}, {}", 7);
}

#[track_caller]
fn check(what: &str, output: Output, redaction: Redaction) {
    let logger = Logger::builder().level(Level::TRACE).redaction(redaction).output(output).build().unwrap();
    let bound = logger.with(fields!(service = "shop", tenant = 7, note = "a gift"));
    // A key that the call has too, so that the bound fields are not copied.
    let overridden = logger.with(fields!(service = "shop", user = "nobody"));
    let calls = [no_fields, five_fields, twenty_fields, formatted];
    for (name, logger) in [("plain", &logger), ("bound", &bound), ("overridden", &overridden)] {
        for (call, log) in calls.iter().enumerate() {
            // The first records of a thread make its memory, and its memory large enough.
            (0..3).for_each(|_| log(logger));
            let before = ALLOCATIONS.get();
            (0..100).for_each(|_| log(logger));
            let made = ALLOCATIONS.get() - before;
            assert_eq!(made, 0, "{what}, {name}, call {call}: {made} allocations in 100 records");
        }
    }
}

#[track_caller]
fn check_encoder<E: Encode + Clone>(what: &str, encoder: E) {
    for (redacted, redaction) in [("redacted", Redaction::default()), ("not redacted", Redaction::off())] {
        let plain = Output::new(encoder.clone(), Sight(Surface::Storage));
        check(&format!("{what}, {redacted}"), plain, redaction.clone());
        let colored = Output::new(encoder.clone(), Sight(Surface::Terminal)).color(ColorMode::Always);
        check(&format!("{what}, {redacted}, colored"), colored, redaction);
    }
}

#[test]
fn a_record_costs_no_allocation() {
    check_encoder("json", Json::new());
    check_encoder("json for OpenTelemetry", Json::with_schema(Schema::OPEN_TELEMETRY));
    check_encoder("logfmt", Logfmt::new());
    check_encoder("logfmt with a time of its own", Logfmt::new().time(TimeFormat::pattern("%F %T").unwrap()));
    check_encoder("pretty", Pretty::new());
    check_encoder("pretty, expanded", Pretty::new().layout(PrettyLayout::Expanded));
    check_encoder("csv", Csv::new(["timestamp", "level", "target", "message", "user", "missing"]).rest("rest"));
    check_encoder("syslog", Syslog::new("shop"));
    check_encoder("gelf", Gelf::new("web-1"));
    let pattern = "{timestamp} {level:<5} [{target}] {user|nobody:>8} {message:?} {fields}";
    check_encoder("template", Template::parse(pattern).unwrap());
}

#[test]
fn an_allocation_is_seen() {
    let before = ALLOCATIONS.get();
    drop(black_box(Box::new(7)));
    assert_eq!(ALLOCATIONS.get() - before, 1);
}
