//! hyperlog's own trouble, in a program of its own: whoever listens listens for the whole process.

use hyperlog_core::{Fault, Hook, Json, Level, Line, Logger, Output, Sink, Written, fault_count, info, on_fault};
use std::sync::{Arc, Mutex};

struct Panicking;

impl Sink for Panicking {
    fn write(&self, _: &Line<'_>) -> Written {
        panic!("in a sink")
    }
}

/// In trouble when it is dropped.
struct Farewell(Logger);

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.set_level(Level::WARN);
    }
}

#[test]
fn a_part_in_trouble_is_told_of_once_in_a_while_counted_always_and_never_in_the_stream() {
    let told: Arc<Mutex<Vec<Fault>>> = Arc::default();
    let keep = Arc::clone(&told);
    let (troubled, _) = Logger::capture();
    troubled.on_level_change(|_| panic!("in a listener"));
    let farewell = Farewell(troubled);
    on_fault(move |fault| {
        let _ = &farewell;
        keep.lock().unwrap().push(fault.clone());
        panic!("a listener that panics takes nobody with it");
    });
    let output = Output::new(Json::new(), Panicking).name("broken");
    let hook = Hook::observe(|_| panic!("in a hook"));
    let (logger, captured) = Logger::capture_with(|builder| builder.output(output).hook(hook));
    for _ in 0..100 {
        info!(logger: logger, "m");
    }
    assert_eq!(fault_count(), 200);
    assert_eq!(captured.len(), 100);
    on_fault(|_| ());
    assert_eq!(fault_count(), 201, "what a listener holds may be in trouble when it goes");
    let told = told.lock().unwrap();
    let shown: Vec<String> = told.iter().map(Fault::to_string).collect();
    assert_eq!(
        shown,
        [
            "hyperlog: sink: the output \"broken\" panicked, and the record is lost",
            "hyperlog: hook: it panicked; the record goes on without it",
        ]
    );
    let mut many = told[0].clone();
    many.suppressed = 98;
    assert!(many.to_string().ends_with("(and 98 more like it)"));
}
