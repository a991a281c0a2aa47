//! What a thread keeps at hand to write its records with.

use crate::heads::{Body, Head, Owner};
use crate::reading::Scratch;
use crate::time::CurrentSecond;
use std::cell::{Cell, RefCell};

/// What a thread keeps at hand while it reads and encodes a record.
pub(crate) struct Desk {
    /// Where values are prepared that cannot be shown as they were given.
    pub(crate) scratch: Cell<Option<Box<Scratch>>>,
    pub(crate) second: CurrentSecond,
    /// A head that was made on the way, to be kept when the record is done with those that are kept.
    next_head: RefCell<Head>,
    has_next_head: Cell<bool>,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        Desk {
            scratch: Cell::new(None),
            second: CurrentSecond::new(),
            next_head: RefCell::new(Head::NONE),
            has_next_head: Cell::new(false),
        }
    }

    /// Puts down a head to be kept, unless there is one.
    pub(crate) fn put_head(&self, owner: Owner, text: &[u8], end: &[u8], body: Body) {
        if self.has_next_head.get() {
            return;
        }
        self.next_head.borrow_mut().write(owner, text, end, body);
        self.has_next_head.set(true);
    }

    /// The head that was made on the way.
    #[inline(always)]
    pub(crate) fn take_head(&mut self) -> Option<&mut Head> {
        if self.has_next_head.replace(false) { Some(self.next_head.get_mut()) } else { None }
    }
}
