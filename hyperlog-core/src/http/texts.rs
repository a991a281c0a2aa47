//! A few texts in one piece of memory, which most of the time is where this itself stands.

/// As many texts as a request keeps.
pub(crate) struct Texts<const N: usize> {
    ends: [u32; N],
    bytes: Bytes,
}

enum Bytes {
    Here([u8; HERE]),
    Elsewhere(Box<[u8]>),
}

/// Enough for most requests: a method, a path, a route, a browser's name of itself.
const HERE: usize = 256;

impl<const N: usize> Texts<N> {
    pub(crate) fn new(texts: [&str; N]) -> Texts<N> {
        let mut ends = [0; N];
        let mut end = 0_usize;
        for (text, place) in texts.iter().zip(&mut ends) {
            end += text.len();
            *place = u32::try_from(end).unwrap_or(u32::MAX);
        }
        let bytes = match end {
            0..=HERE => {
                let mut here = [0; HERE];
                let mut start = 0;
                for text in texts {
                    here[start..start + text.len()].copy_from_slice(text.as_bytes());
                    start += text.len();
                }
                Bytes::Here(here)
            }
            _ => Bytes::Elsewhere(texts.concat().into_bytes().into()),
        };
        Texts { ends, bytes }
    }

    pub(crate) fn get(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        let bytes = match &self.bytes {
            Bytes::Here(bytes) => &bytes[..],
            Bytes::Elsewhere(bytes) => bytes,
        };
        let text = bytes.get(start as usize..self.ends[index] as usize).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_are_given_back() {
        for length in [0, 1, 100, HERE - 3, HERE - 2, HERE, 100_000] {
            let long = "\u{e9}".repeat(length / 2);
            let texts = Texts::new(["GET", "", &long]);
            assert_eq!((texts.get(0), texts.get(1), texts.get(2)), ("GET", "", &*long), "{length}");
        }
    }
}
