//! What the records of a call site have in common, as bytes: kept per thread and format.
//!
//! Level, target and a message without arguments are the same in each record from one place of the program, so that they
//! are escaped, and looked through for secrets, once and copied from then on.

use crate::encode::append::{PADDING, Padded};

/// A place for each of the call sites that a thread logged from last.
pub(crate) struct Heads(Box<[Head]>);

#[derive(Default)]
struct Head {
    owner: Option<Owner>,
    /// With [`PADDING`] spaces behind it.
    text: String,
}

/// Which call site, encoded for which formats and by which of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) site: usize,
    pub(crate) encoding: u64,
    pub(crate) format: usize,
}

const PLACES: usize = 64;

/// Longer ones are not kept.
const LONGEST: usize = 512;

impl Heads {
    pub(crate) fn new() -> Heads {
        Heads((0..PLACES).map(|_| Head::default()).collect())
    }

    #[inline]
    pub(crate) fn get(&self, owner: Owner) -> Option<Padded<'_>> {
        let head = &self.0[owner.place()];
        if head.owner == Some(owner) { Some(Padded::new(&head.text)) } else { None }
    }

    #[cold]
    pub(crate) fn keep(&mut self, owner: Owner, text: &str) {
        if text.len() > LONGEST {
            return;
        }
        let head = &mut self.0[owner.place()];
        head.owner = Some(owner);
        head.text.clear();
        head.text.push_str(text);
        head.text.extend([' '; PADDING]);
    }
}

impl Owner {
    #[inline]
    fn place(self) -> usize {
        (self.site >> 4 ^ self.site >> 10 ^ self.format) % PLACES
    }
}
