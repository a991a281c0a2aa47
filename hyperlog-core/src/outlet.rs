//! The last steps of a record: encoded once for each format, and given to each output that wants it.

use crate::condition::Condition;
use crate::contain::contain;
use crate::drop_reason::DropReason;
use crate::encode::Encode;
use crate::fault;
use crate::filter::directive::LevelFilter;
use crate::health::{Counters, OutputHealth, Place};
use crate::lane::{self, Lane, Lanes, Outputs};
use crate::level::Level;
use crate::limits;
use crate::losses::LossBell;
use crate::outcome;
use crate::partition::Partition;
use crate::record::Record;
use crate::sink::{Line, Sink, Written};
use std::any::Any;

/// All that a logger writes. The kind stands apart from the contents, where telling it takes half the instructions.
#[repr(u8)]
#[expect(clippy::large_enum_variant, reason = "a logger has one of them")]
pub(crate) enum Formats {
    /// What most have: there is nothing to go through.
    One { encoder: Box<dyn Encode>, outlet: Outlet },
    Many {
        formats: Vec<Format>,
        /// None if every output takes what there is.
        lanes: Option<Lanes>,
    },
}

/// An encoder and all outputs that want its bytes.
pub(crate) struct Format {
    encoder: Box<dyn Encode>,
    outlets: Vec<Outlet>,
    /// The number of its first output among all.
    first: usize,
}

/// An output at work.
pub(crate) struct Outlet {
    pub(crate) name: String,
    pub(crate) level: LevelFilter,
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) counters: Counters,
    pub(crate) bell: LossBell,
}

impl Formats {
    /// Outputs with the same encoder share its bytes. An error is the name of an output that a lane knows and nobody else.
    pub(crate) fn new(
        outputs: impl IntoIterator<Item = (Box<dyn Encode>, Outlet, Option<Lane>)>,
    ) -> Result<Formats, String> {
        let mut formats: Vec<(Format, Vec<Option<Lane>>)> = Vec::new();
        for (encoder, outlet, lane) in outputs {
            match formats.iter_mut().find(|(format, _)| format.encoder.is_same(&*encoder as &dyn Any)) {
                Some((format, lanes)) => {
                    format.outlets.push(outlet);
                    lanes.push(lane);
                }
                None => formats.push((Format { encoder, outlets: vec![outlet], first: 0 }, vec![lane])),
            }
        }
        let mut first = 0;
        for (format, _) in &mut formats {
            format.first = first;
            first += format.outlets.len();
        }
        let with_lanes = |(format, lanes): &'_ (Format, Vec<Option<Lane>>)| {
            let outlets = format.outlets.iter().map(|outlet| (outlet.name.clone(), outlet.level));
            outlets.zip(lanes.clone()).collect::<Vec<_>>()
        };
        let outputs: Vec<_> = formats.iter().flat_map(with_lanes).collect();
        let lanes = Lanes::new(outputs.iter().map(|((name, level), lane)| (&**name, *level, lane.as_ref())))?;
        let mut formats: Vec<Format> = formats.into_iter().map(|(format, _)| format).collect();
        match &mut formats[..] {
            [Format { outlets, .. }] if outlets.len() == 1 && lanes.is_none() => {}
            _ => return Ok(Formats::Many { formats, lanes }),
        }
        Ok(match formats.pop().map(|format| (format.encoder, format.outlets.into_iter().next())) {
            Some((encoder, Some(outlet))) => Formats::One { encoder, outlet },
            _ => Formats::Many { formats, lanes },
        })
    }

    #[inline]
    pub(crate) fn encoders(&self) -> impl Iterator<Item = &dyn Encode> {
        (0..).map_while(|index| match self {
            Formats::One { encoder, .. } => (index == 0).then_some(&**encoder),
            Formats::Many { formats, .. } => formats.get(index).map(|format| &*format.encoder),
        })
    }

    pub(crate) fn outlets(&self) -> impl Iterator<Item = &Outlet> {
        let (one, many) = match self {
            Formats::One { outlet, .. } => (Some(outlet), &[][..]),
            Formats::Many { formats, .. } => (None, &formats[..]),
        };
        one.into_iter().chain(many.iter().flat_map(|format| &format.outlets))
    }

    /// What at least one output wants.
    pub(crate) fn most_verbose(&self) -> LevelFilter {
        self.outlets().map(|outlet| outlet.level).fold(LevelFilter::OFF, LevelFilter::min)
    }

    /// Encodes a record once for each format and gives it to every output that wants it.
    #[inline(always)]
    pub(crate) fn write(&self, record: &mut Record<'_>, bytes: &mut Vec<u8>, place: &Place) {
        match self {
            Formats::One { encoder, outlet } => {
                let outlets = std::slice::from_ref(outlet);
                if outlet.level.allows(record.level)
                    && let Some(partition) = encode(&**encoder, outlets, record, bytes, place)
                {
                    outlet.write(record, bytes, partition, place);
                }
            }
            Formats::Many { formats, lanes } => write_many(formats, lanes.as_ref(), record, bytes, place),
        }
    }
}

impl Formats {
    /// Encodes a record once for each format, for a recorder to hold. None of the outputs is told.
    pub(crate) fn hold(
        &self,
        record: &mut Record<'_>,
        bytes: &mut Vec<u8>,
        hold: &mut dyn FnMut(usize, Outputs, &Line<'_>),
    ) {
        let outputs = self.lanes().map_or(lane::ALL, |lanes| lanes.of(record));
        for (index, encoder) in self.encoders().enumerate() {
            (record.format, record.cut_from) = (index, 0);
            bytes.clear();
            let partition = contain(|| match encoder.encode(record, bytes) {
                partition if bytes.len() <= record.shape.rules.limits.record => partition,
                _ => encode_shorter(encoder, record, bytes),
            });
            match partition {
                Some(partition) => {
                    let line = Line { bytes, level: record.level, timestamp: record.timestamp, partition };
                    hold(index, outputs, &line);
                }
                None => fault::report("encoder", format_args!("it panicked, and the record is lost")),
            }
        }
    }

    /// Gives a record that was held to every output of its format that it is for and that wants it.
    pub(crate) fn give(&self, format: usize, outputs: Outputs, line: &Line<'_>, place: &Place) {
        let (outlets, first) = match self {
            Formats::One { outlet, .. } => (std::slice::from_ref(outlet), 0),
            Formats::Many { formats, .. } => {
                formats.get(format).map_or((&[][..], 0), |format| (&format.outlets[..], format.first))
            }
        };
        let lost = give_to(outlets, first, outputs, line, place);
        if lost != 0
            && let Some(lanes) = self.lanes()
        {
            give_to(outlets, first, lanes.instead_of(lost), line, place);
        }
    }

    fn lanes(&self) -> Option<&Lanes> {
        match self {
            Formats::One { .. } => None,
            Formats::Many { lanes, .. } => lanes.as_ref(),
        }
    }
}

/// Gives a record to those of these outputs that it is for and that want it; which of them lost it.
#[inline]
fn give_to(outlets: &[Outlet], first: usize, outputs: Outputs, line: &Line<'_>, place: &Place) -> Outputs {
    let mut lost = 0;
    for (index, outlet) in outlets.iter().enumerate() {
        let bit = 1 << (first + index);
        if outputs & bit != 0 && outlet.level.allows(line.level) && outlet.give(line, place) {
            lost |= bit;
        }
    }
    lost
}

impl Format {
    fn wants(&self, level: Level, outputs: Outputs) -> bool {
        let outlets = self.outlets.iter().enumerate();
        outlets
            .into_iter()
            .any(|(index, outlet)| outputs & 1 << (self.first + index) != 0 && outlet.level.allows(level))
    }
}

#[inline(never)]
fn write_many(formats: &[Format], lanes: Option<&Lanes>, record: &mut Record<'_>, bytes: &mut Vec<u8>, place: &Place) {
    let outputs = lanes.map_or(lane::ALL, |lanes| lanes.of(record));
    let lost = write_to(formats, outputs, record, bytes, place);
    if lost != 0
        && let Some(lanes) = lanes
    {
        // Once: whoever steps in has nobody to step in for it, or two that fail would go on for ever.
        write_to(formats, lanes.instead_of(lost), record, bytes, place);
    }
}

/// Encodes a record for each format of which one of these outputs wants it; which of them lost it.
fn write_to(
    formats: &[Format],
    outputs: Outputs,
    record: &mut Record<'_>,
    bytes: &mut Vec<u8>,
    place: &Place,
) -> Outputs {
    let (level, mut lost) = (record.level, 0);
    for (index, format) in formats.iter().enumerate() {
        let Format { encoder, outlets, first } = format;
        (record.format, record.cut_from) = (index, 0);
        if format.wants(level, outputs)
            && let Some(partition) = encode(&**encoder, outlets, record, bytes, place)
        {
            let line = Line { bytes, level, timestamp: record.timestamp, partition };
            lost |= give_to(outlets, *first, outputs, &line, place);
        }
    }
    lost
}

/// Makes a record bytes. None, and accounted for, if the encoder panics over it.
#[inline(always)]
fn encode(
    encoder: &dyn Encode,
    outlets: &[Outlet],
    record: &mut Record<'_>,
    bytes: &mut Vec<u8>,
    place: &Place,
) -> Option<Partition> {
    bytes.clear();
    match contain(|| encoder.encode(record, bytes)) {
        Some(partition) if bytes.len() <= record.shape.rules.limits.record => Some(partition),
        Some(_) => shrink(encoder, outlets, record, bytes, place),
        None => lose(outlets, record.level, place),
    }
}

/// Accounts for a record over which the encoder panicked.
#[cold]
#[inline(never)]
fn lose(outlets: &[Outlet], level: Level, place: &Place) -> Option<Partition> {
    for outlet in outlets.iter().filter(|outlet| outlet.level.allows(level)) {
        outlet.counters.accept(level, place);
        outlet.counters.drop_one(level, DropReason::Panicked);
        outcome::note_lost(outlet.counters.number(), DropReason::Panicked);
    }
    fault::report("encoder", format_args!("it panicked, and the record is lost"));
    None
}

/// Encodes anew until the record fits.
#[cold]
#[inline(never)]
fn shrink(
    encoder: &dyn Encode,
    outlets: &[Outlet],
    record: &mut Record<'_>,
    line: &mut Vec<u8>,
    place: &Place,
) -> Option<Partition> {
    let level = record.level;
    outlets.iter().filter(|outlet| outlet.level.allows(level)).for_each(|outlet| outlet.counters.cut_one());
    contain(|| encode_shorter(encoder, record, line)).or_else(|| lose(outlets, level, place))
}

/// Encodes with shorter and shorter texts, then with fewer fields.
fn encode_shorter(encoder: &dyn Encode, record: &mut Record<'_>, line: &mut Vec<u8>) -> Partition {
    let allowed = record.shape.rules.limits.record;
    record.cut_from = line.len();
    let mut shape = record.shape.clone();
    let mut limits = shape.rules.limits;
    limits.text = limits.text.min(allowed);
    let mut message = String::new();
    let mut partition = Partition::NONE;
    while line.len() > allowed && limits.fields > 0 {
        if limits.text > SHORTEST_TEXT {
            limits.text /= 2;
        } else {
            limits.fields /= 2;
        }
        message.clear();
        message.push_str(limits::cut(record.message(), limits.text));
        if message.len() < record.message().len() {
            limits::push_cut_mark(record.message().len(), &mut message);
        }
        (shape.rules.limits, shape.rules_of_bound.limits) = (limits, limits);
        line.clear();
        // What was prepared, of the context and of the call site, is as long as ever.
        let unprepared = Record { format: Record::NO_FORMAT, head_site: 0, ..*record };
        partition = encoder.encode(&Record { message: Some(&message), shape: &shape, ..unprepared }, line);
    }
    partition
}

/// Where a record is still too long with texts of this length, it is its many fields that are too many.
const SHORTEST_TEXT: usize = 32;

impl Outlet {
    #[inline(always)]
    fn write(&self, record: &Record<'_>, bytes: &[u8], partition: Partition, place: &Place) {
        self.give(&Line { bytes, level: record.level, timestamp: record.timestamp, partition }, place);
    }

    /// Gives it a record; says whether it lost it.
    #[inline(always)]
    fn give(&self, line: &Line<'_>, place: &Place) -> bool {
        match contain(|| self.sink.write(line)) {
            Some(Written::Done) => self.counters.write(line.level, place),
            Some(Written::Queued) => self.counters.accept(line.level, place),
            other => {
                self.account_for(line.level, other, place);
                return true;
            }
        }
        false
    }

    pub(crate) fn health(&self) -> OutputHealth {
        let condition = contain(|| self.sink.condition());
        let condition = condition.unwrap_or_else(|| Condition::Failed("it panicked when asked".to_owned()));
        // The queue is asked first: what leaves it meanwhile must not seem to come from nowhere.
        let account = contain(|| self.sink.account()).flatten();
        self.counters.read(&self.name, condition, account)
    }

    #[cold]
    #[inline(never)]
    fn account_for(&self, level: Level, written: Option<Written>, place: &Place) {
        self.counters.accept(level, place);
        let reason = match written {
            Some(Written::Done | Written::Queued) => return,
            Some(Written::Dropped(reason)) => reason,
            Some(Written::Closed) => DropReason::Closed,
            None => {
                fault::report("sink", format_args!("the output {:?} panicked, and the record is lost", self.name));
                DropReason::Panicked
            }
        };
        self.counters.drop_one(level, reason);
        outcome::note_lost(self.counters.number(), reason);
        // To deliver a record that tells of an echo makes the next echo: it would go on for ever.
        if reason != DropReason::Echoed {
            self.bell.ring();
        }
    }
}
