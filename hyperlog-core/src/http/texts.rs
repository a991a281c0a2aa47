//! A few texts in one piece of memory.

use std::cell::Cell;
use std::net::IpAddr;

thread_local! {
    /// The memory of texts that are gone, for the next.
    static SPARE: Cell<String> = const { Cell::new(String::new()) };
}

/// Memory that one huge text needed is not kept for all the small ones.
const LARGEST_SPARE: usize = 4 << 10;

/// A few texts.
pub(crate) struct Texts<const N: usize> {
    all: String,
    ends: [u32; N],
}

impl<const N: usize> Texts<N> {
    /// The texts, and as the last of them an address.
    pub(crate) fn new<const GIVEN: usize>(texts: [&str; GIVEN], address: Option<IpAddr>) -> Texts<N> {
        const { assert!(GIVEN + 1 == N) };
        let mut length = LONGEST_ADDRESS;
        for text in texts {
            length += text.len();
        }
        let mut all = SPARE.try_with(Cell::take).unwrap_or_default();
        all.clear();
        all.reserve(length);
        let mut ends = [0; N];
        for (text, end) in texts.into_iter().zip(&mut ends) {
            all.push_str(text);
            *end = all.len() as u32;
        }
        if let Some(address) = address {
            push_address(address, &mut all);
        }
        ends[N - 1] = all.len() as u32;
        // Nothing that long comes through any parser of requests; better no texts than others.
        let ends = if u32::try_from(all.len()).is_ok() { ends } else { [0; N] };
        Texts { all, ends }
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        self.all.get(start as usize..self.ends[index] as usize).unwrap_or_default()
    }
}

impl<const N: usize> Drop for Texts<N> {
    fn drop(&mut self) {
        if self.all.capacity() <= LARGEST_SPARE {
            let _ = SPARE.try_with(|spare| spare.set(std::mem::take(&mut self.all)));
        }
    }
}

const LONGEST_ADDRESS: usize = 46;

/// Where words are read at a time.
#[repr(align(8))]
struct Aligned([u8; 16]);

fn push_address(address: IpAddr, out: &mut String) {
    match address {
        IpAddr::V4(address) => {
            let mut bytes = Aligned([0; 16]);
            let mut length = 0;
            let mut push = |byte| {
                bytes.0[length] = byte;
                length += 1;
            };
            for (place, part) in address.octets().into_iter().enumerate() {
                if place > 0 {
                    push(b'.');
                }
                if part >= 100 {
                    push(b'0' + part / 100);
                }
                if part >= 10 {
                    push(b'0' + part / 10 % 10);
                }
                push(b'0' + part % 10);
            }
            // All of it, which is looked through at once.
            out.push_str(std::str::from_utf8(&bytes.0).ok().and_then(|text| text.get(..length)).unwrap_or_default());
        }
        IpAddr::V6(address) => out.push_str(&address.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_are_given_back() {
        for length in [0, 1, 100, 100_000] {
            let long = "\u{e9}".repeat(length);
            let texts: Texts<4> = Texts::new(["GET", "", &long], None);
            assert_eq!((texts.get(0), texts.get(1), texts.get(2), texts.get(3)), ("GET", "", &*long, ""), "{length}");
        }
    }

    #[test]
    fn addresses_are_written_as_they_usually_are() {
        for address in ["0.0.0.0", "192.0.2.7", "255.255.255.255", "::1", "2001:db8:1111:2222:3333:4444:5555:6666"] {
            let texts: Texts<2> = Texts::new(["x"], Some(address.parse().unwrap()));
            assert_eq!(texts.get(1), address);
        }
    }
}
