//! What the records of a call site have in common, as bytes: kept per thread and format.
//!
//! Level, target and a message without arguments are the same in each record from one place of the program, and so are its
//! keys: they are escaped, and looked at, once, and copied from then on.

use crate::append::{BLANKS, Padded};

/// A place for each of the call sites that a thread logged from last.
pub(crate) struct Heads(Box<[Head; PLACES]>);

/// What an encoder keeps of a call site.
pub(crate) struct Head {
    owner: Owner,
    /// With [`BLANKS`] behind it.
    text: String,
    /// Whether nothing has to be looked at in any of the keys.
    pub(crate) has_plain_keys: bool,
}

/// Which call site, and for which format of which logger: see [`Shape::encoding`](crate::record::Shape).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    site: usize,
    format: u64,
}

const PLACES: usize = 64;

/// Longer ones are not kept.
const LONGEST: usize = 512;

impl Heads {
    pub(crate) fn new() -> Heads {
        Heads(Box::new([const { Head::NONE }; PLACES]))
    }

    #[inline(always)]
    pub(crate) fn get(&self, owner: Owner) -> Option<&Head> {
        let head = &self.0[owner.place()];
        if head.owner == owner { Some(head) } else { None }
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn keep(&mut self, owner: Owner, text: &[u8], has_plain_keys: bool) {
        let Ok(text) = std::str::from_utf8(text) else { return };
        if text.len() > LONGEST {
            return;
        }
        let head = &mut self.0[owner.place()];
        (head.owner, head.has_plain_keys) = (owner, has_plain_keys);
        head.text.clear();
        head.text.push_str(text);
        head.text.push_str(BLANKS);
    }
}

impl Head {
    const NONE: Head = Head { owner: Owner { site: 0, format: 0 }, text: String::new(), has_plain_keys: false };

    #[inline(always)]
    pub(crate) fn text(&self) -> Padded<'_> {
        Padded::new(&self.text)
    }
}

impl Owner {
    /// `encoding` is never 0, so that nobody is [`Head::NONE`]'s owner.
    #[inline(always)]
    pub(crate) fn new(site: usize, encoding: u64, format: usize) -> Owner {
        Owner { site, format: encoding << 8 | format as u64 }
    }

    #[inline(always)]
    fn place(self) -> usize {
        (self.site >> 4 ^ self.site >> 10 ^ self.format as usize) % PLACES
    }
}
