//! The last steps of a record: encoded once for each format, and given to each output that wants it.

use crate::contain::contain;
use crate::drop_reason::DropReason;
use crate::encode::Encode;
use crate::fault;
use crate::filter::directive::LevelFilter;
use crate::health::Place;
use crate::lane::{self, Lane, Lanes, Outputs};
use crate::level::Level;
use crate::limits;
use crate::partition::Partition;
use crate::record::Record;
use crate::sink::Line;
use crate::writer::{Given, Writer};
use std::any::Any;
use std::sync::Arc;

/// All that a logger writes. The kind stands apart from the contents, where telling it takes half the instructions.
#[repr(u8)]
pub(crate) enum Formats {
    /// What most have: there is nothing to go through.
    One { outlet: Outlet },
    Many {
        formats: Vec<Format>,
        /// None if every output takes what there is.
        lanes: Option<Lanes>,
    },
}

/// All outputs that want the bytes of one encoder, of which there is at least one.
pub(crate) struct Format {
    outlets: Vec<Outlet>,
    /// The number of its first output among all.
    first: usize,
}

/// An output: who writes, and what.
pub(crate) struct Outlet {
    pub(crate) level: LevelFilter,
    pub(crate) writer: Arc<Writer>,
}

impl Formats {
    /// Outputs with the same encoder share its bytes. An error is the name of an output that a lane knows and nobody else.
    pub(crate) fn new(outputs: impl IntoIterator<Item = (Outlet, Option<Lane>)>) -> Result<Formats, String> {
        let mut formats: Vec<(Format, Vec<Option<Lane>>)> = Vec::new();
        for (outlet, lane) in outputs {
            match formats.iter_mut().find(|(format, _)| is_same(format.encoder(), &*outlet.writer.encoder)) {
                Some((format, lanes)) => {
                    format.outlets.push(outlet);
                    lanes.push(lane);
                }
                None => formats.push((Format { outlets: vec![outlet], first: 0 }, vec![lane])),
            }
        }
        let mut first = 0;
        for (format, _) in &mut formats {
            format.first = first;
            first += format.outlets.len();
        }
        let with_lanes = |(format, lanes): &'_ (Format, Vec<Option<Lane>>)| {
            let outlets = format.outlets.iter().map(|outlet| (outlet.writer.name.clone(), outlet.level));
            outlets.zip(lanes.clone()).collect::<Vec<_>>()
        };
        let outputs: Vec<_> = formats.iter().flat_map(with_lanes).collect();
        let lanes = Lanes::new(outputs.iter().map(|((name, level), lane)| (&**name, *level, lane.as_ref())))?;
        let mut formats: Vec<Format> = formats.into_iter().map(|(format, _)| format).collect();
        match &mut formats[..] {
            [Format { outlets, .. }] if outlets.len() == 1 && lanes.is_none() => {}
            _ => return Ok(Formats::Many { formats, lanes }),
        }
        Ok(match formats.pop().and_then(|format| format.outlets.into_iter().next()) {
            Some(outlet) => Formats::One { outlet },
            None => Formats::Many { formats, lanes },
        })
    }

    #[inline]
    pub(crate) fn encoders(&self) -> impl Iterator<Item = &dyn Encode> {
        (0..).map_while(move |index| match self {
            Formats::One { outlet } => (index == 0).then(|| &*outlet.writer.encoder),
            Formats::Many { formats, .. } => formats.get(index).map(Format::encoder),
        })
    }

    pub(crate) fn outlets(&self) -> impl Iterator<Item = &Outlet> {
        let (one, many) = match self {
            Formats::One { outlet } => (Some(outlet), &[][..]),
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
            Formats::One { outlet } => {
                if outlet.level.allows(record.level) && outlet.write(record, bytes, place) == Given::Moved {
                    self.follow(1, 1, record, bytes, place);
                }
            }
            Formats::Many { .. } => self.write_some(lane::ALL, record, bytes, place),
        }
    }

    /// Gives a record to those of these outputs that want it.
    #[inline(never)]
    pub(crate) fn write_some(&self, some: Outputs, record: &mut Record<'_>, bytes: &mut Vec<u8>, place: &Place) {
        let (formats, lanes) = match self {
            Formats::One { .. } if some & 1 != 0 => return self.write(record, bytes, place),
            Formats::One { .. } => return,
            Formats::Many { formats, lanes } => (&formats[..], lanes.as_ref()),
        };
        let mut outputs = some & lanes.map_or(lane::ALL, |lanes| lanes.of(record));
        let mut missed = write_to(formats, outputs, record, bytes, place);
        if missed.is_by_none() {
            return;
        }
        if let Some(lanes) = lanes.filter(|_| missed.lost != 0) {
            // Once: whoever steps in has nobody to step in for it, or two that fail would go on for ever.
            let instead = some & lanes.instead_of(missed.lost);
            missed.moved |= write_to(formats, instead, record, bytes, place).moved;
            outputs |= instead;
        }
        if missed.moved != 0 {
            self.follow(missed.moved, outputs | !some, record, bytes, place);
        }
    }
}

/// Which outputs did not take a record that was given to them.
#[derive(Clone, Copy, Default)]
struct Missed {
    lost: Outputs,
    moved: Outputs,
}

impl Missed {
    fn is_by_none(self) -> bool {
        self.lost | self.moved == 0
    }

    fn add(&mut self, other: Missed) {
        self.lost |= other.lost;
        self.moved |= other.moved;
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
            Formats::One { outlet } => (std::slice::from_ref(outlet), 0),
            Formats::Many { formats, .. } => {
                formats.get(format).map_or((&[][..], 0), |format| (&format.outlets[..], format.first))
            }
        };
        let mut missed = give_to(outlets, first, outputs, line, place);
        if let Some(lanes) = self.lanes().filter(|_| missed.lost != 0) {
            missed.moved |= give_to(outlets, first, lanes.instead_of(missed.lost), line, place).moved;
        }
        if missed.moved != 0 {
            self.follow_line(format, missed.moved, line, place);
        }
    }

    fn lanes(&self) -> Option<&Lanes> {
        match self {
            Formats::One { .. } => None,
            Formats::Many { lanes, .. } => lanes.as_ref(),
        }
    }
}

/// Gives a record to those of these outputs that it is for and that want it; which of them did not take it.
#[inline]
fn give_to(outlets: &[Outlet], first: usize, outputs: Outputs, line: &Line<'_>, place: &Place) -> Missed {
    let mut missed = Missed::default();
    for (index, outlet) in outlets.iter().enumerate() {
        let bit = 1 << (first + index);
        if outputs & bit != 0 && outlet.level.allows(line.level) {
            match outlet.writer.give(line, place) {
                Given::Taken => {}
                Given::Lost => missed.lost |= bit,
                Given::Moved => missed.moved |= bit,
            }
        }
    }
    missed
}

impl Format {
    fn encoder(&self) -> &dyn Encode {
        &*self.outlets[0].writer.encoder
    }

    fn wants(&self, level: Level, outputs: Outputs) -> bool {
        let outlets = self.outlets.iter().enumerate();
        outlets
            .into_iter()
            .any(|(index, outlet)| outputs & 1 << (self.first + index) != 0 && outlet.level.allows(level))
    }
}

/// Encodes a record for each format of which one of these outputs wants it; which of them did not take it.
fn write_to(
    formats: &[Format],
    outputs: Outputs,
    record: &mut Record<'_>,
    bytes: &mut Vec<u8>,
    place: &Place,
) -> Missed {
    let (level, mut missed) = (record.level, Missed::default());
    for (index, format) in formats.iter().enumerate() {
        (record.format, record.cut_from) = (index, 0);
        if format.wants(level, outputs)
            && let Some(partition) = encode(format.encoder(), &format.outlets, record, bytes, place)
        {
            let line = Line { bytes, level, timestamp: record.timestamp, partition };
            missed.add(give_to(&format.outlets, format.first, outputs, &line, place));
        }
    }
    missed
}

/// Whether two encoders make the same bytes.
pub(crate) fn is_same(encoder: &dyn Encode, other: &dyn Encode) -> bool {
    encoder.is_same(other as &dyn Any)
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
        outlet.writer.lose(level, DropReason::Panicked, place);
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
    outlets.iter().filter(|outlet| outlet.level.allows(level)).for_each(|outlet| outlet.writer.counters.cut_one());
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
    fn write(&self, record: &mut Record<'_>, bytes: &mut Vec<u8>, place: &Place) -> Given {
        let outlets = std::slice::from_ref(self);
        match encode(&*self.writer.encoder, outlets, record, bytes, place) {
            Some(partition) => {
                let line = Line { bytes, level: record.level, timestamp: record.timestamp, partition };
                self.writer.give(&line, place)
            }
            None => Given::Lost,
        }
    }
}
