//! A few texts in one piece of memory.

/// A few texts.
pub(crate) struct Texts<const N: usize> {
    all: Box<str>,
    ends: [u32; N],
}

impl<const N: usize> Texts<N> {
    pub(crate) fn new(texts: [&str; N]) -> Texts<N> {
        let mut all = String::with_capacity(texts.iter().map(|text| text.len()).sum());
        let ends = texts.map(|text| {
            all.push_str(text);
            u32::try_from(all.len()).unwrap_or(u32::MAX)
        });
        Texts { all: all.into(), ends }
    }

    pub(crate) fn get(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.all.get(start as usize..self.ends[index] as usize).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_are_given_back() {
        for length in [0, 1, 100, 100_000] {
            let long = "\u{e9}".repeat(length);
            let texts = Texts::new(["GET", "", &long]);
            assert_eq!((texts.get(0), texts.get(1), texts.get(2)), ("GET", "", &*long), "{length}");
        }
    }
}
