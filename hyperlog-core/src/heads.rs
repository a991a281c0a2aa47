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
    site: usize,
    /// The number of the format that it was made for, of all formats of all loggers.
    format: u64,
    /// From behind the time of a record to its message.
    text: Vec<u8>,
    /// The same with the end of the record.
    whole: Vec<u8>,
    body: Body,
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
        swap(&mut self.0[place_of(head.site)], head);
    }
}

/// The upper bits of a product depend on all bits of its factors.
#[inline(always)]
fn place_of(site: usize) -> usize {
    ((site as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - PLACES.ilog2())) as usize
}

impl Head {
    /// Of no call site.
    pub(crate) const NONE: Head = Head { site: 0, format: 0, text: Vec::new(), whole: Vec::new(), body: Body::Unknown };

    /// Longer ones are not kept.
    pub(crate) const LONGEST: usize = 512;

    /// Makes it that of a call site for a format.
    pub(crate) fn write(&mut self, site: usize, format: u64, text: &[u8], end: &[u8], body: Body) {
        (self.site, self.format, self.body) = (site, format, body);
        self.text.clear();
        self.text.extend_from_slice(text);
        self.whole.clear();
        self.whole.extend_from_slice(text);
        self.whole.extend_from_slice(end);
    }

    /// Formats are never 0, so that [`Head::NONE`] is of none.
    #[inline(always)]
    pub(crate) fn is_of(&self, site: usize, format: u64) -> bool {
        self.site == site && self.format == format
    }

    pub(crate) fn is_of_any(&self, site: usize, formats: Range<u64>) -> bool {
        self.site == site && formats.contains(&self.format)
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
        next.write(0x5000, 7, b"first", b".", Body::PlainKeys);
        heads.keep(&mut next);
        assert!(heads.at(0x5000).is_of(0x5000, 7) && !heads.at(0x5000).is_of(0x5000, 8));
        let rival = (0x5001..).find(|site| place_of(*site) == place_of(0x5000)).unwrap();
        next.write(rival, 7, b"second", b".", Body::Bound);
        assert_eq!(heads.at(0x5000).text(), b"first");
        heads.keep(&mut next);
        assert!(!heads.at(0x5000).is_of(0x5000, 7));
        let head = heads.at(rival);
        assert!(head.is_of_any(rival, 5..9));
        assert_eq!((head.text(), head.whole()), (&b"second"[..], &b"second."[..]));
    }
}
