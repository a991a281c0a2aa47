//! The memory a thread logs with, so that a record needs none of its own.

use crate::block::Block;
use crate::core::Core;
use crate::desk::Desk;
use crate::heads::Heads;
use crate::health::Place;
use crate::limits;
use crate::reading::Reading;
use crate::snapshot::Snapshot;
use crate::value::Value;
use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The memory a thread logs with. It is taken while a record is on its way, so that a record logged meanwhile, by a
/// `Display` say, finds none and makes its own.
pub(crate) struct Workspace {
    pub(crate) snapshots: Snapshots,
    pub(crate) tools: Tools,
    /// How many there were when it was made, itself included: as many records of this thread are on their way at most.
    pub(crate) depth: u32,
}

/// What a record is made with.
pub(crate) struct Tools {
    pub(crate) line: Vec<u8>,
    pub(crate) message: Message,
    pub(crate) desk: Desk,
    pub(crate) heads: Heads,
    pub(crate) place: Place,
    /// What hooks add.
    pub(crate) added: Block,
}

thread_local! {
    /// How many there are.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static LOCAL: Local = const { Local { kept: Cell::new(None), is_in_scope: Cell::new(false) } };
}

/// What a thread looks at for each record: together, so that it is found once.
struct Local {
    kept: Cell<Option<Box<Workspace>>>,
    is_in_scope: Cell<bool>,
}

/// Whether the thread is in a scope: most records of most threads only have to look here.
#[inline]
pub(crate) fn is_in_scope() -> bool {
    LOCAL.try_with(|local| local.is_in_scope.get()).unwrap_or(false)
}

/// Notes whether the thread is in a scope.
pub(crate) fn note_scope(is_in_scope: bool) {
    // A thread that is ending is in none.
    let _ = LOCAL.try_with(|local| local.is_in_scope.set(is_in_scope));
}

impl Workspace {
    /// Lends the one that the thread keeps; says whether there was one. On request, there is none within a scope.
    #[inline(always)]
    pub(crate) fn lend_kept<const IN_SCOPES_TOO: bool>(work: impl FnOnce(&mut Workspace)) -> bool {
        let lent = LOCAL.try_with(
            #[inline(always)]
            |local| {
                if !IN_SCOPES_TOO && local.is_in_scope.get() {
                    return false;
                }
                let Some(mut workspace) = local.kept.take() else { return false };
                work(&mut workspace);
                workspace.tidy();
                // None but the first is kept, so that there is nothing to drop.
                std::mem::forget(local.kept.replace(Some(workspace)));
                true
            },
        );
        lent.unwrap_or(false)
    }

    /// Lends the one that the thread keeps, or another.
    #[inline]
    pub(crate) fn lend<R>(work: impl FnOnce(&mut Workspace) -> R) -> R {
        let kept = LOCAL.try_with(|local| local.kept.take()).ok().flatten();
        let mut workspace = match kept {
            Some(workspace) => workspace,
            None => Workspace::make(),
        };
        let result = work(&mut workspace);
        workspace.tidy();
        // Another than the first is for one record: kept, it would be in the way of the first, which comes back. And where
        // the thread is ending there is nothing to give it to.
        if workspace.depth == 1 {
            let _ = LOCAL.try_with(|local| local.kept.set(Some(workspace)));
        }
        result
    }

    #[cold]
    fn make() -> Box<Workspace> {
        let depth = DEPTH.get() + 1;
        DEPTH.set(depth);
        let tools = Tools {
            line: Vec::with_capacity(1024),
            message: Message::default(),
            desk: Desk::new(),
            heads: Heads::new(),
            place: Place::claim(),
            added: Block::new(),
        };
        Box::new(Workspace { snapshots: Snapshots::default(), tools, depth })
    }

    #[inline(always)]
    fn tidy(&mut self) {
        if self.tools.line.capacity() > LARGEST_KEPT {
            self.tools.line = Vec::with_capacity(1024);
        }
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
pub(crate) const LARGEST_KEPT: usize = 1 << 20;

/// The snapshots that a thread used last.
#[derive(Default)]
pub(crate) struct Snapshots([Cached; 2]);

#[derive(Default)]
struct Cached {
    /// A number that no other snapshot, of this or another logger, ever has; 0 if there is none.
    generation: u64,
    snapshot: Option<Arc<Snapshot>>,
}

impl Snapshots {
    #[inline]
    pub(crate) fn of(&mut self, core: &Core) -> &Snapshot {
        let generation = core.generation.load(Ordering::Acquire);
        if self.0[0].generation != generation {
            self.fetch(core, generation);
        }
        self.0[0].snapshot.as_deref().expect("it was fetched")
    }

    #[cold]
    #[inline(never)]
    fn fetch(&mut self, core: &Core, generation: u64) {
        self.0.swap(0, 1);
        if self.0[0].generation != generation {
            self.0[0] = Cached { generation, snapshot: Some(core.snapshot()) };
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
