//! What every encoder promises.

use crate::builder::{Location, Output};
use crate::encode::{Encode, Partition};
use crate::field::FieldSet;
use crate::level::Level;
use crate::limits::Limits;
use crate::logger::Logger;
use crate::reading::FieldCursor;
use crate::record::{Record, Site};
use crate::redact::Redaction;
use crate::sink::Memory;
use crate::time::{Clock, Timestamp};
use crate::value::{Value, list, map};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Holds an encoder against what every encoder promises:
///
/// | promise | why |
/// |---|---|
/// | it does not panic, whatever a record holds | a panic loses the record |
/// | it appends: what was in `out` before stays | several encoders share memory |
/// | each record ends as all others do | sinks and readers part records by their end |
/// | the same record gives the same bytes | encodings are made once and shared |
/// | what `encode_bound` prepared and what `encode` writes say the same | bound fields are prepared once |
///
/// and, where the encoder promises it, one line for each record and validity in its format.
pub struct EncoderCheck<E> {
    make: Box<dyn Fn() -> E>,
    lines: bool,
    is_valid: Option<Validity>,
}

type Validity = Box<dyn Fn(&[u8]) -> Result<(), String>>;

impl<E: Encode> EncoderCheck<E> {
    /// A check of the encoders that a function makes: several are needed.
    pub fn new(make: impl Fn() -> E + 'static) -> EncoderCheck<E> {
        EncoderCheck { make: Box::new(make), lines: false, is_valid: None }
    }

    /// Each record is one line.
    #[must_use]
    pub fn one_line_per_record(mut self) -> EncoderCheck<E> {
        self.lines = true;
        self
    }

    /// Each record passes this, which says what is wrong with it.
    #[must_use]
    pub fn each_record_is(mut self, valid: impl Fn(&[u8]) -> Result<(), String> + 'static) -> EncoderCheck<E> {
        self.is_valid = Some(Box::new(valid));
        self
    }

    /// Runs the check.
    ///
    /// # Panics
    ///
    /// When a promise is broken, with what to do about it.
    #[track_caller]
    pub fn run(self) {
        let mut end = None;
        for (index, case) in cases().iter().enumerate() {
            let encoded = self.encode(case, b"");
            self.check_record(case, &encoded);
            assert!(
                encoded == self.encode(case, b""),
                "{}: the same record gave other bytes the second time: let what is written depend on the record alone, \
                 not on the time or on what was written before",
                case.name
            );
            let last = encoded.last().copied();
            assert!(
                *end.get_or_insert(last) == last,
                "{}: case {index} ends in {last:?} and others in {:?}: end every record in the same way, `\\n` say",
                case.name,
                end.flatten()
            );
        }
        self.check_preamble();
    }

    #[track_caller]
    fn check_record(&self, case: &Case, encoded: &[u8]) {
        let name = case.name;
        assert!(!encoded.is_empty(), "{name}: nothing was written: every record is, even one without message and fields");
        if self.lines {
            let newlines = encoded.iter().filter(|byte| **byte == b'\n').count();
            assert!(
                newlines == 1 && encoded.ends_with(b"\n"),
                "{name}: a record of one line has {newlines} line feeds: escape those of texts and keys, and end with one: \
                 {}",
                String::from_utf8_lossy(encoded)
            );
        }
        if let Some(is_valid) = &self.is_valid
            && let Err(what) = is_valid(encoded)
        {
            panic!("{name}: {what}: {}", String::from_utf8_lossy(encoded));
        }
    }

    #[track_caller]
    fn check_preamble(&self) {
        let mut out = b"before".to_vec();
        (self.make)().preamble(&mut out);
        assert!(out.starts_with(b"before"), "`preamble` touched what was in `out` before: append only");
    }

    /// What the encoder makes of a case, by the logger's own walk.
    #[track_caller]
    fn encode(&self, case: &Case, before: &'static [u8]) -> Vec<u8> {
        let trouble = Arc::new(Mutex::new(None));
        let memory = Memory::new();
        let watched = Watched { encoder: (self.make)(), before, trouble: Arc::clone(&trouble) };
        let (clock, _) = Clock::manual(Timestamp::new(1_700_000_000, 123_456_789));
        let limits = Limits::default().record(1 << 30).depth(200);
        let mut builder = Logger::builder().level(Level::TRACE).redaction(Redaction::off()).limits(limits).clock(clock);
        builder = builder.identity(case.identity.clone()).location(Location::Shown);
        let Ok(logger) = builder.output(Output::new(watched, memory.clone())).build() else {
            unreachable!("one output and no other option that could be refused");
        };
        let logger = case.bound.iter().fold(logger, |logger, fields| logger.with(fields));
        let (target, message) = (&*case.target, &*case.message);
        let file = Some("src/main.rs");
        let site =
            Site { level: case.level, target, module: None, file, line: Some(7), template: message, keys: &[] };
        logger.log_from(&site, format_args!("{message}"), &case.fields);
        let trouble = trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
        match trouble {
            Some(Trouble::Panicked) => panic!(
                "{}: it panicked: whatever a record holds, write something; index nothing and unwrap nothing",
                case.name
            ),
            Some(Trouble::Touched) => {
                panic!("{}: what was in `out` before is no longer there: append only", case.name)
            }
            None => memory.bytes(),
        }
    }
}

/// An encoder, watched at its work: a panic and a touch of what was there before are kept for the one who asked.
struct Watched<E> {
    encoder: E,
    before: &'static [u8],
    trouble: Arc<Mutex<Option<Trouble>>>,
}

enum Trouble {
    Panicked,
    Touched,
}
