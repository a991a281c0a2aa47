//! The last steps of a record: encoded once for each format, and given to each output that wants it.

use crate::contain::contain;
use crate::encode::Encode;
use crate::fault;
use crate::filter::directive::LevelFilter;
use crate::health::{Counters, OutputHealth, Place};
use crate::level::Level;
use crate::limits;
use crate::partition::Partition;
use crate::reading::Reading;
use crate::record::Record;
use crate::sink::{Condition, DropReason, Line, Sink, Written};

/// An encoder and all outputs that want its bytes.
pub(crate) struct Format {
    pub(crate) encoder: Box<dyn Encode>,
    outlets: Vec<Outlet>,
    /// What the most verbose of them wants.
    level: LevelFilter,
}

/// An output at work.
pub(crate) struct Outlet {
    pub(crate) name: String,
    pub(crate) level: LevelFilter,
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) counters: Counters,
}

impl Format {
    pub(crate) fn new(encoder: Box<dyn Encode>) -> Format {
        Format { encoder, outlets: Vec::new(), level: LevelFilter::OFF }
    }

    pub(crate) fn add(&mut self, outlet: Outlet) {
        self.level = self.level.min(outlet.level);
        self.outlets.push(outlet);
    }

    pub(crate) fn outlets(&self) -> &[Outlet] {
        &self.outlets
    }

    /// Whether any output wants a record of this level.
    pub(crate) fn wants(&self, level: Level) -> bool {
        self.level.allows(level)
    }

    /// Encodes a record once and gives it to every output that wants it. A panic costs the record at one output, or at
    /// all of them if it was the encoder's.
    #[inline]
    pub(crate) fn write(&self, record: &mut Record<'_>, line: &mut Vec<u8>, place: &Place) {
        if !self.level.allows(record.level) {
            return;
        }
        let mut progress = Progress { partition: None, next: 0 };
        while progress.next < self.outlets.len() {
            if contain(|| self.proceed(record, line, place, &mut progress)).is_none() {
                self.account_for_panic(record.level, place, &mut progress);
            }
        }
    }

    #[inline(always)]
    fn proceed(&self, record: &mut Record<'_>, bytes: &mut Vec<u8>, place: &Place, progress: &mut Progress) {
        let partition = match progress.partition {
            Some(partition) => partition,
            None => {
                bytes.clear();
                let partition = self.encoder.encode(record, bytes);
                *progress.partition.insert(match bytes.len() <= record.reading.rules.limits.record {
                    true => partition,
                    false => self.shrink(record, bytes),
                })
            }
        };
        let line = Line { bytes, level: record.level, timestamp: record.timestamp, partition };
        while let Some(outlet) = self.outlets.get(progress.next) {
            progress.next += 1;
            if outlet.level.allows(record.level) {
                outlet.write(&line, record.cut_from > 0, place);
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn account_for_panic(&self, level: Level, place: &Place, progress: &mut Progress) {
        if progress.partition.is_some() {
            if let Some(outlet) = self.outlets.get(progress.next.wrapping_sub(1)) {
                outlet.counters.drop_one(level, DropReason::Panicked);
                fault::report("sink", format_args!("the output {:?} panicked, and the record is lost", outlet.name));
            }
            return;
        }
        progress.next = self.outlets.len();
        for outlet in self.outlets.iter().filter(|outlet| outlet.level.allows(level)) {
            outlet.counters.accept(level, place);
            outlet.counters.drop_one(level, DropReason::Panicked);
        }
        fault::report("encoder", format_args!("it panicked, and the record is lost"));
    }

    /// Encodes anew with shorter and shorter texts, then with fewer fields, until the record fits.
    #[cold]
    #[inline(never)]
    fn shrink(&self, record: &mut Record<'_>, line: &mut Vec<u8>) -> Partition {
        let allowed = record.reading.rules.limits.record;
        record.cut_from = line.len();
        let mut rules = record.reading.rules.clone();
        rules.limits.text = rules.limits.text.min(allowed);
        let mut rules_of_bound = record.reading.rules_of_bound.clone();
        let mut message = String::new();
        let mut partition = Partition::NONE;
        while line.len() > allowed && rules.limits.fields > 0 {
            if rules.limits.text > SHORTEST_TEXT {
                rules.limits.text /= 2;
            } else {
                rules.limits.fields /= 2;
            }
            message.clear();
            message.push_str(limits::cut(record.message, rules.limits.text));
            if message.len() < record.message.len() {
                limits::push_cut_mark(record.message.len(), &mut message);
            }
            rules_of_bound.limits = rules.limits;
            let reading = Reading { rules: &rules, rules_of_bound: &rules_of_bound, ..record.reading };
            line.clear();
            // What was prepared, of the context and of the call site, is as long as ever.
            let format = Record::NO_FORMAT;
            partition =
                self.encoder.encode(&Record { message: &message, heads: None, format, reading, ..*record }, line);
        }
        partition
    }
}

/// Where a record is still too long with texts of this length, it is its many fields that are too many.
const SHORTEST_TEXT: usize = 32;

/// How far a record has come within a format.
struct Progress {
    /// None until it is encoded.
    partition: Option<Partition>,
    next: usize,
}

impl Outlet {
    #[inline(always)]
    fn write(&self, line: &Line<'_>, was_cut: bool, place: &Place) {
        self.counters.accept(line.level, place);
        if was_cut {
            self.counters.cut_one();
        }
        match self.sink.write(line) {
            Written::Done => self.counters.write(line.level, place),
            other => self.account_for(line.level, other),
        }
    }

    pub(crate) fn health(&self) -> OutputHealth {
        let condition = contain(|| self.sink.condition());
        let condition = condition.unwrap_or_else(|| Condition::Failed("it panicked when asked".to_owned()));
        self.counters.read(&self.name, condition)
    }

    #[cold]
    #[inline(never)]
    fn account_for(&self, level: Level, written: Written) {
        match written {
            Written::Done => {}
            Written::Queued => self.counters.queue_one(level),
            Written::Dropped(reason) => self.counters.drop_one(level, reason),
            Written::Closed => self.counters.drop_one(level, DropReason::Closed),
        }
    }
}
