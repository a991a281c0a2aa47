//! Values without measure: too long, too deep, too many or without an end, on a thread with a small stack.

use hyperlog_core::{
    Captured, CapturedValue, FieldSet, Json, Level, Limits, Logfmt, Logger, Memory, Output, Pretty, ToValue, Tree,
    TreeVisitor, Value, fields, info,
};
use std::error::Error;
use std::fmt;

/// Logs on a thread with a stack of 128 KiB, to every format.
fn on_a_small_stack(limits: Limits, log: impl FnOnce(&Logger) + Send) -> (Captured, Vec<Memory>) {
    let mut memories = Vec::new();
    let (logger, captured) = Logger::capture_with(|mut builder| {
        let mut add = |encoded: fn(Memory) -> Output| {
            let memory = Memory::new();
            memories.push(memory.clone());
            encoded(memory)
        };
        builder = builder.limits(limits);
        builder = builder.output(add(|memory| Output::new(Json::new(), memory)));
        builder = builder.output(add(|memory| Output::new(Logfmt::new(), memory)));
        builder = builder.output(add(|memory| Output::new(Pretty::new(), memory)));
        #[cfg(feature = "formats")]
        {
            use hyperlog_core::{Csv, Gelf, Syslog};
            builder = builder.output(add(|memory| Output::new(Csv::new(["message"]).rest("rest"), memory)));
            builder = builder.output(add(|memory| Output::new(Gelf::new("host"), memory)));
            builder = builder.output(add(|memory| Output::new(Syslog::new("app"), memory)));
        }
        builder
    });
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(128 << 10);
        thread.spawn_scoped(scope, || log(&logger)).unwrap().join().unwrap();
    });
    for health in logger.health() {
        assert!(health.is_conserved() && health.dropped_total() == 0, "{health:?}");
    }
    for memory in &memories {
        let text = memory.text();
        assert!(text.lines().all(|line| line.len() < 300 << 10), "a record is at most 256 KiB long");
    }
    for line in memories[0].text().lines() {
        // An independent parser has a limit of its own, far beyond ours.
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line:.300}"));
    }
    (captured, memories)
}

struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        loop {
            formatter.write_str("on and on ")?;
        }
    }
}

#[test]
fn a_display_without_an_end_is_cut() {
    let (captured, _) = on_a_small_stack(Limits::default(), |logger| {
        info!(logger: logger, endless = %Endless, "{}", Endless);
        info!(logger: logger.with(fields!(endless = %Endless)), "bound");
    });
    let first = &captured.records()[0];
    assert!(first.message().ends_with("bytes]") && first.message().len() < 17 << 10, "{}", first.message().len());
    assert!(first.text("endless").ends_with("bytes]"));
    assert!(captured.records()[1].text("endless").ends_with("bytes]"));
}

/// A list in a list in a list, walked with a loop.
struct Deep(usize);

impl Tree for Deep {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        for level in 0..self.0 {
            if level % 2 == 0 {
                visitor.begin_list();
            } else {
                visitor.begin_map();
                visitor.key("key");
            }
        }
        (0..self.0).for_each(|_| visitor.end());
    }
}

/// A tree in a tree in a tree, each walked by the one before.
struct Inside<'a>(Option<&'a Inside<'a>>);

impl Tree for Inside<'_> {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        visitor.begin_list();
        if let Some(inner) = self.0 {
            visitor.value(Value::Tree(inner));
        }
        visitor.end();
    }
}

#[test]
fn a_hundred_thousand_levels_are_cut() {
    let mut inside: &'static Inside<'static> = Box::leak(Box::new(Inside(None)));
    for _ in 0..100_000 {
        inside = Box::leak(Box::new(Inside(Some(inside))));
    }
    let deep = Deep(100_000);
    for depth in [0, 1, 16, 100] {
        let (captured, _) = on_a_small_stack(Limits::default().depth(depth), |logger| {
            info!(logger: logger, deep = Value::Tree(&deep), "logged");
            info!(logger: logger, inside = Value::Tree(inside), "logged");
            info!(logger: logger.with(fields!(inside = Value::Tree(inside))), "logged");
        });
        for record in captured.records() {
            assert!(format!("{record:?}").contains("[too deep]"), "{depth}");
        }
    }
}

struct Wide;

impl Tree for Wide {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        visitor.begin_list();
        while !visitor.is_full() {
            visitor.value(Value::Str("on and on"));
        }
        visitor.end();
    }
}

#[test]
fn a_list_without_an_end_is_cut() {
    on_a_small_stack(Limits::default(), |logger| info!(logger: logger, wide = Value::Tree(&Wide), "logged"));
}

#[derive(Debug)]
struct Ring;

impl fmt::Display for Ring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("caused by itself")
    }
}

impl Error for Ring {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&Ring)
    }
}

#[test]
fn an_error_that_causes_itself_is_cut() {
    let (captured, _) = on_a_small_stack(Limits::default(), |logger| {
        info!(logger: logger, error = &Ring as &(dyn Error + 'static), "failed");
    });
    let record = captured.only();
    let Some(CapturedValue::List(causes)) = record.get("error.causes") else { panic!("{record}") };
    assert!((1..100).contains(&causes.len()));
}

#[test]
fn ten_thousand_fields_are_cut_and_counted() {
    let many = (0..10_000).fold(FieldSet::new(), |fields, index| fields.with(&format!("key {index}"), index));
    let (captured, _) = on_a_small_stack(Limits::default(), |logger| {
        logger.log(Level::INFO, "at the call", &many);
        logger.with(&many).log(Level::INFO, "bound", &FieldSet::new());
    });
    let record = captured.only_saying("at the call");
    assert_eq!((record.fields().len(), record.number("fields_cut")), (129, 9_872.0));
    assert!(captured.only_saying("bound").fields().len() <= 129);
}

#[test]
fn one_key_ten_thousand_times_counts_once() {
    let many = (0..10_000).fold(FieldSet::new(), |fields, index| fields.with("key", index));
    on_a_small_stack(Limits::default(), |logger| logger.log(Level::INFO, "at the call", &many));
}

#[test]
fn a_key_of_64_kib_is_cut() {
    let key = "key".repeat(22_000);
    let (captured, _) = on_a_small_stack(Limits::default(), |logger| {
        logger.log(Level::INFO, "logged", &FieldSet::new().with(&key, 1));
        info!(logger: logger, tree = hyperlog_core::map(&[(&key, 1)]), "logged");
    });
    for record in captured.records() {
        let shown = format!("{record:?}");
        assert!(shown.contains('…') && shown.len() < 1_000, "{shown:.2000}");
    }
}

#[test]
fn what_is_cut_is_marked_with_its_length_at_the_border_of_a_character() {
    let text = "é".repeat(20_000);
    let (captured, _) = on_a_small_stack(Limits::default().text(9).message(11), |logger| {
        info!(logger: logger, text, shown = %text, bytes = text.as_bytes(), "{text}");
    });
    let record = captured.only();
    for field in ["text", "shown", "bytes"] {
        assert_eq!(record.text(field), "éééé…[cut, 40000 bytes]");
    }
    assert_eq!(record.message(), "ééééé…[cut, 40000 bytes]");
}

#[test]
fn a_record_that_is_too_long_says_how_long_it_was() {
    let text = "text ".repeat(3_000);
    let many = (0..100).fold(FieldSet::new(), |fields, index| fields.with(&format!("k{index}"), &text));
    let (_, memories) = on_a_small_stack(Limits::default().record(8 << 10), |logger| {
        logger.log(Level::INFO, &text, &many);
        logger.with(&many).log(Level::INFO, &text, &many);
    });
    for memory in memories {
        for (_, record) in memory.take() {
            assert!(record.len() <= 8 << 10, "{}", String::from_utf8_lossy(&record[..300]));
        }
    }
}

#[test]
fn limits_of_nothing_leave_a_record() {
    let none = Limits::default().message(0).text(0).key(16).fields(0).depth(0).record(0);
    let (captured, _) = on_a_small_stack(none, |logger| {
        info!(logger: logger, text = "text", number = 1, tree = Value::Tree(&Deep(3)), "message");
    });
    assert_eq!(captured.only().number("fields_cut"), 3.0);
    assert!(matches!("x".to_value(), Value::Str("x")));
}
