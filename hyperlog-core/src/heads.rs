//! What the records of a call site have in common, as bytes: kept per thread.
//!
//! Level, target and a message without arguments are the same in each record from one place of the program, and so are its
//! keys: they are escaped, and looked at, once, and copied from then on.

use std::mem::swap;
use std::ops::Range;

/// A place for each of the call sites that a thread logged from last.
pub(crate) struct Heads(Box<[Head; PLACES]>);

/// What an encoder keeps of a call site.
pub(crate) struct Head {
    owner: Owner,
    /// From behind the time of a record to its message.
    text: Vec<u8>,
    /// The same with the end of the record.
    whole: Vec<u8>,
    body: Body,
}

/// Whom a head belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) site: usize,
    /// The number of the format that it was made for, of all formats of all loggers.
    pub(crate) format: u64,
    /// The number of the encoder: a format of the user's own may be put together from several.
    pub(crate) encoder: u64,
}

/// What is known of all that stands behind a head.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// Nothing.
    Unknown,
    /// Nothing has to be looked at in any of the keys.
    PlainKeys,
    /// There is nothing but what is bound to the logger.
    Bound,
}

const PLACES: usize = 64;

impl Heads {
    pub(crate) fn new() -> Heads {
        Heads(Box::new([const { Head::NONE }; PLACES]))
    }

    /// What has the place of a call site: its head, or another's.
    #[inline(always)]
    pub(crate) fn at(&self, site: usize) -> &Head {
        &self.0[place_of(site)]
    }

    /// Gives a head the place of the one before, which is left in its stead for its memory.
    #[cold]
    #[inline(never)]
    pub(crate) fn keep(&mut self, head: &mut Head) {
        swap(&mut self.0[place_of(head.owner.site)], head);
    }
}

/// The upper bits of a product depend on all bits of its factors.
#[inline(always)]
fn place_of(site: usize) -> usize {
    ((site as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - PLACES.ilog2())) as usize
}

impl Owner {
    /// Formats are never 0, so that this is nobody.
    const NONE: Owner = Owner { site: 0, format: 0, encoder: 0 };
}

impl Head {
    /// Of no call site.
    pub(crate) const NONE: Head = Head { owner: Owner::NONE, text: Vec::new(), whole: Vec::new(), body: Body::Unknown };

    /// Longer ones are not kept.
    pub(crate) const LONGEST: usize = 512;

    /// Makes it another's.
    pub(crate) fn write(&mut self, owner: Owner, text: &[u8], end: &[u8], body: Body) {
        (self.owner, self.body) = (owner, body);
        self.text.clear();
        self.text.extend_from_slice(text);
        self.whole.clear();
        self.whole.extend_from_slice(text);
        self.whole.extend_from_slice(end);
    }

    #[inline(always)]
    pub(crate) fn is_of(&self, owner: Owner) -> bool {
        self.owner == owner
    }

    pub(crate) fn is_of_any(&self, site: usize, formats: Range<u64>) -> bool {
        self.owner.site == site && formats.contains(&self.owner.format)
    }

    #[inline(always)]
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    #[inline(always)]
    pub(crate) fn whole(&self) -> &[u8] {
        &self.whole
    }

    #[inline(always)]
    pub(crate) fn body(&self) -> Body {
        self.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_found_until_another_takes_its_place() {
        let mut heads = Heads::new();
        let mut next = Head::NONE;
        let owner = Owner { site: 0x5000, format: 7, encoder: 3 };
        next.write(owner, b"first", b".", Body::PlainKeys);
        heads.keep(&mut next);
        let others = [Owner { format: 8, ..owner }, Owner { encoder: 4, ..owner }];
        assert!(heads.at(0x5000).is_of(owner) && !others.iter().any(|other| heads.at(0x5000).is_of(*other)));
        let rival = (0x5001..).find(|site| place_of(*site) == place_of(0x5000)).unwrap();
        next.write(Owner { site: rival, ..owner }, b"second", b".", Body::Bound);
        assert_eq!(heads.at(0x5000).text(), b"first");
        heads.keep(&mut next);
        assert!(!heads.at(0x5000).is_of(owner));
        let head = heads.at(rival);
        assert!(head.is_of_any(rival, 5..9));
        assert_eq!((head.text(), head.whole()), (&b"second"[..], &b"second."[..]));
    }
}
