//! Records that come too late for an output: somebody held the logger as it was before it was set up anew.
//!
//! They go wherever the logger now says. Where it has an output of the same name, that takes the place of the one that is
//! closed; where it has none, those do that it was not meant for before. What another output of before has taken already
//! goes to none of the same name again.

use crate::core::{Core, next_number};
use crate::drop_reason::DropReason;
use crate::health::Place;
use crate::lane::{self, Outputs};
use crate::level::Level;
use crate::outlet::{Formats, Outlet, is_same};
use crate::record::{MOST_ENCODINGS, Record};
use crate::sink::Line;
use crate::snapshot::Snapshot;
use std::sync::Arc;

impl Formats {
    /// Writes a record for which some outputs are closed, of those that it was meant for.
    #[cold]
    #[inline(never)]
    pub(crate) fn follow(
        &self,
        moved: Outputs,
        meant: Outputs,
        record: &Record<'_>,
        bytes: &mut Vec<u8>,
        place: &Place,
    ) {
        let wanted = meant & bits(self.outlets(), |outlet| outlet.level.allows(record.level));
        let Some((snapshot, heirs)) = self.heirs(moved, wanted) else { return self.lose(moved, record.level, place) };
        let mut shape = record.shape.clone();
        // What was prepared was so for the formats of before.
        shape.encoding = next_number() * MOST_ENCODINGS;
        let mut record = Record { head_site: 0, shape: &shape, ..*record };
        snapshot.formats.write_some(heirs, &mut record, bytes, place);
    }

    /// The same of a record that is bytes of one of the formats already: whoever takes over in another form cannot use them.
    #[cold]
    #[inline(never)]
    pub(crate) fn follow_line(&self, format: usize, moved: Outputs, line: &Line<'_>, place: &Place) {
        // Whether it is for another that is there already cannot be told from its bytes.
        let Some((snapshot, heirs)) = self.heirs(moved, lane::ALL) else {
            return self.lose(moved, line.level, place);
        };
        let Some(encoder) = self.encoders().nth(format) else { return };
        let is_readable = |outlet: &Outlet| is_same(encoder, &*outlet.writer.encoder);
        if let Some(format) = snapshot.formats.encoders().position(|other| is_same(encoder, other)) {
            snapshot.formats.give(format, heirs, line, place);
        }
        let others = heirs & !bits(snapshot.outlets(), is_readable);
        snapshot.formats.lose(others, line.level, place);
    }

    /// The logger as it is now, and which of its outputs stand in for these: those of the same names, and where one of
    /// these is gone, all that the record was not meant for before.
    fn heirs(&self, moved: Outputs, meant: Outputs) -> Option<(Arc<Snapshot>, Outputs)> {
        let (moved, meant): (Vec<&Outlet>, Vec<&Outlet>) =
            (of(self.outlets(), moved).collect(), of(self.outlets(), meant).collect());
        let snapshot = moved.first()?.writer.heir()?.downcast::<Core>().ok()?.snapshot();
        let is_any_gone = moved.iter().any(|outlet| !has(snapshot.outlets(), outlet));
        let heirs = bits(snapshot.outlets(), |outlet| {
            has(moved.iter().copied(), outlet) || is_any_gone && !has(meant.iter().copied(), outlet)
        });
        Some((snapshot, heirs))
    }

    /// Accounts for a record that none of these outputs can have any more.
    fn lose(&self, outputs: Outputs, level: Level, place: &Place) {
        for outlet in of(self.outlets(), outputs).filter(|outlet| outlet.level.allows(level)) {
            outlet.writer.lose(level, DropReason::Closed, place);
            outlet.writer.bell.ring();
        }
    }
}

/// Whether one of these has the name of another.
fn has<'o>(mut outlets: impl Iterator<Item = &'o Outlet>, other: &Outlet) -> bool {
    outlets.any(|outlet| outlet.writer.name == other.writer.name)
}

fn of<'o>(outlets: impl Iterator<Item = &'o Outlet>, outputs: Outputs) -> impl Iterator<Item = &'o Outlet> {
    outlets.enumerate().filter(move |(index, _)| outputs & 1 << index != 0).map(|(_, outlet)| outlet)
}

fn bits<'o>(outlets: impl Iterator<Item = &'o Outlet>, is_meant: impl Fn(&Outlet) -> bool) -> Outputs {
    outlets.enumerate().filter(|(_, outlet)| is_meant(outlet)).fold(0, |bits, (index, _)| bits | 1 << index)
}
