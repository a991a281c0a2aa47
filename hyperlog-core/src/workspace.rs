//! The memory a thread logs with, so that a record needs none of its own.

use crate::block::Block;
use crate::core::Core;
use crate::heads::Heads;
use crate::health::Place;
use crate::limits;
use crate::reading::{Reading, Scratch};
use crate::snapshot::Snapshot;
use crate::value::Value;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The memory a thread logs with. It is taken while a record is on its way, so that a record logged meanwhile, by a
/// `Display` say, finds none and makes its own.
pub(crate) struct Workspace {
    pub(crate) line: Vec<u8>,
    pub(crate) message: Message,
    pub(crate) heads: RefCell<Heads>,
    pub(crate) scratch: Cell<Option<Box<Scratch>>>,
    pub(crate) snapshots: Snapshots,
    pub(crate) place: Place,
    /// What hooks add.
    pub(crate) added: Block,
    /// How many records of this thread are on their way, the one with this memory included.
    pub(crate) depth: u32,
}

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static WORKSPACE: Cell<Option<Box<Workspace>>> = const { Cell::new(None) };
}

impl Workspace {
    #[inline]
    pub(crate) fn lend<R>(work: impl FnOnce(&mut Workspace) -> R) -> R {
        let kept = WORKSPACE.try_with(Cell::take).ok().flatten();
        let mut workspace = match kept {
            Some(workspace) => workspace,
            None => Workspace::make(),
        };
        let result = work(&mut workspace);
        workspace.give_back();
        result
    }

    #[cold]
    fn make() -> Box<Workspace> {
        let depth = DEPTH.get() + 1;
        DEPTH.set(depth);
        Box::new(Workspace {
            line: Vec::with_capacity(1024),
            message: Message::default(),
            heads: RefCell::new(Heads::new()),
            scratch: Cell::new(None),
            snapshots: Snapshots::default(),
            place: Place::claim(),
            added: Block::new(),
            depth,
        })
    }

    #[inline(always)]
    fn give_back(mut self: Box<Workspace>) {
        if self.line.capacity() > LARGEST_KEPT {
            self.line = Vec::with_capacity(1024);
        }
        // Where the thread is ending there is nothing to give it to.
        let _ = WORKSPACE.try_with(|kept| kept.set(Some(self)));
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// A record that is logged while another is written, while another is written, and so on so many times, is a ring.
pub(crate) const DEEPEST: u32 = 8;

/// Memory that one huge record needed is not kept for all the small ones.
const LARGEST_KEPT: usize = 1 << 20;

/// The snapshots that a thread used last.
#[derive(Default)]
pub(crate) struct Snapshots([Option<Cached>; 2]);

struct Cached {
    /// A number that no other snapshot, of this or another logger, ever has.
    generation: u64,
    snapshot: Arc<Snapshot>,
}

impl Snapshots {
    #[inline]
    pub(crate) fn of(&mut self, core: &Core) -> &Snapshot {
        let generation = core.generation.load(Ordering::Acquire);
        if !matches!(&self.0[0], Some(cached) if cached.generation == generation) {
            self.fetch(core, generation);
        }
        match &self.0[0] {
            Some(cached) => &cached.snapshot,
            None => unreachable!("it was fetched"),
        }
    }

    #[cold]
    #[inline(never)]
    fn fetch(&mut self, core: &Core, generation: u64) {
        self.0.swap(0, 1);
        if self.0[0].as_ref().is_none_or(|cached| cached.generation != generation) {
            self.0[0] = Some(Cached { generation, snapshot: core.snapshot() });
        }
    }
}

/// Where a message is put together.
#[derive(Default)]
pub(crate) struct Message {
    raw: String,
    shown: String,
}

impl Message {
    #[inline(never)]
    pub(crate) fn format(&mut self, message: fmt::Arguments<'_>, reading: &Reading<'_>) -> &str {
        if self.raw.capacity() > LARGEST_KEPT {
            *self = Message::default();
        }
        self.raw.clear();
        limits::format_into(Value::Display(&message), &mut self.raw);
        if reading.rules.passes_message(&self.raw) {
            return &self.raw;
        }
        self.shown.clear();
        reading.read_text(&self.raw, reading.rules.limits.message, &mut self.shown);
        &self.shown
    }
}
